"""Executes notebooks with papermill, each in its own process, and measures them.

    python -m course.regression.execute SOURCE OUTPUT PARAMETERS

is that process; PARAMETERS are JSON. It prints an empty line after each cell, and at the end its `Executed` as JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat

from course import interrupts
from course.regression import socket_kernels
from course.regression.process_pool import ProcessPool

WORKERS = 2  # the size of the machine the course is built for
CELL_SECONDS = 300  # a cell that takes longer is stuck
PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}  # else OpenMP's threads busy-wait on the cores that the other notebooks need


class ExecutionError(Exception):
    """The process that executes a notebook ended without a result; the message has the end of its log."""


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

    def as_json(self) -> str:
        return json.dumps(asdict(self) | {"output": str(self.output)})

    @classmethod
    def of_json(cls, text: str) -> Executed:
        fields = json.loads(text)
        return cls(**fields | {"output": Path(fields["output"]), "cell_seconds": tuple(fields["cell_seconds"])})


def execute(source: Path, output: Path, parameters: Mapping[str, object], on_cell: Callable[[], None]) -> Executed:
    """Execute one notebook with papermill in this process's kernel specification and environment.

    Parameters
    ----------
    source, output : Path
        Notebook to run; where its executed copy goes, also when it fails.
    parameters : mapping
        Values for the cell tagged ``parameters``.
    on_cell : callable
        Called after each cell.
    """
    import papermill

    output.parent.mkdir(parents=True, exist_ok=True)
    started, error = time.perf_counter(), ""
    try:
        papermill.execute_notebook(
            source,
            output,
            parameters=dict(parameters),
            kernel_name="python3",
            **_kernel(),
            cwd=str(source.parent),
            progress_bar=False,
            execution_timeout=CELL_SECONDS,
            on_cell_executed=lambda **_: on_cell(),
        )
    except Exception as failure:  # a notebook that fails is a result of the run and must not end it
        error = _one_line(failure)
    return _figures(source, output, time.perf_counter() - started, error)


def _kernel() -> dict[str, Any]:
    """Options of papermill that select the kernel.

    Preloaded kernels need the local AWS's package, which a process that works with a real account must not import.
    """
    if os.environ.get("COURSE_BACKEND") == "aws":
        return socket_kernels.manager()
    from course.regression import kernels

    return kernels.manager()


@contextlib.contextmanager
def _preloaded(sources: Sequence[Path], environments: Sequence[Mapping[str, str]]) -> Iterator[list[dict[str, str]]]:
    """The environments, each with the address of preloaded kernels. Preloading pays from the third notebook of each environment on."""
    few = len(sources) <= 2 * len(environments)
    if few or any(environment.get("COURSE_BACKEND") == "aws" for environment in environments):
        yield [dict(environment) for environment in environments]
        return
    from course.regression import kernels

    with kernels.preloaded() as there:
        yield [{**environment, **there} for environment in environments]


def _one_line(failure: Exception) -> str:
    cell = f"cell {failure.cell_index}: " if hasattr(failure, "cell_index") else ""
    kind = getattr(failure, "ename", type(failure).__name__)
    text = getattr(failure, "evalue", str(failure)) or str(failure)
    return f"{cell}{kind}: {text}".strip().splitlines()[0][:300]


def _figures(source: Path, output: Path, seconds: float, error: str) -> Executed:
    cells = cells_of(output if output.exists() else source)
    code = [cell for cell in cells if cell.cell_type == "code"]
    checks = [cell for cell in code if cell.metadata.get("nbgrader", {}).get("grade")]
    return Executed(
        lesson=source.parent.name,
        notebook=source.stem,
        output=output,
        seconds=seconds,
        cells=len(cells),
        exercises=len(checks),
        earned=sum(map(earned, checks)),
        points=sum(float(cell.metadata["nbgrader"]["points"]) for cell in checks),
        error=error,
        cell_seconds=tuple(float(cell.metadata.get("papermill", {}).get("duration") or 0.0) for cell in code),
    )


def cells_of(notebook: Path) -> list[nbformat.NotebookNode]:
    """The cells of a notebook; none when it cannot be read. Its execution then reports the error."""
    try:
        return nbformat.read(notebook, as_version=4).cells
    except Exception:  # nbformat raises many kinds of errors on a broken file
        return []


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
    environments: Sequence[Mapping[str, str]],
    on_cell: Callable[[str], None],
    parameters: Mapping[str, object] | None = None,
    on_notebook: Callable[[Executed], None] = lambda _: None,
) -> list[Executed]:
    """Execute notebooks, as many at a time as there are environments; the results are in the order of ``sources``.

    The notebooks are assigned to the environments in turn; those of one environment run one after the other. Lessons that run at the
    same time must not share a local AWS, since a new account has quotas for one lesson. ``on_cell(notebook)`` is called after each
    cell and ``on_notebook(result)`` after each notebook, in any thread. Copies go to ``folder/<lesson>/<notebook>.ipynb``, each with
    a log of the kernel's error output in the same folder.

    Raises
    ------
    ExecutionError
        When the process that executes a notebook ends without a result.
    """

    def share(pool: ProcessPool, number: int) -> list[Executed]:
        runs = []
        for source in sources[number :: len(environments)]:
            runs.append(_in_a_child(pool, source, folder, environments[number], parameters or {}, on_cell))
            on_notebook(runs[-1])
        return runs

    with _preloaded(sources, environments) as environments, ProcessPool(len(environments)) as pool:
        shares = [pool.submit(share, pool, number) for number in range(len(environments))]
        done = {run.output: run for job in shares for run in job.result()}
    return [done[_copy(folder, source)] for source in sources]


def _in_a_child(
    pool: ProcessPool,
    source: Path,
    folder: Path,
    environment: Mapping[str, str],
    parameters: Mapping[str, object],
    on_cell: Callable[[str], None],
) -> Executed:
    output = _copy(folder, source)
    output.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "course.regression.execute", str(source), str(output), json.dumps(dict(parameters))]
    with output.with_suffix(".log").open("w") as log:
        options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": log, "text": True, "env": PATIENT | os.environ | environment}
        with pool.child(command, **options) as child:
            for line in child.stdout:
                if line.strip():
                    return Executed.of_json(line)
                on_cell(source.stem)
    complaints = output.with_suffix(".log").read_text().splitlines()
    raise ExecutionError("\n".join([f"{source.stem}: the process that executed it ended with {child.returncode}.", *complaints[-15:]]))


def _copy(folder: Path, source: Path) -> Path:
    return folder / source.parent.name / source.name


def main() -> int:
    source, output, parameters = sys.argv[1:]
    report = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # keeps what libraries print out of the result
    print(execute(Path(source), Path(output), json.loads(parameters), lambda: print(file=report)).as_json(), file=report)
    return 0


def lessons(root: Path) -> list[Path]:
    """The solution notebooks of the course, in lesson order."""
    return sorted(path for path in (root / "solutions").glob("m*/m*.ipynb"))


if __name__ == "__main__":
    sys.exit(interrupts.run(main))
