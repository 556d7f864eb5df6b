"""Programs that run in boxes: start, output, end. This process talks to each through the box's supervisor."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import psutil

OnLines = Callable[[list[str]], None]

SUPERVISOR = Path(__file__).with_name("supervisor")
LONGEST_LINE = 256 << 10  # bytes; for years the largest event that CloudWatch Logs accepted
SWEEP_SECONDS = 20.0  # how long `sweep` kills processes that keep appearing; hundreds take less than one second
GRACE_SECONDS = 120.0  # between SIGTERM and SIGKILL, by the API reference of StopTrainingJob


class BoxProcess:
    """A program that was started in a box.

    Attributes
    ----------
    exit_code : int or None
        None while it runs; then as Docker reports it: 128 + n when signal n ended the program.
    limit : str
        The limit that ended it: ``"memory"``, ``"processes"``, ``"disk"``, or ``""`` for none.
    first : int or None
        Process 1 of the box's process namespace, by its process id on this machine. None in rewrite mode.
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
            pass_fds=[spec["published_by"]] if spec["published_by"] is not None else [],
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
        """The process id of the supervisor, the ancestor of every process in the box."""
        return self._process.pid

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the program ends and return its exit code.

        Raises
        ------
        TimeoutError
            After ``timeout`` seconds; the program goes on.
        RuntimeError
            The supervisor itself failed; the message says how.
        Exception
            What ``on_lines`` raised. The program was killed then, because its output could not be kept.
        """
        if not self._ended.wait(timeout):
            raise TimeoutError(f"the box still runs after {timeout} s")
        if self._failure is not None:
            raise self._failure
        return self.exit_code

    def interrupt(self) -> None:
        """Send SIGINT to the program's process group, as Ctrl-C does in a terminal. Returns at once."""
        self._command(b"i")

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Send SIGTERM, and SIGKILL after ``grace`` seconds. Returns when the program has ended."""
        self._command(b"t")
        if not self._ended.wait(grace):
            self.kill()

    def kill(self) -> None:
        """Kill every process of the box. Returns when they have ended."""
        self._command(b"k")
        self._ended.wait()

    def _command(self, letter: bytes) -> None:
        with self._lifeline_lock, contextlib.suppress(OSError, ValueError):  # the program may have just ended
            self._process.stdin.write(letter)

    def _clear_up(self, folder: Path) -> None:
        """When the supervisor was killed, end the processes it left: they would hold the output open. In namespace mode the kernel does."""
        if self._process.wait() < 0:
            sweep(folder)

    def _follow(self, on_lines: OnLines, output: int) -> None:
        """Read the output to its end, then the supervisor's report of how the program ended."""
        try:
            self._read_output(on_lines, output)
        except BaseException as error:  # e.g. the disk that holds the logs is full
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


class BoxGroup:
    """The running boxes of a job's hosts. They are waited for, stopped and killed like one `BoxProcess`.

    They end one by one. When one fails, the others are killed.

    Attributes
    ----------
    failed : int or None
        The index of the first box that failed; None while none has.
    """

    def __init__(self, boxes: Sequence[BoxProcess]) -> None:
        self.boxes = boxes
        self.failed: int | None = None
        self._stopping = False
        self._left = len(boxes)
        self._ends: queue.SimpleQueue[tuple[int, BaseException | None]] = queue.SimpleQueue()
        for number in range(len(boxes)):
            threading.Thread(target=self._follow, args=(number,), daemon=True, name="host").start()

    @classmethod
    def begin(cls, starts: Iterable[Callable[[], BoxProcess]]) -> BoxGroup:
        """Start the boxes of all hosts. When one cannot start, kill those that did."""
        started: list[BoxProcess] = []
        try:
            for start in starts:
                started.append(start())
        except BaseException:
            cls(started).kill()
            raise
        return cls(started)

    @property
    def first_failure(self) -> BoxProcess | None:
        """The first box that failed."""
        return None if self.failed is None else self.boxes[self.failed]

    def wait(self, timeout: float | None = None) -> None:
        """Wait until all boxes have ended.

        Raises
        ------
        TimeoutError
            After ``timeout`` seconds; the boxes that are left go on.
        Exception
            What `BoxProcess.wait` raised for one of them; the others were killed.
        """
        limit = None if timeout is None else time.monotonic() + timeout
        while self._left:
            try:
                number, error = self._ends.get(timeout=limit and max(0.0, limit - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"{self._left} boxes still run after {timeout} s") from None
            self._left -= 1
            if self.failed is None and (error or self.boxes[number].exit_code or self.boxes[number].limit):
                self.failed = number
                if error or not self._stopping:  # while stopping, the other programs keep their grace period
                    self.kill()
            if error:
                raise error

    def stop(self, grace: float) -> None:
        """Send SIGTERM to all programs, and SIGKILL after ``grace`` seconds. Returns when all have ended."""
        self._stopping = True
        self._for_each(lambda box: box.stop(grace))

    def kill(self) -> None:
        """Kill every process of all boxes. Returns when they have ended."""
        self._for_each(BoxProcess.kill)

    def _for_each(self, act: Callable[[BoxProcess], None]) -> None:
        threads = [threading.Thread(target=act, args=(box,), daemon=True) for box in self.boxes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _follow(self, number: int) -> None:
        error: BaseException | None = None
        try:
            self.boxes[number].wait()
        except BaseException as raised:
            error = raised
        self._ends.put((number, error))


def sweep(folder: Path) -> None:
    """Kill every process of the boxes below ``folder``. In rewrite mode a killed supervisor may have left some.

    Raises
    ------
    TimeoutError
        New processes still appear after `SWEEP_SECONDS`: the program starts them faster than they can be killed.
    """
    prefix, deadline, empty_passes = f"{folder.resolve()}{os.sep}", time.monotonic() + SWEEP_SECONDS, 0
    # One pass can miss a process that starts meanwhile, or one in the middle of `exec`, whose environment cannot be read.
    while empty_passes < 2:
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes of the box below {folder} still come {SWEEP_SECONDS:.0f} s after the first was ended")
        empty_passes = 0 if _kill_below(prefix) else empty_passes + 1


def _kill_below(prefix: str) -> bool:
    """Kill the processes whose box has this path prefix. Returns whether there were any."""
    found = False
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get("COURSE_BOX", "").startswith(prefix):
                process.kill()
                found = True
    return found
