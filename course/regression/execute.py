"""Notebooks in, executed notebooks and figures out: papermill, two at a time, a line of progress for each."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import nbformat

WORKERS = 2  # the size of the machine the course is built for
CELL_SECONDS = 300  # a cell that takes longer hangs


@dataclass(frozen=True, slots=True)
class Executed:
    """One notebook after a run.

    ``earned`` and ``points`` sum over its check cells; ``error`` is ``""`` or the one line that says which cell failed and how;
    ``cell_seconds`` holds the seconds of each code cell, in order.
    """

    lesson: str
    notebook: str
    output: Path
    seconds: float
    cells: int
    exercises: int
    earned: float
    points: float
    error: str
    cell_seconds: tuple[float, ...]

    @property
    def ok(self) -> bool:
        return not self.error and self.earned == self.points


def execute(
    source: Path, output: Path, environment: Mapping[str, str], parameters: Mapping[str, object], on_cell: Callable[[], None]
) -> Executed:
    """Execute one notebook with papermill in this process's kernel specification.

    Parameters
    ----------
    source, output : Path
        Notebook to run; where its executed copy goes, also when it fails.
    environment : mapping
        Set for this process, and so for the kernel, before it starts.
    parameters : mapping
        Values for the cell tagged ``parameters``.
    on_cell : callable
        Called after each cell.
    """
    import papermill

    os.environ.update(environment)
    output.parent.mkdir(parents=True, exist_ok=True)
    started, error = time.perf_counter(), ""
    try:
        papermill.execute_notebook(
            source,
            output,
            parameters=dict(parameters),
            kernel_name="python3",
            cwd=str(source.parent),
            progress_bar=False,
            execution_timeout=CELL_SECONDS,
            on_cell_executed=lambda **_: on_cell(),
        )
    except Exception as failure:  # whatever stops a notebook is a result of the run, not the end of it
        error = _one_line(failure)
    return _figures(source, output, time.perf_counter() - started, error)


def _one_line(failure: Exception) -> str:
    cell = f"cell {failure.cell_index}: " if hasattr(failure, "cell_index") else ""
    kind = getattr(failure, "ename", type(failure).__name__)
    text = getattr(failure, "evalue", str(failure)) or str(failure)
    return f"{cell}{kind}: {text}".strip().splitlines()[0][:300]


def _figures(source: Path, output: Path, seconds: float, error: str) -> Executed:
    notebook = nbformat.read(output if output.exists() else source, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    checks = [cell for cell in code if cell.metadata.get("nbgrader", {}).get("grade")]
    return Executed(
        lesson=source.parent.name,
        notebook=source.stem,
        output=output,
        seconds=seconds,
        cells=len(notebook.cells),
        exercises=len(checks),
        earned=sum(map(earned, checks)),
        points=sum(float(cell.metadata["nbgrader"]["points"]) for cell in checks),
        error=error,
        cell_seconds=tuple(float(cell.metadata.get("papermill", {}).get("duration") or 0.0) for cell in code),
    )


def earned(check: nbformat.NotebookNode) -> float:
    """The points that a check cell's value claims, read as nbgrader reads it; 0 when the cell has none."""
    for result in check.get("outputs", ()):
        if result.output_type == "execute_result":
            try:
                return float(result.data.get("text/plain", ""))
            except ValueError:
                return 0.0
    return 0.0


def execute_all(
    sources: Sequence[Path],
    folder: Path,
    environment: Mapping[str, str],
    on_progress: Callable[[str, int], None],
    parameters: Mapping[str, object] | None = None,
    workers: int = 1,  # lessons on one local AWS share the four training instances of a new account
) -> list[Executed]:
    """Execute notebooks in parallel processes; the results are in the order of ``sources``.

    ``on_progress(notebook, cells)`` is called in this process as cells are done. Copies go to ``folder/<lesson>/<notebook>.ipynb``.
    """
    context = multiprocessing.get_context("spawn")  # a fork would copy the threads' locks of whatever was imported here
    with context.Manager() as manager, ProcessPoolExecutor(workers, mp_context=context) as pool:
        ticks = manager.Queue()
        jobs = {
            pool.submit(_job, source, folder / source.parent.name / source.name, dict(environment), dict(parameters or {}), ticks): source
            for source in sources
        }
        done: dict[Path, Executed] = {}
        for job in _as_they_end(jobs, ticks, on_progress):
            done[jobs[job]] = job.result()
    return [done[source] for source in sources]


def _job(source: Path, output: Path, environment: dict[str, str], parameters: dict[str, object], ticks) -> Executed:
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.with_suffix(".log").open("w") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())  # what kernels complain of would break the progress bars
    return execute(source, output, environment, parameters, lambda: ticks.put(source.stem))


def _as_they_end(jobs, ticks, on_progress: Callable[[str, int], None]):
    waiting = set(jobs)
    while waiting:
        while not ticks.empty():
            on_progress(ticks.get(), 1)
        try:
            for job in as_completed(waiting, timeout=0.2):
                waiting.discard(job)
                yield job
        except TimeoutError:
            continue


def lessons(root: Path) -> list[Path]:
    """The solution notebooks of the course, in lesson order."""
    return sorted(path for path in (root / "solutions").glob("m*/m*.ipynb"))
