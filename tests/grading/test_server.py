"""Tests that the grader judges the expected exercise once, with its own checks, and that a misbehaving kernel harms only its own score."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from course.grading import Answer, Exercise, Report, catalogue, render
from course.grading.exercise.seeds import Draw
from course.grading.submission import client, protocol
from course.grading.submission.protocol import FrameChannel
from course.grading.submission.server import GraderServer, no_aws

FIXTURE = Path(__file__).parent / "fixture" / "graders"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GraderServer]:
    graders = tmp_path / "graders"  # its own copy, since a test may change the checks
    shutil.copytree(FIXTURE, graders, ignore=shutil.ignore_patterns("__pycache__"))
    with GraderServer(Draw(student="alice", seed="secret"), no_aws, graders, tmp_path) as running:
        running.graders = graders
        yield running


@pytest.fixture
def mean(server: GraderServer) -> Exercise:
    exercise = catalogue.find("m98_1_ex2", server.graders)
    server.expect(exercise)
    return exercise


def right(numbers: list) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0


OFFER = {"exercise": "m98_1_ex2", "values": {}, "problem": "", "unanswered": False}


def kernel(server: GraderServer, behaviour: Callable[[FrameChannel], None]) -> None:
    """A kernel that does that on its connection and then ends."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(server.address)
        connection.settimeout(20)
        behaviour(FrameChannel(connection))


def test_socket_is_for_its_owner_alone(server: GraderServer) -> None:
    assert stat.S_IMODE(Path(server.address).stat().st_mode) == 0o600


def test_right_answer_earns_all(server: GraderServer, mean: Exercise) -> None:
    report = client.offer(server.address, mean, {"mean": right})
    assert report.passed
    assert server.settle(mean, "").score == 2.0


def test_learners_own_words_reach_the_report(server: GraderServer, mean: Exercise) -> None:
    def loud(numbers: list) -> float:
        print("averaging")
        raise ValueError("cannot average")

    report = client.offer(server.address, mean, {"mean": loud})
    assert "`mean([1, 2, 6])` raised ValueError: cannot average, in line" in report.problem
    assert "averaging" in report.output
    assert server.settle(mean, "").score == 0.0


def test_second_offer_is_refused(server: GraderServer, mean: Exercise) -> None:
    assert not client.offer(server.address, mean, {"mean": lambda numbers: 0.0}).passed
    assert client.offer(server.address, mean, {"mean": right}) is None
    assert server.settle(mean, "").score == 1.0


def test_only_the_expected_exercise_is_judged(server: GraderServer, mean: Exercise) -> None:
    other = catalogue.find("m98_1_ex1", server.graders)
    assert client.offer(server.address, other, {"choose_tool": lambda job: "visual"}) is None
    server.settle(mean, "")
    assert client.offer(server.address, mean, {"mean": right}) is None


def test_a_check_without_evidence_gets_the_reason(server: GraderServer, mean: Exercise) -> None:
    outcome = server.settle(mean, "The kernel died in cell 3, before this check.")
    assert (outcome.score, outcome.report.problem) == (0.0, "The kernel died in cell 3, before this check.")


def test_a_check_inside_a_check_works(server: GraderServer, mean: Exercise) -> None:
    def nested(numbers: list) -> float:
        assert client.offer(server.address, mean, {"mean": right}) is None
        return right(numbers)

    assert client.offer(server.address, mean, {"mean": nested}).passed


def dies(channel: FrameChannel) -> None:
    channel.send("offer", **OFFER)
    channel.receive("call", seconds=5)


def babbles(channel: FrameChannel) -> None:
    channel.connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
    channel.receive("report", seconds=5)


def boasts(channel: FrameChannel) -> None:
    channel.connection.sendall(protocol.HEADER.pack(protocol.MAGIC, 2**32 - 1, 0))
    channel.receive("report", seconds=5)


def lies_about_the_call(channel: FrameChannel) -> None:
    channel.send("offer", **OFFER)
    call = channel.receive("call", seconds=5)
    channel.send("result", id=call["id"] + 1, value=3.0, problem="", unanswered=False, output="")
    channel.receive("report", seconds=5)


def answers_before_it_is_asked(channel: FrameChannel) -> None:
    channel.send("result", id=1, value=3.0, problem="", unanswered=False, output="")
    channel.receive("report", seconds=5)


def sends_its_own_report(channel: FrameChannel) -> None:
    channel.send("offer", **OFFER)
    channel.receive("call", seconds=5)
    channel.send("report", report={"score": 2.0})
    channel.receive("report", seconds=5)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (dies, "The kernel broke off"),
        (babbles, "The kernel sent something that is not a message"),
        (boasts, "The kernel sent a message of more than"),
        (lies_about_the_call, "The kernel answered a call that was not made"),
        (answers_before_it_is_asked, "The kernel sent something else when offer was due"),
        (sends_its_own_report, "The kernel sent something else when result was due"),
    ],
)
def test_a_misbehaving_kernel_earns_nothing_and_gets_the_reason(
    server: GraderServer, mean: Exercise, behaviour: Callable[[FrameChannel], None], reason: str
) -> None:
    kernel(server, behaviour)
    outcome = server.settle(mean, "nothing came")
    assert outcome.score == 0.0
    assert outcome.report.problem.startswith(reason)
    other = catalogue.find("m98_1_ex1", server.graders)  # the grader continues
    server.expect(other)
    assert client.offer(server.address, other, {"choose_tool": lambda job: "AWS Glue"}) is not None


@pytest.mark.parametrize("value", [{"$": "unknown"}, "text", None, [1], float("nan")])
def test_result_of_another_kind_is_the_learners_mistake(server: GraderServer, mean: Exercise, value: Any) -> None:
    def behaviour(channel: FrameChannel) -> None:
        channel.send("offer", **OFFER)
        while (message := channel.receive("call", "report", seconds=5))["type"] == "call":
            channel.send("result", id=message["id"], value=value, problem="", unanswered=False, output="")

    kernel(server, behaviour)
    assert server.settle(mean, "").score == 0.0


def test_missing_value_is_noticed_by_the_grader(server: GraderServer) -> None:
    find_all = catalogue.find("m98_1_ex3", server.graders)
    server.expect(find_all)

    def behaviour(channel: FrameChannel) -> None:
        channel.send("offer", **(OFFER | {"exercise": find_all.id}))
        channel.receive("report", seconds=5)

    kernel(server, behaviour)
    assert server.settle(find_all, "").report.problem == "`late` is missing."


def test_stuck_kernel_is_given_up(server: GraderServer, mean: Exercise, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course.grading.submission.server.GRACE", 0.1)
    mean.seconds = 0.1

    def never_answers(channel: FrameChannel) -> None:
        channel.send("offer", **OFFER)
        channel.receive("call", seconds=5)
        channel.receive("report", seconds=20)  # sent after the grader has given up

    kernel(server, never_answers)
    outcome = server.settle(mean, "")
    assert outcome.report.problem == "The kernel did not answer in time while this exercise was graded."


def test_a_check_that_raises_counts_as_the_answers_fault(server: GraderServer, mean: Exercise) -> None:
    def raises(answer: Answer, report: Report) -> None:
        report.part("plain", True, "said before")
        raise KeyError("a hidden case")

    mean.checks["graded"] = raises
    report = client.offer(server.address, mean, {"mean": right})
    assert report.problem.startswith("The check could not go on with your answer (KeyError)")
    outcome = server.settle(mean, "")
    assert (outcome.score, outcome.fault) == (1.0, "")
    assert outcome.raised == "the check of m98_1_ex2 raised KeyError: 'a hidden case'"
    assert "hidden case" not in render.as_text(outcome.report)


@pytest.mark.parametrize("error", [ImportError("no module named course"), OSError(errno.ENOSPC, "no space left")])
def test_a_fault_of_the_machine_needs_a_human(server: GraderServer, mean: Exercise, error: Exception) -> None:
    def raises(answer: Answer, report: Report) -> None:
        raise error

    mean.checks["graded"] = raises
    report = client.offer(server.address, mean, {"mean": right})
    assert report.problem == "This exercise could not be graded; a human will look at it."
    outcome = server.settle(mean, "")
    assert outcome.score is None and outcome.fault.startswith("the check of m98_1_ex2 raised")


@pytest.mark.parametrize("value", ["x" * 10_000_000, "\ud800", 10**4_200, [[]] * 10, {"a": {1: 2}}])
def test_no_result_makes_judging_raise(server: GraderServer, mean: Exercise, value: Any) -> None:
    def behaviour(channel: FrameChannel) -> None:
        channel.send("offer", **OFFER)
        channel.receive("call", seconds=5)
        body = json.dumps({"type": "result", "id": 1, "value": value, "problem": "\ud800", "unanswered": False, "output": "\udfff"})
        channel.connection.sendall(protocol.HEADER.pack(protocol.MAGIC, len(body), 0) + body.encode())
        while channel.receive("call", "report", seconds=5)["type"] == "call":
            channel.send("result", id=2, value=1.0, problem="", unanswered=False, output="")

    kernel(server, behaviour)
    outcome = server.settle(mean, "")
    assert (outcome.score, outcome.raised) == (0.0, "")
    render.as_text(outcome.report).encode()


def test_graded_cases_depend_on_seed_and_student() -> None:
    def cases(draw: Draw, name: str = "graded") -> float:
        return draw.rng(name, "m98_1_ex2").random()

    assert cases(Draw(student="alice", seed="a")) == cases(Draw(student="alice", seed="a"))
    assert cases(Draw(student="alice", seed="a")) != cases(Draw(student="bob", seed="a"))
    assert cases(Draw(student="alice", seed="a")) != cases(Draw(student="alice", seed="b"))
    assert cases(Draw(student="alice", seed="a"), "practice") == cases(Draw(student="bob", seed="b"), "practice")
    assert cases(Draw()) != cases(Draw(), "practice")


def test_hidden_checks_stay_out_of_a_process_that_only_practises(tmp_path: Path) -> None:
    code = (
        "import sys; from course.grading import check; check('m98_1_ex2', mean=lambda n: 0.0); "
        "sys.exit(any(name.endswith('_hidden') for name in sys.modules))"
    )
    import subprocess
    import sys

    environment = os.environ | {"COURSE_GRADERS": str(FIXTURE)}
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL).returncode == 0
