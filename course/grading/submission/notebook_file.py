"""The strict reader of a submitted notebook: the first to touch the file, in `course grade` and in nbgrader's own commands.

What it returns is a valid notebook of nbformat 4.5 and nothing that grading does not need, whatever the members of the file are. Kept are
the cells, each with its kind, text, id and nbgrader's metadata. Outputs are dropped, since those of a learner's own run prove nothing. All
other metadata is dropped or set by the course.
"""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from course.grading import characters

LARGEST_NOTEBOOK = 300_000_000  # bytes
# More than 100 times as many as the longest lesson has. JSON with a million parts takes 200 MB at most.
MOST_PARTS = 1_000_000
LONGEST_TEXT = 1_000_000  # bytes of one text in the file; nothing but an output is longer
LONGEST_INTEGER = 1_000  # digits
LEFT_OUT = b'"[left out: a text of more than 1,000,000 bytes]"'
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python", "pygments_lexer": "ipython3"},
}

# A JSON string, or the rest of the file when it is not closed: once begun, it always matches, in one pass.
TEXT = re.compile(rb'"[^"\\]*+(?:\\(?:.|\Z)[^"\\]*+)*+(?:"|\Z)', re.DOTALL)
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # nbformat 4.5


def read_notebook(path: Path) -> NotebookNode:
    """The notebook in a file.

    Raises
    ------
    ValueError, RecursionError
        When it is not a notebook: no JSON, no list of cells, or beyond the limits above. No other content of the file raises anything.
    """
    size = path.stat().st_size
    if size > LARGEST_NOTEBOOK:
        raise ValueError(f"it has {size:,} bytes, most of which must be outputs")
    return strict(json.loads(_bounded(_as_utf8(path.read_bytes())), parse_int=_integer))


def strict(document: Any) -> NotebookNode:
    """The notebook in decoded JSON. Raises ValueError when it has no list of cells."""
    if not isinstance(document, dict):
        raise ValueError("it is no JSON object")
    cells = _cells(document)
    if not isinstance(cells, list):
        raise ValueError("it has no list of cells")
    made = [_cell(cell) for cell in cells if isinstance(cell, dict)]
    return nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": METADATA, "cells": made})


def _integer(digits: str) -> int:
    return int(digits) if len(digits) < LONGEST_INTEGER else 0  # Python refuses to read longer ones


def _as_utf8(data: bytes) -> bytes:
    """The bytes as UTF-8 without a byte order mark; Windows' editors add one, and its shell writes UTF-16."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    encoding = json.detect_encoding(data)
    return data if encoding.startswith("utf-8") else data.decode(encoding, "replace").encode("utf-8", "replace")


def _bounded(data: bytes) -> str:
    """JSON of at most `MOST_PARTS` parts, without its longest texts. This is known before anything is decoded."""
    structure = TEXT.sub(b"", data)
    if sum(structure.count(mark) for mark in (b",", b"[", b"{")) > MOST_PARTS:
        raise ValueError(f"it has more than {MOST_PARTS:,} parts")
    return TEXT.sub(lambda text: text[0] if len(text[0]) <= LONGEST_TEXT else LEFT_OUT, data).decode("utf-8", "replace")


def _cells(document: dict) -> Any:
    """The cells; notebooks of IPython 3 and earlier have them in worksheets, with the code in ``input``."""
    sheets = document.get("worksheets")
    if "cells" in document or not isinstance(sheets, list):
        return document.get("cells")
    return [
        cell | {"source": cell["input"]} if isinstance(cell, dict) and "input" in cell else cell
        for sheet in sheets
        if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
        for cell in sheet["cells"]
    ]


def _cell(cell: dict) -> dict[str, Any]:
    found, metadata = cell.get("id"), cell.get("metadata")
    kept: dict[str, Any] = {
        "cell_type": cell["cell_type"] if cell.get("cell_type") in ("code", "raw") else "markdown",
        "id": found if isinstance(found, str) and CELL_ID.fullmatch(found) else uuid.uuid4().hex[:8],
        "source": _text(cell.get("source")),
        "metadata": {"nbgrader": _scalars(metadata["nbgrader"])} if isinstance(metadata, dict) and "nbgrader" in metadata else {},
    }
    return kept | ({"outputs": [], "execution_count": None} if kept["cell_type"] == "code" else {})


def _text(source: Any) -> str:
    lines = source if isinstance(source, list) else [source]
    return characters.writable("".join(line for line in lines if isinstance(line, str)))


def _scalars(marks: Any) -> dict[str, Any]:
    """nbgrader's metadata: names with texts, numbers and truth values. `course.grading.submission.repair` restores the released values."""
    items = marks.items() if isinstance(marks, dict) else ()
    made = {name: characters.writable(value) if isinstance(value, str) else value for name, value in items}
    return {characters.writable(name): value for name, value in made.items() if isinstance(value, (str, int, float, bool))}
