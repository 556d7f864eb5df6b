"""The kernel's side of grading: offers evidence, calls the learner's functions on request, and receives the report."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

from course.grading import calls, render
from course.grading.errors import AnswerError
from course.grading.exercise.answer import collect
from course.grading.exercise.exercise import Exercise
from course.grading.report import Report
from course.grading.submission.protocol import FrameChannel, FrameTooLarge, ProtocolError

_offering = threading.Lock()


OnProgress = Callable[[str], None]  # receives what the check does now
OnTimeout = Callable[[str], None]  # receives the name of a function that ran out of time


def offer(
    address: str,
    exercise: Exercise,
    evidence: dict[str, Any],
    on_progress: OnProgress = lambda what: None,
    on_timeout: OnTimeout = lambda name: None,
) -> Report | None:
    """The grader's report on this evidence; ``None`` when the grader does not expect this exercise and the practice check runs."""
    if not _offering.acquire(blocking=False):  # check() called by a function that the grader is calling
        return None
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(address)
            return _converse(FrameChannel(connection), exercise, evidence, on_progress, on_timeout)
    except (OSError, ProtocolError):
        return None
    finally:
        _offering.release()


def _converse(
    channel: FrameChannel, exercise: Exercise, evidence: dict[str, Any], on_progress: OnProgress, on_timeout: OnTimeout
) -> Report | None:
    try:
        plain_values, problem = collect(exercise, evidence), AnswerError("")
    except AnswerError as error:
        plain_values, problem = {}, error
    try:
        channel.send("offer", exercise=exercise.id, values=plain_values, problem=str(problem), unanswered=problem.unanswered)
    except FrameTooLarge as error:
        too_large = f"Your values are too large to be graded: {error}."
        channel.send("offer", exercise=exercise.id, values={}, problem=too_large, unanswered=False)
    while True:
        message = channel.receive("call", "progress", "report", "refused")
        if message["type"] == "refused":
            return None
        if message["type"] == "report":
            return render.from_json(exercise, message["report"])
        if message["type"] == "progress":
            on_progress(message["what"])
        else:
            _answer_call(channel, message, evidence, on_timeout)


def _answer_call(channel: FrameChannel, message: dict[str, Any], evidence: dict[str, Any], on_timeout: OnTimeout) -> None:
    name, reply = message["name"], {"id": message["id"], "value": None, "problem": "", "unanswered": False}
    try:
        reply["value"], reply["output"] = calls.call(name, evidence[name], message["arguments"], message["seconds"])
    except AnswerError as error:
        reply |= {"problem": str(error), "unanswered": error.unanswered, "output": error.output}
        if error.timed_out:
            on_timeout(name)
    try:
        channel.send("result", **reply)
    except FrameTooLarge as error:
        reply |= {"value": None, "problem": f"The result of `{name}` is too large to be graded: {error}.", "output": ""}
        channel.send("result", **reply)
