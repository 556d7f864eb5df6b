"""Tests that the strict reader makes a valid notebook of whatever a file holds, and refuses only what is no notebook."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.grading.submission import notebook_file
from course.grading.submission.notebook_file import read_notebook, strict

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=6)  # with lone surrogates and control characters
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)


def sound() -> nbformat.NotebookNode:
    marks = {"grade_id": "m98_1_ex1", "locked": False, "points": 2, "schema_version": 3}
    cells = [new_markdown_cell("# Title"), new_code_cell("1 + 1", metadata={"nbgrader": marks, "tags": ["parameters"]})]
    cells[1]["outputs"] = [nbformat.v4.new_output("display_data", data={"text/plain": "2"})]
    return new_notebook(cells=cells)


def members(tree: Any) -> list[tuple[Any, Any]]:
    """Every member of every dict and list in a tree: its container and its key."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [pair for key, value in items for pair in [(tree, key), *members(value)]]


@given(st.data())
def test_any_member_of_any_type_is_read(data: st.DataObject) -> None:
    document = copy.deepcopy(dict(sound()))
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(members(document)))
        container[key] = data.draw(ANY_JSON)
    if not isinstance(document.get("cells"), list):
        return
    notebook = strict(json.loads(json.dumps(document)))
    nbformat.validate(notebook)
    nbformat.writes(notebook).encode()
    assert all(not cell.get("outputs") for cell in notebook.cells)


def test_what_grading_needs_is_kept() -> None:
    notebook = strict(json.loads(json.dumps(sound())))
    assert [cell.source for cell in notebook.cells] == ["# Title", "1 + 1"]
    assert notebook.cells[1].metadata == {"nbgrader": {"grade_id": "m98_1_ex1", "locked": False, "points": 2, "schema_version": 3}}
    assert notebook.metadata.language_info.name == "python"
    assert strict(json.loads(json.dumps(notebook))) == notebook


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_of_editors_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps(sound(), ensure_ascii=False).replace("Title", "Straße"), encoding=encoding)
    assert read_notebook(path).cells[0].source == "# Straße"


def test_a_byte_that_is_no_utf8_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_bytes(json.dumps(sound()).encode().replace(b"Title", b"Stra\xdfe"))
    assert read_notebook(path).cells[0].source == "# Stra\ufffde"


def test_a_notebook_of_ipython_3_is_read(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    cells = [{"cell_type": "code", "input": ["a = 1\n", "a"], "outputs": []}, {"cell_type": "heading", "source": "Title"}, 5]
    path.write_text(json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}, 7]}))
    assert [cell.source for cell in read_notebook(path).cells] == ["a = 1\na", "Title"]


def test_integers_that_python_does_not_read_are_read(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps(sound()).replace('"execution_count": null', f'"execution_count": {"9" * 9_000}'))
    assert len(read_notebook(path).cells) == 2


def test_a_long_text_is_left_out_where_it_can_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    document = sound()
    document.cells[1].outputs[0].data["text/plain"] = 'x\\"' * 1_000_000
    document.cells[0].source = "y" * 2_000_000
    path.write_text(json.dumps(document))
    assert [cell.source for cell in read_notebook(path).cells] == ["[left out: a text of more than 1,000,000 bytes]", "1 + 1"]


REFUSED = {
    "text": b"no json",
    "broken": b'{"cells": [',
    "list": b"[]",
    "no_cells": b'{"cells": 5}',
    "deep": b'{"cells": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "an_unclosed_text": b'{"cells": "' + b'\\"' * 1_000_000,
    "an_unclosed_escape": b'{"cells": "' + b'\\"' * 1_000_000 + b"\\",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_notebook_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "n.ipynb"
    path.write_bytes(REFUSED[name])
    with pytest.raises((ValueError, RecursionError)):
        read_notebook(path)


def test_too_many_parts_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "n.ipynb"
    path.write_bytes(b'{"cells": [' + b'{"":0},' * 1_000_000 + b"0]}")
    monkeypatch.setattr(notebook_file.json, "loads", lambda *_, **__: pytest.fail("it was decoded"))
    with pytest.raises(ValueError, match="more than 1,000,000 parts"):
        read_notebook(path)
