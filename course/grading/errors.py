"""Errors in the definition of an exercise (for its author) and in an answer (worded for the learner)."""

from __future__ import annotations


class DefinitionError(ValueError):
    """An exercise or its check has a mistake. The author sees this error; a learner is never blamed for it."""


class UnknownExercise(LookupError):
    """No exercise has that id; the message lists similar ids."""


class AnswerError(Exception):
    """An answer that cannot be used. The learner reads the message: what was called, what came back, what kind of value was expected.

    ``unanswered`` is true when the stub is still there, which is not a mistake; ``output`` is what the learner's code printed before;
    ``timed_out`` is true when a function was stopped at its time limit.
    """

    def __init__(self, message: str, *, unanswered: bool = False, output: str = "", timed_out: bool = False) -> None:
        super().__init__(message)
        self.unanswered = unanswered
        self.output = output
        self.timed_out = timed_out
