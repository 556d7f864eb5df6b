"""What can go wrong with an exercise: in its definition (the author's fault) or in an answer (worded for the learner)."""

from __future__ import annotations


class DefinitionError(ValueError):
    """An exercise or its check is wrongly written. Raised where the author sees it, never shown as a learner's fault."""


class UnknownExercise(LookupError):
    """No exercise of that id; the message lists the ids that are near."""


class AnswerError(Exception):
    """An answer could not be used. The message is shown to the learner: what was called, what came back, what kind of thing was expected.

    ``unanswered`` is true when the stub is still there, which is no mistake yet; ``output`` is what the learner's code printed before.
    """

    def __init__(self, message: str, *, unanswered: bool = False, output: str = "") -> None:
        super().__init__(message)
        self.unanswered = unanswered
        self.output = output
