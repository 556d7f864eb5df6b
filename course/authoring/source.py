"""The text source of a notebook: jupytext's py:percent format, with the cell options `exercise`, `answer`, `check` and `tags`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat

NAME = re.compile(r"(?P<notebook>(?P<lesson>m\d\d)(?:_\d)?)_[a-z][a-z0-9_]*\.py")
MARKER = "# %%"
ROLES = {"exercise": "markdown", "answer": "code", "check": "code"}  # cell option -> the cell type that may have it
IGNORED = ("lines_to_next_cell", "cell_marker")  # written by jupytext for its own use


class SourceError(ValueError):
    """A source cannot become a notebook. The message names file and line, and says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class LessonCell:
    """One cell. ``number`` counts from 1; ``line`` is the line of its marker; ``role`` is a key of `ROLES` or ``""``."""

    number: int
    line: int
    kind: str
    text: str
    role: str = ""
    exercise: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed source. ``header`` is the text before the first cell: comments that no notebook shows."""

    path: Path
    header: str
    cells: tuple[LessonCell, ...]

    @property
    def notebook(self) -> str:
        """The id with which the exercises of this notebook begin: ``"m04_1"``."""
        return notebook_id(self.path.name)

    def at(self, cell: LessonCell) -> str:
        """The place of a cell, for a message."""
        return place(self.path, cell.line, cell.number)

    def of(self, exercise: str, role: str) -> list[LessonCell]:
        return [cell for cell in self.cells if cell.exercise == exercise and cell.role == role]


def place(path: Path, line: int, number: int | None = None) -> str:
    """``solutions/m04_training/m04_1_x.py:12, cell 3``."""
    return "/".join(path.parts[-3:]) + f":{line}" + (f", cell {number}" if number else "")


def notebook_id(file_name: str) -> str:
    """``"m04_1"`` for ``"m04_1_builtin_xgboost.py"``, ``"m00"`` for ``"m00_start.py"``."""
    return NAME.fullmatch(file_name)["notebook"]


def is_source(path: Path) -> bool:
    return NAME.fullmatch(path.name) is not None


def read(path: Path) -> Source:
    """Read and parse a source file.

    Raises
    ------
    SourceError
        When the file's name, encoding, header or one of its cells is not valid.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(f"{place(path, 1)}: not UTF-8 ({error.reason} at byte {error.start}); save the file as UTF-8.") from None
    return parse(path, text)


def parse(path: Path, text: str) -> Source:
    """Parse the text of the source at ``path``; see `read`."""
    if not is_source(path):
        raise SourceError(f"{place(path, 1)}: a source is called like m04_1_builtin_xgboost.py, in lower case.")
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines, 1) if line.startswith(MARKER)]
    if not starts:
        raise SourceError(f"{place(path, 1)}: no cell; a cell begins with a line `{MARKER}` or `{MARKER} [markdown]`.")
    header = lines[: starts[0] - 1]
    for number, line in enumerate(header, 1):
        if line.strip() and not line.startswith("#"):
            raise SourceError(f"{place(path, number)}: code before the first cell; put `{MARKER}` above it.")
    body = "\n".join(lines[starts[0] - 1 :])
    try:
        nodes = jupytext.reads(body, fmt="py:percent").cells
    except nbformat.ValidationError as error:
        raise SourceError(f'{place(path, starts[0])}: {error.message}; tags are written as tags=["parameters"].') from None
    if len(nodes) != len(starts):
        raise SourceError(f"{place(path, starts[0])}: a line of text or inside a string begins with `{MARKER}`; indent it.")
    cells = tuple(_cell(path, number, line, node) for number, (line, node) in enumerate(zip(starts, nodes, strict=True), 1))
    return Source(path, "\n".join(header), cells)


def _cell(path: Path, number: int, line: int, node: Any) -> LessonCell:
    options = {name: value for name, value in node.metadata.items() if name not in IGNORED}
    where = place(path, line, number)
    tags = options.pop("tags", [])
    if not node.source.strip():
        raise SourceError(f"{where}: the cell is empty; write something or delete its marker.")
    role, exercise = _role(where, node.cell_type, options)
    return LessonCell(number, line, node.cell_type, node.source, role, exercise, tuple(tags))


def _role(where: str, kind: str, options: Mapping[str, Any]) -> tuple[str, str]:
    if unknown := [name for name in options if name not in ROLES]:
        shown = repr(options["title"]) if unknown[0] == "title" else f"option {unknown[0]!r}"
        raise SourceError(f"{where}: unknown {shown} after `{MARKER}`; the options are [markdown], {', '.join(ROLES)} and tags.")
    if kind not in ROLES.values():
        raise SourceError(f"{where}: a cell is code or [markdown], not [{kind}].")
    if len(options) > 1:
        raise SourceError(f"{where}: a cell is one of {', '.join(ROLES)}, not several.")
    for role, exercise in options.items():
        if kind != ROLES[role]:
            raise SourceError(f"{where}: `{role}=` belongs on a {ROLES[role]} cell.")
        if not isinstance(exercise, str):
            raise SourceError(f'{where}: write {role}="m04_1_ex2".')
        return role, exercise
    return "", ""
