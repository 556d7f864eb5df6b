"""What it means that a check raised an error: whether the answer, the check or the machine is at fault."""

from __future__ import annotations

import errno
import sys

from course.grading.errors import AnswerError

# The machine is full: no disk, no open files, no quota left, or a disk that fails.
EXHAUSTED = {errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.EDQUOT, errno.EIO}


def unusable(kind: str) -> AnswerError:
    """What the learner reads about an answer on which a check raised an error of that type. The error's own text may show a case."""
    return AnswerError(
        f"The check could not go on with your answer ({kind}): a value in it has another kind or shape than the exercise asks for. "
        "If you find none, please report it."
    )


def is_infrastructure(error: Exception) -> bool:
    """Whether the error comes from the machine or the installation, whatever the answer was: a library that is missing, a full disk, an
    AWS that does not answer."""
    botocore = sys.modules.get("botocore.exceptions")
    if botocore is not None and isinstance(error, (botocore.ConnectionError, botocore.HTTPClientError)):
        return True
    return isinstance(error, ImportError) or (isinstance(error, OSError) and error.errno in EXHAUSTED)
