"""Tests the HTML report of a run: complete, readable without a mouse or a network, and it shows every failure."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pytest

from course.regression import report
from course.regression.execute import Executed

VOID = {"meta", "br", "img", "link", "hr", "input"}
GOOD = Executed("m00_start", "m00_start", Path("a.ipynb"), 12.3, 40, 2, 4, 4, "", (0.1, 3.0))
BAD = Executed("m04_training", "m04_1", Path("b.ipynb"), 5.0, 30, 4, 2, 10, "cell 3: ValueError: <b>no & such</b>", (1.0,))
SHORT = Executed("m08_realtime", "m08_1", Path("c.ipynb"), 5.0, 30, 4, 9, 10, "", ())
SCORES = {"perfect": {"m00_start": (4.0, 4.0), "m04_training": (10.0, 10.0)}, "half_done": {"m00_start": (2.0, 4.0)}}


class Page(HTMLParser):
    """Elements with their attributes and text; fails on elements that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def said(self, tag: str) -> list[str]:
        return [text for where, text in self.texts if where == tag]


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("report") / "new" / "report.html"
    report.write(path, [GOOD, BAD, SHORT], SCORES, ["m04_1: failed & <sad>"])
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text) -> Page:
    return Page(text)


def test_every_element_is_closed(page, text):
    assert text.startswith("<!doctype html>")
    assert page.open == []
    assert ("html", {"lang": "en"}) in page.elements


def test_it_has_headings_and_every_table_and_figure_a_caption(page):
    assert len(page.said("h1")) == 1
    assert page.said("h2") == ["What is not as expected", "Lessons", "Class", "Versions"]
    tags = [tag for tag, _ in page.elements]
    assert tags.count("table") == tags.count("caption") == 3
    assert tags.count("figure") == tags.count("figcaption") == 2
    images = [attributes for _, attributes in page.elements if attributes.get("role") == "img"]
    assert len(images) == 2 and all(image.get("aria-label") for image in images)
    assert all(attributes.get("scope") for tag, attributes in page.elements if tag == "th")


def test_it_asks_the_network_for_nothing(page):
    assert not [tag for tag, _ in page.elements if tag in ("script", "link", "iframe", "img")]
    for _, attributes in page.elements:
        for name in ("src", "href", "xlink:href"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert "url(http" not in "".join(page.said("style")) and "@import" not in "".join(page.said("style"))


def test_plots_are_well_formed_svg(text):
    plots = ["<svg" + piece.partition("</svg>")[0] + "</svg>" for piece in text.split("<svg")[1:]]
    assert len(plots) == 2
    for plot in plots:
        assert ElementTree.fromstring(plot).tag.endswith("svg")


def test_failures_are_described_and_escaped(page):
    cells = page.said("td")
    assert "passed" in cells
    assert "failed: cell 3: ValueError: <b>no & such</b>" in cells  # markup in a text is escaped
    assert "failed: the reference answers did not earn all points" in cells
    assert page.said("li") == ["m04_1: failed & <sad>"]
    assert "1 things are not as expected" in " ".join(page.said("p"))


def test_the_class_shows_points_and_what_was_not_graded():
    columns, rows = report.score_rows(SCORES)
    assert columns == ("lesson", "perfect", "half_done")
    assert rows == [
        ("m00_start", "4 of 4", "2 of 4"),
        ("m04_training", "10 of 10", "not graded"),
        ("sum", "14 of 14", "2 of 4"),
    ]


def test_a_good_run_without_a_class_says_so(tmp_path):
    report.write(tmp_path / "report.html", [GOOD], {}, [])
    page = Page((tmp_path / "report.html").read_text())
    assert "Everything is as expected." in " ".join(page.said("p"))
    assert page.said("h2") == ["Lessons", "Versions"]
