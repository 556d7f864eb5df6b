"""Tests that whatever a check does to its process, the run goes on, and the next exercise is judged."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from course.grading import DefinitionError, Exercise, catalogue
from course.grading.exercise.seeds import Draw
from course.grading.sandbox import limits
from course.grading.submission import client, evidence
from course.grading.submission.judge_process import JudgeProcess
from course.grading.submission.seed_holder import held
from course.grading.submission.server import FAULT, listening

from .test_server import FIXTURE, right

MEMORY = 1_500_000_000


@pytest.fixture
def graders(tmp_path: Path) -> Path:
    folder = tmp_path / "graders"  # its own copy, since a test may change the checks
    shutil.copytree(FIXTURE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def judge(graders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeProcess]:
    monkeypatch.setitem(limits.limits(), "judge", {"memory": MEMORY, "seconds": 1})
    with (
        held(Draw(student="alice", seed="secret")) as holder,
        listening(tmp_path) as place,
        JudgeProcess(holder, place, graders) as running,
    ):
        yield running


@pytest.fixture
def mean(graders: Path) -> Exercise:
    return catalogue.find("m98_1_ex2", graders)


def becomes(graders: Path, body: str) -> None:
    """Replace the hidden check of the second exercise. The judge's process has not loaded it yet."""
    path = graders / "m98_traps" / "m98_1_hidden.py"
    path.write_text(
        f"from course.grading import Answer, Report\nfrom .m98_1 import ex2\n\n@ex2.graded\ndef graded(answer, report):\n    {body}\n"
    )


def test_an_answer_is_judged_with_its_evidence(judge: JudgeProcess, mean: Exercise, tmp_path: Path) -> None:
    judge.expect(mean)
    assert client.offer(judge.address, mean, {"mean": right}).passed
    outcome = judge.settle(mean, "")
    assert (outcome.score, outcome.fault, outcome.raised) == (2.0, "", "")
    evidence.write({"a": outcome.evidence, "b": outcome.evidence}, tmp_path / "evidence.json.gz")
    recorded = evidence.read(tmp_path / "evidence.json.gz")
    assert list(recorded) == ["a", "b"] and recorded["a"].calls[0]["name"] == "mean"
    evidence.write({}, tmp_path / "none.json.gz")
    assert evidence.read(tmp_path / "none.json.gz") == {}


def test_without_an_offer_the_reason_counts(judge: JudgeProcess, mean: Exercise) -> None:
    judge.expect(mean)
    outcome = judge.settle(mean, "The kernel died.")
    assert (outcome.score, outcome.report.problem, outcome.evidence) == (0.0, "The kernel died.", b"")


DEADLY = {
    "too_much_memory": (f"bytearray({2 * MEMORY})", "raised MemoryError"),
    "aborted": ("import os; os.abort()", "ended its process (134)"),
    "exited": ("import os; os._exit(3)", "ended its process (3)"),
    "endless": ("import time; time.sleep(600)", "did not end in 1 s"),
}


@pytest.mark.parametrize("name", DEADLY)
def test_a_check_that_ends_its_process_raised(judge: JudgeProcess, mean: Exercise, graders: Path, name: str) -> None:
    body, said = DEADLY[name]
    becomes(graders, body)
    judge.expect(mean)
    offering = threading.Thread(target=client.offer, args=(judge.address, mean, {"mean": right}), daemon=True)
    offering.start()
    offering.join(2)  # the check that does not end
    outcome = judge.settle(mean, "")
    assert said in outcome.raised and outcome.fault == ""
    assert outcome.report.problem.startswith("The check could not go on with your answer")
    tool = catalogue.find("m98_1_ex3", graders)
    becomes(graders, "pass")
    judge.expect(tool)
    assert judge.settle(tool, "nothing came").report.problem == "nothing came"


def test_a_process_that_the_system_ends_needs_a_human(judge: JudgeProcess, mean: Exercise, graders: Path) -> None:
    becomes(graders, "import os; os.kill(os.getpid(), 9)")
    judge.expect(mean)
    client.offer(judge.address, mean, {"mean": right})
    outcome = judge.settle(mean, "")
    assert (outcome.score, outcome.report.problem) == (None, FAULT)
    assert outcome.fault == "the check of m98_1_ex2 ended its process (137)"


def test_a_check_that_cannot_be_loaded_is_the_authors_error(judge: JudgeProcess, mean: Exercise, graders: Path) -> None:
    becomes(graders, "!")
    with pytest.raises(DefinitionError, match="m98_1_hidden.py"):
        judge.expect(mean)


def test_it_ends_with_its_parent(graders: Path, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    parent = os.fork()
    if parent == 0:
        try:
            with held(Draw()) as holder, listening(tmp_path) as place, JudgeProcess(holder, place, graders):
                os.write(writer, b"started")
                time.sleep(600)
        finally:
            os._exit(1)
    os.close(writer)
    os.read(reader, 100)
    below = psutil.Process(parent).children(recursive=True)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    assert len(below) == 3 and not psutil.wait_procs(below, 30)[1]  # the holder of the seed, the judge and its keeper
