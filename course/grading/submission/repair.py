"""Repairs a submitted notebook before it is graded, so that an editing accident costs no points and does not stop a class.

Known accidents: a cell copied with its nbgrader metadata (plain nbgrader then stops grading the whole class), metadata stripped by Colab
or VS Code, deleted cells (plain nbgrader then waits for a manual grade for ever), and invalid nbgrader metadata.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nbformat.notebooknode import NotebookNode, from_dict

SCHEMA = 3  # version of nbgrader's cell metadata, since nbgrader 0.6


@dataclass(frozen=True)
class ReleasedCell:
    """A cell of the released notebook that nbgrader knows: an answer, a check or a locked cell."""

    name: str
    cell_type: str
    source: str
    locked: bool
    solution: bool
    points: float | None  # of a check cell; None for other cells
    checksum: str

    def metadata(self) -> dict[str, Any]:
        """The cell's metadata in nbgrader's own format."""
        grade = self.points is not None
        fields = {
            "schema_version": SCHEMA,
            "grade_id": self.name,
            "grade": grade,
            "solution": self.solution,
            "locked": self.locked,
            "task": False,
            "cell_type": self.cell_type,
            "checksum": self.checksum,
        }
        return fields | ({"points": self.points} if grade else {})

    def cell(self) -> NotebookNode:
        """A new cell with the released content."""
        fields: dict[str, Any] = {"cell_type": self.cell_type, "id": uuid.uuid4().hex[:8], "source": self.source}
        fields["metadata"] = {"nbgrader": self.metadata(), "deletable": False} | ({"editable": False} if self.locked else {})
        if self.cell_type == "code":
            fields |= {"execution_count": None, "outputs": []}
        return from_dict(fields)


def repair(notebook: NotebookNode, masters: Sequence[ReleasedCell]) -> list[str]:
    """Make ``notebook`` hold every master cell exactly once, with its metadata; returns a line for each repair.

    The learner's own text never changes: an extra copy becomes an ordinary cell, a missing cell is restored as released.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place.
    masters : sequence of ReleasedCell
        In the order of the released notebook.
    """
    notes = _unique_ids(notebook) + _unmark_unreleased(notebook, {master.name for master in masters})
    kept: dict[str, NotebookNode] = {}
    for master in masters:
        copies = [cell for cell in notebook.cells if _name(cell) == master.name]
        if not copies and (twin := _twin(notebook, master, masters, kept)):
            notes.append(f"cell {master.name}: its nbgrader metadata had been lost")
            copies = [twin]
        if len(copies) > 1:
            notes.append(f"cell {master.name}: there were {len(copies)} copies")
        if copies:
            kept[master.name] = _choose(notebook, copies, master, kept)
            for copy in copies:
                if copy is not kept[master.name]:
                    del copy.metadata["nbgrader"]
    for i, master in enumerate(masters):
        if master.name not in kept:
            notes.append(f"cell {master.name}: it had been deleted")
            kept[master.name] = master.cell()
            notebook.cells.insert(_place(notebook, [other.name for other in masters], i), kept[master.name])
        if kept[master.name].cell_type != master.cell_type:
            notes.append(f"cell {master.name}: it had become a {kept[master.name].cell_type} cell")
            _retype(kept[master.name], master.cell_type)
        kept[master.name].metadata["nbgrader"] = from_dict(master.metadata())
    return notes


def released_cells(released: NotebookNode) -> list[ReleasedCell]:
    """The released cells that nbgrader knows, in order."""
    return [
        ReleasedCell(
            name=marks["grade_id"],
            cell_type=cell.cell_type,
            source=cell.source,
            locked=bool(marks.get("locked")),
            solution=bool(marks.get("solution")),
            points=float(marks["points"]) if marks.get("grade") else None,
            checksum=marks.get("checksum", ""),
        )
        for cell in released.cells
        if isinstance(marks := cell.metadata.get("nbgrader"), dict)
    ]


def overwrite(notebook: NotebookNode, masters: Sequence[ReleasedCell]) -> None:
    """Restore the released text of check cells and locked cells, which learners may not change. ``notebook`` is already repaired."""
    released = {master.name: master for master in masters if not master.solution}
    for cell in notebook.cells:
        if _name(cell) in released:
            cell.source = released[_name(cell)].source


def _unique_ids(notebook: NotebookNode) -> list[str]:
    """Give a cell a new Jupyter cell id if an earlier cell has the same."""
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        if cell.get("id") is not None:
            seen[cell["id"]] += 1
            if seen[cell["id"]] > 1:
                cell["id"] = uuid.uuid4().hex[:8]
    twice = sum(count - 1 for count in seen.values())
    return [f"{twice} cell ids occurred twice"] if twice else []


def _unmark_unreleased(notebook: NotebookNode, names: set[str]) -> list[str]:
    """Drop nbgrader metadata that belongs to no released cell."""
    notes = []
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata and _name(cell) not in names:
            del cell.metadata["nbgrader"]
            notes.append("nbgrader metadata of a cell that was never released")
    return notes


def _name(cell: NotebookNode) -> str | None:
    metadata = cell.metadata.get("nbgrader")
    name = metadata.get("grade_id") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else None


def _twin(
    notebook: NotebookNode, master: ReleasedCell, masters: Sequence[ReleasedCell], kept: dict[str, NotebookNode]
) -> NotebookNode | None:
    """The cell that must be ``master`` without its metadata: the same text or, for an answer, the cell right before its check.

    Cells already matched to another master are skipped.
    """
    taken = {id(cell) for cell in kept.values()}
    free = (cell for cell in notebook.cells if "nbgrader" not in cell.metadata and id(cell) not in taken)
    unmarked = [cell for cell in free if cell.cell_type == master.cell_type]
    for cell in unmarked:
        if cell.source.strip() == master.source.strip():
            return cell
    follower = next((other for other in masters[masters.index(master) + 1 :]), None)
    if not master.solution or follower is None:
        return None
    for before, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
        follows = _name(cell) == follower.name or cell.source.strip() == follower.source.strip()
        if follows and any(before is candidate for candidate in unmarked):
            return before
    return None


def _choose(notebook: NotebookNode, copies: list[NotebookNode], master: ReleasedCell, kept: dict[str, NotebookNode]) -> NotebookNode:
    """The copy to keep, of the right type if possible: the last answer, as in Python; the first check after the masters before it."""
    copies = [copy for copy in copies if copy.cell_type == master.cell_type] or copies
    if master.solution or not kept:
        return copies[-1]
    position = {id(cell): i for i, cell in enumerate(notebook.cells)}
    after = max(position[id(cell)] for cell in kept.values())
    return next((copy for copy in copies if position[id(copy)] > after), copies[-1])


def _retype(cell: NotebookNode, cell_type: str) -> None:
    """Turn a Markdown cell into a code cell or the reverse; its text stays."""
    cell.cell_type = cell_type
    for name in ("outputs", "execution_count", "attachments"):
        cell.pop(name, None)
    if cell_type == "code":
        cell.outputs, cell.execution_count = [], None


def _place(notebook: NotebookNode, order: list[str], index: int) -> int:
    """The position of the missing cell ``order[index]``: after the nearest earlier master, else before the nearest later one."""
    position = {_name(cell): i for i, cell in enumerate(notebook.cells)}
    for earlier in reversed(order[:index]):
        if earlier in position:
            return position[earlier] + 1
    return min((position[later] for later in order[index + 1 :] if later in position), default=len(notebook.cells))
