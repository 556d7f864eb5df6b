"""`make run`: every reference notebook by papermill, a small class through nbgrader, a table, an HTML report, an honest exit code."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from course.regression import report
from course.regression.demo_class import DemoClass, unexpected
from course.regression.execute import Executed, execute_all, lessons

ROOT = Path(__file__).resolve().parents[2]
REPORT = Path("build/run/report.html")


def main() -> int:
    """Run everything; 0 when all is as expected, 1 when not (the lines that say what are printed and in the report)."""
    console = Console()
    folder = ROOT / REPORT.parent
    shutil.rmtree(folder, ignore_errors=True)
    with _progress(console) as progress, _local_aws() as environment:
        runs = _run_lessons(progress, folder, environment)
        klass = DemoClass(ROOT, folder / "class")
        scores = _run_class(progress, klass)
    problems = [f"{run.notebook}: {report.lesson_row(run)[-1]}" for run in runs if not run.ok] + unexpected(scores)
    _print(console, runs, scores, problems)
    report.write(ROOT / REPORT, runs, scores, problems)
    console.print(f"Report: {REPORT}")
    return 1 if problems else 0


def _run_lessons(progress: Progress, folder: Path, environment: dict[str, str]) -> list[Executed]:
    sources = lessons(ROOT)
    bars = {source.stem: progress.add_task(source.stem, total=_cells(source)) for source in sources}
    return execute_all(sources, folder / "executed", environment, lambda name, cells: progress.advance(bars[name], cells))


def _run_class(progress: Progress, klass: DemoClass) -> dict[str, dict[str, tuple[float, float]]]:
    from course.regression.demo_class import LEARNERS

    bar = progress.add_task("class of four", total=len(LEARNERS) * len(klass.lessons))
    klass.release()
    return klass.grade_all(lambda: progress.advance(bar))


def _cells(source: Path) -> int:
    """How many cells of a notebook are executed."""
    import nbformat

    return sum(cell.cell_type == "code" for cell in nbformat.read(source, as_version=4).cells)


@contextmanager
def _local_aws():
    """A local AWS for this run alone; what the kernels need to find it."""
    from course.localaws import server

    with tempfile.TemporaryDirectory(prefix="local-aws-") as state:
        handle = server.start(Path(state))
        try:
            yield {"COURSE_LOCALAWS_STATE": state, "COURSE_BACKEND": "local"}
        finally:
            handle.stop()


def _progress(console: Console) -> Progress:
    return Progress(TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console)


def _print(console: Console, runs: list[Executed], scores: dict[str, dict[str, tuple[float, float]]], problems: list[str]) -> None:
    table = Table(*report.LESSON_COLUMNS, title="Lessons")
    for run in runs:
        table.add_row(*report.lesson_row(run))
    console.print(table)
    columns, rows = report.score_rows(scores)
    table = Table(*columns, title="Class")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    for problem in problems:
        console.print(f"Not as expected: {problem}", markup=False)


if __name__ == "__main__":
    sys.exit(main())
