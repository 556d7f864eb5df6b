"""Waiting for what AWS does meanwhile."""

import threading
from collections.abc import Callable


def until(ask: Callable[[], str], ends: tuple[str, ...], seconds: float = 90) -> str:
    """Ask again and again until one of ``ends`` is answered; at most so many seconds. The last answer."""
    said = ask()
    for _ in range(round(seconds * 10)):
        if said in ends:
            break
        threading.Event().wait(0.1)
        said = ask()
    return said
