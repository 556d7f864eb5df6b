"""Tests a gradebook in PostgreSQL, on a server that the test starts and that listens only on a Unix socket."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.grading.nbgrader_course import LESSON, Course

from ..students import FULL, NOTHING, RIGHT
from .test_appeals import course_command
from .test_command import COMMAND, grade

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(900)]


def program(name: str) -> str:
    """The path of a program of the server, which Debian keeps off PATH."""
    found = shutil.which(name) or next((str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), "")
    if not found:
        pytest.skip(f"no {name} of PostgreSQL on this machine, until 2027-05-24")
    return found


@pytest.fixture
def server() -> Iterator[str]:
    """The URL of an empty database; the server and its folder are removed afterwards."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    options: dict = {"check": True, "stdout": subprocess.DEVNULL, "cwd": "/"}
    user = pwd.getpwuid(os.geteuid())
    if user.pw_uid == 0:  # PostgreSQL refuses to run as root
        user = pwd.getpwnam("nobody")
        options |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        os.chown(folder, user.pw_uid, user.pw_gid)
        data = f"{folder}/data"
        subprocess.run([initdb, "-D", data, "-U", "grader", "--auth=trust", "--no-sync"], **options)
        subprocess.run([pg_ctl, "-D", data, "-l", f"{folder}/log", "-o", f"-c listen_addresses='' -k {folder}", "-w", "start"], **options)
        try:
            yield f"postgresql+psycopg2://grader@/postgres?host={folder}"
        finally:
            subprocess.run([pg_ctl, "-D", data, "-m", "immediate", "-w", "stop"], **options)


@pytest.mark.nightly
def test_grades_go_to_postgresql(tmp_path: Path, server: str) -> None:
    course = Course(tmp_path / "course")
    course.nbgrader("generate_assignment", LESSON, "--db", server)
    course.nbgrader("db", "assignment", "add", LESSON, "--duedate", "2026-03-01 12:00:00 UTC", "--db", server)
    course.submit("right", RIGHT)
    course.submit("untouched").with_name("timestamp.txt").write_text("2026-03-01 13:00:00 UTC")
    grade(course, LESSON, "--db", server.replace("+psycopg2", ""))
    course_command(course, "override", "untouched", "m98_1_ex2", "--points", "1", "--reason", "an oral exam", "--db", server)
    with Gradebook(server) as book:
        found = {each.student.id: each for each in book.assignment_submissions(LESSON)}
        assert {who: each.score for who, each in found.items()} == {"right": sum(FULL.values()), "untouched": sum(NOTHING.values()) + 1}
        assert found["untouched"].total_seconds_late == 3600
    course.nbgrader("export", "--to", str(course.root / "grades.csv"), "--db", server)
    assert ",right," in (course.root / "grades.csv").read_text()
    assert "(2 already graded)" in grade(course, LESSON, "--db", server, "--resume")
    assert not list(course.root.glob("results/**/*.new"))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://grader:secret@127.0.0.1:9/course", "grader:***@127.0.0.1:9/course cannot be opened"),
        ("gradebook.db", "--db takes a URL such as postgresql://USER@HOST/DATABASE, not 'gradebook.db'"),
        ("sqlite:///empty.db", f"{LESSON} is not in the gradebook; run `nbgrader generate_assignment {LESSON}`"),
    ],
)
def test_a_file_that_is_not_a_gradebook_is_reported_before_grading(tmp_path: Path, url: str, says: str) -> None:
    course = Course(tmp_path / "course")
    shutil.copytree(course.root / "solutions" / LESSON, course.root / "notebooks" / LESSON)
    course.submit("right", RIGHT)
    assert says in grade(course, LESSON, "--db", url, expect=2)
    assert not (course.root / "results").exists()


def test_without_the_driver_the_command_that_installs_it_is_named(tmp_path: Path) -> None:
    course = Course(tmp_path / "course")
    shutil.copytree(course.root / "solutions" / LESSON, course.root / "notebooks" / LESSON)
    course.submit("right", RIGHT)
    without = tmp_path / "without"
    without.mkdir()
    (without / "psycopg2.py").write_text("raise ModuleNotFoundError(\"No module named 'psycopg2'\", name='psycopg2')\n")
    command = [*COMMAND, LESSON, "--db", "postgresql://127.0.0.1/course"]
    environment = course.environment() | {"PYTHONPATH": str(without)}
    done = subprocess.run(command, cwd=course.root, env=environment, text=True, capture_output=True, timeout=120)
    assert done.returncode == 2 and "`uv sync --inexact --extra postgres`" in done.stderr, done.stderr
