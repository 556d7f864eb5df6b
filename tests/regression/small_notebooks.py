"""Small notebooks for the tests of the regression run."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


def parameters(source: str) -> nbformat.NotebookNode:
    return new_code_cell(source, metadata={"tags": ["parameters"]})


def answer(exercise: str, source: str) -> nbformat.NotebookNode:
    return new_code_cell(source, metadata={"nbgrader": {"grade_id": exercise, "solution": True, "grade": False, "schema_version": 3}})


def check(exercise: str, points: float, source: str) -> nbformat.NotebookNode:
    tag = {"grade_id": f"{exercise}_check", "solution": False, "grade": True, "points": points, "schema_version": 3}
    return new_code_cell(source, metadata={"nbgrader": tag})


def write(path: Path, *cells: nbformat.NotebookNode | str) -> Path:
    """Write a notebook; a string becomes a Markdown cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = [new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=made, metadata={"kernelspec": kernel}), path)
    return path
