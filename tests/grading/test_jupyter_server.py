"""Tests the Validate button and the formgrader, by their requests to a running Jupyter server and in Chromium."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import requests
from playwright.sync_api import Page, expect

from tests.grading.nbgrader_course import LESSON, NOTEBOOK, Course, answering

from ..browser import axe
from . import jupyter_servers
from .jupyter_servers import TOKEN, serving
from .students import MEAN

pytestmark = pytest.mark.timeout(900)  # grades the class if it is the first to ask for it


@pytest.fixture(scope="module")
def server(graded: Course) -> Iterator[str]:
    """The address of a Jupyter server in the course's folder; nbgrader's wheel has enabled its extensions."""
    with serving(graded, "jupyter_server", "--port=0", "--allow-root") as address:
        yield address


def ask(server: str, method: str, path: str, **options: object) -> requests.Response:
    response = jupyter_servers.ask(server, method, path, **options)
    assert response.ok, response.text
    return response


def test_validate_button(graded: Course, server: str) -> None:
    solved = graded.released()
    answering(ex2=MEAN)(solved)
    nbformat.write(solved, graded.working_copy() / "mine.ipynb")
    answer = ask(server, "POST", "assignments/validate", json={"path": "learner/mine.ipynb"}).json()
    assert answer["success"] is True
    result = json.loads(answer["value"]) if isinstance(answer["value"], str) else answer["value"]
    failed = [cell["source"] for cell in result["failed"]]
    assert failed == ['check("m98_1_ex1", choose_tool=choose_tool)', 'check("m98_1_ex3", late=late)']


def test_formgrader_grades_and_shows(graded: Course, server: str) -> None:
    regraded = ask(server, "POST", f"formgrader/api/submission/{LESSON}/one_part/autograde").json()
    assert regraded["success"], regraded
    assignments = {each["name"]: each for each in ask(server, "GET", "formgrader/api/assignments").json()}
    assert assignments[LESSON]["max_score"] == 9
    submissions = {each["student"]: each for each in ask(server, "GET", f"formgrader/api/submissions/{LESSON}").json()}
    assert (submissions["one_part"]["score"], submissions["one_part"]["needs_manual_grade"]) == (1, False)
    (notebook,) = ask(server, "GET", f"formgrader/api/student_notebook_submissions/one_part/{LESSON}").json()
    page = ask(server, "GET", f"formgrader/submissions/{notebook['id']}/").text
    assert "Graded m98_1_ex2: Average a list" in page


def test_no_address_runs_what_a_learner_handed_in(graded: Course, server: str, tmp_path: Path) -> None:
    """nbgrader's own first page runs the configuration of any folder in its address, as a link in a submission may name it."""
    handed_in = graded.root / "submitted" / "one_part" / LESSON
    for folder in (handed_in, tmp_path):
        (folder / "nbgrader_config.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    try:
        for named in (f"submitted/one_part/{LESSON}", str(handed_in), f"./submitted/../submitted/one_part/{LESSON}/", str(tmp_path)):
            refused = jupyter_servers.ask(server, "GET", "formgrader", params={"path": named})
            assert (refused.status_code, "stays in the course" in refused.text) == (403, True), named
        assert not (tmp_path / "ran").exists()
    finally:
        (handed_in / "nbgrader_config.py").unlink()
    for own in ("", ".", str(graded.root)):
        ask(server, "GET", "formgrader", params={"path": own})
        assert ask(server, "GET", f"formgrader/api/submissions/{LESSON}").json()


def test_without_an_exchange_none_is_looked_for(graded: Course, server: str) -> None:
    for _ in range(2):
        ask(server, "GET", "formgrader/api/assignments")
    assert "Unwritable directory" not in (graded.root / "server.log").read_text()


def follow(page: Page, name: str | re.Pattern) -> None:
    """Follow a link by keyboard alone."""
    link = page.get_by_role("link", name=name, exact=isinstance(name, str)).first
    link.focus()
    expect(link).to_be_focused()
    page.keyboard.press("Enter")


def test_from_the_lesson_to_a_submission_by_keyboard(graded: Course, server: str, page: Page) -> None:
    page.goto(f"{server}formgrader/gradebook?token={TOKEN}")
    follow(page, LESSON)
    follow(page, NOTEBOOK)
    follow(page, re.compile(r"Submission #1\b"))
    expect(page.locator("section[aria-label^='Graded m98_1_ex2']").first).to_be_visible()
    score = page.get_by_role("spinbutton").first
    score.focus()
    expect(score).to_be_focused()


def test_the_report_in_it_can_be_read_by_everyone(graded: Course, server: str, page: Page) -> None:
    """Only our report is tested; the rest of the page is nbgrader's."""
    page.goto(f"{server}formgrader/gradebook/{LESSON}/{NOTEBOOK}?token={TOKEN}")
    follow(page, re.compile(r"Submission #1\b"))
    expect(page.locator("section[aria-label^='Graded']").first).to_be_visible()
    assert axe.findings(page, "section[aria-label^='Graded']") == []
