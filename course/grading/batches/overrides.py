"""`course override`: a human's decision on a score or on extra credit. It is logged with its reason; no grading afterwards undoes it."""

from __future__ import annotations

import argparse
import getpass
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from course.grading import catalogue
from course.grading.batches import exports
from course.grading.batches.folder import CourseFolder, FolderError
from course.grading.batches.result import Result
from course.grading.errors import UnknownExercise

LOG = "overrides.jsonl"  # below results/; a line a decision, the last one counts


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="course override", description=__doc__)
    parser.add_argument("student")
    parser.add_argument("exercise", help="for example m04_1_ex2")
    parser.add_argument("--points", type=float, help="in place of the score that was found")
    parser.add_argument("--extra", type=float, metavar="POINTS", help="extra credit, beyond the exercise's points; 0 takes it back")
    parser.add_argument("--reason", required=True)
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    parser.add_argument("--db", default="", metavar="URL", help="nbgrader's gradebook (default: that of nbgrader_config.py)")
    options = parser.parse_args(arguments)
    folder = CourseFolder(options.root.resolve())
    try:
        decided = decide(folder, options.student, options.exercise, options.reason, options.points, options.extra)
        [result] = exports.gradebook([decided], folder, options.db)
    except (FolderError, UnknownExercise) as error:
        print(f"course override: {error}", file=sys.stderr)
        return 2
    each = result.exercises[options.exercise]
    score = "no score" if each["score"] is None else f"{each['score']:g} of {each['points']:g} points"
    extra = f" and {each['extra']:g} extra" if each["extra"] else ""
    print(f"{options.student} has {score}{extra} in {options.exercise}: {options.reason}")
    return 0


def decide(
    folder: CourseFolder, student: str, exercise_id: str, reason: str, points: float | None = None, extra: float | None = None
) -> Result:
    """Log a decision on the score, on extra credit or on both; the result that it changes, with all decisions applied.

    Raises
    ------
    UnknownExercise
    FolderError
        When the student has no result for it, the points are none of the exercise's, or nothing is decided or no reason given.
    """
    exercise = catalogue.find(exercise_id, folder.graders)
    found = [result for result in _results(folder, student) if exercise_id in result.exercises]
    if not found:
        raise FolderError(f"{student} has no result for {exercise_id}. Grade it first: `course grade --students {student}`.")
    if points is None and extra is None:
        raise FolderError("nothing is decided; say --points, --extra or both.")
    if points is not None and not 0 <= points <= exercise.points:
        raise FolderError(f"{points:g} points are not between 0 and the {exercise.points:g} of {exercise_id}.")
    if extra is not None and not 0 <= extra < math.inf:
        raise FolderError(f"{extra:g} points are no extra credit.")
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
    return applied(found[0], decisions(folder))


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


def applied(result: Result, made: Mapping[tuple[str, str], Mapping]) -> Result:
    """``result`` with the scores that were decided on, such an exercise with the decision as ``override``, and with extra credit."""
    changed = {name: each | _changes(decision) for name, each in result.exercises.items() if (decision := made.get((result.student, name)))}
    return replace(result, exercises={**result.exercises, **changed})


def _changes(decision: Mapping) -> dict[str, Any]:
    score = {"score": decision["points"], "fault": "", "override": decision} if "points" in decision else {}
    return score | ({"extra": decision["extra"]} if "extra" in decision else {})


def _results(folder: CourseFolder, student: str) -> list[Result]:
    found = (folder.root / "results").glob(f"*/{student}/*.json")
    return [result for path in sorted(found) if (result := Result.read(path.parent, path.stem))]


if __name__ == "__main__":
    sys.exit(main())
