"""Spaces of hyperparameters: every value is in its range for every scaling, and grids are complete."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.sagemaker.tuning.strategies.sampling import GridSearch, LossObservation, RandomSearch
from course.localaws.sagemaker.tuning.strategies.space import Categorical, Numeric, Space, automatic, key

UNITS = st.floats(0, 1)
SEEDS = st.integers(0, 2**32)


def ranges(low: float, high: float) -> st.SearchStrategy[tuple[float, float]]:
    number = st.floats(low, high, allow_nan=False, allow_subnormal=False)
    return st.tuples(number, number).map(sorted).map(tuple)


CONTINUOUS = {
    "Linear": ranges(-1e9, 1e9),
    "Logarithmic": ranges(1e-12, 1e12),
    "ReverseLogarithmic": ranges(0, 1 - 1e-9),
}


@st.composite
def numeric(draw: st.DrawFn) -> Numeric:
    if draw(st.booleans()):
        scaling = draw(st.sampled_from(["Linear", "Logarithmic"]))
        low = draw(st.integers(1 if scaling == "Logarithmic" else -(10**9), 10**9))
        return Numeric("n", low, low + draw(st.integers(0, 10**9)), scaling, integer=True)
    scaling = draw(st.sampled_from(sorted(CONTINUOUS)))
    return Numeric("n", *draw(CONTINUOUS[scaling]), scaling)


@given(numeric(), UNITS)
def test_every_value_is_within_its_range(parameter: Numeric, unit: float) -> None:
    text = parameter.value(unit)
    value = int(text) if parameter.integer else float(text)
    assert parameter.low <= value <= parameter.high


@given(numeric(), UNITS)
def test_scaling_a_value_to_the_unit_interval_and_back_keeps_it(parameter: Numeric, unit: float) -> None:
    text = parameter.value(unit)
    place = parameter.unit(text)
    again = float(parameter.value(min(max(place, 0.0), 1.0)))
    assert again == pytest.approx(float(text), rel=1e-4, abs=1e-6 * max(1e-9, parameter.high - parameter.low))


@pytest.mark.parametrize("scaling", ["Linear", "Logarithmic"])
def test_integers_are_drawn_to_both_ends(scaling: str) -> None:
    parameter = Numeric("n", 1, 4, scaling, integer=True)
    drawn = [parameter.value(step / 1000) for step in range(1001)]
    assert set(drawn) == {"1", "2", "3", "4"}
    if scaling == "Linear":
        assert all(abs(drawn.count(value) - 250) <= 2 for value in ("1", "2", "3", "4"))


def test_logarithmic_scaling_gives_each_order_of_magnitude_its_share() -> None:
    parameter = Numeric("rate", 1e-4, 1.0, "Logarithmic")
    below = sum(float(parameter.value(step / 1000)) < 0.01 for step in range(1000))
    assert below == pytest.approx(500, abs=2)


def test_reverse_logarithmic_scaling_looks_close_to_one() -> None:
    parameter = Numeric("momentum", 0.0, 0.9999, "ReverseLogarithmic")
    close = sum(float(parameter.value(step / 1000)) > 0.99 for step in range(1000))
    assert close == pytest.approx(500, abs=2)


@pytest.mark.parametrize(
    ("low", "high", "integer", "scaling"),
    [
        (1, 10, True, "Linear"),
        (0, 1e6, False, "Linear"),
        (1e-4, 1.0, False, "Logarithmic"),
        (1, 4000, True, "Logarithmic"),
        (0.0, 0.9999, False, "ReverseLogarithmic"),
        (0, 0, True, "Linear"),
    ],
)
def test_auto_picks_a_scaling(low: float, high: float, integer: bool, scaling: str) -> None:
    assert automatic(low, high, integer) == scaling


@pytest.mark.parametrize("text", ["no number", "nan", "inf", "-1"])
def test_a_value_that_cannot_be_scaled_is_outside_the_space(text: str) -> None:
    assert Numeric("rate", 0.1, 1.0, "Logarithmic").unit(text) is None


def test_categories_are_as_far_from_each_other() -> None:
    space = Space((Categorical("kind", ("a", "b", "c")), Numeric("n", 0, 1, "Linear", integer=True)))
    points = [space.coordinates({"kind": kind, "n": "0"}) for kind in "abc"]
    assert {math.dist(points[0], points[1]), math.dist(points[1], points[2]), math.dist(points[0], points[2])} == {math.sqrt(2)}
    assert space.coordinates({"kind": "d", "n": "0"}) is None and space.coordinates({"kind": "a"}) is None


CATEGORIES = st.lists(st.lists(st.text(max_size=3), min_size=1, max_size=4, unique=True), min_size=1, max_size=4)


@given(CATEGORIES)
def test_a_grid_is_complete_and_repeats_nothing(categories: list[list[str]]) -> None:
    space = Space(tuple(Categorical(str(place), tuple(values)) for place, values in enumerate(categories)))
    search = GridSearch(space)
    found = []
    while (values := search.suggest([], [])) is not None:
        found.append(key(values))
    assert len(found) == len(set(found)) == space.count == math.prod(map(len, categories))


@given(SEEDS)
def test_the_same_seed_draws_the_same_combinations(seed: int) -> None:
    space = Space((Numeric("x", 0.0, 1.0, "Linear"), Categorical("kind", ("a", "b"))))
    first, second = RandomSearch(space, seed), RandomSearch(space, seed)
    assert [first.suggest([], []) for _ in range(5)] == [second.suggest([], []) for _ in range(5)]


@given(SEEDS, st.integers(1, 12))
def test_random_search_goes_through_a_small_space_without_repeating(seed: int, count: int) -> None:
    space = Space((Numeric("n", 1, count, "Linear", integer=True), Categorical("kind", ("a", "b"))))
    search = RandomSearch(space, seed)
    tried = [LossObservation({"n": "1", "kind": "a"}, 0.5)]
    found = []
    while (values := search.suggest(tried, [])) is not None:
        found.append(key(values))
    assert len(found) == len(set(found)) == 2 * count - 1
