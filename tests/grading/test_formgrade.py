"""Tests `course formgrade`: it serves the formgrader only, hostile notebooks do nothing, and manual scores are logged and not exported."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import Dialog, Page, Route, expect

from course import pages
from course.grading.batches import exports, manual_scores, override_command
from course.grading.batches.folder import CourseFolder
from course.grading.insight import dashboard, explain, grading_summary, similarity, stored_results
from tests.grading.nbgrader_course import HERE, LESSON, NOTEBOOK, Course, solution

from .display.hostile_notebooks import CARRIERS, HOST, IMG, QUOTED, TAG, add
from .insight import insight_fixtures
from .jupyter_servers import TOKEN, ask, serving
from .students import FULL

pytestmark = pytest.mark.timeout(600)

STUDENTS = [f"h_{carrier}" for carrier in CARRIERS]
BY_DAY = {"h_html", "h_markdown", "h_links", "h_javascript", "h_cell_metadata"}  # the others by night: each is a page in a browser
HARMED = "() => document.title.includes('FORGED') || document.querySelector('iframe, object, embed, svg script') !== null"
SCHEMES = "() => [...document.querySelectorAll('a[href]')].map(link => link.protocol)"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class of hostile notebooks, as plain nbgrader would leave them: nothing in ``autograded/`` is sanitised."""
    course = Course(tmp_path_factory.mktemp("formgrade") / "course")
    course.release()
    folder = CourseFolder(course.root)
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        for student, carrier in zip(STUDENTS, CARRIERS, strict=True):
            gradebook.add_student(student, first_name=TAG, last_name=QUOTED)
            gradebook.add_submission(LESSON, student)
            for grade in gradebook.find_submission_notebook(NOTEBOOK, LESSON, student).grades:
                grade.auto_score, grade.needs_manual_grade = 1.0, False
            gradebook.db.commit()
            path = course.root / "autograded" / student / LESSON / f"{NOTEBOOK}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(add(carrier, course.released())))
            result = {
                name: insight_fixtures.exercise(name, [0.0] * len(parts), [TAG, IMG]) for name, parts in insight_fixtures.PARTS.items()
            }
            insight_fixtures.result(folder, student, result)
            nbformat.write(
                _answered(solution(HERE / "fixture" / "solutions" / LESSON / f"{NOTEBOOK}.py", folder.graders)), _stored(course, student)
            )
    return course


def _answered(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = f"{insight_fixtures.LONG}\n# {TAG}{IMG}\nx = '''{TAG}'''\n"
    return notebook


def _stored(course: Course, student: str) -> Path:
    return course.root / "results" / LESSON / student / f"{NOTEBOOK}.ipynb"


@pytest.fixture(scope="module")
def server(course: Course) -> Iterator[str]:
    with serving(course, "course.cli", "formgrade", "--no-browser") as address:
        yield address


def harm(page: Page, address: str, *allowed: str) -> list[str]:
    """Everything that a page did or offers beyond itself, as it is opened: dialogs, requests that left the browser, links that run."""
    did: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        did.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def refuse(route: Route) -> None:  # what the page's policy forbids does not come here
        did.append(route.request.url)
        route.abort()

    def elsewhere(url: str) -> bool:
        return not url.startswith((address, *allowed))

    page.on("dialog", dismiss)
    page.route(elsewhere, refuse)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    links = set(page.evaluate(SCHEMES)) - {"http:", "https:", "mailto:", "file:"}
    runs = ["an element that runs"] if page.evaluate(HARMED) else []
    page.unroute(elsewhere)
    page.remove_listener("dialog", dismiss)
    return [*did, *sorted(links), *runs]


@pytest.fixture(scope="module")
def logged_in(server: str, page: Page) -> str:
    """The server's address, known to the browser: nbgrader's cookie is for the folder of the page that the token opened."""
    page.goto(f"{server}formgrader?token={TOKEN}")
    return server


def submission_pages(server: str) -> dict[str, str]:
    """The address of each student's page."""
    found = ask(server, "GET", f"formgrader/api/submitted_notebooks/{LESSON}/{NOTEBOOK}").json()
    return {each["student"]: f"{server}formgrader/submissions/{each['id']}/" for each in found}


@pytest.mark.parametrize("student", [each if each in BY_DAY else pytest.param(each, marks=pytest.mark.nightly) for each in STUDENTS])
def test_a_hostile_notebook_does_nothing_in_the_formgrader(course: Course, logged_in: str, page: Page, student: str) -> None:
    address = submission_pages(logged_in)[student]
    own = [f"{logged_in}formgrader/{place}" for place in ("static/", "course/", f"api/grades?submission_id={address.split('/')[-2]}")]
    assert harm(page, address, *own, own[-1].replace("grades", "comments")) == []
    page.wait_for_function("() => typeof formgrader !== 'undefined' && formgrader.loaded && formgrader.grades.loaded")
    assert page.locator("#m98_1_ex1_check").count() == 1
    assert course.manual_scores(student) == dict.fromkeys(FULL)


def test_the_same_notebooks_do_it_elsewhere(course: Course, page: Page, tmp_path: Path) -> None:
    """Without our pages the scripts run and the requests are sent; otherwise the other tests would prove nothing."""
    (tmp_path / "plain.html").write_text(f"<!doctype html><title>x</title>{TAG}{IMG}")
    assert f"{HOST}/script" in "".join(harm(page, (tmp_path / "plain.html").as_uri()))
    path = pages.write(tmp_path / "page.html", "A page", [pages.Markup(TAG + IMG)])
    assert harm(page, path.as_uri()) == []  # not even if a page forgot to escape


@pytest.mark.nightly  # makes 13 pages; by day tests/grading/display reads them
def test_feedback_does_nothing(course: Course, page: Page) -> None:
    course.nbgrader("generate_feedback", LESSON)
    for student in STUDENTS:
        path = course.root / "feedback" / student / LESSON / f"{NOTEBOOK}.html"
        assert (student, harm(page, path.as_uri())) == (student, [])


def test_the_reports_do_nothing(course: Course, page: Page) -> None:
    folder, root = CourseFolder(course.root), ["--root", str(course.root)]
    grading_summary.write(folder, stored_results.results(folder))
    assert dashboard.main([LESSON, *root]) == 0
    assert explain.main([STUDENTS[0], "m98_1_ex1", "--no-run", "--html", str(course.root / "results" / "explain.html"), *root]) == 0
    assert similarity.main([LESSON, *root]) == 0
    written = sorted((course.root / "results").glob("*.html"))
    assert len(written) == 4
    for path in written:
        assert (path.name, harm(page, path.as_uri())) == (path.name, [])
        assert "Content-Security-Policy" in path.read_text()


NOT_SERVED = (
    *("api/contents", "api/kernels", "api/kernelspecs", "api/sessions", "api/terminals", "api/config/x", "api/shutdown", "api/status"),
    *("terminals/1", "terminals/websocket/1", "files/gradebook.db", "tree", "lab", "notebooks/x.ipynb", "view/x", "nbconvert/html/x"),
    *("assignments", "courses", "formgrader/submissions/x/evil.html", "static/../gradebook.db", "api/spec.yaml", "lsp/status"),
)


@pytest.mark.parametrize("path", NOT_SERVED)
def test_nothing_else_is_served(server: str, path: str) -> None:
    for method in ("GET", "POST"):
        assert ask(server, method, path, allow_redirects=False).status_code in (404, 405), (method, path)


def test_learners_files_are_not_served(course: Course, server: str) -> None:
    (course.root / "autograded" / STUDENTS[0] / LESSON / "evil.html").write_text(TAG)
    assert ask(server, "GET", f"{submission_pages(server)[STUDENTS[0]]}evil.html".removeprefix(server)).status_code == 404


def test_no_address_changes_the_configuration(course: Course, server: str, tmp_path: Path) -> None:
    """nbgrader's own first page runs the nbgrader_config.py of any folder in its address."""
    (tmp_path / "nbgrader_config.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert ask(server, "GET", "formgrader", params={"path": str(tmp_path)}).ok
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "path", ["gradebook/", f"gradebook/{LESSON}/", "manage_submissions/", "manage_students/", f"manage_students/{STUDENTS[0]}/"]
)
def test_an_address_is_not_written_into_a_page(server: str, path: str) -> None:
    for name in ('x";alert(1)//', "<script>", 'a" b', "a\\b"):
        assert ask(server, "GET", f"formgrader/{path}{name.replace('/', '%2F')}").status_code == 404


def test_who_is_not_logged_in_sees_nothing(server: str) -> None:
    import requests

    answered = requests.get(f"{server}formgrader/gradebook", allow_redirects=False, timeout=60)
    assert answered.status_code == 302 and "login" in answered.headers["Location"]
    assert "default-src 'none'" in answered.headers["Content-Security-Policy"]


def test_the_pages_work(logged_in: str, page: Page) -> None:
    """nbgrader's own scripts run under the policy: lists load, links lead on, the keys work."""
    blocked: list[str] = []
    page.on("console", lambda message: blocked.append(message.text) if "Content Security Policy" in message.text else None)
    page.goto(f"{logged_in}formgrader/manage_assignments")
    expect(page.get_by_role("link", name=LESSON)).to_be_visible()
    page.get_by_role("link", name="Add new assignment...").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.goto(f"{logged_in}formgrader/manage_students")
    expect(page.get_by_text(STUDENTS[0])).to_be_visible()
    page.goto(f"{logged_in}formgrader/gradebook/{LESSON}/{NOTEBOOK}")
    page.get_by_role("button", name="Show All Names").click()
    page.goto(submission_pages(logged_in)[STUDENTS[0]])
    page.wait_for_function("() => formgrader.loaded && formgrader.grades.loaded")
    score = page.locator("#m98_1_ex1_check")
    expect(score).to_have_attribute("placeholder", "1")
    assert blocked == []


def test_a_manual_score_is_logged_and_not_exported(course: Course, server: str) -> None:
    student = STUDENTS[1]
    address = submission_pages(server)[student]
    grades = ask(server, "GET", "formgrader/api/grades", params={"submission_id": address.split("/")[-2]}).json()
    grade = next(each for each in grades if each["name"] == "m98_1_ex1_check")
    assert ask(server, "PUT", f"formgrader/api/grade/{grade['id']}", json={"manual_score": 4, "extra_credit": 2}).ok
    (logged,) = [json.loads(line) for line in (course.root / "results" / manual_scores.LOG).read_text().splitlines()]
    assert {name: logged[name] for name in ("student", "exercise", "manual", "extra", "before", "grader")} == {
        **{"student": student, "exercise": "m98_1_ex1", "manual": 4, "extra": 2},
        **{"before": None, "grader": 1.0},
    }
    assert logged["by"] and logged["at"]
    # The page shows both, and what lets the score count.
    root = ["--root", str(course.root)]
    assert override_command.main([student, "m98_1_ex2", "--points", "2", "--reason", "tried by hand", *root]) == 0
    summary = re.sub(r"<[^>]+>", " ", (course.root / "results" / grading_summary.PAGE).read_text())
    assert "Manual scores that do not count" in summary
    assert f"course override {student} m98_1_ex1 --points 4 --extra 2 --reason" in summary
    assert _exported_by_us(course, student) == {"m98_1_ex1": "0", "m98_1_ex2": "2", "m98_1_ex3": "0"}
    said = course.nbgrader("export", "--to", "grades.csv")
    assert f"{student}, m98_1_ex1: score 4 and extra 2 in the gradebook is not exported" in said
    exported = {row["student_id"]: row["score"] for row in csv.DictReader((course.root / "grades.csv").read_text().splitlines())}
    assert (exported[student], exported[STUDENTS[0]]) == ("2.0", "3.0")  # others have 1 point for each of three exercises
    assert course.manual_scores(student) == {"m98_1_ex1": 4, "m98_1_ex2": 2, "m98_1_ex3": None}  # the gradebook keeps it

    assert override_command.main([student, "m98_1_ex1", "--points", "4", "--extra", "2", "--reason", "right after all", *root]) == 0
    assert _exported_by_us(course, student) == {"m98_1_ex1": "4", "m98_1_ex2": "2", "m98_1_ex3": "0"}
    assert "Manual scores that do not count" not in (course.root / "results" / grading_summary.PAGE).read_text()


def _exported_by_us(course: Course, student: str) -> dict[str, str]:
    results = stored_results.results(CourseFolder(course.root))
    exports.table([result for result in results if result.student == student], course.root / "ours.csv")
    return {row["exercise"]: row["score"] for row in csv.DictReader((course.root / "ours.csv").read_text().splitlines())}


def test_the_log_of_the_server_is_quiet(course: Course, server: str) -> None:
    """After the tests above."""
    log = (course.root / "server.log").read_text()
    assert "Unwritable directory" not in log and "Traceback" not in log and "SAWarning" not in log, log
