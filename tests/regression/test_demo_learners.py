"""Tests the thirty learners: the work that they hand in, their expected scores, and the report on other scores."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest

from course.grading import attempts
from course.grading.batches.result import UNGRADED, Result
from course.regression import demo_attempts
from course.regression.demo_learners import FULL, KINDS, NOTHING, AnswerPool, ExpectedScore, hand_in, problems

ROOT = Path(__file__).parents[2]
LESSON, NOTEBOOK = "m00_start", "m00_start"
BY_NAME = {kind.name: kind for kind in KINDS}
AT = datetime(2026, 1, 10, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def material() -> AnswerPool:
    return AnswerPool.of(ROOT, LESSON, NOTEBOOK)


def handed_in(name: str, material: AnswerPool, folder: Path) -> Path:
    hand_in(BY_NAME[name], ROOT / "notebooks" / LESSON, {NOTEBOOK: material}, folder / name)
    return folder / name


def result(material: AnswerPool, **shares: float | None) -> Result:
    """A result in which each exercise has the given share of its points; an exercise below 1 fails its first part."""
    exercises = {}
    for name, exercise in material.exercises.items():
        share = shares.get(name, 1.0)
        parts = [{"name": part, "share": 1 if share == 1 else 0} for part in exercise.parts]
        score = None if share is None else share * exercise.points
        exercises[name] = {"score": score, "points": exercise.points, "fault": "broken", "report": {"parts": parts}}
    return Result("x", LESSON, NOTEBOOK, key="", exercises=exercises)


def test_there_are_thirty_different_learners():
    assert len(KINDS) == len(BY_NAME) == 30


def test_each_foreseen_mistake_is_made_by_someone(material):
    handed = {work.code for kind in KINDS for work in kind.answers(material).values()}
    for answers in material.answers.values():
        assert {each.code for each in answers if each.is_wrong} <= handed


def test_the_expected_scores_of_the_learners(material):
    first, second = material.exercises

    def deserved(name: str) -> list[ExpectedScore]:
        work = BY_NAME[name].answers(material)
        return [work[each].expected if each in work else NOTHING for each in (first, second)]

    assert deserved("perfect_2") == deserved("colab") == deserved("friend_2") == [FULL, FULL]
    assert deserved("untouched") == [NOTHING, NOTHING]
    assert deserved("half_done") == deserved("dead_kernel") == deserved("endless_loop") == [FULL, NOTHING]
    mistaken = deserved("mistaken_01")
    assert all(each.most < 1 and each.trips for each in mistaken)
    assert BY_NAME["late_by_days"].late.total_seconds() > 0 > BY_NAME["perfect_1"].late.total_seconds()


def test_the_work_of_the_learners(material, tmp_path):
    friends = [json.loads((handed_in(f"friend_{i}", material, tmp_path) / f"{NOTEBOOK}.ipynb").read_text()) for i in (1, 2)]
    assert friends[0] == friends[1]
    released = nbformat.read(ROOT / "notebooks" / LESSON / f"{NOTEBOOK}.ipynb", as_version=4)
    assert nbformat.read(handed_in("untouched", material, tmp_path) / f"{NOTEBOOK}.ipynb", as_version=4) == released
    stripped = json.loads((handed_in("colab", material, tmp_path) / f"{NOTEBOOK}.ipynb").read_text())
    assert {json.dumps(cell["metadata"]) for cell in stripped["cells"]} == {"{}"}
    assert (handed_in("renamed", material, tmp_path) / f"{NOTEBOOK} (2).ipynb").is_file()
    with pytest.raises(ValueError):
        json.loads((handed_in("unreadable", material, tmp_path) / f"{NOTEBOOK}.ipynb").read_text())


def test_attempts_have_the_format_that_check_writes(material, tmp_path):
    for name in ("half_done", "mistaken_01"):
        (tmp_path / name).mkdir()
        demo_attempts.write(BY_NAME[name], material, AT, tmp_path / name)
        noted = attempts.read(tmp_path / name)
        assert noted and noted[-1].at < AT and {each.exercise for each in noted} <= set(material.exercises)
    assert attempts.read(tmp_path / "half_done")[-1].right
    assert not any(each.right for each in attempts.read(tmp_path / "mistaken_01"))


def test_scores_that_are_deserved_are_not_mentioned(material):
    first, second = material.exercises
    assert problems(BY_NAME["perfect_1"], material, result(material), "m00") == []
    assert problems(BY_NAME["half_done"], material, result(material, **{second: 0.0}), "m00") == []
    unread = Result("x", LESSON, NOTEBOOK, key="", status=UNGRADED, fault="cannot be read")
    assert problems(BY_NAME["unreadable"], material, unread, "m00") == []


def test_an_unexpected_score_is_reported_in_a_line(material):
    first, second = material.exercises

    def said(name: str, found: Result | None) -> str:
        return "\n".join(problems(BY_NAME[name], material, found, "m00"))

    assert f"{first} has 1 of 2 points" in said("perfect_1", result(material, **{first: 0.5}))
    assert "expected no points" in said("untouched", result(material))
    assert "expected fewer than all points, and to fail in" in said("mistaken_01", result(material))
    assert "has no score (broken)" in said("perfect_1", result(material, **{second: None}))
    assert "there is no result" in said("perfect_1", None)
    assert "graded, although it cannot be read" in said("unreadable", result(material))
    unread = Result("x", LESSON, NOTEBOOK, key="", status=UNGRADED, fault="cannot be read")
    assert "not graded (cannot be read)" in said("perfect_1", unread)


def test_a_wrong_answer_must_fail_on_the_part_that_it_names(material):
    name, exercise = next(iter(material.exercises.items()))
    work = BY_NAME["mistaken_02"].answers(material)[name]
    other = next(part for part in exercise.parts if part != work.expected.trips)
    found = {"score": 0.5, "points": exercise.points, "fault": "", "report": {"parts": [{"name": other, "share": 0}]}}
    assert f"failing in ['{other}']" in work.expected.problem(found)
