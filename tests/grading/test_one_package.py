"""Tests that grading with two copies of the course's package is refused at the start, with both folders, and is no zero."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import course
from course.grading.sandbox import one_package
from course.grading.sandbox.one_package import PackagesError, require_one_package
from tests.grading.nbgrader_course import LESSON, Course

from .students import RIGHT

OURS = Path(course.__file__).parent
SCRIPT = str(Path(sys.executable).with_name("course"))
MODULE = (sys.executable, "-m", "course.cli")


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class in a copied course's folder, which has a package of its own."""
    made = Course(tmp_path_factory.mktemp("copied") / "course")
    made.release()
    made.submit("ada", RIGHT)
    shutil.copytree(OURS, made.root / "course", ignore=shutil.ignore_patterns("__pycache__"))
    return made


def said(copied: Course, *command: str, cwd: Path | None = None, expect: int = 2) -> str:
    done = subprocess.run(command, cwd=cwd or copied.root, env=copied.environment(), text=True, capture_output=True, timeout=240)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


# The others ask the same question in the same way.
COMMANDS = [(SCRIPT, "grade"), (*MODULE, "grade")]
COMMANDS += [pytest.param(each, marks=pytest.mark.nightly) for each in [(SCRIPT, "rescore"), (SCRIPT, "explain", "ada", "m98_1_ex1")]]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_copied_folder_is_refused_and_both_are_named(copied: Course, command: tuple[str, ...]) -> None:
    """The script runs our package, ``-m`` the copy's own, with kernels that import ours."""
    log = said(copied, *command)
    assert str(copied.root / "course") in log and str(OURS) in log and "two copies of the course would be mixed" in log
    assert not (copied.root / "results").exists() and copied.scores_are_missing("ada")


def test_the_folder_may_be_named_or_be_where_the_command_runs(copied: Course, tmp_path: Path) -> None:
    """Processes that a command starts import from its working directory."""
    assert str(copied.root / "course") in said(copied, SCRIPT, "grade", "--root", str(copied.root), cwd=tmp_path)
    plain = Course(tmp_path / "plain")
    plain.release()
    plain.submit("ada", RIGHT)
    assert str(copied.root / "course") in said(copied, SCRIPT, "grade", "--root", str(plain.root))


def test_nbgraders_own_command_leaves_it_ungraded(copied: Course) -> None:
    log = copied.nbgrader("autograde", LESSON, expect=1)
    assert str(copied.root / "course") in log and str(OURS) in log
    assert copied.scores_are_missing("ada")


def test_the_course_as_it_is_may_grade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_one_package(OURS.parent)
    monkeypatch.chdir(tmp_path)
    require_one_package(tmp_path)
    (tmp_path / "course").symlink_to(OURS)  # another name of the same folder
    require_one_package(tmp_path)


def test_an_environment_without_the_course_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_package, "FIND", one_package.FIND.replace("'course'", "'course_that_is_not_there'"))
    one_package.package_of_kernels.cache_clear()
    try:
        with pytest.raises(PackagesError, match="no kernel could import it"):
            require_one_package(tmp_path)
    finally:
        one_package.package_of_kernels.cache_clear()
