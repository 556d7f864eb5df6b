"""Runs a search in its own process, because the libraries that model the losses need a second and a hundred megabytes to load.

So the local AWS stays small and answers requests while a model is fitted. The process uses one thread for linear algebra: with the model's
many small matrices, several threads would mostly wait for each other.

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
    """A search that runs another search in a process.

    Parameters
    ----------
    search : SearchStrategy
        In its initial state; must be picklable.
    """

    def __init__(self, search: SearchStrategy) -> None:
        command = [sys.executable, "-P", "-m", __spec__.name]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | ONE_THREAD)
        self._send(search)

    def suggest(self, observations: Sequence[LossObservation], pending: Sequence[Values]) -> Values | None:
        """See `SearchStrategy.suggest`.

        Raises
        ------
        RuntimeError
            The process failed; its traceback is on this one's standard error.
        """
        self._send((list(observations), list(pending)))
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
        with contextlib.suppress(BrokenPipeError):  # `suggest` reports it, because it has nothing to read then
            pickle.dump(value, self._process.stdin)
            self._process.stdin.flush()


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # keep the output of libraries out of the answers
    with contextlib.suppress(EOFError):
        search = pickle.load(sys.stdin.buffer)
        threading.Thread(target=search.prepare, daemon=True).start()
        while True:
            observations, pending = pickle.load(sys.stdin.buffer)
            pickle.dump(search.suggest(observations, pending), answers)
            answers.flush()


if __name__ == "__main__":
    main()
