"""Grades on behalf of a Dask worker, which is a daemon process and may not have children.

    python -m course.grading.batches.worker

reads a line of JSON for each task, ``{"id": int, "work": GradingTask.as_json()}``, grades all tasks at the same time, and answers each with
``{"id": int, "result": {...}}`` or ``{"id": int, "error": str}``. When its standard input ends, it ends and stops the tasks under way.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any, TextIO

from course import interrupts
from course.grading.batches.grade import GradingTask
from course.grading.batches.queue import GRACE_SECONDS, ProcessGrader
from course.grading.batches.result import Result

MODULE = "course.grading.batches.worker"


def main() -> int:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # output of libraries must not mix with answers
    lock = threading.Lock()
    with ProcessGrader() as processes:
        for line in sys.stdin:
            threading.Thread(target=_answer, args=(processes, json.loads(line), answers, lock)).start()
    return 0


def _answer(processes: ProcessGrader, asked: dict[str, Any], answers: TextIO, lock: threading.Lock) -> None:
    try:
        answer = {"result": asdict(processes.grade(GradingTask.of_json(asked["work"])))}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    with lock, contextlib.suppress(OSError):  # the worker may have ended
        answers.write(json.dumps({"id": asked["id"]} | answer) + "\n")


class GradingWorker:
    """The worker's handle of that process."""

    def __init__(self) -> None:
        # In its own session, so that Ctrl-C reaches only the worker; the process notices when the worker ends.
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "start_new_session": True}
        self._process = subprocess.Popen([sys.executable, "-m", MODULE], **pipes)
        self._asked: dict[int, Future] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, name="answers", daemon=True).start()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def grade(self, work: GradingTask) -> Result:
        """The result. Raises RuntimeError or OSError when it could not be graded."""
        answer: Future = Future()
        with self._lock:
            number = next(self._numbers)
            self._asked[number] = answer
            self._process.stdin.write(json.dumps({"id": number, "work": work.as_json()}) + "\n")
            self._process.stdin.flush()
        return answer.result()

    def end(self) -> None:
        """End the process and everything that it grades; returns when it has ended."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_SECONDS)
        self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        for line in self._process.stdout:
            answer = json.loads(line)
            asked = self._asked.pop(answer["id"])
            if "result" in answer:
                asked.set_result(Result(**answer["result"]))
            else:
                asked.set_exception(RuntimeError(answer["error"]))
        with self._lock:
            left, self._asked = list(self._asked.values()), {}
        for asked in left:
            asked.set_exception(RuntimeError("the process that graded it has ended"))


if __name__ == "__main__":
    sys.exit(interrupts.run(main))
