"""How far windows of flights are from a baseline, sound and with a broken feature: what a monitor is chosen from."""

import numpy as np
import pandas as pd

BASELINES = ("training", "past")
DAYS = (1, 7, 28)  # of a window
PAST = 28  # days of past traffic before a window
CHANCE = 1.8  # Model Monitor's method Robust subtracts what chance explains, with this factor


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Model Monitor's distance of two sorted samples: that of Kolmogorov and Smirnov, less what chance explains."""
    few, many = sorted((one, other), key=len)  # the largest difference is before or after a value of the smaller sample
    largest = 0.0
    for side in ("left", "right"):
        shares = [np.searchsorted(each, few, side=side) / len(each) for each in (few, many)]
        largest = max(largest, float(np.abs(shares[0] - shares[1]).max()))
    chance = CHANCE * ((len(one) + len(other)) / (len(one) * len(other))) ** 0.5
    return round(max(0.0, largest - chance), 4)


def windows(flights: pd.DataFrame, broken: pd.DataFrame, feature: str, until: str) -> pd.DataFrame:
    """A row for each window that begins after the training data, and for each baseline.

    Parameters
    ----------
    flights, broken : DataFrame
        The same flights, in the order of their ``date``; in ``broken`` the feature is broken.
    until : str
        The last day of the training data. Past traffic is that of the days before the window.

    Returns
    -------
    DataFrame
        ``baseline`` of `BASELINES`, ``days`` of `DAYS`, and the distances ``sound`` and ``broken``.
    """
    day = (flights.date - flights.date.iloc[0]).dt.days.to_numpy()
    first = int((pd.Timestamp(until) - flights.date.iloc[0]).days) + 1
    sound, bad = (each[feature].to_numpy(float) for each in (flights, broken))
    training, rows = _sorted(sound, day, 0, first), []
    for length in DAYS:
        for start in range(first, int(day[-1]) + 2 - length, length):
            now, then = (_sorted(each, day, start, start + length) for each in (sound, bad))
            past = _sorted(sound, day, start - PAST, start)
            if len(now) and len(then):
                for name, known in zip(BASELINES, (training, past), strict=True):
                    rows.append((name, length, distance(now, known), distance(then, known)))
    return pd.DataFrame(rows, columns=["baseline", "days", "sound", "broken"])


def seasons(flights: pd.DataFrame, features: list[str]) -> pd.DataFrame:
    """What sound months come to: for each feature the least completeness of a month, and the largest distance of a month from a quarter
    of the year that does not have it."""
    month = flights.date.dt.month
    rows = {}
    for feature in features:
        values = {number: np.sort(some.dropna()) for number, some in flights[feature].groupby(month)}
        parts = [range(first, first + 3) for first in (1, 4, 7, 10)]
        quarters = [(part, np.sort(np.concatenate([values[each] for each in part]))) for part in parts]
        far = [distance(values[each], known) for part, known in quarters for each in values if each not in part]
        rows[feature] = (flights[feature].notna().groupby(month).mean().min(), max(far))
    return pd.DataFrame(rows, index=["least completeness", "largest distance"]).T


def _sorted(values: np.ndarray, day: np.ndarray, first: int, end: int) -> np.ndarray:
    """The values of the days from ``first`` to before ``end``, in order, without missing ones."""
    some = values[slice(*np.searchsorted(day, [first, end]))]
    return np.sort(some[~np.isnan(some)])
