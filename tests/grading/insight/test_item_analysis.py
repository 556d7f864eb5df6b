"""Tests item analysis: its numbers match the textbooks, and it says when a class is too small."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading.attempts import Attempt
from course.grading.insight import stored_results
from course.grading.insight.item_analysis import ALL_EQUAL, TOO_FEW, Correlation, commonest, correlation, item_statistics
from course.grading.insight.observations import AttemptSummary, Observation, observe
from course.grading.insight.struggling import struggling_learners
from tests.grading.insight import insight_fixtures

EX1, EX2, EX3 = insight_fixtures.PARTS


def observed(tmp_path: Path, learners: int) -> list[Observation]:
    course = insight_fixtures.folder(tmp_path)
    insight_fixtures.class_of(course, learners)
    return observe(course, stored_results.results(course))


def test_difficulty_and_discrimination_are_those_of_the_textbook(tmp_path) -> None:
    seen = observed(tmp_path, 40)
    scores = {name: numpy.array([each.score for each in seen if each.exercise == name]) for name in insight_fixtures.PARTS}
    by_name = {item.exercise: item for item in item_statistics(seen)}
    for name, item in by_name.items():
        assert item.difficulty == pytest.approx(scores[name].mean() / item.points)
        rest = sum(scores[other] for other in scores if other != name)
        assert item.discrimination.r == pytest.approx(numpy.corrcoef(scores[name], rest)[0, 1])
        assert item.discrimination.low < item.discrimination.r < item.discrimination.high
    assert by_name[EX2].discrimination.r > 0.3 > by_name[EX3].discrimination.r  # the last exercise depends on luck
    assert by_name[EX1].difficulty > by_name[EX2].difficulty


def test_fishers_interval() -> None:
    """For r = 0.6 and 28 pairs: 0.29 to 0.80, calculated by hand as tanh(0.6931 ± 0.392)."""
    x = numpy.arange(28.0)
    noise = numpy.random.default_rng(0).normal(size=28)
    noise -= numpy.polyval(numpy.polyfit(x, noise, 1), x)
    y = 0.6 * (x - x.mean()) / x.std() + 0.8 * noise / noise.std()
    found = correlation(list(zip(x, y, strict=True)))
    assert (found.r, found.low, found.high) == pytest.approx((0.6, 0.2923, 0.7951), abs=0.001)


@pytest.mark.parametrize("learners", [1, 2, 4])
def test_small_classes_get_no_measures(tmp_path, learners: int) -> None:
    for item in item_statistics(observed(tmp_path, learners)):
        assert (item.difficulty, item.discrimination, item.tries, item.seconds) == (TOO_FEW,) * 4
        assert item.graded == learners


def test_a_class_with_equal_points_has_no_discrimination(tmp_path) -> None:
    course = insight_fixtures.folder(tmp_path)
    full = {name: insight_fixtures.exercise(name, [1.0] * len(parts)) for name, parts in insight_fixtures.PARTS.items()}
    seen = observe(course, [insight_fixtures.result(course, f"s{n}", full) for n in range(12)])
    assert {item.discrimination for item in item_statistics(seen)} == {ALL_EQUAL}
    assert {item.difficulty for item in item_statistics(seen)} == {1.0}


def test_ungraded_work_is_in_no_statistic(tmp_path) -> None:
    course = insight_fixtures.folder(tmp_path)
    full = {name: insight_fixtures.exercise(name, [1.0] * len(parts)) for name, parts in insight_fixtures.PARTS.items()}
    fault = {"score": None, "points": 2.0, "fault": "the check of m98_1_ex2 raised", "report": None}
    seen = observe(course, [insight_fixtures.result(course, f"s{n}", full | ({EX2: fault} if n < 3 else {})) for n in range(12)])
    item = next(item for item in item_statistics(seen) if item.exercise == EX2)
    assert item.outcomes == {"passed": 9, "partly": 0, "failed": 0, "untouched": 0, "ungraded": 3}
    assert item.difficulty == 1.0 and item.discrimination == TOO_FEW


def test_the_most_common_failure_is_shown_with_one_of_its_messages() -> None:
    def report(part: str, message: str, unanswered: bool = False) -> dict:
        parts = [{"name": "shape", "share": 1.0, "message": ""}, {"name": part, "share": 0.5, "message": message}]
        return {"parts": parts, "problem": "", "unanswered": unanswered}

    reports = [report("value", f"`f({n})` returned {n * n}; expected its root.") for n in range(3)]
    reports += [report("value", "`f(9)` returned 'nine', which is no number.")] * 2
    reports += [report("edge", "same"), None, report("edge", "x", unanswered=True)]
    assert commonest(reports) == ("value", "`f(0)` returned 0; expected its root.", 5)
    assert commonest([None]) == ("", "", 0)


def test_tries_are_counted_until_the_first_pass() -> None:
    def event(kind: str, minute: int, score: float = 0.0, hints: int = 0) -> Attempt:
        return Attempt(insight_fixtures.MONDAY + timedelta(minutes=minute), EX1, kind, score, 4.0, {}, f"at {minute}", hints)

    events = [event("check", 1), event("hint", 5, hints=1), event("check", 9, 2.0), event("check", 21, 4.0), event("check", 30)]
    assert AttemptSummary.of(events) == AttemptSummary(checks=3, seconds=1200.0, hints=1, last_message="at 30")
    assert AttemptSummary.of(events[:3]) == AttemptSummary(checks=2, seconds=None, hints=1, last_message="at 9")
    assert AttemptSummary.of([event("reveal", 1)]).revealed and not AttemptSummary.of([]).passed


def test_who_is_stuck(tmp_path) -> None:
    course = insight_fixtures.folder(tmp_path)
    half = insight_fixtures.exercise(EX2, [1.0, 0.0], ["`mean([])` raised ZeroDivisionError"])
    empty = {name: insight_fixtures.exercise(name, [None] * len(insight_fixtures.PARTS[name]), unanswered=True) for name in (EX1, EX3)}
    insight_fixtures.log(course, "tries", [(EX2, "check", 0.5, n) for n in range(7)])
    insight_fixtures.log(course, "passes", [(EX2, "check", 0.5, n) for n in range(7)] + [(EX2, "check", 1.0, 8)])
    results = [insight_fixtures.result(course, "tries", {**empty, EX2: half}), insight_fixtures.result(course, "passes", {EX2: half})]
    tired, untouched = struggling_learners(observe(course, results))
    assert (tired.student, tired.exercises, tired.tries) == ("tries", (EX2,), 7)
    assert tired.why == "empty: `mean([])` raised ZeroDivisionError"
    assert (untouched.student, untouched.exercises, untouched.why) == ("tries", (EX1, EX3), "untouched: 2 of 3 exercises")


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 9)), max_size=40))
def test_a_correlation_is_a_number_or_says_why_it_is_missing(pairs: list[tuple[float, float]]) -> None:
    found = correlation(pairs)
    if isinstance(found, Correlation):
        assert -1.000001 <= found.low <= found.high <= 1.000001 and found.learners == len(pairs)
    else:
        assert found == (TOO_FEW if len(pairs) < 10 else ALL_EQUAL)
