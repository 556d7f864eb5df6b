"""A search in a process of its own: what models the losses needs a second and a hundred megabytes before it begins.

So the local AWS stays small, goes on answering while a model is fitted, and the model's many small matrices are worked on by one thread:
of several, which the linear algebra would take, each waits for the others most of the time.

    python -m course.localaws.sagemaker.tuning.strategies.process

reads the search and then what to suggest for, pickled, from its parent, and ends with it.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence

from course.localaws.sagemaker.tuning.strategies.sampling import LossObservation, SearchStrategy
from course.localaws.sagemaker.tuning.strategies.space import Values

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class SearchProcess(SearchStrategy):
    """Has another search do its work elsewhere.

    Parameters
    ----------
    search : SearchStrategy
        As it begins; it can be pickled.
    """

    def __init__(self, search: SearchStrategy) -> None:
        command = [sys.executable, "-P", "-m", __spec__.name]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | ONE_THREAD)
        self._send(search)

    def suggest(self, told: Sequence[LossObservation], pending: Sequence[Values]) -> Values | None:
        """As `SearchStrategy.suggest`.

        Raises
        ------
        RuntimeError
            The process failed; its traceback is on this one's standard error.
        """
        self._send((list(told), list(pending)))
        try:
            return pickle.load(self._process.stdout)
        except EOFError:
            raise RuntimeError("the process of the search has ended") from None

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def _send(self, value: object) -> None:
        with contextlib.suppress(BrokenPipeError):  # `suggest` says so: there is nothing to read then
            pickle.dump(value, self._process.stdin)
            self._process.stdin.flush()


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    with contextlib.suppress(EOFError):
        search = pickle.load(sys.stdin.buffer)
        threading.Thread(target=search.prepare, daemon=True).start()
        while True:
            told, pending = pickle.load(sys.stdin.buffer)
            pickle.dump(search.suggest(told, pending), answers)
            answers.flush()


if __name__ == "__main__":
    main()
