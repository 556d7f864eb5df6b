"""Runs learners' regular expressions in a process of their own.

Python's engine backtracks, for hours with an expression such as ``(a+)+$``, and no other thread of its process runs meanwhile. An engine
without backtracking (RE2) would refuse lookarounds and backreferences, which AWS does not rule out. So the expressions run in a child,
which the kernel ends when a call has used `SECONDS` of processor time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from course.localaws.core.helper_process import ENDED, HelperError, HelperProcess, Parent, serve

SECONDS = 1.0  # of processor time, for one call; a call that is meant well needs milliseconds

Match = list[str | None]
"""The whole match, and its groups."""


class ExpressionError(ValueError):
    """The expression is not valid. The message is the engine's."""


class ExpressionTooSlow(ExpressionError):
    """A call used more than `SECONDS` of processor time."""


class RegularExpressions:
    """Runs expressions, one call at a time. May be used from any thread.

    Each method raises `ExpressionError`, and `ExpressionTooSlow` when the expression takes too long.
    """

    def __init__(self) -> None:
        self._helper = HelperProcess(__name__)

    def groups(self, expression: str) -> int:
        """The number of groups."""
        return self._call("groups", expression=expression)

    def search(self, expression: str, texts: Sequence[str]) -> tuple[list[Match | None], float]:
        """The first match in each text, and the processor time that it took, in seconds."""
        found, seconds = self._call("search", expression=expression, texts=list(texts))
        return found, seconds

    def matching(self, expression: str, texts: Sequence[str], how: str = "fullmatch", flags: int = 0) -> list[str]:
        """The texts that match. ``how`` is the name of a method of `re.Pattern`: ``"fullmatch"``, ``"match"`` or ``"search"``."""
        return self._call("matching", expression=expression, texts=list(texts), how=how, flags=int(flags))

    def shutdown(self) -> None:
        """End the process. The next call starts another one."""
        self._helper.stop()

    reset = shutdown

    def _call(self, name: str, **arguments):
        try:
            return self._helper.call(name, **arguments)
        except HelperError as error:
            if error.kind == ENDED:
                raise ExpressionTooSlow(f"it takes more than {SECONDS:g} s of processor time") from error
            raise ExpressionError(str(error)) from error


# ---- in the child ---------------------------------------------------------------------------------------------------------------


def _groups(parent: Parent, expression: str) -> int:
    return re.compile(expression).groups


def _search(parent: Parent, expression: str, texts: list[str]) -> tuple[list[Match | None], float]:
    began, compiled = time.process_time(), re.compile(expression)
    found = [(match[0], *match.groups()) if (match := compiled.search(text)) else None for text in texts]
    return found, time.process_time() - began


def _matching(parent: Parent, expression: str, texts: list[str], how: str, flags: int) -> list[str]:
    matches = getattr(re.compile(expression, flags), how)
    return [text for text in texts if matches(text)]


if __name__ == "__main__":
    serve({"groups": _groups, "search": _search, "matching": _matching}, SECONDS)
