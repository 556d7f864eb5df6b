"""Tests that the gate and nbgrader's autograding, when interrupted or killed, leave no local AWS, no kernel and no temporary folder."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from course.grading.sandbox.directory import prepare_directory
from tests.grading.nbgrader_course import Course, starting
from tests.leaked_processes import interrupted, processes, wait_for

FIXTURE = Path(__file__).parent / "fixture"
LESSON, NOTEBOOK = "m97_cloud", "m97_1_cloud"
SIGNALS = [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.nightly)]

pytestmark = pytest.mark.timeout(600)  # starts several local AWS


def waiting(marker: Path) -> str:
    return f"import signal\nopen({str(marker)!r}, 'w')\nsignal.pause()\n"


@pytest.mark.nightly  # by day grading is interrupted in the same way
@pytest.mark.parametrize("number", SIGNALS)
def test_the_gate_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    root, scratch, marker = tmp_path / "course", tmp_path / "tmp", tmp_path / "marker"
    shutil.copytree(FIXTURE, root, ignore=shutil.ignore_patterns("__pycache__"))
    scratch.mkdir()
    with (root / "solutions" / LESSON / f"{NOTEBOOK}.py").open("a") as source:  # both of its local AWS run by then
        source.write(f"\n# %%\n{waiting(marker)}")
    command = [sys.executable, "-m", "course.grading.gate", "m97_1", "--root", str(root)]
    code, output = interrupted(command, number, marker.exists, os.environ | {"TMPDIR": str(scratch)}, tmp_path)
    assert marker.exists(), output
    assert code == 128 + number, output
    assert processes(tmp_path) == []
    assert list(scratch.iterdir()) == []


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class of one student, whose submission never ends."""
    course = Course(tmp_path_factory.mktemp("interrupted") / "course", LESSON, NOTEBOOK)
    course.release()
    course.submit("alice", starting("import course.session\ncourse.session.connect().bucket\n" + waiting(Path("marker"))))
    return course


@pytest.mark.parametrize("number", [*SIGNALS, pytest.param(signal.SIGKILL, marks=pytest.mark.nightly)])
def test_autograding_leaves_nothing(course: Course, number: signal.Signals) -> None:
    begun = False

    def has_begun() -> bool:
        nonlocal begun
        begun = begun or any(course.scratch.glob("sub-*/work/*/marker"))
        return begun

    command = [sys.executable, "-m", "nbgrader", "autograde", LESSON, "--create", "--force"]
    code, output = interrupted(command, number, has_begun, course.environment(), course.root)
    assert begun and code != 0, output
    if number == signal.SIGKILL:  # its child processes notice soon; the next grading of a submission removes its folder
        wait_for(lambda: processes(course.root) == [], "kernel and local AWS have ended")
        assert list(course.scratch.glob("local-aws-*")) == []
        with prepare_directory(FIXTURE / "solutions" / LESSON, FIXTURE / "graders", FIXTURE, course.scratch):
            assert len(list(course.scratch.glob("sub-*"))) == 1
    else:
        assert course.leftovers() == []
        assert not (course.root / "autograded" / "alice" / LESSON).exists()
