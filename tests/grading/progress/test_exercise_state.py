"""Tests the progress derived from attempts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from course.grading.attempts import EVENTS, Attempt
from course.grading.progress.exercise_state import HOLDS, OPEN, REVEALED, RIGHT, exercise_state, progress
from tests.grading.exercise_fixtures import exercise

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
POINTS = float(exercise().points)


def attempt(minute: int, score: float = 0.0, event: str = "judge", hints: int = 0, name: str = "m98_2_ex1") -> Attempt:
    return Attempt(BEGIN + timedelta(minutes=minute), name, event, score, POINTS, hints=hints)


def test_untouched() -> None:
    found = exercise_state(exercise(), [])
    assert (found.state, found.score, found.tries, found.last, found.done) == (OPEN, 0.0, 0, None, False)


def test_the_best_judged_answer_counts_and_tries_end_with_the_first_right_one() -> None:
    found = exercise_state(exercise(), [attempt(0, POINTS, "check"), attempt(1, 1), attempt(2, POINTS, hints=2), attempt(3, 0.5)])
    assert (found.state, found.score, found.tries, found.judged, found.hints) == (RIGHT, POINTS, 1, 2, 2)
    assert found.right_at == BEGIN + timedelta(minutes=2) and found.last == BEGIN + timedelta(minutes=3)


def test_what_was_judged_partly_right_keeps_its_points() -> None:
    found = exercise_state(exercise(), [attempt(0, 1), attempt(1, 0.5)])
    assert (found.state, found.score, found.judged, found.done) == (OPEN, 1.0, 2, False)


def test_practice_that_holds_is_a_state_and_earns_no_points() -> None:
    found = exercise_state(exercise(), [attempt(0, 1, "check"), attempt(1, POINTS, "check")])
    assert (found.state, found.score, found.tries, found.done) == (HOLDS, 0.0, 2, False)


def test_looking_at_the_answer_first_counts_nothing() -> None:
    found = exercise_state(exercise(), [attempt(0, 1), attempt(1, event="reveal"), attempt(2, POINTS)])
    assert (found.state, found.score, found.done) == (REVEALED, 0.0, True)


def test_looking_at_the_answer_once_it_is_right_costs_nothing() -> None:
    found = exercise_state(exercise(), [attempt(0, POINTS), attempt(1, event="reveal")])
    assert (found.state, found.score) == (RIGHT, POINTS)


def test_points_are_those_of_the_exercise_as_it_is_now() -> None:
    was_worth_ten = Attempt(BEGIN, "m98_2_ex1", "judge", 5.0, 10.0)
    assert exercise_state(exercise(), [was_worth_ten]).score == POINTS / 2


def test_next_is_in_the_notebook_worked_on_last() -> None:
    names = ("m98_1_ex1", "m98_2_ex1", "m98_2_ex2")
    course = {name: exercise(id=name) for name in names}
    assert progress(course, []).next.exercise.id == "m98_1_ex1"
    begun = progress(course, [attempt(0, POINTS, name="m98_2_ex1")])
    assert (begun.last.exercise.id, begun.next.exercise.id) == ("m98_2_ex1", "m98_2_ex2")
    done_there = progress(course, [attempt(0, POINTS, name="m98_2_ex1"), attempt(1, POINTS, name="m98_2_ex2")])
    assert done_there.next.exercise.id == "m98_1_ex1"
    assert progress(course, [attempt(0, POINTS, name=name) for name in names]).next is None


def test_a_skill_is_shown_by_what_was_judged_right() -> None:
    course = {name: exercise(id=name) for name in ("m98_1_ex1", "m98_2_ex1")}
    (skill,) = progress(course, [attempt(0, POINTS), attempt(1, 1, name="m98_1_ex1")]).skills("C02")
    assert (skill.id, skill.shown, skill.trained) == ("2.2.1", ("m98_2_ex1",), ("m98_1_ex1", "m98_2_ex1"))


def test_attempts_at_removed_exercises_are_skipped() -> None:
    assert progress({"m98_2_ex1": exercise()}, [attempt(0, POINTS, name="m97_1_ex1")]).score == 0


@given(st.lists(st.builds(attempt, st.integers(0, 10_000), st.floats(0, POINTS), st.sampled_from(EVENTS), st.integers(0, 3)), max_size=12))
def test_any_history_of_attempts_adds_up(noted: list[Attempt]) -> None:
    found = exercise_state(exercise(), sorted(noted, key=lambda each: each.at))
    assert 0 <= found.score <= POINTS
    assert (found.state == RIGHT) == (found.right_at is not None)
    assert found.state != RIGHT or found.score == POINTS
    assert found.state != REVEALED or found.score == 0
