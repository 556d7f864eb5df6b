"""Decisions of humans on scores and extra credit: logged with their reasons, and applied to every later grading."""

from __future__ import annotations

import getpass
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from course.grading import catalogue
from course.grading.batches.folder import CourseFolder, FolderError
from course.grading.batches.result import Result

Decisions = Mapping[tuple[str, str], Mapping]  # by student and exercise

LOG = "overrides.jsonl"  # in results/; one decision a line, the last one counts


def record_decision(
    folder: CourseFolder, student: str, exercise_id: str, reason: str, points: float | None = None, extra: float | None = None
) -> Result:
    """Log a decision on the score, on extra credit or on both; returns the changed result, with all decisions applied.

    Raises
    ------
    UnknownExercise
    FolderError
        When the student has no result for it, the points are out of range, nothing is decided, or there is no reason.
    """
    exercise = catalogue.find(exercise_id, folder.graders)
    found = [result for result in _results(folder, student) if exercise_id in result.exercises]
    if not found:
        raise FolderError(f"{student} has no result for {exercise_id}. Grade it first: `course grade --students {student}`.")
    if points is None and extra is None:
        raise FolderError("there is nothing to decide; give --points, --extra or both.")
    if points is not None and not 0 <= points <= exercise.points:
        raise FolderError(f"{points:g} points are not between 0 and the {exercise.points:g} of {exercise_id}.")
    if extra is not None and not 0 <= extra < math.inf:
        raise FolderError(f"{extra:g} points are not valid as extra credit.")
    if not reason.strip():
        raise FolderError("a decision needs a reason.")
    decision = {
        "student": student,
        "exercise": exercise_id,
        **{name: value for name, value in (("points", points), ("extra", extra)) if value is not None},
        "reason": reason,
        "before": found[0].exercises[exercise_id]["score"],
        "by": getpass.getuser(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with (folder.root / "results" / LOG).open("a", encoding="utf-8") as log:
        log.write(json.dumps(decision, ensure_ascii=False) + "\n")
    return apply_decisions(found[0], decisions(folder))


def decisions(folder: CourseFolder) -> dict[tuple[str, str], Mapping]:
    """By student and exercise: the last decision on the score (``points``) and the last on extra credit (``extra``), as one."""
    try:
        lines = (folder.root / "results" / LOG).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    made: dict[tuple[str, str], dict] = {}
    for each in (json.loads(line) for line in lines if line.strip()):
        made.setdefault((each["student"], each["exercise"]), {}).update(each)
    return made


def apply_decisions(result: Result, made: Mapping[tuple[str, str], Mapping]) -> Result:
    """``result`` with the decided scores and extra credit; an exercise with a decided score has the decision as ``override``."""
    changed = {name: each | _changes(decision) for name, each in result.exercises.items() if (decision := made.get((result.student, name)))}
    return replace(result, exercises={**result.exercises, **changed})


def _changes(decision: Mapping) -> dict[str, Any]:
    score = {"score": decision["points"], "fault": "", "override": decision} if "points" in decision else {}
    return score | ({"extra": decision["extra"]} if "extra" in decision else {})


def _results(folder: CourseFolder, student: str) -> list[Result]:
    found = (folder.root / "results").glob(f"*/{student}/*.json")
    return [result for path in sorted(found) if (result := Result.read(path.parent, path.stem))]
