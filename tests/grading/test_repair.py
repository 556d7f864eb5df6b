"""Tests that after the repair of any damage, a notebook has each released cell once, with its metadata, and no text is lost."""

from __future__ import annotations

import copy

import nbformat
from hypothesis import example, given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.nbgraderformat import MetadataValidator

from course.grading.submission.repair import ReleasedCell, repair


def master(name: str, source: str, **flags: object) -> ReleasedCell:
    fields = {"cell_type": "code", "locked": False, "solution": True, "points": None, "checksum": "c" * 32}
    return ReleasedCell(name=name, source=source, **(fields | flags))


MASTERS = [
    master("setup", "import course", locked=True, solution=False),
    master("ex1", "a = ..."),
    master("ex1_check", "check(1)", locked=True, solution=False, points=2.0),
    master("ex2", "b = ..."),
    master("ex2_check", "check(2)", locked=True, solution=False, points=3.0),
]


def released() -> nbformat.NotebookNode:
    cells = [new_markdown_cell("# Title")]
    for each in MASTERS:
        cells += [each.cell(), new_markdown_cell(f"after {each.name}")]
    return new_notebook(cells=cells)


def ids(notebook: nbformat.NotebookNode) -> list[str]:
    return [cell.metadata.nbgrader.grade_id for cell in notebook.cells if "nbgrader" in cell.metadata]


def test_sound_notebook_is_left_alone() -> None:
    notebook = released()
    before = copy.deepcopy(notebook)
    assert repair(notebook, MASTERS) == []
    assert notebook == before


HARM = st.sampled_from(["delete", "copy", "strip", "garble", "rename", "move", "edit", "same id"])


@example([("delete", 3, 0), ("copy", 0, 2), ("copy", 0, 26), ("strip", 1, 0), ("move", 1, 5)])  # one cell that matches two lost ones
@given(st.lists(st.tuples(HARM, st.integers(0, 30), st.integers(0, 30)), max_size=12))
def test_any_damage_is_repaired(harms: list[tuple[str, int, int]]) -> None:
    notebook = released()
    for harm, where, to in harms:
        if not notebook.cells:
            break
        where %= len(notebook.cells)
        cell = notebook.cells[where]
        match harm:
            case "delete":
                notebook.cells.pop(where)
            case "copy":
                notebook.cells.insert(to % (len(notebook.cells) + 1), copy.deepcopy(cell))
            case "strip":
                cell.metadata = nbformat.from_dict({})
            case "garble":
                cell.metadata["nbgrader"] = [5, "text", {}, {"grade_id": 7}, {"schema_version": 1, "grade_id": "ex1"}][to % 5]
            case "rename":
                cell.metadata["nbgrader"] = {"grade_id": "never_released"}
            case "move":
                notebook.cells.pop(where)
                notebook.cells.insert(to % (len(notebook.cells) + 1), cell)
            case "edit":
                cell.source += "\n# edited"
            case "same id":
                cell["id"] = notebook.cells[to % len(notebook.cells)]["id"]
    texts = [cell.source for cell in notebook.cells]
    repair(notebook, MASTERS)
    assert sorted(ids(notebook)) == sorted(each.name for each in MASTERS)
    left = [cell.source for cell in notebook.cells]
    for text in texts:
        left.remove(text)
    assert set(left) <= {each.source for each in MASTERS}
    assert len({cell["id"] for cell in notebook.cells}) == len(notebook.cells)
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            assert dict(cell.metadata.nbgrader) == next(each for each in MASTERS if each.name == cell.metadata.nbgrader.grade_id).metadata()
    MetadataValidator().validate_nb(notebook)  # nbgrader itself stops at invalid metadata


def test_missing_cells_come_back_in_their_place() -> None:
    notebook = released()
    notebook.cells = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") in (None, "ex1", "ex2_check")]
    repair(notebook, MASTERS)
    assert ids(notebook) == ["setup", "ex1", "ex1_check", "ex2", "ex2_check"]


def test_answer_without_metadata_is_known_by_its_check() -> None:
    notebook = released()
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        cell.source = cell.source.replace("...", "42")
    notes = repair(notebook, MASTERS)
    assert [cell.source for cell in notebook.cells] == ["import course", "a = 42", "check(1)", "b = 42", "check(2)"]
    assert len(notes) == 5


def test_of_copied_checks_the_one_after_its_answer_counts() -> None:
    notebook = released()
    late = copy.deepcopy(next(cell for cell in notebook.cells if cell.source == "check(1)"))
    notebook.cells.append(late)
    repair(notebook, MASTERS)
    assert "nbgrader" not in notebook.cells[-1].metadata
    assert ids(notebook) == [each.name for each in MASTERS]


def test_of_copied_answers_the_last_counts() -> None:
    notebook = released()
    second = new_code_cell("a = 2", metadata={"nbgrader": MASTERS[1].metadata()})
    notebook.cells.insert(4, second)
    repair(notebook, MASTERS)
    assert notebook.cells[4].metadata.nbgrader.grade_id == "ex1"
    assert ids(notebook) == [each.name for each in MASTERS]
