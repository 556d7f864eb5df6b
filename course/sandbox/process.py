"""A program in a box, from its start to its end, as the process outside knows it: through the supervisor between the two."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

OnLines = Callable[[list[str]], None]

SUPERVISOR = Path(__file__).with_name("supervisor")
LONGEST_LINE = 256 << 10  # bytes; the largest event that CloudWatch Logs took for years
SWEEP_SECONDS = 20.0  # how long ``sweep`` ends what still comes; a crowd of hundreds takes under one
GRACE_SECONDS = 120.0  # between SIGTERM and SIGKILL, says the API reference of StopTrainingJob


class BoxProcess:
    """A program that was started in a box.

    Attributes
    ----------
    exit_code : int or None
        None while it runs; afterwards as Docker reports it: 128 + n when signal n ended it.
    limit : str
        Which limit ended it: ``"memory"``, ``"processes"``, ``"disk"`` or ``""``.
    first : int or None
        Process 1 of its process namespace, by its number on this machine; None in rewrite mode.
    """

    def __init__(self, spec: dict, on_lines: OnLines, output: int) -> None:
        self.exit_code: int | None = None
        self.limit = ""
        self._failure: BaseException | None = None
        self._ended = threading.Event()
        self._lifeline_lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(SUPERVISOR)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={},
            start_new_session=True,
        )
        document = json.dumps(spec).encode()
        self._process.stdin.write(b"%08x" % len(document) + document)
        begun = self._process.stderr.readline()
        has_begun = begun.startswith(b'{"first"')
        self.first: int | None = json.loads(begun)["first"] if has_begun else None
        self._complaint = b"" if has_begun else begun
        threading.Thread(target=self._follow, args=(on_lines, output), name="box", daemon=True).start()
        if spec["mode"] == "rewrite":
            threading.Thread(target=self._clear_up, args=(Path(spec["folder"]),), name="box", daemon=True).start()

    @property
    def pid(self) -> int:
        """The supervisor's process id; everything in the box descends from it."""
        return self._process.pid

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code.

        Raises
        ------
        TimeoutError
            After ``timeout`` seconds; the program goes on.
        RuntimeError
            The supervisor itself failed; the message says how.
        Exception
            Whatever ``on_lines`` raised: the program was killed then, because its output could not be kept.
        """
        if not self._ended.wait(timeout):
            raise TimeoutError(f"the box still runs after {timeout} s")
        if self._failure is not None:
            raise self._failure
        return self.exit_code

    def interrupt(self) -> None:
        """Send SIGINT to the program and its process group, as Ctrl-C in a terminal does; returns at once."""
        self._command(b"i")

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Ask the program to end (SIGTERM), and kill it after ``grace`` seconds; returns when it has ended."""
        self._command(b"t")
        if not self._ended.wait(grace):
            self.kill()

    def kill(self) -> None:
        """End every process of the box at once; returns when they have ended."""
        self._command(b"k")
        self._ended.wait()

    def _command(self, letter: bytes) -> None:
        with self._lifeline_lock, contextlib.suppress(OSError, ValueError):  # it may have ended meanwhile
            self._process.stdin.write(letter)

    def _clear_up(self, folder: Path) -> None:
        """End what a supervisor that was killed leaves running, as the kernel does in namespace mode: it would hold the output open."""
        if self._process.wait() < 0:
            sweep(folder)

    def _follow(self, on_lines: OnLines, output: int) -> None:
        """Read the output to its end, then learn from the supervisor how the program ended."""
        try:
            self._read_output(on_lines, output)
        except BaseException as error:  # e.g. the disk of the log store is full
            self._failure = error
            self._command(b"k")
            while self._process.stdout.read(1 << 16):
                pass
        report = (self._complaint + self._process.stderr.read()).decode(errors="replace")
        self._process.wait()
        with self._lifeline_lock:
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                pipe.close()
        try:
            outcome = json.loads(report)
            self.exit_code, self.limit = outcome["exit_code"], outcome["limit"]
        except ValueError:
            self.exit_code = 128 - self._process.returncode if self._process.returncode < 0 else self._process.returncode
            reason = report.strip() or f"it was ended by signal {-self._process.returncode}"
            self._failure = self._failure or RuntimeError(f"the supervisor of the box failed: {reason}")
        self._ended.set()

    def _read_output(self, on_lines: OnLines, output: int) -> None:
        received, rest = 0, b""
        while piece := self._process.stdout.read(1 << 16):
            received += len(piece)
            if received > output:
                continue
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            if lines:
                on_lines([line.decode(errors="replace") for line in lines])
        if rest:
            on_lines([rest.decode(errors="replace")])
        if received > output:
            on_lines([f"[local AWS] The output was longer than {output:,} bytes; what came later was dropped ({received:,} bytes in all)."])


def sweep(folder: Path) -> None:
    """End every process of a box below ``folder``: what a killed supervisor may have left in rewrite mode.

    Raises
    ------
    TimeoutError
        They still come after ``SWEEP_SECONDS``: the program starts processes faster than they can be ended.
    """
    prefix, deadline, empty_passes = f"{folder.resolve()}{os.sep}", time.monotonic() + SWEEP_SECONDS, 0
    # A pass misses what is started while it looks, and a process in the midst of its `exec`, which has no environment to read.
    while empty_passes < 2:
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes of the box below {folder} still come {SWEEP_SECONDS:.0f} s after the first was ended")
        empty_passes = 0 if _end_those_below(prefix) else empty_passes + 1


def _end_those_below(prefix: str) -> bool:
    """Kill what runs now and names a folder with this prefix as its box; whether there was any."""
    found = False
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get("COURSE_BOX", "").startswith(prefix):
                process.kill()
                found = True
    return found
