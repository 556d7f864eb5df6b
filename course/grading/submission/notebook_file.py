"""Reads a submitted notebook, also when its file is damaged or has unknown cells."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

LARGEST_NOTEBOOK = 400_000_000  # bytes; reading one takes several times as much memory


def read_notebook(path: Path) -> NotebookNode:
    """The notebook without its outputs. Raises ValueError, or any error of nbformat for a broken file."""
    if path.stat().st_size > LARGEST_NOTEBOOK:
        raise ValueError(f"it has {path.stat().st_size:,} bytes, most of which must be outputs")
    notebook = nbformat.from_dict(json.loads(path.read_text(encoding="utf-8")))
    if not isinstance(notebook, dict):
        raise ValueError("it is no JSON object")
    return _plain(nbformat.convert(notebook, to_version=4) if notebook.get("nbformat") == 3 else notebook)


def _plain(notebook: NotebookNode) -> NotebookNode:
    """The notebook with valid cells and without outputs: the outputs of a learner's own run prove nothing."""
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise ValueError("it has no list of cells")
    notebook.cells = [_plain_cell(cell) for cell in cells if isinstance(cell, dict)]
    notebook.metadata = notebook.metadata if isinstance(notebook.get("metadata"), dict) else NotebookNode()
    return notebook


def _plain_cell(cell: NotebookNode) -> NotebookNode:
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(line for line in source if isinstance(line, str))
    metadata = cell.get("metadata")
    kept = {"cell_type": cell.get("cell_type"), "source": text, "metadata": metadata if isinstance(metadata, dict) else {}}
    if isinstance(cell.get("id"), str):
        kept["id"] = cell["id"]
    if kept["cell_type"] == "code":
        return nbformat.from_dict(kept | {"outputs": [], "execution_count": None})
    return nbformat.from_dict(kept if kept["cell_type"] == "raw" else kept | {"cell_type": "markdown"})
