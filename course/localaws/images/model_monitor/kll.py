"""The KLL sketch: the quantiles of any number of values in a few kilobytes.

The sizes of the levels, when a level is compacted, and ranks are those of Deequ, which Model Monitor runs on: ``QuantileNonSample`` and
``NonSampleCompactor`` of https://github.com/awslabs/deequ, read 2026-11-28. The algorithm: Karnin, Lang and Liberty, "Optimal Quantile
Approximation in Streams", 2016.
"""

from __future__ import annotations

import math
import random

import numpy as np

SIZE = 2048  # `k`, and `c`, as statistics.json of AWS shows them
SHRINKING = 0.64


class KllSketch:
    """A sketch of numbers. A value of level ``i`` stands for ``2**i`` values.

    Parameters
    ----------
    size : int
        The parameter ``k``.
    shrinking : float
        The parameter ``c``, 0..1.
    """

    def __init__(self, size: int = SIZE, shrinking: float = SHRINKING) -> None:
        self.size, self.shrinking = size, shrinking
        self._random = random.Random(0)  # the same values give the same sketch
        self._levels: list[np.ndarray] = [np.empty(0)]
        self._compacted: list[int] = [0]
        self._offsets: list[int] = [0]
        self._kept, self._limit = 0, self._capacity(0)

    @property
    def levels(self) -> list[np.ndarray]:
        """The values that are kept, by level."""
        return self._levels

    def update(self, values: np.ndarray) -> None:
        """Add numbers, which must not be NaN."""
        values = np.asarray(values, dtype=float)
        while len(values):
            room = self._limit - self._kept + 1
            taken, values = values[:room], values[room:]
            self._levels[0] = np.concatenate([self._levels[0], taken])
            self._kept += len(taken)
            if self._kept > self._limit:
                self._compact_first_full_level()

    def _capacity(self, height: int) -> int:
        return 2 * (math.ceil(self.size * self.shrinking**height / 2) + 1)

    def _compact_first_full_level(self) -> None:
        height = next(height for height, level in enumerate(self._levels) if len(level) >= self._capacity(height))
        if height + 1 == len(self._levels):
            self._levels.append(np.empty(0))
            self._compacted.append(0)
            self._offsets.append(0)
            self._limit += self._capacity(height + 1)
        level = self._levels[height]
        pairs = len(level) - len(level) % 2
        odd = self._compacted[height] % 2 == 1  # every second time the other half of the values is kept
        self._offsets[height] = 1 - self._offsets[height] if odd else self._random.randrange(2)
        self._compacted[height] += 1
        kept = np.sort(level[:pairs])[self._offsets[height] :: 2]
        self._levels[height] = level[pairs:]
        self._levels[height + 1] = np.concatenate([self._levels[height + 1], kept])
        self._kept -= pairs - len(kept)


def weighted(levels: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The distinct values of the levels of a sketch, sorted, and the number of values that are not larger than each."""
    values = np.concatenate([np.asarray(level, dtype=float) for level in levels])
    weights = np.concatenate([np.full(len(level), 2.0**height) for height, level in enumerate(levels)])
    order = np.argsort(values, kind="stable")
    ranks = np.cumsum(weights[order])
    last = np.flatnonzero(np.append(values[order][1:] != values[order][:-1], True)) if len(values) else []
    return values[order][last], ranks[last]


def ranks(levels: list[np.ndarray], points: np.ndarray, side: str = "right") -> np.ndarray:
    """How many values are not larger than each point, or smaller with ``side="left"``."""
    values, counts = weighted(levels)
    return np.append(0.0, counts)[np.searchsorted(values, points, side=side)]
