"""Whoever takes over the local AWS of a submission reads, opens and signals nothing that is not that local AWS's own.

`planted_aws` plants the function that tries; here is the list of what it may find.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from course.sandbox import machine
from course.sandbox.box import best_mode
from tests import containers
from tests.grading.sandbox import planted_aws, planted_submission
from tests.grading.sandbox.planted_submission import ROOT

SHUT_IN = pytest.mark.skipif(best_mode() != "namespace", reason="no user namespaces on this machine, until 2027-05-24")
ROOT_ONLY = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="another root is root's to make, until 2027-05-24")
# What a box makes for itself, besides what it sees of the machine.
OWN = ("/opt/ml", "/tmp", "/var/tmp", "/run")
ANSWERS = ("_hidden.py", "gradebook.db", "essay.txt", "/solutions/", "/graders/", "/submitted/", "/reference/")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What the planted function found, with the scores of the submission whose local AWS it was."""
    return planted_submission.found(tmp_path_factory.mktemp("planted") / "course")


def found_there(command: list[str], **environment: str) -> dict:
    """The same by a command that ends with one that runs `planted_submission`."""
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, text=True, capture_output=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@SHUT_IN
def test_the_answer_earns_what_it_earns_elsewhere(seen: dict) -> None:
    assert all(score == points > 0 for score, points in seen["scores"])


@SHUT_IN
def test_it_reads_what_every_box_sees_and_its_own_folder(seen: dict) -> None:
    shown = [bind.target or bind.source for bind in machine.binds() if not bind.hidden]
    allowed = tuple({str(path) for path in shown} | {str(path.resolve()) for path in shown} | {*OWN, str(Path(seen["state"]).parent)})
    assert [path for path in seen["files"] if not path.startswith(allowed)] == []
    assert len(seen["files"]) > 1000  # it has really looked


@SHUT_IN
def test_it_finds_no_answer_and_no_other_submission(seen: dict) -> None:
    assert answers(seen) == []


def answers(seen: dict) -> list[str]:
    """The files of the course that no submission may read."""
    course = [path for path in seen["files"] if path.startswith((str(ROOT), "/tmp", "/var/tmp")) and "/site-packages/" not in path]
    return [path for path in course if any(name in path for name in ANSWERS)]


@SHUT_IN
def test_it_writes_to_nothing_outside_its_own_folder(seen: dict) -> None:
    own = (*OWN, str(Path(seen["state"]).parent))
    assert [path for path in seen["writable"] if not path.startswith(own)] == []


@SHUT_IN
def test_no_process_that_it_can_read_knows_the_seed(seen: dict) -> None:
    assert seen["secrets"] == []
    assert "GRADING_SEED" not in seen["environment"] and not any("KEY" in name or "TOKEN" in name for name in seen["environment"])


@SHUT_IN
def test_it_sees_and_signals_its_own_processes_alone(seen: dict) -> None:
    assert set(seen["signals"]) <= set(seen["threads"])
    commands = [" ".join(command) for command in seen["processes"].values()]
    assert commands and not [each for each in commands if "supervisor" not in each and "planted_aws" not in each and "course" in each]
    for name, own in seen["namespaces"].items():
        assert own != str(Path(f"/proc/self/ns/{name}").readlink())


@SHUT_IN
def test_it_reaches_no_server_outside(seen: dict) -> None:
    assert seen["sockets"] == []
    assert [path for path in seen["unix sockets"] if not path.startswith((str(Path(seen["state"]).parent), "/opt/ml"))] == []


@SHUT_IN
@pytest.mark.nightly  # it looks at all that a box sees, once more
def test_it_finds_no_more_without_nested_namespaces(tmp_path: Path, seen: dict) -> None:
    module = "tests.grading.sandbox.planted_submission"
    there = found_there(containers.without_nesting(sys.executable, "-m", module, str(tmp_path / "course")))
    assert (seen["sandbox"], there["sandbox"]) == ("namespace", "one box")
    assert there["scores"] == seen["scores"]
    assert there["secrets"] == there["sockets"] == answers(there) == []
    assert set(there["signals"]) <= set(there["threads"]) and len(there["files"]) > 1000


@SHUT_IN
@ROOT_ONLY
@pytest.mark.nightly  # it looks at all files of the machine
def test_it_finds_no_secret_as_another_user(tmp_path: Path, seen: dict) -> None:
    """Without namespaces it sees the machine's files, the course's sources in this clone among them, but no file or process of root."""
    command = [sys.executable, "-m", "tests.grading.sandbox.planted_submission", str(tmp_path / "course")]
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        there = found_there(containers.on_overlay_root(Path(place), *command, open_home=True), COURSE_NO_USERNS="1")
    assert there["sandbox"] == "own user" and there["scores"] == seen["scores"]
    assert there["secrets"] == [] and set(there["signals"]) <= set(there["threads"])
    assert [path for path in there["files"] if path.startswith(str(tmp_path))] == []
    assert len(there["files"]) > 1000


def test_the_function_finds_a_secret_that_is_there() -> None:
    """Otherwise an empty list would say nothing."""
    kept = planted_aws.secret()
    found = {data for where, text in planted_aws.memories() if where == f"{os.getpid()} memory" for data in planted_aws.MARK.findall(text)}
    assert kept.removeprefix(planted_aws.BEGIN).encode() in found
