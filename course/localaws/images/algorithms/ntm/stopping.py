"""Early stopping, as "NTM Hyperparameters" of the developer guide describes it."""

from __future__ import annotations

import math


class EarlyStopping:
    """Decides after each epoch whether training goes on.

    Parameters
    ----------
    patience : int
        ``num_patience_epochs``.
    tolerance : float
        The smallest change of the loss that counts, as a share of it.

    Attributes
    ----------
    best : float
        The smallest loss so far.
    best_epoch : int
        Its epoch, from 1; 0 before the first.
    """

    def __init__(self, patience: int, tolerance: float) -> None:
        self._patience, self._tolerance = patience, tolerance
        self._losses: list[float] = []
        self._without_gain = 0
        self.best, self.best_epoch = math.inf, 0

    def after(self, loss: float) -> bool:
        """Take the loss of an epoch. Returns whether training ends: after ``patience`` successive epochs without a gain.

        An epoch brings a gain if its loss is below the best of the ``patience`` epochs before by more than the tolerance.
        """
        least = min(self._losses[-self._patience :], default=math.inf)
        self._without_gain = 0 if least - loss >= self._tolerance * abs(least) else self._without_gain + 1
        self._losses.append(loss)
        if loss < self.best:
            self.best, self.best_epoch = loss, len(self._losses)
        return self._without_gain >= self._patience
