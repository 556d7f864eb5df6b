"""What a process does about other processes of its user."""

from __future__ import annotations

import contextlib
import ctypes
import sys

PR_SET_DUMPABLE = 4  # prctl(2)


def protect_memory() -> None:
    """Let no other process of this user read this process's memory or environment, or trace it (Linux). Only root still can."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
