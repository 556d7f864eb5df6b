"""`course grade`: a class graded, as many at a time as there are cores; what is written already stands, however the batch ends."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from course import interrupts
from course.grading import seeds
from course.grading.batches import exports, overrides
from course.grading.batches.folder import CourseFolder, FolderError
from course.grading.batches.grade import Work
from course.grading.batches.queue import grade_all, pending
from course.grading.batches.result import Result
from course.grading.insight import night
from course.localaws.containers.box import best_mode


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything was graded, 1 when something needs a human, 2 when nothing could be done."""
    options = _parser().parse_args(arguments)
    return interrupts.run(lambda: _grade(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="course grade", description=__doc__)
    parser.add_argument(
        "assignments", nargs="*", metavar="LESSON", help="for example m04_training; all that were released when none is named"
    )
    parser.add_argument("--students", nargs="+", metavar="ID", help="only these")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), metavar="N", help="submissions at a time (default: the cores, %(default)s)"
    )
    parser.add_argument("--resume", action="store_true", help="leave alone what has a result by the same checks, seed and packages")
    parser.add_argument("--personal", action="store_true", help="learners worked on variants of their own")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    parser.add_argument("--db", default="", metavar="URL", help="nbgrader's gradebook, as SQLAlchemy has it (default: gradebook.db there)")
    parser.add_argument("--no-gradebook", action="store_true", help="write no gradebook and no autograded/")
    parser.add_argument(
        "--export", nargs="+", default=[], choices=exports.EXPORTS, metavar="KIND", help=f"also {', '.join(exports.EXPORTS)}"
    )
    return parser


def _grade(options: argparse.Namespace) -> int:
    console = Console()
    folder = CourseFolder(options.root.resolve())
    try:
        works = works_of(folder, options.assignments, options.students, options.personal)
        waiting, standing = pending(works) if options.resume else (works, [])
        if best_mode() != "namespace":
            print("This machine has no user namespaces: submissions run as processes that can read this user's files.", file=sys.stderr)
        results = [*standing, *_with_progress(waiting, options.jobs, len(standing), console)]
        made = overrides.decisions(folder)
        results = [overrides.applied(result, made) for result in results]
        results.sort(key=lambda result: (result.assignment, result.student, result.notebook))
        if not options.no_gradebook:
            exports.gradebook(results, folder, options.db)
        for kind in options.export:
            name, write = exports.EXPORTS[kind]
            write(results, folder.root / "results" / name)
            console.print(f"{kind}: {folder.root / 'results' / name}")
    except FolderError as error:
        print(f"course grade: {error}", file=sys.stderr)
        return 2
    night.tell(results, len(standing), night.write(folder, results), console)
    return 1 if any(result.needs_human for result in results) else 0


def works_of(folder: CourseFolder, assignments: Sequence[str], students: Sequence[str] | None, personal: bool) -> list[Work]:
    """Everything that was handed in, assignment by assignment.

    Raises
    ------
    FolderError
        When an assignment was not released, a student handed in nothing, or nobody did.
    """
    works = []
    for assignment in assignments or folder.assignments():
        notebooks, there = folder.notebooks(assignment), folder.students(assignment)
        if missing := sorted(set(students or ()) - set(there)):
            raise FolderError(
                f"{', '.join(missing)} handed in nothing for {assignment}; {folder.root / 'submitted'} has {', '.join(there)}."
            )
        chosen = [student for student in there if not students or student in students]
        works += [Work(folder.root, who, assignment, name, seeds.grading_seed(), personal) for who in chosen for name in notebooks]
    if not works:
        raise FolderError(f"nothing to grade: no folder {folder.root / 'submitted'}/STUDENT/LESSON of a released lesson.")
    return works


def _with_progress(works: Sequence[Work], jobs: int, standing: int, console: Console) -> list[Result]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not works) as progress:
        task = progress.add_task("grading", total=standing + len(works), completed=standing)

        def tell(result: Result) -> None:
            progress.update(task, advance=1, description=f"graded {result.student}, {result.notebook}")

        return grade_all(works, jobs, tell)


if __name__ == "__main__":
    sys.exit(main())
