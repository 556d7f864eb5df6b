"""`make run`: reference notebooks by papermill, a small class through `course grade`, a table, an HTML report, an honest exit code.

    python -m course.regression.run [FOLDER] [--date YYYY-MM-DD] [--all]

leaves its results in ``build/run``, or in another folder of the course. `course.regression.rotation` says what a run leaves out.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from rich.table import Table

from course import interrupts
from course.localaws.server import launch
from course.regression import report, rotation
from course.regression.demo_class import LEARNERS, DemoClass, DemoClassError, unexpected
from course.regression.execute import WORKERS, Executed, cells_of, execute_all, lessons
from course.regression.progress import RunProgress, show_progress
from course.regression.rotation import RunPlan
from course.terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "build/run"
REPORT = "report.html"


def main(place: str = FOLDER, day: date | None = None, everything: bool = False) -> int:
    """Run the plan of a day.

    Parameters
    ----------
    place : str
        Folder of the results, below the course's; made anew.
    day : date, optional
        Chooses the lessons; today when not given.
    everything : bool
        Run and grade all lessons.

    Returns
    -------
    int
        0 when all is as expected, else 1. The lines that say what is not are printed and in the report.
    """
    terminal = Terminal()
    folder = ROOT / place
    shutil.rmtree(folder, ignore_errors=True)
    sources = lessons(ROOT)
    plan = rotation.everything(sources) if everything else rotation.plan(sources, day or date.today())
    with show_progress(terminal) as progress:
        runs = _run_lessons(progress, plan, folder)
        problems = [f"{run.notebook}: {report.lesson_row(run)[-1]}" for run in runs if not run.ok]
        try:
            scores = _run_class(progress, DemoClass(ROOT, folder / "class", plan.graded))
            problems += unexpected(scores)
        except DemoClassError as error:
            scores, problems = {}, [*problems, f"the class was not graded: {error}"]
    _print(terminal, runs, scores, problems, plan)
    report.write(folder / REPORT, runs, scores, problems, plan.reasons)
    terminal.say(f"Report: {(folder / REPORT).relative_to(ROOT)}")
    return 1 if problems else 0


def _run_lessons(progress: RunProgress, plan: RunPlan, folder: Path) -> list[Executed]:
    sources = plan.executed
    progress.start_notebooks({source.stem: sum(cell.cell_type == "code" for cell in cells_of(source)) for source in sources})
    with contextlib.ExitStack() as stack:
        environments = [stack.enter_context(_local_aws()) for _ in range(WORKERS)]
        return execute_all(
            sources,
            folder / "executed",
            environments,
            progress.cell_done,
            on_notebook=lambda run: progress.notebook_done(run, len(sources)),
        )


def _run_class(progress: RunProgress, klass: DemoClass) -> dict[str, dict[str, tuple[float, float]]]:
    total = len(LEARNERS) * len(klass.notebooks)
    progress.start_submissions(total)
    klass.release()
    klass.submit_all()
    return klass.grade(lambda line: progress.submission_done(line, total))


@contextlib.contextmanager
def _local_aws() -> Iterator[dict[str, str]]:
    """A local AWS for this run alone; the variables by which kernels find it."""
    with launch.temporary() as handle:
        yield {"COURSE_LOCALAWS_STATE": str(handle.state), "COURSE_BACKEND": "local"}


def _print(
    terminal: Terminal, runs: list[Executed], scores: dict[str, dict[str, tuple[float, float]]], problems: list[str], plan: RunPlan
) -> None:
    table = Table(*report.LESSON_COLUMNS, title="Lessons")
    for run in runs:
        table.add_row(*report.lesson_row(run))
    terminal.print(table)
    if scores:
        columns, rows = report.score_rows(scores)
        table = Table(*columns, title="Class")
        for row in rows:
            table.add_row(*row)
        terminal.print(table)
    for reason in plan.reasons:
        terminal.say(reason)
    for problem in problems:
        terminal.say(f"Not as expected: {problem}")


def command() -> int:
    """`main` with the arguments of the command line."""
    parser = argparse.ArgumentParser(prog="make run", description="Run the lessons and grade a small class on the local AWS.")
    parser.add_argument("folder", nargs="?", default=FOLDER, help=f"folder of the results, below the course's (default: {FOLDER})")
    parser.add_argument("--date", type=date.fromisoformat, help="choose the lessons of this day, as YYYY-MM-DD (default: today)")
    parser.add_argument("--all", action="store_true", help="run all lessons and grade the class on all, however long it takes")
    options = parser.parse_args()
    return interrupts.run(lambda: main(options.folder, options.date, options.all))


if __name__ == "__main__":
    sys.exit(command())
