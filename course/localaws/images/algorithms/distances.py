"""Distances between many points and many others, computed in pieces to limit memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

CELLS = 1 << 21  # cells of the table in memory at a time: 16 MB


def squared(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances, of shape (points, others)."""
    table = (points**2).sum(axis=1)[:, None] - 2 * points @ others.T + (others**2).sum(axis=1)
    return np.maximum(table, 0, out=table)


def pieces(rows: int, columns: int) -> Iterator[slice]:
    """Slices of ``rows`` whose tables with ``columns`` fit in `CELLS`."""
    size = max(1, CELLS // max(1, columns))
    return (slice(start, start + size) for start in range(0, rows, size))


def nearest(points: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The number of each point's nearest centre, and the squared distance to it, both of shape (points,)."""
    numbers, distances = np.empty(len(points), np.intp), np.empty(len(points))
    for piece in pieces(len(points), len(centres)):
        table = squared(points[piece], centres)
        numbers[piece] = table.argmin(axis=1)
        distances[piece] = np.take_along_axis(table, numbers[piece][:, None], axis=1)[:, 0]
    return numbers, distances
