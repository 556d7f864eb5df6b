"""What a command left behind: it is given a folder for its temporary files, by which its processes are known, too."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

PATIENCE = 60.0  # seconds for what takes a moment on an idle machine


def wait_for(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"after {seconds:.0f} s still not: {what}"
        time.sleep(0.05)


def processes(folder: Path) -> list[str]:
    """The command lines of processes whose command line or TMPDIR names the folder."""
    found = []
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
            if str(folder) in command or str(folder) in process.environ().get("TMPDIR", ""):
                found.append(command)
        except (psutil.Error, OSError):
            continue
    return found


def children(text: str) -> list[psutil.Process]:
    """The processes below this one whose command line contains ``text``. One that has ended and was not reaped has none."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            found += [process] if text in " ".join(process.cmdline()) else []
    return found


def kill(pid: int) -> None:
    """Kill a process with `kill -9`, and wait until it has ended: only then is the lock of its state folder free."""
    process = psutil.Process(pid)
    process.kill()
    process.wait(PATIENCE)


def interrupted(
    command: Sequence[str], number: signal.Signals, begun: Callable[[], object], environment: Mapping[str, str], cwd: Path
) -> tuple[int, str]:
    """Start a command, send it a signal once it has ``begun``, and return its exit code and all that it wrote."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "start_new_session": True}
    with subprocess.Popen(command, env=environment, cwd=cwd, **options) as process:
        try:
            wait_for(lambda: begun() or process.poll() is not None, "the command has begun")
            process.send_signal(number)
            output, _ = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    return process.returncode, output
