"""A line below a running cell that says what it does and for how long. The cell's result replaces it."""

from __future__ import annotations

import threading
import time
from typing import Any

QUIET_SECONDS = 2.0  # a cell that ends sooner shows no line
EVERY_SECONDS = 1.0


class ProgressLine:
    """A context manager around slow work in a cell.

    After `QUIET_SECONDS` it shows "<what> (5 s)" and renews it every second. Outside a notebook it shows nothing.

    Parameters
    ----------
    what : str
        What the cell does, for example ``"Checking m02_1_ex3"``.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._ended = threading.Event()
        self._handle: Any = None  # IPython's handle of the line, once it is shown
        self._thread = threading.Thread(target=self._renew, name="progress line", daemon=True)

    def __enter__(self) -> ProgressLine:
        if in_notebook():
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    def say(self, what: str) -> None:
        """Change what the line says."""
        self._what = what

    def replace(self, text: str, html: str) -> None:
        """Show the result of the cell in place of the line. Call it after the block."""
        show({"text/plain": text, "text/html": html}, self._handle)

    def _renew(self) -> None:
        started, wait = time.monotonic(), QUIET_SECONDS
        while not self._ended.wait(wait):
            line = f"{self._what} ({time.monotonic() - started:.0f} s)"
            self._handle = show({"text/plain": line}, self._handle, keep=True)
            wait = EVERY_SECONDS


def in_notebook() -> bool:
    """Whether this process is a kernel that can display."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return get_ipython() is not None


def show(data: dict[str, str], handle: Any = None, keep: bool = False) -> Any:
    """Display data by MIME type in a notebook, or print its text elsewhere.

    Parameters
    ----------
    handle : IPython's DisplayHandle, optional
        What to replace.
    keep : bool
        Whether to return a handle by which the output can be replaced later.
    """
    if not in_notebook():
        print(data["text/plain"])
        return None
    from IPython.display import display

    if handle is not None:
        handle.update(data, raw=True)
        return handle
    return display(data, raw=True, display_id=True) if keep else display(data, raw=True)
