"""The message of an error, for tests that try many bad inputs in one loop."""

from __future__ import annotations

from collections.abc import Callable


def error_message(kind: type[Exception], call: Callable, *arguments: object, **parameters: object) -> str:
    """The message of the ``kind`` of error that a call raises, or "nothing was raised"."""
    try:
        call(*arguments, **parameters)
    except kind as error:
        return str(error)
    return "nothing was raised"
