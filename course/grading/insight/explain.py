"""`course explain`: shows the evidence of one stored score, and runs the submission again to compare. For instructors:
what it shows of a check's cases is not for learners."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from course import interrupts, pages
from course.grading import catalogue
from course.grading.batches.folder import CourseFolder, FolderError
from course.grading.batches.grade import GradingTask
from course.grading.errors import DefinitionError, UnknownExercise
from course.grading.exercise import seeds
from course.grading.insight import sections, stored_results
from course.grading.insight.evidence_report import StoredScore, evidence_report
from course.grading.insight.rerun import rerun
from course.grading.sandbox.one_package import PackagesError, require_one_package
from course.grading.submission.run import StartError
from course.terminal import Terminal


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when another run gives the same, 1 when it does not or could not run, 2 when there is nothing to explain."""
    parser = argparse.ArgumentParser(prog="course explain", description=__doc__)
    parser.add_argument("student")
    parser.add_argument("exercise", help="for example m04_1_ex2")
    parser.add_argument("--no-run", action="store_true", help="do not run the submission again")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write it as a page, too")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    options = parser.parse_args(arguments)
    return interrupts.run(lambda: _explain(options))


def _explain(options: argparse.Namespace) -> int:
    terminal = Terminal()
    try:
        folder = CourseFolder(options.root.resolve())
        require_one_package(folder.root)
        case = find(folder, options.student, options.exercise)
        shown = evidence_report(case)
        for section in shown:
            section.show(terminal)
        same = True
        if not options.no_run:
            with terminal.status("running the submission again in its sandbox"):
                again, same = rerun(case)
            again.show(terminal)
            shown = [*shown, again]
        if options.html:
            title = f"{options.exercise} of {options.student}: {case.exercise.title}"
            terminal.say(f"\n{pages.write(options.html, title, sections.html(shown))}")
    except (FolderError, PackagesError, UnknownExercise, DefinitionError, OSError) as error:
        print(f"course explain: {error}", file=sys.stderr)
        return 2
    except StartError as error:
        print(f"course explain: {error} `--no-run` leaves the run out.", file=sys.stderr)
        return 1
    return 0 if same else 1


def find(folder: CourseFolder, student: str, exercise_id: str) -> StoredScore:
    """The stored finding on an exercise, with its task.

    Raises
    ------
    UnknownExercise, DefinitionError
    FolderError
        When the student has no result for it, or an ungraded one.
    """
    exercise = catalogue.find(exercise_id, folder.graders)
    theirs = [result for result in stored_results.results(folder) if result.student == student]
    for result in theirs:
        if exercise_id in result.exercises:
            works = [
                GradingTask(folder.root, student, result.assignment, result.notebook, seeds.grading_seed(), personal)
                for personal in (False, True)
            ]
            # Only the key shows whether the class works on personal variants.
            return StoredScore(exercise, result, next((work for work in works if work.empty_result().key == result.key), works[0]))
        if result.fault and result.notebook.startswith(f"{exercise.notebook}_"):
            raise FolderError(f"{result.notebook} of {student} is ungraded, and so is {exercise_id}: {result.fault}")
    raise FolderError(f"{student} has no result for {exercise_id}. Grade it first: `course grade --students {student}`.")


if __name__ == "__main__":
    sys.exit(main())
