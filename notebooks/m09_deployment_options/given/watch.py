"""Looking again and again: at an endpoint while the clock goes on, and at many requests at once."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

SETTLE = 0.15  # seconds that whatever counts by the minute gets to notice that it has passed


def pause(seconds: float = 0.2) -> None:
    """Let a moment pass between two looks: whoever asks without a break slows down what he waits for."""
    threading.Event().wait(seconds)


def minutes(local: Any, count: int, look: Callable[[], dict]) -> list[dict]:
    """Let ``count`` minutes of the local AWS's clock pass one by one; what ``look`` returned after each."""
    seen = []
    for _ in range(count):
        local.advance(60)
        pause(SETTLE)
        seen.append(look())
    return seen


def at_once(ask: Callable[[], Any], count: int, failure: Callable[[Exception], str]) -> list[dict]:
    """Call ``ask`` in ``count`` threads at the same moment.

    Returns
    -------
    list of dict
        One a call: ``begin`` and ``end`` (seconds since the first began) and ``said``, which is ``""`` or what ``failure`` made of the exception.
    """
    start, zero = threading.Barrier(count), time.monotonic()

    def one(_: int) -> dict:
        start.wait()
        began, said = time.monotonic() - zero, ""
        try:
            ask()
        except Exception as error:  # whatever it was, this request has no answer
            said = failure(error)
        return {"begin": began, "end": time.monotonic() - zero, "said": said}

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))
