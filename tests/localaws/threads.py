"""Changes something in one thread while other threads use it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

PAUSE_SECONDS = 0.0002  # between two changes and between two uses, so that both get their turn


def while_changing(change: Callable[[], None], use: Callable[[], None], users: int = 2) -> None:
    """Runs ``change``, and ``use`` in other threads until it has ended. Raises what any of them raises."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(PAUSE_SECONDS):
            use()

    with ThreadPoolExecutor(users) as threads:
        working = [threads.submit(work) for _ in range(users)]
        try:
            change()
        finally:
            ended.set()
        for each in working:
            each.result()
