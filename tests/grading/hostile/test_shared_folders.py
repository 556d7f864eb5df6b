"""A submission that looks for a course below the machine's shared folders, such as one cloned to /opt or nbgrader's default exchange."""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from course.sandbox.box import best_mode
from course.sandbox.trees import remove
from tests.grading.nbgrader_course import LESSON, NOTEBOOK, Course, ending, starting

from ..batches.test_command import grade, scores
from ..students import FULL, RIGHT

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(best_mode() != "namespace", reason="no user namespaces on this machine, until 2027-05-24"),
]

# Folder -> where somebody keeps a course in it.
PLACES = {
    "/opt": "{name}/graders/hidden.py",
    "/usr/local/share": "{name}/exchange/course/inbound/another.ipynb",
    "/srv": "{name}/exchange/course/inbound/another.ipynb",
}
SECRET = f"of somebody else {uuid.uuid4().hex}"
LOOKS = """
import glob, json, os, subprocess
found = {"folders": {}, "read": []}
for place in PLACES:
    folder = os.path.dirname(place)
    while folder != "/":
        for root in ("", "/proc/self/root", "/proc/1/root", "/proc/self/cwd/../../../../../../.."):
            try:
                found["folders"][root + folder] = os.listdir(root + folder)
            except OSError as error:
                found["folders"][root + folder] = []
        folder = os.path.dirname(folder)
    for path in (place, "/proc/self/root" + place, "/proc/1/root" + place):
        try:
            found["read"].append(open(path).read())
        except OSError as error:
            pass
    found["read"].append(subprocess.run(["cat", place], capture_output=True, text=True).stdout)
print("FOUND", json.dumps(found))
"""


@pytest.fixture(scope="module")
def places() -> Iterator[list[str]]:
    """Files of somebody else that every user of this machine can read. Each is in a new folder, which is removed afterwards."""
    closed = [folder for folder in PLACES if not os.access(folder, os.W_OK)]
    if closed:
        pytest.skip(f"this user cannot make files in {', '.join(closed)}, until 2027-05-24")
    name = f"course-{uuid.uuid4().hex}"
    files = [Path(folder, inner.format(name=name)) for folder, inner in PLACES.items()]
    try:
        for file in files:
            file.parent.mkdir(parents=True)
            file.write_text(SECRET)
        yield [str(file) for file in files]
    finally:
        for folder in PLACES:
            with contextlib.suppress(FileNotFoundError):
                remove(Path(folder, name))


@pytest.fixture(scope="module")
def attacked(places: list[str], tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = Course(tmp_path_factory.mktemp("shared") / "course")
    course.release()
    course.submit("looks", RIGHT, starting(LOOKS.replace("PLACES", repr(places))))
    course.submit("honest", RIGHT, ending("1"))
    grade(course, LESSON, "--jobs", "2", "--no-gradebook")
    return course


def test_the_files_of_somebody_else_are_not_there(attacked: Course, places: list[str]) -> None:
    notebook = nbformat.read(attacked.root / "results" / LESSON / "looks" / f"{NOTEBOOK}.ipynb", as_version=4)
    said = "".join(output.get("text", "") for each in notebook.cells for output in each.get("outputs", ()))
    [line] = [line for line in said.splitlines() if line.startswith("FOUND ")]
    found = json.loads(line.removeprefix("FOUND "))
    assert set(found["read"]) == {""}
    name = Path(places[0]).relative_to("/opt").parts[0]
    assert [folder for folder, names in found["folders"].items() if name in names] == []


def test_no_result_holds_them(attacked: Course) -> None:
    for path in (attacked.root / "results").rglob("*"):
        assert not path.is_file() or SECRET not in path.read_text(errors="replace"), path


def test_all_get_the_scores_of_their_work(attacked: Course) -> None:
    assert scores(attacked, "looks") == scores(attacked, "honest") == FULL
