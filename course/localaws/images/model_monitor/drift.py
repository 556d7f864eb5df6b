"""How far two distributions are apart.

Source: Deequ's ``Distance`` (https://github.com/awslabs/deequ) and "Schema for Constraints" of the SageMaker developer guide. Read
2026-11-28.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from course.localaws.images.model_monitor import kll

SIMPLE, ROBUST = "Simple", "Robust"
L_INFINITY, CHI_SQUARED = "LInfinity", "ChiSquared"
C_ALPHA = 1.8  # of the two-sample Kolmogorov-Smirnov test for a probability of 0.003
FEWEST_OF_TWO, FEWEST, FEW_ALLOWED = 10, 5, 0.2  # expected counts below which the chi-squared test merges categories


def numerical_distance(one: list[np.ndarray], other: list[np.ndarray], method: str = ROBUST) -> float:
    """The largest difference between the cumulative distributions of two sketches, given by their levels.

    ``Robust`` subtracts what chance explains in samples of these sizes.
    """
    points = np.union1d(kll.weighted(one)[0], kll.weighted(other)[0])
    first, second = kll.ranks(one, points), kll.ranks(other, points)
    if not len(points) or not first[-1] or not second[-1]:
        return 0.0
    return _corrected(float(np.abs(first / first[-1] - second / second[-1]).max()), first[-1], second[-1], method)


def categorical_distance(one: Mapping[str, int], other: Mapping[str, int], method: str = ROBUST) -> float:
    """The largest difference between the shares of a category."""
    first, second = sum(one.values()), sum(other.values())
    if not first or not second:
        return 0.0
    largest = max(abs(one.get(key, 0) / first - other.get(key, 0) / second) for key in one.keys() | other.keys())
    return _corrected(largest, first, second, method)


def chi_squared_p_value(observed: Mapping[str, int], baseline: Mapping[str, int]) -> float:
    """The p-value of the chi-squared test that the observed counts have the baseline's distribution.

    Categories that the baseline does not have are left out, and rare ones are merged. NaN if fewer than two categories are left.
    """
    from scipy.stats import chisquare

    total = sum(count for key, count in observed.items() if key in baseline)
    expected = {key: count / sum(baseline.values()) * total for key, count in baseline.items()}
    counts = {key: float(observed.get(key, 0)) for key in expected}
    while len(expected) >= 2 and _too_rare(expected):
        rarest = min(expected, key=expected.get)
        moved, moved_count = expected.pop(rarest), counts.pop(rarest)
        next_rarest = min(expected, key=expected.get)
        expected[next_rarest] += moved
        counts[next_rarest] += moved_count
    if len(expected) < 2 or not total:
        return math.nan
    return float(chisquare(list(counts.values()), list(expected.values())).pvalue)


def _too_rare(expected: Mapping[str, float]) -> bool:
    few, allowed = (FEWEST_OF_TWO, 0) if len(expected) == 2 else (FEWEST, int(FEW_ALLOWED * len(expected)))
    return sum(count < few for count in expected.values()) > allowed


def _corrected(largest: float, first: float, second: float, method: str) -> float:
    return largest if method == SIMPLE else max(0.0, largest - C_ALPHA * math.sqrt((first + second) / (first * second)))
