"""Requests that go on while something else happens."""

import threading
import time
from collections.abc import Callable
from typing import Any


def during(act: Callable[[], Any], ask: Callable[[], float]) -> list[dict]:
    """Call ``ask`` again and again in a thread while ``act`` runs, and ten times more when it is done.

    Returns
    -------
    list of dict
        One a request: ``second`` (since the beginning), ``answer`` (``None`` when it failed), ``error`` (its name, else ``""``) and
        ``after`` (whether ``act`` was done when the request was sent).
    """
    done, asked = threading.Event(), []
    began = time.monotonic()

    def one() -> None:
        record = {"second": time.monotonic() - began, "answer": None, "error": "", "after": done.is_set()}
        try:
            record["answer"] = ask()
        except Exception as error:  # whatever it was, this request has no answer
            record["error"] = type(error).__name__
        asked.append(record)

    def again_and_again() -> None:
        while not done.is_set():
            one()

    thread = threading.Thread(target=again_and_again)
    thread.start()
    try:
        act()
    finally:
        done.set()
        thread.join()
    for _ in range(10):
        one()
    return asked
