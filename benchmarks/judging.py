"""Measures `judge()` on the reference answer of every exercise, in a kernel that has run the notebook up to its check cell.

The baseline is the practice check of the same answer. An exercise whose checks use AWS, and so may run a job, gets more time.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

from benchmarks import systems
from benchmarks.rows import Row, seconds
from course.grading import Exercise, catalogue
from course.localaws.server import launch

ROOT = Path(__file__).resolve().parents[1]
LIMIT, LIMIT_WITH_AWS = 5.0, 20.0  # seconds


def measure() -> list[Row]:
    rows: list[Row] = []
    for source in sorted((ROOT / "solutions").glob("m*/m*.ipynb")):
        with systems.folder() as place:
            rows += _notebook(source, place)
    return rows


def _notebook(source: Path, place: Path) -> list[Row]:
    folder = shutil.copytree(source.parent, place / source.parent.name)
    state = place / "aws"
    content = nbformat.read(source, as_version=4)
    exercises = catalogue.checks((_name(cell) for cell in content.cells), ROOT / "graders")
    client = NotebookClient(content, timeout=600, resources={"metadata": {"path": str(folder)}})
    environment = {"COURSE_LOCALAWS_STATE": str(state), "COURSE_BACKEND": "local", "COURSE_GRADERS": str(ROOT / "graders")}
    rows = []
    try:
        with client.setup_kernel(env=os.environ | environment):
            for number, cell in enumerate(list(content.cells)):
                run = seconds(lambda cell=cell, number=number: client.execute_cell(cell, number))
                if exercise := exercises.get(_name(cell)):
                    rows.append(_judged(client, exercise, run, state))
    finally:
        if handle := launch.find(state):
            handle.stop()
    return rows


def _judged(client: NotebookClient, exercise: Exercise, practice: float, state: Path) -> Row:
    cell = new_code_cell(f'from course import judge\njudge("{exercise.id}")')
    client.nb.cells.append(cell)
    before = _requests(state)
    ours = seconds(lambda: client.execute_cell(cell, len(client.nb.cells) - 1))
    said = " ".join(str(output.get("data", "")) for output in cell.outputs)
    if f"right, {exercise.points:g} of" not in said:
        raise RuntimeError(f"the reference of {exercise.id} was not judged right: {said[:1000]}")
    with_aws = _requests(state) > before
    name = f"judge {exercise.id}{', with AWS' if with_aws else ''}"
    return Row(name, "s", [ours], [practice], "its practice check", "measured", LIMIT_WITH_AWS if with_aws else LIMIT)


def _requests(state: Path) -> int:
    """How many requests the notebook's local AWS has received; 0 when the notebook has none."""
    handle = launch.find(state)
    return max((event["id"] for event in handle.events(limit=1)), default=0) if handle else 0


def _name(cell: nbformat.NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")
