"""The grader's side of grading: judges the evidence that a kernel offers with the hidden checks, in the grader's own process."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from course.grading import catalogue, render, values
from course.grading.errors import AnswerError, DefinitionError, is_infrastructure, is_silence, unusable
from course.grading.evaluate import evaluate, once_stopped
from course.grading.exercise.answer import Answer, Call, fresh_token
from course.grading.exercise.exercise import Exercise
from course.grading.exercise.seeds import Draw
from course.grading.report import Report
from course.grading.submission.evidence import Evidence, NotRecorded, failure, pack, recording
from course.grading.submission.protocol import FrameChannel, ProtocolError

OFFER_SECONDS = 10  # from connection to complete offer
GRACE = 5  # seconds beyond a call's own limit until the kernel counts as stuck
FAULT = "This exercise could not be graded; a human will look at it."
PROBLEM_LIMIT = 1_000  # characters of a kernel's message that a report repeats

log = logging.getLogger(__name__)


@contextlib.contextmanager
def listening(folder: Path) -> Iterator[socket.socket]:
    """A Unix socket, mode 0600, that listens in an empty folder. It is made before a submission runs, which can change the folder."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / "socket"))
        (folder / "socket").chmod(0o600)
        made.listen(8)
        try:
            yield made
        finally:
            with contextlib.suppress(OSError):
                made.shutdown(socket.SHUT_RDWR)  # wakes accept()


@dataclass(frozen=True)
class GradingOutcome:
    """The grader's finding on one exercise.

    Attributes
    ----------
    report : Report
    fault : str
        Explains to the instructor a missing score that is not the learner's fault.
    raised : str
        The error that the check raised on the answer, for the instructor. The report then counts it as the answer's fault;
        `course.grading.submission.reference` finds out whether it is.
    doubtful : bool
        Whether the submission's own AWS did not answer, or the judge ran out of time, so that another run may end otherwise
        (`course.grading.submission.blame`).
    evidence : bytes
        As `course.grading.submission.evidence.pack` makes it; empty when the submission offered none.
    """

    report: Report
    fault: str = ""
    raised: str = ""
    evidence: bytes = b""
    doubtful: bool = False

    @property
    def score(self) -> float | None:
        """Points, or ``None`` when the exercise could not be graded and needs a human."""
        return None if self.fault else self.report.score


class GraderServer:
    """Waits on a Unix socket for the evidence of one submission, exercise by exercise. A context manager.

    It judges only the exercise named by `expect`, and only once. Any other offer is refused, and the kernel runs its practice check.

    Parameters
    ----------
    draw : Draw
        The learner of the variant, the student who handed in, and the grading seed.
    client : callable
        Makes a boto3 client of the grader's own session with the submission's AWS.
    graders : Path
        The folder of the exercises.
    place : Path or socket
        An empty folder that the kernel can see, or a socket from `listening`, which stays open.
    token : callable
        As `course.grading.exercise.answer.fresh_token`.
    fault, silence : str
        As in `judge`.

    Attributes
    ----------
    address : str
        Path of the socket, mode 0600.
    """

    def __init__(
        self,
        draw: Draw,
        client: Callable[[str], Any],
        graders: Path,
        place: Path | socket.socket,
        token: Callable[[], str] = fresh_token,
        fault: str = FAULT,
        silence: str = FAULT,
    ) -> None:
        self._draw, self._graders, self._token, self._words = draw, graders, token, (fault, silence)
        self._evidence = Evidence()  # of the exercise that is being judged
        self._client = recording(client, lambda: self._evidence.aws)
        self._lock = threading.Lock()
        self._expected: Exercise | None = None
        self._outcomes: dict[str, GradingOutcome] = {}
        self._place, self._cleanup = place, contextlib.ExitStack()
        self.address = ""

    def __enter__(self) -> GraderServer:
        thread = threading.Thread(target=self._serve, name="grader", daemon=True)
        if isinstance(self._place, Path):
            self._cleanup.callback(thread.join, GRACE)
            self._socket = self._cleanup.enter_context(listening(self._place))
        else:
            self._socket = self._place
        self.address = self._socket.getsockname()
        thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def expect(self, exercise: Exercise) -> None:
        """Judge the next offer for this exercise; its check cell is about to run."""
        catalogue.load_hidden(exercise, self._graders)
        with self._lock:
            self._expected = exercise

    def settle(self, exercise: Exercise, reason: str) -> GradingOutcome:
        """The outcome, once the check cell has ended. Without an acceptable offer it is 0 points, with ``reason``."""
        with self._lock:  # held while an offer is judged
            self._expected = None
            return self._outcomes.setdefault(exercise.id, GradingOutcome(stopped(exercise, reason)))

    def _serve(self) -> None:
        """Serve one connection after another: a kernel runs one check at a time."""
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(ProtocolError):
                self._answer(FrameChannel(connection))

    def _answer(self, channel: FrameChannel) -> None:
        with self._lock:
            exercise = self._expected
            if exercise is None or exercise.id in self._outcomes:
                channel.send("refused", reason="no check of this notebook is being graded now")
                return
            try:
                offer = channel.receive("offer", seconds=OFFER_SECONDS)
                if offer["exercise"] != exercise.id:
                    channel.send("refused", reason=f"{exercise.id} is being graded now")
                    return
                outcome = self._judge(exercise, offer, channel)
            except ProtocolError as error:
                outcome = GradingOutcome(stopped(exercise, f"The kernel {error} while this exercise was graded."))
            except Exception as error:  # for example, the evidence is larger than this process may be
                log.exception("%s could not be judged", exercise.id)
                why = f"judging {exercise.id} raised {type(error).__name__}: {error}"
                outcome = GradingOutcome(stopped(exercise, str(unusable(type(error).__name__))), raised=why)
            self._outcomes[exercise.id] = outcome
            channel.send("report", report=render.as_json(outcome.report))

    def _judge(self, exercise: Exercise, offer: dict[str, Any], channel: FrameChannel) -> GradingOutcome:
        self._evidence = Evidence({name: offer[name] for name in ("values", "problem", "unanswered")}, fresh=self._token)
        kernel = RemoteFunctions(channel, self._evidence)
        report = Report(exercise, "graded", lambda what: channel.send("progress", what=what))
        outcome = judge(exercise, self._evidence, kernel.call, self._client, self._draw, self._evidence.token, report, *self._words)
        return replace(outcome, evidence=pack(self._evidence))


def judge(
    exercise: Exercise,
    evidence: Evidence,
    call: Call,
    client: Callable[[str], Any],
    draw: Draw,
    token: Callable[[], str],
    report: Report | None = None,
    fault: str = FAULT,
    silence: str = FAULT,
) -> GradingOutcome:
    """Judge the evidence that a kernel offered.

    Parameters
    ----------
    exercise : Exercise
        An exercise whose hidden checks are loaded.
    evidence : Evidence
        This function uses its offer.
    call, client, token : callable
        As in `Answer`.
    draw : Draw
    report : Report, optional
        An empty report to write to.
    fault, silence : str
        What the report says when the check cannot run, whatever the answer is, and when AWS does not answer it.

    Raises
    ------
    ProtocolError, NotRecorded
        When the kernel, or the recording of it, does not answer.
    """
    offer, patient = evidence.offer, once_stopped(call)
    report = report or Report(exercise, "graded")

    def answer(stream: str) -> Answer:
        if offer["problem"] or offer["unanswered"]:
            raise AnswerError(offer["problem"][:PROBLEM_LIMIT], unanswered=offer["unanswered"])
        missing = [name for name, wanted in exercise.values.items() if name not in offer["values"]]
        if missing:
            raise AnswerError(f"`{missing[0]}` is missing.")
        return Answer(exercise, offer["values"], patient, draw.rng(stream, exercise.id), draw.learner, client, token)

    try:
        evaluate(exercise, "graded", answer, report)
    except (ProtocolError, NotRecorded):
        raise
    except Exception as error:
        log.exception("The check of %s failed", exercise.id)
        why = f"the check of {exercise.id} raised {type(error).__name__}: {error}"
        if is_infrastructure(error):
            silent = is_silence(error)
            return GradingOutcome(stopped(exercise, silence if silent else fault), fault=why, doubtful=silent)
        report.stop(unusable(type(error).__name__))
        return GradingOutcome(report, raised=why)
    return GradingOutcome(report)


class RemoteFunctions:
    """Calls the learner's functions in the kernel, over the connection on which it made its offer."""

    def __init__(self, channel: FrameChannel, evidence: Evidence) -> None:
        self._channel = channel
        self._evidence = evidence
        self._calls = 0

    def call(self, name: str, arguments: tuple, seconds: float) -> tuple[Any, str]:
        """Result and output of one call; raises `AnswerError` for the learner's failure and `ProtocolError` for the kernel's."""
        self._calls += 1
        started = time.monotonic()
        self._channel.send("call", id=self._calls, name=name, arguments=list(arguments), seconds=seconds)
        result = self._channel.receive("result", seconds=seconds + GRACE)
        if result["id"] != self._calls:
            raise ProtocolError("answered a call that was not made")
        returned = {member: result[member] for member in ("value", "unanswered", "output")} | {"problem": result["problem"][:PROBLEM_LIMIT]}
        # Judged here, since the kernel is not trusted. It began later, so a function that it stopped has used up the time.
        returned["timed_out"] = bool(result["problem"]) and time.monotonic() - started >= seconds
        # Copied, since a check may change its arguments later.
        self._evidence.calls.append({"name": name, "arguments": values.plain(list(arguments))} | returned)
        if result["problem"] or result["unanswered"]:
            raise failure(returned)
        return result["value"], result["output"]


def no_aws(service: str) -> Any:
    """The ``client`` of a grader whose submissions have no AWS."""
    raise DefinitionError(f"this check asks for a {service} client, but there is no AWS behind this grader.")


def stopped(exercise: Exercise, reason: str) -> Report:
    """The report of an answer that was not judged."""
    report = Report(exercise, "graded")
    report.stop(AnswerError(reason))
    return report
