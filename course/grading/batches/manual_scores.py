"""Manual scores, as people write them in the formgrader: logged, shown beside the grader's, and not exported.

A manual score, or extra credit, counts in spreadsheets when `course override` decided it (`course.grading.batches.overrides`), which asks
for a reason. So a score that somebody else wrote, or a slip of the keyboard, changes no grade unseen.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.api import Grade, Gradebook
from nbgrader.plugins import CsvExportPlugin
from sqlalchemy import or_

from course.grading.batches import overrides
from course.grading.batches.folder import CourseFolder
from course.grading.batches.result import Result

LOG = "manual_scores.jsonl"  # in results/; one change a line


def record(folder: CourseFolder, grade: Grade, before: float | None) -> None:
    """Log a score that a person wrote in the formgrader; ``before`` is the manual score until then."""
    change = {
        "student": grade.notebook.student.id,
        "exercise": grade.name.removesuffix("_check"),
        "manual": grade.manual_score,
        "extra": grade.extra_credit,
        "before": before,
        "grader": grade.auto_score,
        "by": getpass.getuser(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    path = folder.root / "results" / LOG
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as log:
        log.write(json.dumps(change, ensure_ascii=False) + "\n")


def undecided(grade: Grade, decided: Mapping[str, Any]) -> dict[str, float]:
    """What a grade of the gradebook has beside the grader's score and no decision stands behind: ``score`` and ``extra``.

    Parameters
    ----------
    grade : Grade
    decided : mapping
        Has ``points`` and ``extra`` where these were decided, as `overrides.decisions` has it.
    """
    score = {"score": grade.manual_score} if grade.manual_score is not None and "points" not in decided else {}
    return score | ({"extra": grade.extra_credit} if grade.extra_credit and "extra" not in decided else {})


def with_manual_scores(result: Result, grades: Iterable[Grade], made: overrides.Decisions) -> Result:
    """The result; exercises with a manual score or extra credit that does not count have it as ``manual``."""
    exercises = {name: {member: value for member, value in each.items() if member != "manual"} for name, each in result.exercises.items()}
    for grade in grades:
        name = grade.name.removesuffix("_check")
        if name in exercises and (found := undecided(grade, made.get((result.student, name), {}))):
            exercises[name]["manual"] = found
    return replace(result, exercises=exercises)


class GradersScores(CsvExportPlugin):
    """`nbgrader export` with the grader's scores, in place of manual scores that nobody decided."""

    def export(self, gradebook: Gradebook) -> None:
        made = overrides.decisions(CourseFolder(Path(self.parent.coursedir.root)))
        by_hand = or_(Grade.manual_score.is_not(None), Grade.extra_credit.is_not(None))
        # Without the grader's score, a person grades, by plan or because the grader could not.
        for grade in gradebook.db.query(Grade).filter(by_hand, Grade.auto_score.is_not(None)):
            student, exercise = grade.notebook.student.id, grade.name.removesuffix("_check")
            found = undecided(grade, made.get((student, exercise), {}))
            if found:
                said = "%s, %s: %s in the gradebook is not exported, but the grader's score; `course override` decides otherwise"
                self.log.warning(said, student, exercise, " and ".join(f"{name} {value:g}" for name, value in found.items()))
            grade.manual_score = None if "score" in found else grade.manual_score
            grade.extra_credit = None if "extra" in found else grade.extra_credit
        gradebook.db.flush()  # nbgrader sums the scores in the database
        gradebook.db.expire_all()
        try:
            super().export(gradebook)
        finally:
            gradebook.db.rollback()
