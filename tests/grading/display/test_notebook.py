"""Tests that no carrier of a notebook brings a script or a request into a page, and that what is honest stays."""

from __future__ import annotations

import functools
import json
from collections import Counter

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat.notebooknode import NotebookNode, from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course.grading.display.exporter import FeedbackExporter
from course.grading.display.notebook import sanitise
from course.grading.display.sanitiser import as_text

from .hostile_notebooks import CARRIERS, HOST, PIXEL, SCRIPT, TAG, alone, cell_of, shows
from .page_dangers import dangers


@functools.cache
def exporter(kind: type[HTMLExporter]) -> HTMLExporter:
    return kind(template_name="classic", exclude_anchor_links=True)


def page(notebook: NotebookNode, kind: type[HTMLExporter] = HTMLExporter) -> str:
    return exporter(kind).from_notebook_node(notebook)[0]


@functools.cache
def empty() -> Counter[str]:
    return Counter(dangers(page(new_notebook())))


def sanitised(notebook: NotebookNode) -> NotebookNode:
    sanitise(notebook)
    return notebook


def added(notebook: NotebookNode) -> Counter[str]:
    """The dangers of a notebook's page that the page of an empty notebook does not have."""
    ids = Counter(f"div id=cell-id={cell.get('id')}" for cell in notebook.cells)
    return Counter(dangers(page(notebook))) - empty() - ids


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_carrier_brings_nothing_into_a_page(carrier: str) -> None:
    assert added(sanitised(alone(carrier))) == Counter()


@pytest.mark.parametrize("carrier", sorted(set(CARRIERS) - {"attachments", "text", "cell_metadata", "raw"}))
def test_without_it_the_carrier_does(carrier: str) -> None:
    """Otherwise the test above would prove nothing. The other carriers stop nbconvert, or its present version escapes them."""
    assert added(alone(carrier)) != Counter()


@pytest.mark.parametrize("carrier", CARRIERS)
def test_the_result_is_valid_and_sanitising_it_again_changes_nothing(carrier: str) -> None:
    once = sanitised(alone(carrier))
    nbformat.validate(once)
    again = sanitised(from_dict(json.loads(nbformat.writes(once))))
    assert nbformat.writes(again) == nbformat.writes(once)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_feedback_has_no_script(carrier: str) -> None:
    shown = page(sanitised(alone(carrier)), FeedbackExporter)
    assert "<script" not in shown.lower()
    assert shown.index("Content-Security-Policy") < shown.index("<title")


def test_what_is_honest_stays() -> None:
    table = '<table border="1" class="dataframe">\n<tbody><tr><td>1</td></tr></tbody></table>'
    picture = new_output(
        "display_data", data={"image/png": PIXEL, "text/plain": "<Figure>"}, metadata={"image/png": {"alt": "A plot", "width": 9}}
    )
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# Mine\n\nI think that `x` is *3*."),
            cell_of(new_output("stream", name="stderr", text="careful\n"), source="x = 3", execution_count=4),
            shows(text_html=table, text_plain="1"),
            cell_of(picture),
            cell_of(new_output("error", ename="ValueError", evalue="no", traceback=["\x1b[31mValueError\x1b[0m: no"])),
        ]
    )
    for cell in notebook.cells:
        cell.metadata["nbgrader"] = {"grade_id": "m98_1_ex1", "grade": True, "points": 4, "schema_version": 3, "solution": False}
    before = json.loads(nbformat.writes(notebook))["cells"]
    assert json.loads(nbformat.writes(sanitised(notebook)))["cells"] == before


def test_when_a_cell_ran_stays_and_nothing_else_of_its_run() -> None:
    moment = "2026-11-29T01:02:03.004005Z"
    times = {"iopub.status.busy": moment, "iopub.status.idle": TAG, "shell.execute_reply": [moment, TAG], TAG: moment}
    notebook = new_notebook(cells=[new_code_cell("1")])
    notebook.cells[0].metadata["execution"] = times
    sanitise(notebook)
    assert notebook.cells[0].metadata == {"execution": {"iopub.status.busy": moment}}


def test_what_is_not_shown_is_named() -> None:
    notebook = new_notebook(cells=[cell_of(new_output("display_data", data={"image/svg+xml": "<svg/>", TAG: "x"}))])
    (output,) = sanitised(notebook).cells[0].outputs
    assert output.data == {"text/plain": "[an output that is not shown: image/svg+xml]"}


def test_a_raw_cell_is_shown_as_text() -> None:
    first = sanitised(alone("raw")).cells[0]
    assert first.cell_type == "markdown" and first.source.startswith("```\n<script>")
    assert first.source == as_text(first.source.removeprefix("```\n").removesuffix("\n```"))


@pytest.mark.parametrize(
    "output",
    [
        None,
        "text",
        {},
        {"output_type": "display_data"},
        {"output_type": "display_data", "data": None, "metadata": None},
        {"output_type": "execute_result", "data": {"text/plain": None, "text/html": 3, "image/png": []}},
        {"output_type": "stream", "name": "\ud800", "text": ["a\ud800", 3]},
        {"output_type": "error", "traceback": "x"},
        {"output_type": ["x"]},
        {"output_type": "display_data", "data": {"text/html": ["<b>", "x</b>"], "text/markdown": "\ud800"}, "metadata": {"image/png": 3}},
    ],
)
def test_a_malformed_output_does_no_harm(output: object) -> None:
    notebook = new_notebook(cells=[cell_of()])
    notebook.cells[0]["outputs"] = [output]
    nbformat.validate(sanitised(notebook))
    nbformat.writes(notebook).encode()


def test_no_payload_is_left_in_what_is_not_text() -> None:
    for carrier in ("html", "svg", "javascript", "widgets", "styles", "pictures"):
        for cell in sanitised(alone(carrier)).cells:
            for output in cell.get("outputs", ()):
                assert SCRIPT not in str(output["data"].get("text/html", "")) or "<" not in str(output["data"]["text/html"])
                assert HOST not in str(output["data"].get("text/html", "")).replace(SCRIPT, "")
