"""Tests the Validate button and the formgrader, by their requests to a running Jupyter server and in Chromium."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import requests
from playwright.sync_api import Page, expect

from tests.grading.nbgrader_course import LESSON, NOTEBOOK, SEED, Course, answering

from ..browser import axe
from .students import MEAN

TOKEN = "of-this-test"
WAIT = 120  # seconds until the server must listen

pytestmark = pytest.mark.timeout(900)  # grades the class if it is the first to ask for it


@pytest.fixture(scope="module")
def server(graded: Course) -> Iterator[str]:
    """The address of a Jupyter server in the course's folder; nbgrader's wheel has enabled its extensions."""
    environment = os.environ | {"GRADING_SEED": SEED, "JUPYTER_CONFIG_DIR": str(graded.root / ".jupyter")}
    environment["JUPYTER_RUNTIME_DIR"] = str(graded.root / "runtime")
    command = [sys.executable, "-m", "jupyter_server", "--port=0", "--allow-root", f"--IdentityProvider.token={TOKEN}"]
    log = graded.root / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=graded.root, env=environment, stdout=output, stderr=output)
    try:
        yield _address(process, log)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _address(process: subprocess.Popen, log: Path) -> str:
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline and process.poll() is None:
        for info in (log.parent / "runtime").glob("jpserver-*.json"):
            try:
                address = json.loads(info.read_text())["url"]
                if requests.get(f"{address}api", timeout=5).ok:
                    return address
            except (ValueError, requests.ConnectionError):
                pass  # the file is missing, or the server does not listen yet
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def ask(server: str, method: str, path: str, **options: object) -> requests.Response:
    response = requests.request(method, f"{server}{path}", headers={"Authorization": f"token {TOKEN}"}, timeout=120, **options)
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
