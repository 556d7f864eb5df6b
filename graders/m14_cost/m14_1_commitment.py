"""What a year costs with a commitment, and small years with the least that they can cost (m14_1_ex4)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from course.grading import Answer, Report
from course.grading.scoring import near

PLANNED = ("hosting", "training")  # what a Savings Plan pays for
WITHIN = 0.001  # of the least cost
SAME = 1e-4  # of a commitment


@dataclass(frozen=True)
class SmallYear:
    """A load of some hours, a discount, and the least that hosting and training cost, in dollars.

    The columns are hosting, training, spot and storage.
    """

    rows: tuple[tuple[int, int, int, int], ...]
    discount: float
    least: float

    @property
    def load(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows, columns=["hosting", "training", "spot", "storage"], dtype=float)


SMALL = (
    SmallYear(((10, 0, 6, 1), (10, 0, 0, 1), (10, 0, 6, 1), (10, 0, 0, 1)), 0.3, 28.0),
    SmallYear(((4, 5, 9, 1), (4, 0, 0, 1), (6, 0, 8, 1), (4, 16, 0, 1), (4, 2, 7, 1), (4, 4, 0, 1), (9, 0, 3, 1)), 0.3, 51.4),
    SmallYear(((2, 1, 9, 1), (8, 0, 0, 1), (2, 8, 9, 1), (2, 6, 0, 1), (9, 5, 5, 1), (2, 0, 6, 1), (2, 2, 7, 1)), 0.6, 30.4),
)


def cost(load: pd.DataFrame, commitment: float, discount: float) -> float:
    """What hosting and training of a year cost with a commitment. What a plan does not pay for costs the same with any commitment."""
    used = load["hosting"] + load["training"]
    return float((commitment + (used - commitment / (1 - discount)).clip(lower=0)).sum())


def judge_practice(answer: Answer, report: Report) -> None:
    """Report the practice part of m14_1_ex4."""
    for year in SMALL:
        given = answer.call("commitment", year.load, year.discount)
        said = f"`commitment(...)` returned {given:.6g} for a table of {len(year.rows)} hours and a discount of {year.discount}."
        if problem := refused(given):
            report.part("practice", False, f"{said} {problem}")
            return
        more = cost(year.load, given, year.discount) / year.least - 1
        if more > WITHIN:
            asked = _columns(answer, year, given) or mistake(year.load, given, year.discount)
            report.part("practice", False, f"{said} The hours cost {more:.1%} more than with the best commitment. {asked}")
            return
    report.part("practice", True, "All small tables cost the least.")


def _columns(answer: Answer, year: SmallYear, given: float) -> str:
    """Whether other columns move the commitment than should."""
    if given == 0:
        return ""
    if not near(answer.call("commitment", year.load.assign(spot=0.0, storage=0.0), year.discount), given, SAME * given):
        return "Without Spot and storage it is another number, but a Savings Plan pays for neither."
    if year.load["training"].any() and near(answer.call("commitment", year.load.assign(training=0.0), year.discount), given, SAME * given):
        return "Without training it is the same number, but a Savings Plan pays for training jobs, too."
    return ""


def refused(given: float) -> str:
    """Why a number cannot be a commitment; ``""`` if it can."""
    if not math.isfinite(given) or given < 0:
        return "Expected a number of dollars, not below 0."
    return ""


def mistake(load: pd.DataFrame, given: float, discount: float) -> str:
    """What a commitment that costs too much looks like."""
    used, paid = load["hosting"] + load["training"], 1 - discount
    simple = {
        "It is the mean load at the plan's prices. Does an hour below it cost as much as an hour above it?": used.mean() * paid,
        "It is the mean load at list prices. Which prices has a commitment?": used.mean(),
        "It covers even the dearest hour: in how many hours is it not used?": used.max() * paid,
        "It is the dearest hour at list prices. Which prices has a commitment?": used.max(),
    }
    if given == 0:
        return "It is nothing. In the hours with the least load, would a plan save something?"
    for said, number in simple.items():
        if used.nunique() > 1 and near(given, number, SAME * number):  # else they are all the same number
            return said
    lower, higher = (cost(load, given * factor, discount) < cost(load, given, discount) for factor in (1 - SAME, 1 + SAME))
    if lower and any(near(given, each, SAME * each) for each in used):
        return "It is a load at list prices. Which prices has a commitment?"
    if lower:
        return "It is too high: in too many hours a part of it is lost. Does a higher discount make your number higher or lower?"
    if higher:
        return "It is too low: in most hours a dollar more pays for something. Does a higher discount make your number higher or lower?"
    return "Do all hours of the table count, and only the columns that a plan pays for?"
