"""Whoever takes over the local AWS of a submission reads, opens and signals nothing that is not that local AWS's own.

`planted_aws` plants the function that tries; here is the list of what it may find.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from course.grading.submission.run import Submission
from course.sandbox import forkserver, machine
from course.sandbox.box import base_environment, best_mode
from tests.grading.nbgrader_course import Course
from tests.grading.sandbox import planted_aws
from tests.grading.seeded_runs import run

pytestmark = pytest.mark.skipif(best_mode() != "namespace", reason="no user namespaces on this machine, until 2027-05-24")

LESSON, NOTEBOOK = "m97_cloud", "m97_1_cloud"
ROOT = Path(__file__).parents[3]
SECRET = planted_aws.secret()
ABSTRACT = f"planted-{os.getpid()}"
# What a box makes for itself, besides what it sees of the machine.
OWN = ("/opt/ml", "/tmp", "/var/tmp", "/run")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict]:
    """What the planted function found, with the scores of the submission whose local AWS it was."""
    course = Course(tmp_path_factory.mktemp("planted") / "course", LESSON, NOTEBOOK)
    other = course.root / "submitted" / "other" / LESSON
    other.mkdir(parents=True)
    (other / "essay.txt").write_text(SECRET)
    (course.root / "gradebook.db").write_text(SECRET)
    hidden = course.root / "graders" / LESSON / "m97_1_hidden.py"
    hidden.write_text(f"{hidden.read_text()}\nSECRET = {SECRET!r}\n")
    with socket.create_server(("127.0.0.1", 0)) as outside, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind("\0" + ABSTRACT)
        abstract.listen()

        def environment(folder: Path) -> dict[str, str]:
            for name in ("home", "tmp"):
                (folder / name).mkdir()
            given = {planted_aws.HOST_PORT: str(outside.getsockname()[1]), planted_aws.ABSTRACT: ABSTRACT, "PYTHONPATH": str(ROOT)}
            return base_environment(folder / "ml") | given

        with pytest.MonkeyPatch.context() as patch, forkserver.start("tests.grading.sandbox.planted_aws", environment) as address:
            patch.setenv("GRADING_SEED", SECRET)
            yield _graded(course, address)


def _graded(course: Course, address: str) -> dict:
    notebook = nbformat.read(course.root / "solutions" / LESSON / f"{NOTEBOOK}.ipynb", as_version=4)
    nothing = course.root / "submitted" / "alice"
    nothing.mkdir(parents=True)
    submission = Submission(course.root / "solutions" / LESSON, nothing, course.root / "graders", None, aws=address)
    found = []

    def look(outcome: object) -> None:
        [seen] = Path(tempfile.gettempdir()).glob(f"sub-{os.getpid()}-*/aws/{planted_aws.SEEN}")
        found.append({"state": str(seen.parent)} | json.loads(seen.read_text()))

    done = run(notebook, submission, seed=SECRET, on_outcome=look)
    return found[0] | {"scores": [(outcome.score, outcome.report.exercise.points) for outcome in done.outcomes.values()]}


def test_the_answer_earns_what_it_earns_elsewhere(seen: dict) -> None:
    assert all(score == points > 0 for score, points in seen["scores"])


def test_it_reads_what_every_box_sees_and_its_own_folder(seen: dict) -> None:
    shown = [bind.target or bind.source for bind in machine.binds() if not bind.hidden]
    allowed = tuple({str(path) for path in shown} | {str(path.resolve()) for path in shown} | {*OWN, str(Path(seen["state"]).parent)})
    assert [path for path in seen["files"] if not path.startswith(allowed)] == []
    assert len(seen["files"]) > 1000  # it has really looked


def test_it_finds_no_answer_and_no_other_submission(seen: dict) -> None:
    names = ("_hidden.py", "gradebook.db", "essay.txt", "/solutions/", "/graders/", "/submitted/", "/reference/")
    course = [path for path in seen["files"] if path.startswith((str(ROOT), "/tmp", "/var/tmp")) and "/site-packages/" not in path]
    assert [path for path in course if any(name in path for name in names)] == []


def test_it_writes_to_nothing_outside_its_own_folder(seen: dict) -> None:
    own = (*OWN, str(Path(seen["state"]).parent))
    assert [path for path in seen["writable"] if not path.startswith(own)] == []


def test_no_process_that_it_can_read_knows_the_seed(seen: dict) -> None:
    assert seen["secrets"] == []
    assert "GRADING_SEED" not in seen["environment"] and not any("KEY" in name or "TOKEN" in name for name in seen["environment"])


def test_it_sees_and_signals_its_own_processes_alone(seen: dict) -> None:
    assert set(seen["signals"]) <= set(seen["threads"])
    commands = [" ".join(command) for command in seen["processes"].values()]
    assert commands and not [each for each in commands if "supervisor" not in each and "planted_aws" not in each and "course" in each]
    for name, own in seen["namespaces"].items():
        assert own != str(Path(f"/proc/self/ns/{name}").readlink())


def test_it_reaches_no_server_outside(seen: dict) -> None:
    assert seen["sockets"] == []
    assert [path for path in seen["unix sockets"] if not path.startswith((str(Path(seen["state"]).parent), "/opt/ml"))] == []


def test_the_function_finds_a_secret_that_is_there() -> None:
    """Otherwise an empty list would say nothing."""
    kept = planted_aws.secret()
    found = {data for where, text in planted_aws.memories() if where == f"{os.getpid()} memory" for data in planted_aws.MARK.findall(text)}
    assert kept.removeprefix(planted_aws.BEGIN).encode() in found
