"""The report in its formats: everything of ``analysis.json`` is in each, as text too, and text of the data is never markup."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.text import Text
from nbconvert import HTMLExporter

from course.localaws.images.clarify import blocks, charts, document, notebook, page, report

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
    {"feature_name": "comment", "data_type": "free_text", "error": "Detected data type is not supported for PDP."},
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
    """The text of a page without drawings and links, all its text, and its elements with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = self.prose = ""
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside += [tag] if tag in ("svg", "nav", "head", "a") else []

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        self.text += data
        self.prose += "" if self._inside else data


WORDS = ("1,234 rows", NAME, "-0.25", "inf", "none: Group variable is <empty>", "0.125", '"dataset_type": "text/csv"')
NO_CURVE = "There is no curve of comment. Detected data type is not supported for PDP."
REPORT = report.report("Loans <1>", CONTENT, '{"dataset_type": "text/csv"}', 1_234)


@pytest.fixture
def html_page(tmp_path: Path) -> Page:
    page.write(tmp_path / "report.html", REPORT)
    return Page((tmp_path / "report.html").read_text())


def test_everything_is_on_the_page(html_page: Page) -> None:
    for each in ("Loans <1>", *WORDS, NO_CURVE):
        assert each in html_page.text
    assert not [tag for tag, _ in html_page.elements if tag in ("b", "script", "link", "img")]


def test_the_page_can_be_read_without_eyes(html_page: Page) -> None:
    """Each drawing has a description with its numbers, each table a caption and headers, and links lead to headings."""
    drawings = [attributes for tag, attributes in html_page.elements if attributes.get("role") == "img"]
    tables = [tag for tag, _ in html_page.elements if tag == "table"]
    assert len(drawings) == 2 + 2 + 1 and len(tables) == 2 + 2
    assert all(re.search(r"\d", each["aria-label"]) for each in drawings)
    assert [tag for tag, _ in html_page.elements].count("caption") == len(tables)
    anchors = {attributes["href"] for tag, attributes in html_page.elements if tag == "a"}
    assert anchors == {f"#{attributes['id']}" for tag, attributes in html_page.elements if tag == "h2"}


@pytest.mark.parametrize(
    ("config", "names"),
    [
        ('{"predictor": {"label_headers": ["no", "yes"]}}', ["no", "yes"]),
        ('{"predictor": {"label_headers": ["no"]}}', ["no", "label1"]),
        ('{"predictor": {}}', ["label0", "label1"]),
    ],
)
def test_partial_dependence_names_the_outputs_as_the_configuration_does(config: str, names: list[str]) -> None:
    made = report.report("Loans", {"explanations": {"pdp": CURVES}}, config, 10)
    [curves] = [block for block in made.blocks if isinstance(block, blocks.Curves)]
    assert list(curves.lines) == names and all(name in curves.said for name in names)


def test_the_notebook_shows_what_the_page_shows(tmp_path: Path, html_page: Page) -> None:
    """Once its cells are shown by nbconvert, which any viewer of notebooks is like."""
    notebook.write(tmp_path / "report.ipynb", REPORT)
    made = nbformat.read(tmp_path / "report.ipynb", as_version=4)
    nbformat.validate(made)
    assert {cell.cell_type for cell in made.cells} == {"markdown"}
    shown, _ = HTMLExporter(template_name="basic").from_notebook_node(made)
    found = Page(shown)
    assert "".join(found.prose.split()) == "".join(html_page.prose.split())
    images = [attributes for tag, attributes in found.elements if tag == "img"]
    assert len(images) == 5 and all(re.search(r"\d", each["alt"]) for each in images)
    for each in images:
        kind, _, data = each["src"].partition(";base64,")
        assert kind == "data:image/svg+xml"
        assert ElementTree.fromstring(base64.b64decode(data)).tag == "{http://www.w3.org/2000/svg}svg"
    assert not [tag for tag, _ in found.elements if tag in ("b", "script")]


@given(st.text())
def test_no_text_is_a_formula_or_ends_the_html(text: str) -> None:
    """A dollar sign is an element of its own, and there is no empty line."""
    made = report.report(text, {"version": "1.0"}, text, 1)
    for block in made.blocks:
        cell = notebook.without_formulas(page.part(block, notebook.image))
        assert not set(cell) & set("$\n\r")
        assert Page(cell).text == Page(page.part(block)).text


@pytest.mark.nightly  # by day each cell of the notebook is compared with the page
def test_the_document_has_the_same_text_inside_its_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []

    class Recorded(PdfPages):
        def savefig(self, figure: Figure, **more: object) -> None:
            super().savefig(figure, **more)
            draw = FigureCanvasAgg(figure).get_renderer()
            for each in figure.findobj(Text):
                if each.get_text() and each.get_visible():
                    texts.append(each.get_text())
                    assert figure.bbox.padded(1).contains(*each.get_window_extent(draw).min), each
                    assert figure.bbox.padded(1).contains(*each.get_window_extent(draw).max), each

    monkeypatch.setattr(document, "PdfPages", Recorded)
    long = report.report("A title of many words " * 9, CONTENT, "W" * 500 + "\n" * 60 + "the end", 1)
    for made in (REPORT, long):
        document.write(tmp_path / "report.pdf", made)
    body = (tmp_path / "report.pdf").read_bytes()
    assert body.startswith(b"%PDF-") and len(re.findall(rb"/Type /Page\b", body)) > 2
    text = "".join(texts)
    for each in ("Loans <1>", *WORDS, NO_CURVE, "the end"):
        assert each in text, each


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
