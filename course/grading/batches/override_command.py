"""`course override`: records an instructor's decision on a score or on extra credit, with its reason. Later gradings keep it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from course.grading.batches import exports, overrides
from course.grading.batches.folder import CourseFolder, FolderError
from course.grading.errors import UnknownExercise
from course.grading.insight import grading_summary


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="course override", description=__doc__)
    parser.add_argument("student")
    parser.add_argument("exercise", help="for example m04_1_ex2")
    parser.add_argument("--points", type=float, help="the new score, instead of the grader's")
    parser.add_argument("--extra", type=float, metavar="POINTS", help="extra credit on top of the exercise's points; 0 removes it")
    parser.add_argument("--reason", required=True)
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    parser.add_argument("--db", default="", metavar="URL", help="nbgrader's gradebook (default: the one in nbgrader_config.py)")
    options = parser.parse_args(arguments)
    folder = CourseFolder(options.root.resolve())
    try:
        decided = overrides.record_decision(folder, options.student, options.exercise, options.reason, options.points, options.extra)
        [result] = exports.gradebook([decided], folder, options.db)
    except (FolderError, UnknownExercise) as error:
        print(f"course override: {error}", file=sys.stderr)
        return 2
    grading_summary.write(folder, [result])
    each = result.exercises[options.exercise]
    score = "no score" if each["score"] is None else f"{each['score']:g} of {each['points']:g} points"
    extra = f" and {each['extra']:g} extra" if each["extra"] else ""
    print(f"{options.student} has {score}{extra} in {options.exercise}: {options.reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
