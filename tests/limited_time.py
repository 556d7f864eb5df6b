"""Runs what must be quick so that a test fails, instead of waiting for ever, when it is not."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable


def within(seconds: float, function: Callable[[], object]) -> bool:
    """Whether the result is true. The call runs in a fork with so much processor time; a C function that hangs cannot be interrupted."""
    pid = os.fork()
    if pid == 0:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        try:
            os._exit(1 if function() else 0)
        except BaseException:
            os._exit(2)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFEXITED(status), f"it used more than {seconds} s of processor time"
    assert os.WEXITSTATUS(status) < 2, "it raised an exception"
    return bool(os.WEXITSTATUS(status))
