"""Tests a learner's pages in a real browser: accessible (axe-core) in light and dark, and usable by keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from ..grading.progress.conftest import Learner, learner  # noqa: F401
from . import axe

FOCUSED = "() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText"


@pytest.fixture
def written(learner: Learner) -> dict[str, Path]:  # noqa: F811
    learner.tried("m98_1_ex2", days=0, score=1)
    learner.tried("m98_1_ex2", days=3, score=2, hints=1)
    learner.tried("m98_1_ex1", days=5, score=4, points=4)
    learner.tried("m98_1_ex3", days=8, event="reveal")
    learner.run("progress", "--export", "ada.html", "--name", "Ada")
    return {"progress": learner.root / "work" / "progress.html", "export": learner.root / "ada.html"}


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.nightly)])
def test_everyone_can_read_them(page: Page, written: dict[str, Path], scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    for path in written.values():
        page.goto(path.as_uri())
        for folded in page.locator("details:not([open]) > summary").all():
            folded.click()
        assert axe.findings(page) == []


def test_by_keyboard(page: Page, written: dict[str, Path]) -> None:
    page.goto(written["progress"].as_uri())

    def tab() -> str:
        page.keyboard.press("Tab")
        return page.evaluate(FOCUSED)

    assert [tab() for _ in range(3)] == ["Points by notebook", "m98 – Traps (2 of 3 judged right)", "Exercises of m98"]
    domain = tab()
    assert domain.startswith("1 Data Preparation for ML and AI (")
    page.keyboard.press("Enter")  # unfolds the skills of this domain
    assert tab() == "Skills of domain 1"
