"""Bayesian optimisation: stays in the space, is repeatable by its seed, spreads concurrent combinations, and beats random search."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from course.localaws.sagemaker.tuning.strategies.bayesian import BayesianSearch, expected_improvement
from course.localaws.sagemaker.tuning.strategies.sampling import LossObservation, RandomSearch, SearchStrategy
from course.localaws.sagemaker.tuning.strategies.space import Categorical, Numeric, Space, Values, key

MIXED = Space(
    (
        Numeric("rate", 1e-4, 1.0, "Logarithmic"),
        Numeric("depth", 1, 12, "Linear", integer=True),
        Numeric("momentum", 0.0, 0.999, "ReverseLogarithmic"),
        Categorical("kind", ("good", "bad", "ugly")),
    )
)


def loss(values: Values) -> float:
    """The minimum, 0, has a rate of 0.01, a depth of 7 and the kind ``good``; the momentum has no effect."""
    kind = {"good": 0.0, "bad": 1.0, "ugly": 2.0}[values["kind"]]
    return math.log10(float(values["rate"]) / 0.01) ** 2 + 0.05 * (int(values["depth"]) - 7) ** 2 + kind


def run(search: SearchStrategy, count: int) -> list[LossObservation]:
    observations: list[LossObservation] = []
    for _ in range(count):
        values = search.suggest(observations, [])
        observations.append(LossObservation(values, loss(values)))
    return observations


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000))
def test_every_suggestion_is_within_its_range(seed: int) -> None:
    for each in run(BayesianSearch(MIXED, seed), 8):
        assert 1e-4 <= float(each.values["rate"]) <= 1 and 1 <= int(each.values["depth"]) <= 12
        assert 0 <= float(each.values["momentum"]) <= 0.999 and each.values["kind"] in ("good", "bad", "ugly")


def test_the_same_seed_and_losses_give_the_same_suggestions() -> None:
    assert run(BayesianSearch(MIXED, 3), 9) == run(BayesianSearch(MIXED, 3), 9) != run(BayesianSearch(MIXED, 4), 9)


@pytest.mark.nightly  # many searches
def test_it_finds_better_combinations_than_chance() -> None:
    def best(kind: type) -> float:
        return statistics.median(min(each.loss for each in run(kind(MIXED, seed), 20)) for seed in range(5))

    assert best(BayesianSearch) < 0.5 * best(RandomSearch)


def test_suggestions_for_parallel_jobs_are_spread() -> None:
    observations = run(BayesianSearch(MIXED, 1), 10)
    search, pending = BayesianSearch(MIXED, 2), []
    for _ in range(4):
        pending.append(search.suggest(observations, pending))
    assert len({key(values) for values in pending}) == 4
    places = [MIXED.coordinates(values) for values in pending]
    assert min(math.dist(one, other) for i, one in enumerate(places) for other in places[:i]) > 1e-3


def test_a_small_space_is_gone_through_without_repeating() -> None:
    space = Space((Numeric("depth", 1, 4, "Linear", integer=True), Categorical("kind", ("good", "bad"))))
    search, observations = BayesianSearch(space, 0), []
    while (values := search.suggest(observations, [])) is not None:
        observations.append(LossObservation(values, float(values["depth"])))
    assert len({key(each.values) for each in observations}) == len(observations) == 8


def test_other_objectives_say_where_to_look() -> None:
    """Losses of another source have another scale, but the first suggestion is close to their best."""
    parent = [LossObservation(each.values, 1000 + 50 * each.loss, "parent") for each in run(RandomSearch(MIXED, 5), 40)]
    values = BayesianSearch(MIXED, 0).suggest(parent, [])
    assert loss(values) < 0.7


def test_losses_outside_the_ranges_are_used_or_skipped() -> None:
    observations = [
        LossObservation(values | {"rate": "5.0"}, loss(values)) for values in (each.values for each in run(RandomSearch(MIXED, 5), 6))
    ]
    observations += [
        LossObservation({"rate": "-1", "depth": "3", "momentum": "0", "kind": "good"}, 0.0),
        LossObservation({"depth": "3"}, 0.0),
    ]
    assert set(BayesianSearch(MIXED, 0).suggest(observations, [])) == {"rate", "depth", "momentum", "kind"}


def test_equal_losses_are_handled() -> None:
    observations = [LossObservation(each.values, 1.0) for each in run(RandomSearch(MIXED, 5), 12)]
    assert BayesianSearch(MIXED, 0).suggest(observations, []) is not None


def test_many_losses_are_modelled_by_the_best_and_the_latest() -> None:
    observations = run(RandomSearch(MIXED, 5), 300)
    assert loss(BayesianSearch(MIXED, 0).suggest(observations, [])) < 0.5


@pytest.mark.parametrize(("mean", "deviation", "best"), [(0.0, 1.0, 0.0), (1.0, 0.5, 0.3), (-2.0, 2.0, 0.0)])
def test_expected_improvement_is_the_mean_of_what_is_gained(mean: float, deviation: float, best: float) -> None:
    wanted, _ = quad(lambda value: (best - value) * norm.pdf(value, mean, deviation), -30, best)
    assert expected_improvement(np.array([mean]), np.array([deviation]), best)[0] == pytest.approx(wanted, rel=1e-6)
