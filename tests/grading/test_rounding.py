"""Tests tolerances at their borders, and how the gate changes the fractions of an answer."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading.gate.rounding import WAYS, AlteredFunction, altered, same
from course.grading.scoring import near


@given(st.integers(-(10**6), 10**6), st.integers(1, 6), st.integers(1, 10**4))
def test_the_border_of_a_tolerance_belongs_to_it_whichever_way_it_rounds(number: int, digits: int, steps: int) -> None:
    """In decimals the number is exactly ``steps`` units of its last digit away."""
    unit = 10**digits
    wanted, within = number / unit, steps / unit
    for away in (steps, -steps):
        assert near((number + away) / unit, wanted, within)
        assert near(wanted + away / unit, wanted, within)
    assert not near((number + steps + 1) / unit, wanted, within) and not near((number - steps - 1) / unit, wanted, within)


@pytest.mark.parametrize("got", [math.nan, math.inf, -math.inf, 10**400, -(10**400), 1e308])
def test_what_is_no_number_is_near_nothing(got: float) -> None:
    assert not near(got, 0.5, 1.0)


def one_more(number: float) -> float:
    return number + 1


@pytest.mark.parametrize(
    "value",
    [[0.5, {"a": 0.25, "b": (0.75,)}], pd.DataFrame({"a": [0.5, 2.0], "b": ["x", "y"]}), pd.Series([0.5, np.nan]), np.array([[0.5, 3.0]])],
)
def test_fractions_are_changed_wherever_they_are_and_nothing_else(value: object) -> None:
    changed = altered(value, one_more)
    assert repr(changed) != repr(value) and repr(altered(changed, lambda number: number - 1)) == repr(value)


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ({"verdict": "same", "by": 0.1}, {"verdict": "same", "by": 0.2}, True),
        ({"verdict": "same", "by": 0.1}, {"verdict": "first", "by": 0.1}, False),
        ([1, True], [1, 1], False),
        ([0.5], [0.5, 0.5], False),
        (pd.DataFrame({"a": [0.5], "b": ["x"]}), pd.DataFrame({"a": [0.7], "b": ["x"]}), True),
        (pd.DataFrame({"a": [0.5], "b": ["x"]}), pd.DataFrame({"a": [0.5], "b": ["y"]}), False),
        (np.array([1, 2]), np.array([1, 3]), False),
    ],
)
def test_decisions_are_compared_and_fractions_are_not(one: object, other: object, wanted: bool) -> None:
    assert same(one, other) is wanted


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.integers(-(10**9), 10**9).map(float),
        lambda inner: st.lists(inner),
        max_leaves=9,
    )
)
def test_whole_numbers_and_other_data_stay(value: object) -> None:
    assert repr(altered(value, one_more)) == repr(value)


def test_results_are_changed_but_for_those_that_are_arguments() -> None:
    def answer(row: dict) -> dict:
        return row | {"mean": (row["a"] + row["b"]) / 3}

    row = {"a": 0.1234567891, "b": 5}
    by_way = {way: AlteredFunction(answer, change(None), None)(row) for way, change in WAYS.items()}
    assert {each["a"] for each in by_way.values()} == {0.1234567891}
    assert by_way["rounded"]["mean"] == 1.70782
    assert by_way["smaller by a rounding error"]["mean"] < answer(row)["mean"] < by_way["larger by a rounding error"]["mean"]
    assert AlteredFunction(answer, WAYS["rounded"](2), None)(row)["mean"] == 1.71
