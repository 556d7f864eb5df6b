"""Tests the pages for instructors in a real browser: accessible (axe-core) in light and dark, and usable by keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from course.grading.insight import dashboard, explain, grading_summary, similarity, stored_results
from tests.grading.insight import insight_fixtures
from tests.grading.insight.insight_fixtures import LONG, RENAMED
from tests.grading.nbgrader_course import LESSON

from . import axe

FOCUSED = "() => document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
NAMES = ("night", "dashboard", "explain", "similarity")

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every page, for a class that has every kind of result."""
    course = insight_fixtures.folder(tmp_path_factory.mktemp("insight") / "course")
    insight_fixtures.class_of(course, 12)
    for student, code in (("ada", LONG), ("bob", RENAMED)):
        insight_fixtures.notebook_of(course, student, code)
    found = {name: course.root / "results" / f"{name}.html" for name in ("night", "dashboard", "explain")}
    root = ["--root", str(course.root)]
    grading_summary.write(course, stored_results.results(course))
    assert dashboard.main([LESSON, *root]) == 0
    assert explain.main(["ada", "m98_1_ex1", "--no-run", "--html", str(found["explain"]), *root]) == 0
    assert similarity.main([LESSON, *root]) == 0
    return found | {"similarity": course.root / "results" / f"similarity-{LESSON}.html"}


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.nightly)])
@pytest.mark.parametrize("name", NAMES)
def test_everyone_can_read_it(page: Page, written: dict[str, Path], name: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(written[name].as_uri())
    assert axe.findings(page) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_narrow_window_scrolls_only_its_tables(page: Page, written: dict[str, Path], name: str) -> None:
    page.goto(written[name].as_uri())
    size = page.viewport_size
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.set_viewport_size(size)


def test_by_keyboard(page: Page, written: dict[str, Path]) -> None:
    """The tab key moves to the contents and then to each table; the arrow keys scroll the table."""
    page.goto(written["dashboard"].as_uri())
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Who is stuck"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#who-is-stuck"
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Who is stuck, and at what"
    page.set_viewport_size({"width": 400, "height": 800})
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.activeElement.scrollLeft > 0", timeout=10_000)
    page.set_viewport_size({"width": 1280, "height": 900})
