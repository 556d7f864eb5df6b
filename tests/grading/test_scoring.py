"""Tests that a guess earns nothing by any of the formulas."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from course.grading import scoring

OPTIONS = st.sampled_from("abcd")
CASES = st.lists(st.sets(OPTIONS, min_size=1, max_size=2), min_size=2, max_size=40)


@given(CASES, st.data())
def test_rule(accepted: list[set[str]], data: st.DataObject) -> None:
    assume(not set.intersection(*accepted))
    assert scoring.rule_share([min(suits) for suits in accepted], accepted) == 1
    for constant in "abcd":
        assert scoring.rule_share([constant] * len(accepted), accepted) == 0
    answers = data.draw(st.lists(OPTIONS, min_size=len(accepted), max_size=len(accepted)))
    assert 0 <= scoring.rule_share(answers, accepted) <= 1


def test_rule_counts_beyond_the_constant() -> None:
    accepted = [{"a"}] * 6 + [{"b"}] * 2 + [{"c"}] * 2
    assert scoring.rule_share(["a"] * 6 + ["b"] * 2 + ["a"] * 2, accepted) == 0.5


@given(st.sets(st.integers(0, 30), min_size=1, max_size=15), st.sets(st.integers(0, 30)))
def test_find_all(wanted: set[int], found: set[int]) -> None:
    assert scoring.find_all_share(wanted, wanted) == 1
    assert scoring.find_all_share([], wanted) == 0
    assert scoring.find_all_share(range(2 * max(31, len(wanted))), wanted) == 0
    assert 0 <= scoring.find_all_share(found, wanted) <= 1
    assert scoring.find_all_share(found | {99}, wanted) <= scoring.find_all_share(found, wanted)


FLAGS = st.lists(st.booleans(), min_size=1, max_size=20)


@given(FLAGS, FLAGS)
def test_guard(caught: list[bool], alarms: list[bool]) -> None:
    assert 0 <= scoring.guard_share(caught, alarms) <= 1
    assert scoring.guard_share([True] * len(caught), [True] * len(alarms)) == 0
    assert scoring.guard_share([False] * len(caught), [False] * len(alarms)) == 0
    assert scoring.guard_share([True] * len(caught), [False] * len(alarms)) == 1


@given(st.floats(0.01, 1e6), st.floats(0, 1), st.floats(0, 1))
def test_regret(best: float, more: float, still_more: float) -> None:
    low, high = sorted((more, still_more))
    assert scoring.regret_share(best, best) == 1
    assert scoring.regret_share(best * 1.2, best) == 0
    assert scoring.regret_share(best * (1 + high), best) <= scoring.regret_share(best * (1 + low), best)


@pytest.mark.parametrize(
    "call",
    [
        lambda: scoring.rule_share(["a"], []),
        lambda: scoring.rule_share([], []),
        lambda: scoring.rule_share(["a", "a"], [{"a"}, {"a", "b"}]),
        lambda: scoring.find_all_share(["a"], []),
        lambda: scoring.guard_share([], [True]),
        lambda: scoring.guard_share([True], []),
        lambda: scoring.regret_share(1, 0),
    ],
)
def test_cases_that_show_nothing_are_refused(call) -> None:
    with pytest.raises(ValueError):
        call()
