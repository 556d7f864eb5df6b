"""Whether a search gets anywhere: how long ago its best loss last improved, and whether it is still likely to."""

from __future__ import annotations

IMPROVEMENT = 0.01  # of the best loss: less is none. Source: BestObjectiveNotImproving in SageMaker's API reference, read 2026-11-25
CONVERGED_JOBS = 10  # at least, without an improvement


class ConvergenceTracker:
    """Counts losses in the order in which they come.

    Attributes
    ----------
    best : float or None
        The lowest loss.
    not_improving : int
        How many losses came since one that was better by 1 % than the best before it.
    """

    def __init__(self) -> None:
        self.best: float | None = None
        self.not_improving = 0
        self._count = 0
        self._reference: float | None = None

    def add(self, loss: float) -> None:
        self._count += 1
        self.best = loss if self.best is None else min(self.best, loss)
        if self._reference is None or self._reference - loss >= IMPROVEMENT * abs(self._reference) and loss < self._reference:
            self._reference, self.not_improving = loss, 0
        else:
            self.not_improving += 1

    @property
    def converged(self) -> bool:
        """Whether no improvement came for at least ten losses and half of all.

        AWS detects convergence by criteria that it has not published ("developed over a wide range of diverse benchmarking tests"); this
        one stands in for them and shares only the 1 %.
        """
        return self.not_improving >= max(CONVERGED_JOBS, self._count / 2)
