"""Tracks the progress of a search: when its best loss last improved, and whether it has converged."""

from __future__ import annotations

IMPROVEMENT = 0.01  # smallest improvement of the best loss. Source: BestObjectiveNotImproving in the API reference, read 2026-11-25
CONVERGED_JOBS = 10  # least number of losses without an improvement


class ConvergenceTracker:
    """Counts losses in the order of arrival.

    Attributes
    ----------
    best : float or None
        The lowest loss.
    not_improving : int
        Number of losses since the last one that was at least 1 % better than the best before it.
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
        """Whether at least ten losses, and half of all, brought no improvement.

        AWS's criteria for convergence are not published ("developed over a wide range of diverse benchmarking tests"). This stand-in
        shares only the 1 %.
        """
        return self.not_improving >= max(CONVERGED_JOBS, self._count / 2)
