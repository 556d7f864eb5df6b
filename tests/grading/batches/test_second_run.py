"""A submission whose own local AWS does not answer the grader runs once more, alone: the second time it is its own fault.

The hidden check of these courses does what the object of the submission says: it kills the local AWS or stops its process, or it raises
the error of a request that AWS did not answer.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from course.grading.submission.blame import MACHINE, WAITS
from tests.grading.nbgrader_course import Course, answering
from tests.leaked_processes import processes, wait_for

from .test_command import COMMAND, grade

pytestmark = pytest.mark.timeout(900)

LESSON, NOTEBOOK, EXERCISE = "m97_cloud", "m97_1_cloud", "m97_1_ex1"
HIDDEN = """# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
import json
import os
import signal
import tempfile
import time
from pathlib import Path

import psutil
from botocore.exceptions import ReadTimeoutError

from course.grading import Answer, Report

from .m97_1 import ex1

RUNS = Path(__file__).parents[2] / "runs"
BOXED = "course.localaws.server.boxed"
SIGNALS = {"dies": signal.SIGKILL, "stops": signal.SIGSTOP}


def local_aws(endpoint: str) -> int:
    # The local AWS runs in a process namespace that a process below the grader's made.
    found = {path: json.loads(path.read_text()) for path in Path(tempfile.gettempdir()).glob("sub-*/aws/instance.json")}
    [grader] = {int(path.parts[-3].split("-")[1]) for path, each in found.items() if each["endpoint"] == endpoint}
    made = {namespace(each.pid) for each in psutil.Process(grader).children(recursive=True)} - {namespace(os.getpid())}
    every = psutil.process_iter(["cmdline"])
    there = [each for each in every if BOXED in (each.info["cmdline"] or ()) and namespace(each.pid) in made]
    return min(there, key=psutil.Process.create_time).pid  # the others are its helpers


def namespace(pid: int) -> str:
    return os.readlink(f"/proc/{pid}/ns/pid")


@ex1.graded
def graded(answer: Answer, report: Report) -> None:
    word = answer.client("s3").get_object(Bucket=answer.value("bucket"), Key=answer.value("key"))["Body"].read().decode()
    with RUNS.open("a") as file:
        print(word, file=file)
    run = RUNS.read_text().split().count(word)
    if word == "hangs" and run == 2:
        time.sleep(100)
    if word in SIGNALS:
        os.kill(local_aws(answer.client("s3").meta.endpoint_url), SIGNALS[word])
        answer.client("s3").get_object(Bucket=answer.value("bucket"), Key=answer.value("key"))
    if {when}:
        raise ReadTimeoutError(endpoint_url="http://127.0.0.1:1")
    report.part("stored", True, "The object is empty.")
    report.part("greets", word in ("hello", "once"), "No greeting.")
"""
FROM_ANSWER = 'word in ("silent", "hangs") or (word == "once" and run == 1)'


def stores(word: str):
    return answering(ex1=f'bucket, key = aws.bucket, "greeting"\ns3.put_object(Bucket=bucket, Key=key, Body=b"{word}")\n')


def course_of(folder: Path, when: str, **students: str) -> Course:
    course = Course(folder / "course", LESSON, NOTEBOOK)
    course.release()
    (course.root / "graders" / LESSON / "m97_1_hidden.py").write_text(HIDDEN.replace("{when}", when))
    for student, word in students.items():
        course.submit(student, stores(word))
    return course


def result(course: Course, student: str) -> dict:
    return json.loads((course.root / "results" / LESSON / student / f"{NOTEBOOK}.json").read_text())


def found(course: Course, student: str) -> dict:
    return result(course, student)["exercises"][EXERCISE]


def runs(course: Course) -> list[str]:
    return (course.root / "runs").read_text().split()


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Course:
    words = {"a_silent": "silent", "honest": "hello", "once": "once", "wrong": "farewell"}
    course = course_of(tmp_path_factory.mktemp("second-run"), FROM_ANSWER, **words)
    course.log = grade(course, LESSON, "--jobs", "2")
    return course


def test_who_silences_the_local_aws_again_gets_0_points_and_reads_why(batch: Course) -> None:
    assert found(batch, "a_silent")["score"] == 0.0
    assert "did not answer the grader" in batch.shown("a_silent", EXERCISE) and "a second time, alone" in batch.shown("a_silent", EXERCISE)
    assert batch.scores("a_silent") == {EXERCISE: 0.0} and batch.needs_human("a_silent") == set()


def test_a_silence_that_passes_costs_nothing(batch: Course) -> None:
    assert found(batch, "once")["score"] == 2.0 and result(batch, "once")["again"] == {}


def test_the_others_run_once(batch: Course) -> None:
    assert [found(batch, student)["score"] for student in ("honest", "wrong")] == [2.0, 1.0]
    assert runs(batch).count("farewell") == 1
    assert runs(batch).count("silent") == runs(batch).count("once") == 2
    assert runs(batch).count("hello") == 2  # the honest one, and the reference of the silent one


def test_it_runs_alone_after_all_others(batch: Course) -> None:
    lines = [line for line in batch.log.splitlines() if line.startswith(("graded ", "a_silent", "once"))]
    assert [line.split(",")[0] for line in lines[-2:]] == ["graded a_silent", "graded once"]


def test_terminal_and_page_say_what_ran_again_and_why(batch: Course) -> None:
    assert batch.log.count(WAITS) == 2
    page = (batch.root / "results" / "night.html").read_text()
    assert page.count("run again, alone: in the first run the check of m97_1_ex1 raised ReadTimeoutError") == 2
    assert "the submission&#x27;s fault" in page or "the submission's fault" in page


@pytest.mark.nightly  # grades the class once more
def test_nbgrader_gives_equal_scores(batch: Course, tmp_path: Path) -> None:
    other = course_of(tmp_path, FROM_ANSWER, a_silent="silent", once="once")
    other.nbgrader("autograde", LESSON)
    for student in ("a_silent", "once"):
        assert other.scores(student) == batch.scores(student)
        assert other.shown(student, EXERCISE) == batch.shown(student, EXERCISE)


@pytest.mark.parametrize("word", ["dies", pytest.param("stops", marks=pytest.mark.nightly)])  # boto3 waits for a stopped one for minutes
def test_a_local_aws_that_is_dead_or_stopped(tmp_path: Path, word: str) -> None:
    course = course_of(tmp_path, "False", honest="hello", silent=word)
    grade(course, LESSON)
    assert (found(course, "honest")["score"], found(course, "silent")["score"]) == (2.0, 0.0)
    assert runs(course).count(word) == 2 and "a second time, alone" in course.shown("silent", EXERCISE)
    assert course.leftovers() == []


@pytest.mark.nightly  # grades a class of its own
def test_a_killed_batch_makes_the_second_run_after_resume(tmp_path: Path) -> None:
    course = course_of(tmp_path, FROM_ANSWER, hangs="hangs", honest="hello")
    batch = subprocess.Popen([*COMMAND, LESSON], cwd=course.root, env=course.environment(), start_new_session=True)
    wait_for(lambda: (course.root / "runs").exists() and runs(course).count("hangs") == 2, "the second run")
    os.kill(batch.pid, signal.SIGKILL)
    batch.wait()
    assert found(course, "hangs")["score"] is None and WAITS in found(course, "hangs")["fault"]
    wait_for(lambda: not processes(course.root), "its processes have ended")
    log = grade(course, LESSON, "--resume")
    assert "(1 already graded)" in log
    assert runs(course).count("hangs") == 3
    assert found(course, "hangs")["score"] == 0.0


def test_it_stays_ungraded_when_the_machine_is_at_fault(tmp_path: Path) -> None:
    course = course_of(tmp_path, "True", honest="hello")
    log = grade(course, LESSON, expect=1)
    assert found(course, "honest")["score"] is None
    fault = found(course, "honest")["fault"]
    assert fault.startswith(MACHINE) and fault.endswith("the reference answer had the same trouble")
    assert f"`course grade {LESSON} --students honest`" in log
