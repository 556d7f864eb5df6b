"""A source is parsed as written, or refused with file, line, cell and what to do."""

from __future__ import annotations

from pathlib import Path

import jupytext
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.authoring import source
from tests.error_messages import error_message

PATH = Path("solutions/m90_fixture/m90_1_round_trip.py")


def test_cells_roles_tags_and_places(parse):
    parsed = parse(
        '# header\n\n# %% [markdown]\n# # Title\n\n# %% tags=["parameters"]\nSEED = 1\n\n# %% answer="m90_1_ex1"\n'
        "x = 1\n\n\n# %% check=\"m90_1_ex1\"\ncheck('m90_1_ex1', x=x)\n"
    )
    assert parsed.header == "# header\n"
    assert parsed.notebook == "m90_1"
    assert [(cell.number, cell.line, cell.kind, cell.role, cell.exercise, cell.tags) for cell in parsed.cells] == [
        (1, 3, "markdown", "", "", ()),
        (2, 6, "code", "", "", ("parameters",)),
        (3, 9, "code", "answer", "m90_1_ex1", ()),
        (4, 13, "code", "check", "m90_1_ex1", ()),
    ]
    assert parsed.cells[0].text == "# Title"
    assert parsed.at(parsed.cells[2]) == "solutions/m90_fixture/m90_1_round_trip.py:9, cell 3"


MALFORMED = [
    ("x = 1\n", "no cell; a cell begins with"),
    ("import os\n# %%\nx = 1\n", ":1: code before the first cell"),
    ("# %%\n\n# %%\n1\n", ":1, cell 1: the cell is empty"),
    ("# %% A title\n1\n", ":1, cell 1: unknown 'A title' after"),
    ("# %% colour=3\n1\n", "unknown option 'colour'"),
    ("# %% [raw]\n# x\n", "a cell is code or"),
    ('# %% [markdown] answer="m90_1_ex1"\n# x\n', "`answer=` belongs on a code cell"),
    ('# %% exercise="m90_1_ex1"\nx\n', "`exercise=` belongs on a markdown cell"),
    ('# %% answer="m90_1_ex1" check="m90_1_ex1"\nx\n', "a cell is one of exercise, answer, check, not several"),
    ("# %% answer=3\nx\n", 'write answer="m04_1_ex2"'),
    ('# %% tags="parameters"\nx\n', 'tags are written as tags=["parameters"]'),
    ('# %%\nx = """\n# %% not a cell\n"""\n', "a line of text or inside a string begins with"),
    ("# %% [markdown]\n# %%0 of it\n", "a line of text or inside a string begins with"),
]


def test_a_malformed_source_is_refused_with_place_and_remedy(parse):
    for text, words in MALFORMED:
        message = error_message(source.SourceError, parse, text)
        assert words in message, (text, message)
        assert message.startswith("solutions/m90_fixture/m90_1_round_trip.py:"), message


def test_a_wrong_name_of_a_source_is_refused():
    for name in ["lesson.py", "m4_1_x.py", "m04_1_Name.py", "m04.py"]:
        message = error_message(source.SourceError, source.parse, Path("solutions/m04_training") / name, "# %%\n1\n")
        assert "a source is called like" in message, (name, message)


def test_the_notebook_of_a_source():
    for name, notebook in [("m00_start.py", "m00"), ("m04_1_builtin_xgboost.py", "m04_1"), ("m04_2_failures.py", "m04_2")]:
        assert source.parse(Path("solutions/x") / name, "# %%\n1\n").notebook == notebook


def test_bytes_that_are_not_utf8_are_refused(tmp_path):
    path = tmp_path / "m90_1_x.py"
    path.write_bytes(b"# %%\nx = '\xff'\n")
    with pytest.raises(source.SourceError, match="not UTF-8 .* at byte 10"):
        source.read(path)


line = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), max_size=30).map(str.rstrip)
words = st.lists(line, min_size=1, max_size=5).map("\n".join).map(str.strip).filter(bool)
prose = words.filter(lambda text: "\n%%" not in f"\n{text}")  # what looks like a marker is refused, see above


a_cell = st.one_of(st.tuples(st.just("markdown"), prose), st.tuples(st.just("code"), words))


@given(st.lists(a_cell, min_size=1, max_size=6))
def test_a_source_written_by_jupytext_is_read_unchanged(cells):
    """Any prose, and any string in code, survives the py:percent form."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    contents = [text if kind == "markdown" else f"x = {text!r}" for kind, text in cells]
    nodes = [
        new_markdown_cell(text) if kind == "markdown" else new_code_cell(text) for (kind, _), text in zip(cells, contents, strict=True)
    ]
    parsed = source.parse(PATH, jupytext.writes(new_notebook(cells=nodes), fmt={"extension": ".py", "format_name": "percent"}))
    assert [(cell.kind, cell.text) for cell in parsed.cells] == [
        (kind, content) for (kind, _), content in zip(cells, contents, strict=True)
    ]
