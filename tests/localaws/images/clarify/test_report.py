"""The page of a report: everything of ``analysis.json`` is on it, as text too, and text of the data is never markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.images.clarify import charts, report

NAME = '<b>"age" & $1$'
METRICS = [
    {"name": "CI", "description": "Class Imbalance (CI)", "value": -0.25},
    {"name": "KL", "description": "Kullback-Liebler Divergence (KL)", "value": "Infinity"},
    {
        "name": "CDDL",
        "description": "Conditional Demographic Disparity in Labels (CDDL)",
        "value": None,
        "error": "Group variable is <empty>",
    },
]
SECTION = {
    "label": "income",
    "label_value_or_threshold": "1",
    "facets": {NAME: [{"value_or_threshold": "0", "metrics": METRICS}]},
}
CURVES = [
    {
        "feature_name": NAME,
        "data_type": "numerical",
        "feature_values": [1.0, 2.0],
        "model_predictions": [[0.1, 0.4], [0.9, 0.6]],
        "data_distribution": [0.75, 0.25],
    },
    {"feature_name": "empty", "data_type": "categorical", "feature_values": [], "model_predictions": [], "data_distribution": []},
]
CONTENT = {
    "version": "1.0",
    "pre_training_bias_metrics": SECTION,
    "post_training_bias_metrics": SECTION,
    "explanations": {
        "kernel_shap": {label: {"global_shap_values": {NAME: 0.125, "x": 0.0}, "expected_value": 0.5} for label in ("no", "yes")},
        "pdp": CURVES,
    },
}


class Page(HTMLParser):
    """The texts of a page, and its elements with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture
def page(tmp_path: Path) -> Page:
    report.write(tmp_path / "report.html", "Loans <1>", CONTENT, '{"dataset_type": "text/csv"}', 1_234)
    return Page((tmp_path / "report.html").read_text())


def test_everything_is_on_the_page(page: Page) -> None:
    text = " ".join(page.texts)
    for each in ("Loans <1>", "1,234 rows", NAME, "-0.25", "inf", "none: Group variable is <empty>", "0.125", '"dataset_type": "text/csv"'):
        assert each in text
    assert "empty has no values" in text
    assert not [tag for tag, _ in page.elements if tag in ("b", "script", "link", "img")]


def test_the_page_can_be_read_without_eyes(page: Page) -> None:
    """Each drawing has a description with its numbers, each table a caption and headers, and links lead to headings."""
    drawings = [attributes for tag, attributes in page.elements if attributes.get("role") == "img"]
    tables = [tag for tag, _ in page.elements if tag == "table"]
    assert len(drawings) == 2 + 2 + 1 and len(tables) == 2 + 2
    assert all(re.search(r"\d", each["aria-label"]) for each in drawings)
    assert [tag for tag, _ in page.elements].count("caption") == len(tables)
    anchors = {attributes["href"] for tag, attributes in page.elements if tag == "a"}
    assert anchors == {f"#{attributes['id']}" for tag, attributes in page.elements if tag == "h2"}


NUMBERS = st.floats(-1e6, 1e6)


@given(st.dictionaries(st.text(max_size=40), NUMBERS, min_size=1, max_size=5))
def test_bars_are_xml_inside_the_drawing(values: dict[str, float]) -> None:
    _inside(charts.bars({re.sub(r"[^\x20-\ud7ff]", "", name): value for name, value in values.items()}))


@given(st.lists(st.tuples(NUMBERS, NUMBERS, st.floats(0, 1)), min_size=1, max_size=20), st.booleans())
def test_curves_are_xml_inside_the_drawing(points: list[tuple[float, float, float]], numerical: bool) -> None:
    values, means, shares = (list(each) for each in zip(*sorted(points), strict=True))
    _inside(charts.curves(values, {"a": means, "b": means[::-1]}, shares, numerical))


def _inside(svg: str) -> None:
    root = ElementTree.fromstring(svg)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for each in root:
        x, y = (float(each.attrib.get(name) or each.attrib.get(other) or 0) for name, other in (("x", "cx"), ("y", "cy")))
        assert 0 <= x <= width and 0 <= y <= height
