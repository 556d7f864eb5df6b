"""A stand-in for AWS Lambda and the endpoint behind it: what happens is written down beforehand, and time passes only here.

On AWS, ``context.remaining_ms`` is ``get_remaining_time_in_millis`` of Lambda's context, ``context.invoke`` is ``invoke_endpoint`` of a client
with ``Config(read_timeout=...)`` and without retries of its own, and ``context.kept`` is a global variable of the function's module, which
a warm function finds again at the next event.
"""

import functools
import inspect
from collections.abc import Callable

from given.schedule import COLUMNS


class EndpointError(Exception):
    """The endpoint gave no answer."""


class Throttled(EndpointError):
    """Too many requests: nothing was tried."""


class Unavailable(EndpointError):
    """No server was ready, or it ended on the way."""


class TimedOut(EndpointError):
    """There was no answer before the caller hung up."""


class Refused(EndpointError):
    """The model's program does not accept this request, and never will."""


ERRORS = {"throttled": Throttled, "unavailable": Unavailable, "refused": Refused}


class Context:
    """One event's clock, and the way to the endpoint."""

    def __init__(self, budget_ms: int, calls: list[dict], kept: dict) -> None:
        self._budget, self._calls, self.kept = budget_ms, calls, kept
        self.spent, self.made = 0, []

    def remaining_ms(self) -> int:
        """Milliseconds until the app gives up waiting for this event's response."""
        return self._budget - self.spent

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.spent += max(0, int(ms))

    def invoke(self, body: str, timeout_ms: int) -> str:
        """The endpoint's answer to lines of CSV, a number a line; hangs up after ``timeout_ms``. Raises `EndpointError`."""
        call = self._calls[min(len(self.made), len(self._calls) - 1)]
        self.made.append({"body": str(body), "timeout_ms": int(timeout_ms)})
        if call["ms"] >= timeout_ms:
            self.wait(timeout_ms)
            raise TimedOut(f"no answer after {timeout_ms} ms")
        self.wait(call["ms"])
        if call["outcome"] != "answered":
            raise ERRORS[call["outcome"]](call["outcome"])
        return "".join(f"{probability(line):.4f}\n" for line in str(body).splitlines())


def probability(line: str) -> float:
    """What the stand-in's model says of a flight: any function of all columns in their order."""
    fields = dict(zip(COLUMNS, line.split(","), strict=True))
    mixed = sum(place * float(value or 50) for place, value in enumerate(fields.values(), 1))
    return (mixed * 7.31 % 97) / 97


def rehearsed(handler: Callable[[dict, Context], dict]) -> Callable[[list[dict]], list[dict]]:
    """Turn a handler of events into a function that plays a script to it.

    A scene of the script is ``{"event": ..., "budget_ms": ..., "calls": [{"outcome": ..., "ms": ...}, ...]}``: what each call of `invoke` meets,
    the last one for all further calls; outcomes are "answered", "throttled", "unavailable" and "refused". What is kept goes from scene to scene.
    The result has for each scene ``response``, ``ms`` and ``calls``.
    """

    @functools.wraps(handler)
    def play(script: list[dict]) -> list[dict]:
        kept, told = {}, []
        for scene in script:
            context = Context(scene["budget_ms"], scene["calls"], kept)
            response = handler(scene["event"], context)
            told.append({"response": response, "ms": context.spent, "calls": context.made})
        return told

    play.__signature__ = inspect.Signature([inspect.Parameter("script", inspect.Parameter.POSITIONAL_ONLY)])  # not the handler's
    return play
