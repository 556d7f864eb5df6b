"""Tests `course grade --scheduler` on a Dask cluster on this machine, with one process for the scheduler and one per worker."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from course.sandbox.box import best_mode
from tests.grading.nbgrader_course import LESSON, NOTEBOOK, Course, starting
from tests.leaked_processes import interrupted, processes, wait_for

from ..students import FULL, RIGHT, STUDENTS
from .test_command import COMMAND, grade, result, scores

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(600)]

VARIES = ("graded_at", "seconds")
WAITS = starting("import pathlib, time\npathlib.Path('marker').touch()\ntime.sleep(8)")
CLASS = ("right", "wrong", "partial", "copies_cells", "kills_kernel")


class Cluster:
    """A scheduler on the loopback, and workers with one thread each. The course's scratch folder identifies their processes."""

    def __init__(self, course: Course) -> None:
        self.course, self.workers = course, []
        self._stack = contextlib.ExitStack()
        scheduler = self._begin("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.address = self._said(scheduler, r"Scheduler at:\s+(tcp://\S+)")

    def worker(self, *arguments: str) -> subprocess.Popen:
        options = ("--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard", "--no-nanny", "--local-directory", str(self.course.scratch))
        process = self._begin("worker", self.address, *options, *arguments)
        self._said(process, r"Registered to:\s+(tcp://\S+)")
        self.workers.append(process)
        return process

    def _begin(self, *arguments: str) -> subprocess.Popen:
        log = self.course.root / f"dask-{arguments[0]}-{len(self.workers)}.log"
        with log.open("wb") as file:
            command = [sys.executable, "-m", "dask", *arguments]
            process = subprocess.Popen(command, env=self.course.environment(), cwd="/", stdout=file, stderr=file)
        process.log = log
        self._stack.callback(process.wait)
        self._stack.callback(process.terminate)
        return process

    def _said(self, process: subprocess.Popen, pattern: str) -> str:
        wait_for(lambda: re.search(pattern, process.log.read_text()) or process.poll() is not None, pattern)
        return re.search(pattern, process.log.read_text())[1]

    def close(self) -> None:
        self._stack.close()


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = Course(tmp_path_factory.mktemp("cluster") / "course")
    course.release()
    for student in CLASS:
        course.submit(student, *STUDENTS[student][0])
    course.submit("m_broken_json").write_text('{"cells": [')
    course.submit("waits", RIGHT, WAITS)
    course.submit("waits_too", RIGHT, WAITS)
    return course


@pytest.fixture(scope="module")
def cluster(course: Course) -> Iterator[Cluster]:
    cluster = Cluster(course)
    cluster.worker(), cluster.worker()
    yield cluster
    cluster.close()
    wait_for(lambda: not processes(course.root), "nothing runs")


def begins(course: Course, times: int = 1) -> Callable[[], bool]:
    """Whether that many submissions have written a marker into their folders."""
    return lambda: len(list(course.scratch.glob("sub-*/work/*/marker"))) >= times


def test_two_workers_find_what_one_process_finds(course: Course, cluster: Cluster) -> None:
    whom = ("--students", *CLASS, "m_broken_json")
    grade(course, LESSON, *whom, "--jobs", "1", expect=1)
    serial = {student: result(course, student) for student in whom[1:]}
    said = grade(course, LESSON, *whom, "--scheduler", cluster.address, expect=1)
    assert f"{len(serial)} notebooks: {len(CLASS)} graded" in said
    for student, before in serial.items():
        now = result(course, student)
        assert now["graded_at"] >= before["graded_at"]
        assert {name: now[name] for name in now if name not in VARIES} == {name: before[name] for name in before if name not in VARIES}
    assert course.scores("partial") == STUDENTS["partial"][1]
    assert not list(course.root.glob(".course*"))


def test_unfinished_work_of_a_lost_worker_is_graded_by_another(course: Course, cluster: Cluster) -> None:
    command = [*COMMAND, LESSON, "--students", "waits", "waits_too", "--scheduler", cluster.address]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, env=course.environment(), cwd=course.root, **options) as batch:
        wait_for(lambda: begins(course, 2)() or batch.poll() is not None, "both workers grade")
        cluster.workers[0].kill()
        output, _ = batch.communicate(timeout=300)
    assert batch.returncode == 0, output
    assert [scores(course, student) for student in ("waits", "waits_too")] == [FULL, FULL]


@pytest.mark.nightly
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_abandoned_gradings_end_on_the_workers_too(course: Course, cluster: Cluster, number: signal.Signals) -> None:
    shutil.rmtree(course.root / "results", ignore_errors=True)
    command = [*COMMAND, LESSON, "--students", "right", "waits", "--jobs", "1", "--scheduler", cluster.address]
    code, output = interrupted(command, number, begins(course), course.environment(), course.root)
    assert code != 0, output
    wait_for(lambda: not list(course.scratch.glob("sub-*")) and not list(course.scratch.glob("kernels-*")), "the worker has ended it")
    first = result(course, "right")
    assert not (course.root / "results" / LESSON / "waits" / f"{NOTEBOOK}.json").exists()
    assert "(1 already graded)" in grade(course, *command[len(COMMAND) :], "--resume")
    assert result(course, "right") == first and scores(course, "waits") == FULL


@pytest.mark.skipif(best_mode() != "namespace", reason="no user namespaces on this machine, until 2027-05-24")
def test_a_worker_that_sees_another_folder_is_named(course: Course, cluster: Cluster) -> None:
    # The command runs in its own mount namespace and sees a copy of the folder at the same path.
    copied = course.root.with_name("copied")
    shutil.copytree(course.root, copied)
    command = f"{sys.executable} -m course.cli grade {LESSON} --students right --scheduler {cluster.address}"
    shell = ["sh", "-c", f"mount --bind {copied} {course.root} && cd {course.root} && {command}"]
    unshare = ["unshare", "--user", "--map-root-user", "--mount"]
    done = subprocess.run([*unshare, *shell], env=course.environment(), text=True, capture_output=True, timeout=300)
    assert done.returncode == 2
    assert re.search(rf"worker tcp://127\.0\.0\.1:\d+ does not have the folder {course.root} of this machine", done.stderr), done.stderr


@pytest.mark.parametrize(("address", "says"), [("tcp://127.0.0.1:9", "no Dask scheduler answers at"), ("nowhere", "missing port number")])
def test_a_scheduler_that_does_not_answer_is_reported(course: Course, address: str, says: str) -> None:
    assert says in grade(course, LESSON, "--scheduler", address, expect=2)


def test_without_dask_the_command_that_installs_it_is_named(course: Course, tmp_path: Path) -> None:
    without = tmp_path / "without"
    without.mkdir()
    (without / "distributed.py").write_text("raise ModuleNotFoundError(\"No module named 'distributed'\", name='distributed')\n")
    environment = course.environment() | {"PYTHONPATH": str(without)}
    command = [*COMMAND, LESSON, "--scheduler", "tcp://127.0.0.1:9"]
    done = subprocess.run(command, cwd=course.root, env=environment, text=True, capture_output=True, timeout=120)
    assert done.returncode == 2
    assert "there is no module 'distributed'; `uv sync --inexact --extra cluster`" in done.stderr
