"""`course grade`: grades a class, as many submissions at a time as there are cores. Written results stay when the batch is interrupted."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.progress import ProgressColumn, Task, TimeRemainingColumn
from rich.text import Text

from course import interrupts
from course.grading.batches import changes, exports, overrides
from course.grading.batches.folder import CourseFolder, FolderError
from course.grading.batches.grade import GradingTask
from course.grading.batches.queue import Grader, GraderError, ProcessGrader, grade_all, pending
from course.grading.batches.result import Result
from course.grading.exercise import seeds
from course.grading.insight import grading_summary
from course.grading.sandbox.one_package import PackagesError, require_one_package
from course.grading.sandbox.unprotected import unprotected
from course.grading.submission.blame import WAITS
from course.sandbox.isolation import isolation
from course.terminal import ProgressBar, Terminal


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything was graded, 1 when something needs a human, 2 when nothing could be done."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.draft and (options.export or options.db):
        parser.error("--draft cannot be combined with --export or --db: scores of a draft do not count")
    return interrupts.run(lambda: _grade(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="course grade", description=__doc__)
    parser.add_argument("assignments", nargs="*", metavar="LESSON", help="for example m04_training (default: all released lessons)")
    parser.add_argument("--students", nargs="+", metavar="ID", help="only these")
    parser.add_argument(
        "--jobs", type=int, metavar="N", help=f"submissions at a time (default: the cores, {os.cpu_count()}, or a cluster's capacity)"
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="address of a Dask cluster that grades: tcp://HOST:8786")
    parser.add_argument(
        "--draft",
        action="store_true",
        help="grade unfinished work for the dashboard, into drafts/ and not the gradebook; scores do not count",
    )
    parser.add_argument(
        "--resume", action="store_true", help="skip submissions that already have a result with the same checks, seed and packages"
    )
    parser.add_argument("--personal", action="store_true", help="each learner worked on a personal variant")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder (default: here)")
    parser.add_argument(
        "--db", default="", metavar="URL", help="SQLAlchemy URL of nbgrader's gradebook (default: the one in nbgrader_config.py)"
    )
    parser.add_argument("--no-gradebook", action="store_true", help="write no gradebook and no autograded/")
    parser.add_argument(
        "--export", nargs="+", default=[], choices=exports.EXPORTS, metavar="KIND", help=f"also {', '.join(exports.EXPORTS)}"
    )
    return parser


def _grade(options: argparse.Namespace) -> int:
    terminal = Terminal()
    folder = CourseFolder(options.root.resolve())
    try:
        require_one_package(folder.root)
        works = grading_tasks(folder, options.assignments, options.students, options.personal)
        works = [replace(work, draft=options.draft) for work in works]
        waiting, unchanged = pending(works) if options.resume else (works, [])
        earlier = {result.name: result for work in waiting if (result := Result.read(work.results, work.notebook))}
        if not options.scheduler:
            for line in unprotected(isolation(), folder.root):
                print(line, file=sys.stderr)
        jobs, grader = _grader(options, folder, len(waiting))
        with grader:
            if not (options.draft or options.no_gradebook):
                _require_gradebook(works, folder, options.db)
            graded = _with_progress(waiting, jobs, grader, len(unchanged), terminal)
        results = sorted([*unchanged, *graded], key=lambda result: result.name)
        if not options.draft:
            results = _exported(results, folder, options, terminal)
    except (FolderError, GraderError, PackagesError) as error:
        print(f"course grade: {error}", file=sys.stderr)
        return 2
    if options.draft:
        _print_drafts(results, len(unchanged), folder, terminal)
    else:
        grading_summary.print_summary(results, len(unchanged), grading_summary.write(folder, results), terminal)
    if changed := list(changes.changes((earlier[result.name], result) for result in graded if result.name in earlier)):
        terminal.print(changes.table(changed))
    return 1 if any(result.needs_human for result in results) else 0


def _require_gradebook(works: Sequence[GradingTask], folder: CourseFolder, db_url: str) -> None:
    # Imported here, because nbgrader takes a second, in which grading processes can start.
    from course.grading.batches import nbgrader_gradebook

    nbgrader_gradebook.require({work.assignment for work in works}, folder, nbgrader_gradebook.url_of(folder, db_url))


def _exported(results: Sequence[Result], folder: CourseFolder, options: argparse.Namespace, terminal: Terminal) -> list[Result]:
    """The results with the decisions of humans, written to the gradebook and the spreadsheets."""
    made = overrides.decisions(folder)
    decided = [overrides.apply_decisions(result, made) for result in results]
    if not options.no_gradebook:
        decided = exports.gradebook(decided, folder, options.db)
    for kind in options.export:
        name, write = exports.EXPORTS[kind]
        write(decided, folder.root / "results" / name)
        terminal.say(f"{kind}: {folder.root / 'results' / name}")
    return decided


def _print_drafts(drafts: Sequence[Result], unchanged: int, folder: CourseFolder, terminal: Terminal) -> None:
    lines = [f"{draft.student}, {draft.notebook}: {why}" for draft in drafts for why in draft.needs_human]
    lines.append(grading_summary.totals_line(drafts, f" ({unchanged} already graded)" if unchanged else ""))
    lines.append(f"These are drafts in {folder.root / 'drafts'}. Their scores do not count, and the gradebook is unchanged.")
    terminal.say("\n".join(lines))


def grading_tasks(folder: CourseFolder, assignments: Sequence[str], students: Sequence[str] | None, personal: bool) -> list[GradingTask]:
    """A task for each submitted notebook, by assignment.

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
        works += [GradingTask(folder.root, who, assignment, name, seeds.grading_seed(), personal) for who in chosen for name in notebooks]
    if not works:
        raise FolderError(f"nothing to grade: there is no folder {folder.root / 'submitted'}/STUDENT/LESSON of a released lesson.")
    return works


def _grader(options: argparse.Namespace, folder: CourseFolder, number: int) -> tuple[int, Grader]:
    """How many of ``number`` submissions are graded at a time, and by what."""
    if not options.scheduler:
        jobs = options.jobs or os.cpu_count()
        return jobs, ProcessGrader(preload=number > jobs)
    try:
        from course.grading.batches.cluster import AT_A_TIME, DaskGrader
    except ModuleNotFoundError as error:
        install = "`uv sync --inexact --extra cluster` in the course's repository installs it, or `pip install distributed`"
        raise GraderError(f"--scheduler needs Dask, but there is no module {error.name!r}; {install}, here and on each worker.") from None
    return options.jobs or AT_A_TIME, DaskGrader(options.scheduler, folder)


class _Rate(ProgressColumn):
    """Notebooks a minute, recently."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{60 * speed:.1f} a minute")


def _with_progress(works: Sequence[GradingTask], jobs: int, grader: Grader, unchanged: int, terminal: Terminal) -> list[Result]:
    columns = (*ProgressBar.get_default_columns(), _Rate(), TimeRemainingColumn())
    with ProgressBar(*columns, console=terminal, disable=not (works and terminal.is_terminal)) as progress:
        task = progress.add_task("grading", total=unchanged + len(works), completed=unchanged)

        def on_result(result: Result) -> None:
            progress.update(task, advance=0 if result.again else 1, description=f"graded {result.student}, {result.notebook}")
            if not terminal.is_terminal:
                terminal.say(_line(result))

        return grade_all(works, jobs, on_result, grader)


def _line(result: Result) -> str:
    """The log line of a graded submission."""
    if result.again:
        return f"{result.student}, {result.notebook}: its local AWS did not answer the grader; {WAITS}"
    return f"graded {result.student}, {result.notebook}: {result.score:g} of {result.points:g} points, {result.seconds:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
