"""Tests a learner's first exercise in JupyterLab in Chromium: a wrong answer, its message, the right answer, its judgement."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from course.grading import catalogue, validation

from . import jupyterlab

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "browser"
NOTEBOOK = "m00_start/m00_start.ipynb"
WRONG = """\
def flight_row(flight: dict) -> str:
    weekday = pd.Timestamp(flight["date"]).dayofweek
    origin = ORIGINS.index(flight["origin"])
    return f"{flight['sched_dep_time']},{weekday},{origin},{flight['distance']}\""""
RIGHT = WRONG.replace("flight['sched_dep_time']", "flight['sched_dep_time'] // 100")

# No news pop-up over the page. Every cell is in the page's document, including cells out of sight.
PAGE = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
SETTINGS = {"tracker": {"windowingMode": "none"}}

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def lab(page, tmp_path_factory) -> Iterator[int]:
    """The port of `course lab` on a learner's copy of the lessons, with its own local AWS."""
    root = tmp_path_factory.mktemp("learner")
    shutil.copytree(ROOT / "course", root / "course", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "graders", root / "graders", ignore=shutil.ignore_patterns("__pycache__", "answers"))
    for name in ("notebooks", "data"):
        (root / name).symlink_to(ROOT / name)
    _write(root / "config" / "labconfig" / "page_config.json", PAGE)
    for name, settings in SETTINGS.items():
        _write(root / "settings" / "@jupyterlab" / "notebook-extension" / f"{name}.jupyterlab-settings", settings)
    environment = os.environ | {
        "HOME": str(root),
        "COURSE_BACKEND": "local",
        "COURSE_LOCALAWS_STATE": str(root / "state"),
        "JUPYTER_CONFIG_DIR": str(root / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(root / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(root / "workspaces"),
    }
    port = jupyterlab.free_port()
    command = [sys.executable, "-m", "course.lab", "--", *jupyterlab.options(port)]
    log = root / "lab.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=output, stderr=output)
    try:
        jupyterlab.wait_until_it_answers(process, port, log)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=120)


def _write(path: Path, content: dict) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))


@pytest.fixture(scope="module")
def places() -> dict[str, int]:
    """The index of each exercise's cells in the learner's notebook, by nbgrader's id."""
    cells = nbformat.read(ROOT / "notebooks" / NOTEBOOK, as_version=4).cells
    return {cell.metadata.nbgrader.grade_id: place for place, cell in enumerate(cells) if "nbgrader" in cell.metadata}


@pytest.fixture(scope="module")
def notebook(lab, page) -> jupyterlab.Notebook:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return jupyterlab.Notebook(page, lab, NOTEBOOK)


@pytest.mark.nightly  # JupyterLab once more
def test_a_learner_sees_no_panels_for_instructors(notebook, page):
    commands = page.evaluate("() => jupyterapp.commands.listCommands().filter(name => name.startsWith('nbgrader:'))")
    assert commands == ["nbgrader:open-assignment-list"]
    expect(page.get_by_role("tab", name="Create Assignment")).to_have_count(0)


def test_no_question_about_news_covers_a_corner(lab, notebook, page):
    """JupyterLab asks at its first start whether to fetch news from a website."""
    where = f"http://127.0.0.1:{lab}/lab/api/settings/@jupyterlab/apputils-extension:notification?token={jupyterlab.TOKEN}"
    assert page.request.get(where).json()["schema"]["properties"]["fetchNews"]["default"] == "false"


def test_a_wrong_answer_is_explained_and_a_right_one_holds_in_practice(notebook, page, places):
    answer, check = places["m00_ex1"], places["m00_ex1_check"]

    notebook.run_all()
    expect(notebook.cell(check).locator(".jp-OutputArea").first).to_contain_text("not answered yet")

    notebook.run(answer, WRONG)
    notebook.run(check)
    report = notebook.cell(check).get_by_role("region", name=re.compile("m00_ex1"))
    expect(report).to_contain_text("is not a number of hours")
    expect(report).to_contain_text("Not yet.")
    report.scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / "wrong.png")
    report.get_by_role("link", name="A table of flights").press("Enter")
    expect(page.get_by_role("heading", name="A table of flights")).to_be_in_viewport()

    notebook.run(answer, RIGHT)
    notebook.run(check)
    expect(report).to_contain_text("practice cases hold")
    expect(report).not_to_contain_text("Passed")
    expect(report).not_to_contain_text("Not yet.")
    expect(notebook.cell(check).locator(".jp-OutputArea-child")).to_have_count(1)  # the points that nbgrader reads leave no empty output
    report.scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / "practice.png")


def test_plots_have_a_text_for_screen_readers(notebook, page):
    """After the test above: the cells with plots ran."""
    plots = page.locator(f"{jupyterlab.IN_FRONT} .jp-OutputArea img")
    plots.first.scroll_into_view_if_needed()
    expect(plots.first).to_have_attribute("alt", re.compile("^Bars: probability of being late, by hour"))
    assert all(plots.evaluate_all("images => images.map(image => image.alt)"))


def test_both_answers_are_judged(notebook, page, places):
    """After the test above: the exercise is answered."""
    answer, below = places["m00_ex1"], places["m00_ex1_check"] + 1
    notebook.cell(below - 1).locator(".cm-content").click()
    page.keyboard.press("Escape")
    page.keyboard.press("b")  # inserts a cell below
    points = catalogue.exercises(ROOT / "graders")["m00_ex1"].points
    for code, said, picture in ((WRONG, "not right yet, ", "judged-wrong"), (RIGHT, f"right, {points:g} of {points:g} points", "judged")):
        notebook.run(answer, code)
        notebook.run(below, 'judge("m00_ex1")')
        report = notebook.cell(below).get_by_role("region", name=re.compile("Judged m00_ex1"))
        expect(report).to_contain_text(said)
        expect(report).to_contain_text("Judged by the hidden checks")
        expect(notebook.cell(below).locator(".jp-OutputArea-child")).to_have_count(1)
        report.scroll_into_view_if_needed()
        page.screenshot(path=SCREENSHOTS / f"{picture}.png")


@pytest.mark.nightly  # runs the whole lesson twice
def test_the_validate_button_says_what_is_wrong_and_what_was_not_tested(notebook, page, places):
    """After the tests above: one exercise is answered, the other is not."""
    dialog = validated(page)
    expect(dialog).to_contain_text("m00_ex2", timeout=jupyterlab.MILLISECONDS)
    expect(dialog).not_to_contain_text("m00_ex1")
    page.screenshot(path=SCREENSHOTS / "validate.png")
    dialog.get_by_role("button", name="Ok").click()

    right = ROOT / "graders/m00_start/answers/m00_ex2/right_table.py"
    notebook.run(places["m00_ex2"] + 1, right.read_text())  # one further: the cell with `judge`
    dialog = validated(page)
    expect(dialog).to_contain_text(validation.SUCCESS, timeout=jupyterlab.MILLISECONDS)
    expect(dialog).not_to_contain_text("Success!")
    page.screenshot(path=SCREENSHOTS / "validate-holds.png")
    dialog.get_by_role("button", name="Ok").click()


def test_the_link_to_the_next_lesson_opens_its_notebook(notebook, page):
    link = page.locator(f"{jupyterlab.IN_FRONT} .jp-MarkdownOutput a[href*='.ipynb']").last
    link.scroll_into_view_if_needed()
    link.click()
    page.wait_for_function("() => jupyterapp.shell.currentWidget?.context?.path === 'm02_data_preparation/m02_1_prediction_time.ipynb'")
    expect(page.get_by_role("dialog")).to_have_count(0)


def validated(page: Page) -> Locator:
    """The dialog of the Validate button, which first saves the notebook."""
    page.get_by_role("button", name="Validate").first.click()
    return page.get_by_role("dialog")
