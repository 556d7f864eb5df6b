"""A submission that replaces the grader's socket, or its folder, and lets the judging process end: it harms its own score at most."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from course.sandbox.box import best_mode
from tests.grading.nbgrader_course import LESSON, Course, answering, ending, starting

from ..batches.test_command import grade, result, scores
from ..students import FULL, MEAN, RIGHT, TOOL

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(best_mode() != "namespace", reason="no user namespaces on this machine, until 2027-05-24"),
]

# The kernel goes on with the socket under another name. The value of the last exercise ends the process that judges, so another one starts.
MOVED = """
import os, pathlib
socket = pathlib.Path(os.environ["COURSE_GRADER_SOCKET"])
grader = socket.parent
"""
ASIDE = "socket.rename(grader / 's'); os.environ['COURSE_GRADER_SOCKET'] = str(grader / 's')\n"
FOLDER_ASIDE = "grader.rename(grader.parent / 'g'); os.environ['COURSE_GRADER_SOCKET'] = str(grader.parent / 'g' / 'socket')\n"
RAISES = answering(ex1=TOOL, ex2=MEAN, ex3="late = [['unhashable']]")
PLACES = {
    "a_folder": ASIDE + "socket.mkdir(); (socket / 'full').write_text('x')",
    "a_file": ASIDE + "socket.write_text('x')",
    "a_fifo": ASIDE + "os.mkfifo(socket)",
    "a_link": ASIDE + "socket.symlink_to('/etc/passwd')",
    "a_linked_folder": FOLDER_ASIDE + "grader.symlink_to('{course}')",
    "no_folder": FOLDER_ASIDE,
}
BY_DAY = ("a_folder", "a_linked_folder")
NAMES = [pytest.param(name, marks=() if name in BY_DAY else pytest.mark.nightly) for name in PLACES]


@pytest.fixture(scope="module")
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    course = Course(tmp_path_factory.mktemp("socket") / "course")
    course.release()
    (course.root / "socket").write_text("a file of the machine")
    chosen = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    for name in chosen & PLACES.keys():
        course.submit(name, RAISES, starting(MOVED + PLACES[name].replace("{course}", str(course.root))))
    course.submit("removes", RIGHT, starting(MOVED + "import shutil; shutil.rmtree(grader)"))
    course.submit("honest", RIGHT, ending("1"))
    grade(course, LESSON, "--jobs", "2", "--no-gradebook")
    yield course


@pytest.mark.parametrize("name", NAMES)
def test_another_judge_starts_whatever_lies_there(attacked: Course, name: str) -> None:
    assert scores(attacked, name) == FULL | {"m98_1_ex3": 0.0}
    assert result(attacked, name)["status"] == "graded"
    assert (attacked.root / "socket").read_text() == "a file of the machine"


def test_who_removes_the_socket_hands_in_nothing_and_reads_why(attacked: Course) -> None:
    found = result(attacked, "removes")
    assert scores(attacked, "removes") == dict.fromkeys(FULL, 0.0)
    assert "The check cell" in found["exercises"]["m98_1_ex1"]["report"]["problem"]


def test_the_others_are_graded(attacked: Course) -> None:
    assert scores(attacked, "honest") == FULL
    assert attacked.leftovers() == []
