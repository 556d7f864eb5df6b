"""Errors in the definition of an exercise (for its author) and in an answer (worded for the learner), and whose fault an error is."""

from __future__ import annotations

import errno
import sys

# The machine is full: no disk, no open files, no quota left, or a disk that fails.
EXHAUSTED = {errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.EDQUOT, errno.EIO}


class DefinitionError(ValueError):
    """An exercise or its check has a mistake. The author sees this error; a learner is never blamed for it."""


class UnknownExercise(LookupError):
    """No exercise has that id; the message lists similar ids."""


class AnswerError(Exception):
    """An answer that cannot be used. The learner reads the message: what was called, what came back, what kind of value was expected.

    ``unanswered`` is true when the stub is still there, which is not a mistake; ``output`` is what the learner's code printed before;
    ``timed_out`` is true when a function was stopped at its time limit; ``function`` is the name of the learner's function that failed.
    """

    def __init__(self, message: str, *, unanswered: bool = False, output: str = "", timed_out: bool = False, function: str = "") -> None:
        super().__init__(message)
        self.unanswered = unanswered
        self.output = output
        self.timed_out = timed_out
        self.function = function


def unusable(kind: str) -> AnswerError:
    """What the learner reads about an answer on which a check raised an error of that type. The error's own text may show a case."""
    return AnswerError(
        f"The check could not go on with your answer ({kind}): a value in it has another kind or shape than the exercise asks for. "
        "If you find none, please report it."
    )


def is_silence(error: Exception) -> bool:
    """Whether the error says that an AWS did not answer."""
    botocore = sys.modules.get("botocore.exceptions")
    return botocore is not None and isinstance(error, (botocore.ConnectionError, botocore.HTTPClientError))


def is_infrastructure(error: Exception) -> bool:
    """Whether the error comes from the machine or the installation, whatever the answer was: a library that is missing, a full disk, an
    AWS that does not answer."""
    if is_silence(error):
        return True
    return isinstance(error, ImportError) or (isinstance(error, OSError) and error.errno in EXHAUSTED)
