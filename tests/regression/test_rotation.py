"""Tests the plan of a day: today's course runs completely, a larger one in rotation, and the same day gives the same plan."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from course.regression import rotation
from course.regression.rotation import MOST_LESSONS, plan

DAY = date(2026, 11, 27)


def course(notebooks: int) -> list[Path]:
    names = ["m00_start", "m02_1_prediction_time", *(f"m{number:02}_1_topic" for number in range(3, notebooks + 1))]
    return [Path("solutions", name[:3], f"{name}.ipynb") for name in names[:notebooks]]


def names(paths) -> list[str]:
    return [path.stem for path in paths]


def days(count: int):
    return [DAY + timedelta(days=number) for number in range(count)]


def test_a_small_course_runs_whole():
    made = plan(course(10), DAY)
    assert names(made.executed) == names(course(10)) and made.left_out == ()
    assert made.reasons[0] == "All 10 lessons ran."


def test_a_large_course_runs_in_rotating_parts():
    sources = course(40)
    plans = [plan(sources, day) for day in days(3)]
    for made in plans:
        assert len(made.executed) == MOST_LESSONS and names(made.executed)[0] == "m00_start"
        assert sorted((*made.executed, *made.left_out)) == sorted(sources)
        assert list(made.executed) == sorted(made.executed)
        assert all(name in made.reasons[0] for name in names(made.left_out))
    assert {path for made in plans for path in made.executed} == set(sources)


@pytest.mark.parametrize("notebooks", [10, 40])
def test_a_day_gives_the_same_plan(notebooks):
    assert plan(course(notebooks), DAY) == plan(course(notebooks), DAY)


def test_the_class_is_graded_on_two_lessons_and_one_that_rotates():
    sources = course(10)
    plans = [plan(sources, day) for day in days(8)]
    for made in plans:
        first, second, third = names(made.graded)
        assert (first, second) == ("m00_start", "m02_1_prediction_time")
        assert third in made.reasons[1] and "`make nightly` grades all" in made.reasons[1]
    assert {path for made in plans for path in made.graded} == set(sources)


def test_a_course_without_those_lessons_is_graded_on_one():
    sources = [Path("m90", "m90_1.ipynb"), Path("m91", "m91_1.ipynb")]
    assert {names(plan(sources, day).graded)[0] for day in days(2)} == {"m90_1", "m91_1"}
    assert plan([], DAY).executed == plan([], DAY).graded == ()


def test_a_whole_run_executes_and_grades_all_lessons():
    made = rotation.everything(course(40))
    assert len(made.executed) == len(made.graded) == 40 and made.left_out == ()
