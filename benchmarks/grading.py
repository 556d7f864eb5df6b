"""Measures grading: `course grade` on a class that hands in m00 and m02_1 untouched, against the cells' own time and stock nbgrader.

Both run the same notebooks. Stock nbgrader runs without our plug-in and with one local AWS for the whole class. `course grade` uses
boxes, checks and one local AWS per submission. The cells' own time is the time that nbclient writes into an executed notebook. Memory is
the memory of all processes that outlive a submission, while m00 is graded 300 times, two at a time.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import nbformat
import psutil

from benchmarks import systems
from benchmarks.rows import Row, seconds
from course.grading.batches.command import grading_tasks
from course.grading.batches.folder import CourseFolder
from course.grading.batches.grade import GradingTask
from course.grading.batches.queue import ProcessGrader, grade_all
from course.localaws.server import launch
from course.regression.process_pool import ProcessPool

ROOT = Path(__file__).resolve().parents[1]
LESSONS = {"m00_start": "m00", "m02_data_preparation": "m02_1"}
STUDENTS = 4
RUNS = 3
MANY, FEW = 300, 50  # submissions, and the number after which memory is first measured
STOCK_CONFIG = """
c = get_config()
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
c.Execute.timeout = 300
c.ClearMetadataPreprocessor.enabled = False  # in which the cells' own time would be lost
"""


def measure() -> list[Row]:
    with systems.folder() as place:
        ours, stock = _classes(place)
        rows = _above_the_cells(ours, stock)
        with _warm(ours) as processes:
            return [*rows, _two_beside_one(ours, processes), *_untouched(ours, processes), _memory(ours, processes)]


def _classes(place: Path) -> tuple[CourseFolder, CourseFolder]:
    """Two copies of the class, released and handed in: one for our grading, one for stock nbgrader."""
    root = place / "ours"
    root.mkdir()
    for name in ("solutions", "graders", "nbgrader_config.py"):
        (root / name).symlink_to(ROOT / name)
    for lesson, notebook in LESSONS.items():
        _run(root, "nbgrader", "generate_assignment", lesson)
        for path in (root / "notebooks" / lesson).glob("*.ipynb"):
            if not path.stem.startswith(notebook):
                path.unlink()  # the lesson's other notebooks
        for number in range(STUDENTS):
            shutil.copytree(root / "notebooks" / lesson, root / "submitted" / f"student{number}" / lesson)
    stock = shutil.copytree(root, place / "stock", symlinks=True)
    (stock / "nbgrader_config.py").unlink()
    (stock / "nbgrader_config.py").write_text(STOCK_CONFIG)
    return CourseFolder(root), CourseFolder(stock)


def _above_the_cells(ours: CourseFolder, stock: CourseFolder) -> list[Row]:
    with launch.temporary() as handle:
        aws = {"COURSE_LOCALAWS_STATE": str(handle.state), "COURSE_BACKEND": "local"}
        pairs = [(_ours(ours), _stock(stock, aws)) for _ in range(RUNS)]
    measured, baseline = (list(numbers) for numbers in zip(*pairs, strict=True))
    rest = (measured, baseline, "nbgrader autograde, stock")
    return [
        Row("grading a submission, above its cells", "s", *rest, "measured", 1.5),
        Row("the same, compared", "s", *rest, "ratio", 1.0),
    ]


def _ours(folder: CourseFolder) -> float:
    taken = seconds(lambda: _run(folder.root, "course.cli", "grade", "--jobs", "1"))
    return _each_above(taken, (folder.root / "results").glob("*/*/*.ipynb"))


def _stock(folder: CourseFolder, environment: Mapping[str, str]) -> float:
    taken = sum(
        seconds(functools.partial(_run, folder.root, "nbgrader", "autograde", lesson, "--force", **environment)) for lesson in LESSONS
    )
    return _each_above(taken, (folder.root / "autograded").glob("*/*/*.ipynb"))


def _each_above(taken: float, executed: Iterable[Path]) -> float:
    """Seconds per notebook on top of the time of its cells."""
    cell_seconds = [sum(map(_duration, nbformat.read(path, as_version=4).cells)) for path in executed]
    if len(cell_seconds) != STUDENTS * len(LESSONS):
        raise RuntimeError(f"{len(cell_seconds)} notebooks were executed in place of {STUDENTS * len(LESSONS)}")
    return (taken - sum(cell_seconds)) / len(cell_seconds)


def _duration(cell: nbformat.NotebookNode) -> float:
    times = cell.metadata.get("execution", {})
    if "iopub.status.busy" not in times or "shell.execute_reply" not in times:
        return 0.0
    begin, end = (datetime.fromisoformat(times[name]) for name in ("iopub.status.busy", "shell.execute_reply"))
    return (end - begin).total_seconds()


@contextlib.contextmanager
def _warm(folder: CourseFolder) -> Iterator[ProcessGrader]:
    """Warm grading processes: each has graded, and the forkserver of kernels is running."""
    with ProcessGrader() as processes:
        for work in _first(folder):
            processes.grade(work)
        systems.until(Path(processes.kernels).exists, "kernels are there at once")
        yield processes


def _two_beside_one(folder: CourseFolder, processes: ProcessGrader) -> Row:
    works = grading_tasks(folder, (), None, personal=False)

    def grade(jobs: int) -> float:
        return seconds(lambda: _all(works, jobs, processes))

    pairs = [(grade(2), grade(1)) for _ in range(RUNS)]
    two, one = (list(numbers) for numbers in zip(*pairs, strict=True))
    return Row(f"{len(works)} submissions by two workers", "s", two, one, "by one", "ratio", 1 / 1.7)


def _untouched(folder: CourseFolder, processes: ProcessGrader) -> Iterator[Row]:
    for work in _first(folder):
        taken, cell_seconds = [], []
        for _ in range(RUNS):
            taken.append(seconds(functools.partial(processes.grade, work)))
            cell_seconds.append(sum(map(_duration, nbformat.read(work.results / f"{work.notebook}.ipynb", as_version=4).cells)))
        yield Row(f"{work.notebook}, untouched", "s", taken, cell_seconds, "its cells alone", "measured", 3.0)


def _memory(folder: CourseFolder, processes: ProcessGrader) -> Row:
    work = _first(folder)[0]
    works = [replace(work, seed=str(number)) for number in range(MANY)]
    _all(works[:FEW], 2, processes)
    after_few = _megabytes()
    _all(works[FEW:], 2, processes)
    return Row(f"memory after {MANY} submissions", "MB", [_megabytes()], [after_few], f"after {FEW}", "ratio", 1.1)


def _first(folder: CourseFolder) -> list[GradingTask]:
    """One submission of each notebook."""
    return [work for work in grading_tasks(folder, (), None, personal=False) if work.student == "student0"]


def _all(works: Sequence[GradingTask], jobs: int, processes: ProcessGrader) -> None:
    results = grade_all(works, jobs, lambda result: None, processes)
    if faults := [result.fault for result in results if result.fault]:
        raise RuntimeError(faults[0])


def _megabytes() -> float:
    """The unique set size (USS) of this process and of all its running descendants, in MB."""
    here = psutil.Process()
    return sum(process.memory_full_info().uss for process in [here, *here.children(recursive=True)]) / 1e6


def _run(root: Path, module: str, *arguments: str, **environment: str) -> None:
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with (
        ProcessPool(1) as pool,
        pool.child([sys.executable, "-m", module, *arguments], cwd=root, env=os.environ | environment, **options) as child,
    ):
        output, _ = child.communicate()
    if child.returncode:
        raise RuntimeError(f"{module} {' '.join(arguments)} ended with {child.returncode}: {output[-1000:]}")
