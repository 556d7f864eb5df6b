"""The process that judges: it decodes what a submission offers, and runs the checks on it, within limits of memory and time.

It is a child of the process that runs the notebook, which only learns what was found. What a submission makes a check do can end this
process, never a batch.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import signal
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from course.grading import catalogue, render
from course.grading.errors import DefinitionError
from course.grading.exercise.exercise import Exercise
from course.grading.sandbox.limits import limit_memory, limits
from course.grading.submission.server import FAULT, GraderServer, GradingOutcome, stopped

GRACE_SECONDS = 5  # to end by itself
OUT_OF_MEMORY = -signal.SIGKILL  # the exit code of a process that the system ends when the machine has no memory left


class JudgeProcess:
    """A `GraderServer` in its own process, with the same `expect` and `settle`. A context manager.

    Parameters
    ----------
    make : callable
        Makes the server, in the new process.
    graders : Path
        The folder of the exercises.

    Attributes
    ----------
    address : str
        As of `GraderServer`.
    """

    def __init__(self, make: Callable[[], GraderServer], graders: Path) -> None:
        self._make, self._graders = make, graders
        self._context = multiprocessing.get_context("fork")  # the child needs the clients and definitions of this process

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
            self._process.join(GRACE_SECONDS)
            outcome = _ended(exercise, f"ended its process ({self._process.exitcode})", self._process.exitcode == OUT_OF_MEMORY)
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
        self._connection, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_main, args=(self._make, self._graders, theirs, self._connection), name="judge")
        self._process.start()
        theirs.close()
        try:
            self.address = self._connection.recv_bytes().decode()  # it listens now
        except EOFError:
            raise RuntimeError("the process that judges could not start; the log above has its error") from None

    def _end(self) -> None:
        self._connection.close()
        self._process.join(GRACE_SECONDS)
        self._process.kill()
        self._process.join()


def _ended(exercise: Exercise, what: str, by_system: bool = False) -> GradingOutcome:
    """The outcome when the process did not give one. If the system ended it, for lack of memory, nobody knows who used that."""
    why = f"the check of {exercise.id} {what}"
    if by_system:
        return GradingOutcome(stopped(exercise, FAULT), fault=why)
    return GradingOutcome(stopped(exercise, f"The check could not go on with your answer: it {what}."), raised=why)


def _main(make: Callable[[], GraderServer], graders: Path, connection: Connection, of_parent: Connection) -> None:
    """Answer the parent's requests until it closes the connection."""
    of_parent.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends this process
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    limit_memory(limits()["judge"]["memory"])
    with contextlib.suppress(EOFError, ConnectionError), make() as server:
        connection.send_bytes(server.address.encode())
        while True:
            request = json.loads(connection.recv_bytes())
            exercise = catalogue.find(request["exercise"], graders)
            if request["do"] == "expect":
                connection.send_bytes(json.dumps({"error": _expect(server, exercise)}).encode())
            else:
                outcome = server.settle(exercise, request["reason"])
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
