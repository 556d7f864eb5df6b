"""`make run`: every reference notebook by papermill, a small class through nbgrader, a table, an HTML report, an honest exit code.

    python -m course.regression.run [FOLDER]

leaves all that in ``build/run``, or in another folder of the course.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from course import interrupts
from course.localaws.server import launch
from course.regression import report
from course.regression.demo_class import LEARNERS, DemoClass, DemoClassError, unexpected
from course.regression.execute import WORKERS, Executed, cells_of, execute_all, lessons

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "build/run"
REPORT = "report.html"


def main(place: str = FOLDER) -> int:
    """Run everything; 0 when all is as expected, 1 when not (the lines that say what are printed and in the report)."""
    console = Console()
    folder = ROOT / place
    shutil.rmtree(folder, ignore_errors=True)
    with _progress(console) as progress:
        runs = _run_lessons(progress, folder)
        problems = [f"{run.notebook}: {report.lesson_row(run)[-1]}" for run in runs if not run.ok]
        try:
            scores = _run_class(progress, DemoClass(ROOT, folder / "class"))
            problems += unexpected(scores)
        except DemoClassError as error:
            scores, problems = {}, [*problems, f"the class was not graded: {error}"]
    _print(console, runs, scores, problems)
    report.write(folder / REPORT, runs, scores, problems)
    console.print(f"Report: {(folder / REPORT).relative_to(ROOT)}")
    return 1 if problems else 0


def _run_lessons(progress: Progress, folder: Path) -> list[Executed]:
    sources = lessons(ROOT)
    totals = {source.stem: sum(cell.cell_type == "code" for cell in cells_of(source)) for source in sources}
    bars = {name: progress.add_task(name, total=total) for name, total in totals.items()}
    with contextlib.ExitStack() as stack:
        environments = [stack.enter_context(_local_aws()) for _ in range(WORKERS)]
        return execute_all(sources, folder / "executed", environments, lambda notebook: progress.advance(bars[notebook]))


def _run_class(progress: Progress, klass: DemoClass) -> dict[str, dict[str, tuple[float, float]]]:
    bar = progress.add_task("class of four", total=len(LEARNERS) * len(klass.lessons))
    klass.release()
    return klass.grade_all(lambda: progress.advance(bar))


@contextlib.contextmanager
def _local_aws() -> Iterator[dict[str, str]]:
    """A local AWS for this run alone; what the kernels need to find it."""
    with launch.temporary() as handle:
        yield {"COURSE_LOCALAWS_STATE": str(handle.state), "COURSE_BACKEND": "local"}


def _progress(console: Console) -> Progress:
    return Progress(TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console)


def _print(console: Console, runs: list[Executed], scores: dict[str, dict[str, tuple[float, float]]], problems: list[str]) -> None:
    table = Table(*report.LESSON_COLUMNS, title="Lessons")
    for run in runs:
        table.add_row(*report.lesson_row(run))
    console.print(table)
    if scores:
        columns, rows = report.score_rows(scores)
        table = Table(*columns, title="Class")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for problem in problems:
        console.print(f"Not as expected: {problem}", markup=False)


if __name__ == "__main__":
    sys.exit(interrupts.run(partial(main, *sys.argv[1:2])))
