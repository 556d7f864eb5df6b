"""`course override`: a human's decision on an exercise. It is logged with its reason, and no grading afterwards undoes it."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

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
    parser.add_argument("--points", type=float, required=True)
    parser.add_argument("--reason", required=True)
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    parser.add_argument("--db", default="", metavar="URL", help="nbgrader's gradebook (default: gradebook.db there)")
    options = parser.parse_args(arguments)
    folder = CourseFolder(options.root.resolve())
    try:
        result = decide(folder, options.student, options.exercise, options.points, options.reason)
        exports.gradebook([result], folder, options.db)
    except (FolderError, UnknownExercise) as error:
        print(f"course override: {error}", file=sys.stderr)
        return 2
    each = result.exercises[options.exercise]
    print(f"{options.student} has {each['score']:g} of {each['points']:g} points in {options.exercise}: {options.reason}")
    return 0


def decide(folder: CourseFolder, student: str, exercise_id: str, points: float, reason: str) -> Result:
    """Log a decision; the result that it changes, with all decisions applied.

    Raises
    ------
    UnknownExercise
    FolderError
        When the student has no result for it, the points are none of the exercise's, or no reason is given.
    """
    exercise = catalogue.find(exercise_id, folder.graders)
    found = [result for result in _results(folder, student) if exercise_id in result.exercises]
    if not found:
        raise FolderError(f"{student} has no result for {exercise_id}. Grade it first: `course grade --students {student}`.")
    if not 0 <= points <= exercise.points:
        raise FolderError(f"{points:g} points are not between 0 and the {exercise.points:g} of {exercise_id}.")
    if not reason.strip():
        raise FolderError("a decision needs a reason.")
    decision = {
        "student": student,
        "exercise": exercise_id,
        "points": points,
        "reason": reason,
        "before": found[0].exercises[exercise_id]["score"],
        "by": getpass.getuser(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with (folder.root / "results" / LOG).open("a", encoding="utf-8") as log:
        log.write(json.dumps(decision, ensure_ascii=False) + "\n")
    return applied(found[0], decisions(folder))


def decisions(folder: CourseFolder) -> dict[tuple[str, str], Mapping]:
    """The last decision by student and exercise."""
    try:
        lines = (folder.root / "results" / LOG).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    made = [json.loads(line) for line in lines if line.strip()]
    return {(each["student"], each["exercise"]): each for each in made}


def applied(result: Result, made: Mapping[tuple[str, str], Mapping]) -> Result:
    """``result`` with the scores that were decided on; each such exercise has the decision as ``override``."""
    changed = {
        name: each | {"score": decision["points"], "fault": "", "override": decision}
        for name, each in result.exercises.items()
        if (decision := made.get((result.student, name)))
    }
    return replace(result, exercises={**result.exercises, **changed})


def _results(folder: CourseFolder, student: str) -> list[Result]:
    found = (folder.root / "results").glob(f"*/{student}/*.json")
    return [result for path in sorted(found) if (result := Result.read(path.parent, path.stem))]


if __name__ == "__main__":
    sys.exit(main())
