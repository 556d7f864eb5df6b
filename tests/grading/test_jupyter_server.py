"""The Validate button and the formgrader, through the requests that they send to a running Jupyter server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import requests

from .classroom import LESSON, NOTEBOOK, SEED, Course, answering

TOKEN = "of-this-test"
MEAN = "def mean(numbers):\n    return sum(numbers) / len(numbers) if numbers else 0.0\n"
WAIT = 60  # seconds until the server must listen


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = Course(tmp_path_factory.mktemp("lab") / "course")
    course.nbgrader("generate_assignment", LESSON)
    course.submit("alice", answering(ex2=MEAN))
    return course


@pytest.fixture(scope="module")
def server(course: Course) -> Iterator[str]:
    """The address of a Jupyter server in the course's folder ; nbgrader's wheel has enabled its extensions."""
    environment = os.environ | {"GRADING_SEED": SEED, "JUPYTER_CONFIG_DIR": str(course.root / ".jupyter")}
    environment["JUPYTER_RUNTIME_DIR"] = str(course.root / "runtime")
    command = [sys.executable, "-m", "jupyter_server", "--port=0", "--allow-root", f"--IdentityProvider.token={TOKEN}"]
    log = course.root / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=course.root, env=environment, stdout=output, stderr=output)
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
                pass  # not written or not listening yet
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def ask(server: str, method: str, path: str, **options: object) -> requests.Response:
    response = requests.request(method, f"{server}{path}", headers={"Authorization": f"token {TOKEN}"}, timeout=120, **options)
    assert response.ok, response.text
    return response


def test_validate_button(course: Course, server: str) -> None:
    solved = course.released()
    answering(ex2=MEAN)(solved)
    nbformat.write(solved, course.root / "notebooks" / LESSON / "mine.ipynb")
    answer = ask(server, "POST", "assignments/validate", json={"path": f"notebooks/{LESSON}/mine.ipynb"}).json()
    assert answer["success"] is True
    failed = [cell["source"] for cell in eval_result(answer)["failed"]]
    assert failed == ['check("m98_1_ex1", choose_tool=choose_tool)', 'check("m98_1_ex3", late=late)']


def eval_result(answer: dict) -> dict:
    return json.loads(answer["value"]) if isinstance(answer["value"], str) else answer["value"]


def test_formgrader_grades_and_shows(course: Course, server: str) -> None:
    graded = ask(server, "POST", f"formgrader/api/submission/{LESSON}/alice/autograde").json()
    assert graded["success"], graded
    assignments = {each["name"]: each for each in ask(server, "GET", "formgrader/api/assignments").json()}
    assert assignments[LESSON]["max_score"] == 9
    (submission,) = ask(server, "GET", f"formgrader/api/submissions/{LESSON}").json()
    assert (submission["student"], submission["score"], submission["needs_manual_grade"]) == ("alice", 2, False)
    (notebook,) = ask(server, "GET", f"formgrader/api/submitted_notebooks/{LESSON}/{NOTEBOOK}").json()
    page = ask(server, "GET", f"formgrader/submissions/{notebook['id']}/").text
    assert "Graded m98_1_ex2: Average a list" in page
