"""The process that judges: it decodes what a submission offers, and runs the checks on it, within limits of memory and time.

`seed_holder` forks it. The process that runs the notebook only learns what was found. What a submission makes a check do can end this
process, never a batch. It opens no file that a submission made: what it needs of a submission comes over its socket and AWS's API.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

from course.grading import catalogue, render
from course.grading.errors import DefinitionError
from course.grading.exercise.exercise import Exercise
from course.grading.exercise.seeds import Draw, without_seed
from course.grading.sandbox.aws import clients
from course.grading.sandbox.limits import limit_memory, limits
from course.grading.submission.server import FAULT, GraderServer, GradingOutcome, no_aws, stopped
from course.sandbox.joining import ForkedProcess

GRACE_SECONDS = 5  # to end by itself
OUT_OF_MEMORY = 137  # the exit code of a process that the system ends when the machine has no memory left


class JudgeProcess:
    """A `GraderServer` in its own process, with the same `expect` and `settle`. A context manager.

    Parameters
    ----------
    holder : socket.socket
        The connection to the process that holds the seed.
    listener : socket.socket
        As ``place`` of `GraderServer`.
    graders : Path
        The folder of the exercises.
    aws : mapping of str to str, optional
        The variables of the grader's clients (`course.grading.sandbox.aws.clients`).

    Attributes
    ----------
    address : str
        As of `GraderServer`.
    """

    def __init__(self, holder: socket.socket, listener: socket.socket, graders: Path, aws: Mapping[str, str] | None = None) -> None:
        self._holder, self._listener = holder, listener
        self._request = {
            "first": None,
            "environment": without_seed(os.environ),
            "cwd": str(Path.cwd()),
            "rlimits": {},
            "graders": str(graders),
            "aws": aws and dict(aws),
        }
        self.address = listener.getsockname()

    def __enter__(self) -> JudgeProcess:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def expect(self, exercise: Exercise) -> None:
        """As `GraderServer.expect`. Raises DefinitionError when the hidden checks cannot be loaded."""
        if error := self._ask(None, do="expect", exercise=exercise.id)["error"]:
            raise DefinitionError(error)

    def settle(self, exercise: Exercise, reason: str) -> GradingOutcome:
        """As `GraderServer.settle`. If the process has ended, or does not end its check in time, that counts as an error of the check."""
        seconds = limits()["judge"]["seconds"]
        try:
            found = self._ask(seconds, do="settle", exercise=exercise.id, reason=reason)
            evidence = self._connection.recv_bytes()
        except TimeoutError:
            self._process.kill()
            outcome = replace(_ended(exercise, f"did not end in {seconds} s"), doubtful=True)
        except (EOFError, OSError):
            code = self._process.wait(GRACE_SECONDS)
            outcome = _ended(exercise, f"ended its process ({code})", code == OUT_OF_MEMORY)
        else:
            report = render.from_json(exercise, found["report"])
            outcome = GradingOutcome(report, found["fault"], found["raised"], evidence, found["doubtful"])
        if outcome.raised or outcome.fault:
            self._end()  # its memory may be full
            self._start()
        return outcome

    def _ask(self, seconds: float | None, **request: Any) -> dict[str, Any]:
        self._connection.send_bytes(json.dumps(request).encode())
        if not self._connection.poll(seconds):
            raise TimeoutError
        return json.loads(self._connection.recv_bytes())

    def _start(self) -> None:
        self._connection, theirs = Pipe()
        with theirs:
            descriptors = [self._listener.fileno(), theirs.fileno()]
            self._process = ForkedProcess(_new_judge(self._holder), self._request, _log, descriptors)
        try:
            self._connection.recv_bytes()  # it listens now
        except EOFError:
            raise RuntimeError("the process that judges could not start; the log above has its error") from None

    def _end(self) -> None:
        self._connection.close()
        self._process.wait(GRACE_SECONDS)
        self._process.kill()


def _new_judge(holder: socket.socket) -> socket.socket:
    """A connection at whose other end the holder of the seed forks a process. Raises OSError when the holder has ended."""
    ours, theirs = socket.socketpair()
    with theirs:
        socket.send_fds(holder, [b"j"], [theirs.fileno()])
    return ours


def _log(lines: Sequence[str]) -> None:
    print(*lines, sep="\n", file=sys.stderr, flush=True)


def _ended(exercise: Exercise, what: str, by_system: bool = False) -> GradingOutcome:
    """The outcome when the process did not give one. If the system ended it, for lack of memory, nobody knows who used that."""
    why = f"the check of {exercise.id} {what}"
    if by_system:
        return GradingOutcome(stopped(exercise, FAULT), fault=why)
    return GradingOutcome(stopped(exercise, f"The check could not go on with your answer: it {what}."), raised=why)


def become_judge(draw: Draw, request: dict[str, Any], descriptors: Sequence[int]) -> None:
    """The main function of the process: answer the requests of the process that runs the notebook, until it closes the connection."""
    limit_memory(limits()["judge"]["memory"])
    listener, connection, graders = socket.socket(fileno=descriptors[0]), Connection(descriptors[1]), Path(request["graders"])
    client = clients(request["aws"]) if request["aws"] else no_aws
    with contextlib.suppress(EOFError, ConnectionError), GraderServer(draw, client, graders, listener) as server:
        connection.send_bytes(b"listens")
        while True:
            asked = json.loads(connection.recv_bytes())
            exercise = catalogue.find(asked["exercise"], graders)
            if asked["do"] == "expect":
                connection.send_bytes(json.dumps({"error": _expect(server, exercise)}).encode())
            else:
                outcome = server.settle(exercise, asked["reason"])
                found = {name: getattr(outcome, name) for name in ("fault", "raised", "doubtful")} | {
                    "report": render.as_json(outcome.report)
                }
                connection.send_bytes(json.dumps(found).encode())
                connection.send_bytes(outcome.evidence)


def _expect(server: GraderServer, exercise: Exercise) -> str:
    """The reason why the exercise cannot be judged, or an empty text."""
    try:
        server.expect(exercise)
    except DefinitionError as error:
        return str(error)
    return ""
