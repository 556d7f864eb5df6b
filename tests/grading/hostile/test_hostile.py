"""Tests malicious submissions: each gets the score of its real work and affects nothing else."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter

from course import canary
from course.grading.sandbox.limits import limits
from course.sandbox.box import best_mode
from tests.grading.nbgrader_course import LESSON, NOTEBOOK, SEED, Course, answering, cell, starting

from ..batches.test_command import grade, result, scores
from ..display.page_dangers import dangers
from ..students import FULL, RIGHT
from .corpus import ALL, PROCESSES, SEARCH

pytestmark = [
    pytest.mark.timeout(1200),
    pytest.mark.skipif(best_mode() != "namespace", reason="no user namespaces on this machine, until 2027-05-24"),
]

# By day at least two of each kind, with those that the tests below name. The others run in `make nightly`.
BY_DAY = {
    *("reads_the_course", "reads_processes", "reads_the_network", "remounts", "deletes_everything", "patches_the_grading_package"),
    *("sends_its_own_report", "equals_everything", "hands_in_a_pickle", "hooks_the_shell", "defines_check", "kills_all", "crashes"),
    *("forks_for_ever", "leaves_a_daemon", "takes_all_memory", "fills_the_disk", "crowds", "prints_for_ever", "is_reversed"),
    *("hides_memory", "hides_files"),
    *(
        "has_odd_cells",
        "has_odd_members",
        "has_half_characters",
        "sends_malformed_messages",
        "updates_the_report",
        "shows_scripts",
        "shows_much_in_many_cells",
    ),
    *("offers_a_column_of_nothing", "raises_half_a_character", "nests_to_the_limit"),
}
VICTIMS = ("a_victim", "m_victim", "z_victim")
WORK_OF_OTHERS = "what only a victim wrote"
GREETING = b"reached the network of the grader"
SECRETS = (SEED, canary.TOKEN, "right_tool", WORK_OF_OTHERS, GREETING.decode(), "gradebook.db")


@pytest.fixture(scope="module")
def listeners() -> Iterator[dict[str, str]]:
    """Servers of this machine that a box must not reach: on loopback, and by an abstract Unix socket."""
    name = f"m98-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(f"\0{name}")
        unix.listen()

        def serve(listener: socket.socket) -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(GREETING)

        for listener in (tcp, unix):
            threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield {"{port}": str(tcp.getsockname()[1]), "{name}": name}


@pytest.fixture(scope="module")
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, listeners: dict[str, str]) -> Course:
    """A graded class of the attackers that this run chose, and of their victims."""
    chosen = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")} | BY_DAY
    course = Course(tmp_path_factory.mktemp("hostile") / "course")
    course.release()
    for victim in VICTIMS:
        course.submit(victim, RIGHT, starting(f"mine = {WORK_OF_OTHERS!r}"))
    for name, (edits, _) in ALL.items():
        if name not in chosen:
            continue
        path = course.submit(f"h_{name}", *edits)
        text = path.read_text()
        for placeholder, value in (listeners | {"{course}": str(course.root)}).items():
            text = text.replace(placeholder, value)
        path.write_text(text)
    _odd_names(course.submit("h_odd_names", RIGHT).parent)
    course.before = snapshot(course)
    course.took = time.monotonic()
    course.log = grade(course, LESSON, "--jobs", "2", "--no-gradebook")
    course.took = time.monotonic() - course.took
    return course


def _odd_names(folder: Path) -> None:
    """Add files with hostile names or types to a submission."""
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "given").symlink_to("/etc")
    (folder / "-rf").write_text("x")
    (folder / "$(touch evil)").write_text("x")
    (folder / "new\nline").write_text("x")
    (folder / os.fsdecode(b"\xff")).write_text("x")
    (folder / ("n" * 250)).write_text("x")
    os.mkfifo(folder / "pipe")


def snapshot(course: Course) -> dict[str, str]:
    """The hashes of all files that grading must not change."""
    folders = [course.root / name for name in ("solutions", "graders", "notebooks", "submitted", "gradebook.db", "nbgrader_config.py")]
    folders.append(Path(canary.__file__).parent)
    files = [path for folder in folders for path in (folder.rglob("*") if folder.is_dir() else [folder]) if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files if "__pycache__" not in path.parts}


@pytest.mark.parametrize("name", [name if name in BY_DAY else pytest.param(name, marks=pytest.mark.nightly) for name in ALL])
def test_a_hostile_submission_gets_the_score_of_its_real_work(attacked: Course, name: str) -> None:
    assert scores(attacked, f"h_{name}") == ALL[name][1], result(attacked, f"h_{name}")
    assert result(attacked, f"h_{name}")["status"] == "graded"


def test_unusual_names_are_handled(attacked: Course) -> None:
    assert scores(attacked, "h_odd_names") == FULL
    assert any("link is a link" in note for note in result(attacked, "h_odd_names")["notes"])


@pytest.mark.parametrize("victim", VICTIMS)
def test_other_submissions_get_their_scores(attacked: Course, victim: str) -> None:
    assert scores(attacked, victim) == FULL


def test_no_attack_found_a_secret(attacked: Course) -> None:
    for path in (attacked.root / "results" / LESSON).rglob("h_*/*"):
        if path.is_file():
            text = path.read_text(errors="replace")
            assert [secret for secret in SECRETS if secret in text] == [], path


def test_the_searches_find_what_is_not_hidden(attacked: Course) -> None:
    """The searches find the secrets outside a box; otherwise, finding nothing inside would prove nothing."""
    for source, finds in ((SEARCH, {canary.TOKEN, "right_tool", WORK_OF_OTHERS}), (PROCESSES, {SEED})):
        code = source.replace("{course}", str(attacked.root))
        options = {"env": os.environ | {"GRADING_SEED": SEED}, "capture_output": True, "text": True, "errors": "replace", "timeout": 60}
        found = subprocess.run([sys.executable, "-c", code], **options).stdout
        assert {secret for secret in finds if secret in found} == finds


def stored(course: Course, name: str) -> nbformat.NotebookNode:
    return nbformat.read(course.root / "results" / LESSON / f"h_{name}" / f"{NOTEBOOK}.ipynb", as_version=4)


def test_a_report_cannot_be_changed_afterwards(attacked: Course) -> None:
    notebook = stored(attacked, "updates_the_report")
    for exercise in FULL:
        assert "Graded" in str(cell(notebook, f"{exercise}_check").outputs)
        assert "FORGED" not in str(cell(notebook, f"{exercise}_check").outputs)
    assert "FORGED" in str(cell(notebook, "m98_1_ex1").outputs)  # the attack was made


def test_what_is_kept_runs_in_no_browser(attacked: Course) -> None:
    notebook = stored(attacked, "shows_scripts")
    assert "HARM" in str(notebook)  # the attack was made; errors and printed text are shown as text
    page, _ = HTMLExporter(template_name="classic").from_notebook_node(notebook)
    assert [each for each in dangers(page) if "alert" in each or "attacker" in each] == []
    assert len([each for each in dangers(page) if each == "script"]) == len([each for each in dangers(_empty_page()) if each == "script"])


def _empty_page() -> str:
    return HTMLExporter(template_name="classic").from_notebook_node(nbformat.v4.new_notebook())[0]


def test_nothing_was_changed(attacked: Course) -> None:
    assert snapshot(attacked) == attacked.before
    assert not list(Path("/tmp").glob("unpickled")) and not list(Path("/tmp").glob("evil"))


def test_nothing_is_left_behind(attacked: Course) -> None:
    assert attacked.leftovers() == []


def test_the_reason_is_given(attacked: Course) -> None:
    notes = {name: " ".join(result(attacked, f"h_{name}")["notes"]) for name in BY_DAY}
    assert "used more memory than a submission may" in notes["takes_all_memory"]
    assert "used more memory than a submission may" in notes["hides_memory"]
    assert "wrote more to the disk than a submission may" in notes["hides_files"]
    assert "started more processes than a submission may" in notes["crowds"]
    assert "wrote more to the disk than a submission may" in notes["fills_the_disk"]
    assert "showed more than 2,000,000 bytes" in notes["prints_for_ever"]


def test_outputs_that_are_kept_have_a_limit(attacked: Course) -> None:
    notebook = attacked.root / "results" / LESSON / "h_shows_much_in_many_cells" / f"{NOTEBOOK}.ipynb"
    assert notebook.stat().st_size < 1.2 * limits()["notebook_output"]
    assert "outputs of cell" in " ".join(result(attacked, "h_shows_much_in_many_cells")["notes"])


@pytest.mark.nightly
def test_notebook_of_200_megabytes(tmp_path: Path) -> None:
    course = Course(tmp_path / "course")
    course.release()
    output = [{"output_type": "stream", "name": "stdout", "text": "x" * 200_000_000}]
    course.submit("large", RIGHT, lambda notebook: notebook.cells[1].__setitem__("outputs", output), answering())
    grade(course, LESSON)
    assert scores(course, "large") == FULL
