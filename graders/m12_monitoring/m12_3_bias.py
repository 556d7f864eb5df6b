"""m12_3_ex1: figures of bias, and months of which some treat a group otherwise than before."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from xgboost import XGBClassifier

from course import datasets
from course.grading import Answer, Report
from course.grading.scoring import guard_share, near
from course.grading.short_repr import cut

from .m12_3_mortgages import FEATURES, applications, dearer, month, scores, stricter, trained

FIGURES = ("DPPL", "DI", "RD")
DIGITS = 4
WITHIN = 0.00006  # a figure that was rounded to `DIGITS`
BANKS, TREES, CUTS = 3, (30, 60), (0.78, 0.9)  # how many; trees of a bank's model; the quantile of scores from which it denies
DENIED_MORE = (0.06, 0.1)  # the share that is denied besides, when more of everybody are
SEEDS = 2**32
Rows = Sequence[tuple[int, int, int, int]]


def counted(rows: Rows) -> pd.DataFrame:
    """A month of rows (black, denied, predicted) that come so many times."""
    table = pd.DataFrame([row[:3] for row in rows for _ in range(row[3])], columns=["black", "denied", "predicted"])
    return table.sample(frac=1, random_state=len(table)).reset_index(drop=True)


# ---- months --------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bank:
    """A bank's applications, its model, and the score from which the model denies."""

    rows: pd.DataFrame
    model: XGBClassifier
    cut: float

    def decided(self, rows: pd.DataFrame, logit: float = 0.0) -> pd.DataFrame:
        """A month as learners get it. ``logit`` is added to the scores of Black applicants."""
        predicted = stricter(scores(self.model, rows), rows.black, logit) > self.cut
        return rows[["black", "denied"]].assign(predicted=predicted.astype(int))


@dataclass(frozen=True)
class Stream:
    """A bank's baseline, its later months, and the kind of each: a key of `KINDS`."""

    baseline: pd.DataFrame
    months: list[tuple[str, pd.DataFrame]]


@cache
def table() -> pd.DataFrame:
    return applications(datasets.path("hmda"))


@cache
def model_of(trees: int, features: tuple[str, ...] = tuple(FEATURES)) -> XGBClassifier:
    """A model of some of the features."""
    return trained(table(), list(features), trees)


def bank(rng: random.Random) -> Bank:
    model = model_of(rng.randint(*TREES))
    return Bank(table(), model, float(np.quantile(scores(model, table()), rng.uniform(*CUTS))))


def _drawn(of: Bank, rng: random.Random, sizes: tuple[int, int], share: tuple[float, float] | None = None) -> pd.DataFrame:
    return month(of.rows, rng.randint(*sizes), rng.randrange(SEEDS), rng.uniform(*share) if share else None)


def _denied_more(rows: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    """The month with more denials, drawn from all whom the model approves: the same share of each group."""
    some = np.random.default_rng(rng.getrandbits(32)).random(len(rows)) < rng.uniform(*DENIED_MORE)
    return rows.assign(predicted=rows.predicted | some)


Make = Callable[[Bank, random.Random], pd.DataFrame]
LARGE, SMALL = (7_000, 11_000), (120, 300)  # applications of a month
SOUND: dict[str, Make] = {
    "large": lambda of, rng: of.decided(_drawn(of, rng, LARGE)),
    "small": lambda of, rng: of.decided(_drawn(of, rng, SMALL)),
    "few": lambda of, rng: of.decided(_drawn(of, rng, (1_000, 2_000), (0.03, 0.05))),
    "many": lambda of, rng: of.decided(_drawn(of, rng, LARGE, (0.3, 0.45))),
    "fairer": lambda of, rng: of.decided(_drawn(of, rng, LARGE), rng.uniform(-0.7, -0.5)),
    "everybody": lambda of, rng: _denied_more(of.decided(_drawn(of, rng, LARGE)), rng),
}
CHANGED: dict[str, Make] = {
    "scores": lambda of, rng: of.decided(_drawn(of, rng, LARGE), rng.uniform(0.45, 0.65)),
    "payments": lambda of, rng: of.decided(dearer(_drawn(of, rng, LARGE), rng.uniform(0.035, 0.05))),
    "scores of many": lambda of, rng: of.decided(_drawn(of, rng, (3_000, 5_000), (0.3, 0.45)), rng.uniform(0.45, 0.65)),
}
EACH = {"large": 2, "small": 10, "few": 5, "many": 1, "fairer": 2, "everybody": 3, "scores": 3, "payments": 2, "scores of many": 2}
# What a learner did not think of, by the kind of month.
KINDS = {
    "large": "sound months like the baseline: how much does a figure vary when nothing changes, and with what do you compare it?",
    "small": "sound months with few Black applicants: whose number sets the noise?",
    "few": "sound months with few Black applicants: whose number sets the noise?",
    "many": "sound months with more Black applicants than usual: has anybody been treated otherwise?",
    "fairer": "months in which the difference became smaller: does such a month harm the group?",
    "everybody": "months in which the model denies more of everybody: does it treat one group worse than the others?",
    "scores": "months with higher scores for Black applicants alone: do you count what the model predicts, and is this still noise? The "
    "baseline's figures are exact.",
    "payments": "months with higher payments to income for Black applicants alone: with so many people, is such a difference still noise? "
    "The baseline's figures are exact.",
    "scores of many": "changed months with many Black applicants: there the noise is smaller, and so may be the limit",
}


def streams(rng: random.Random) -> list[Stream]:
    """Banks with months of all kinds, in an order that is drawn. The baseline is what the model says of all applications."""
    found = []
    for _ in range(BANKS):
        of = bank(rng)
        months = [(kind, make(of, rng)) for kind, make in {**SOUND, **CHANGED}.items() for _ in range(EACH[kind])]
        rng.shuffle(months)
        found.append(Stream(of.decided(of.rows), months))
    return found


# ---- answers -------------------------------------------------------------------------------------------------------------------------


def judge_figures(answer: Answer, report: Report, cases: Sequence[tuple[pd.DataFrame, Mapping[str, float]]]) -> bool:
    """Compare the learner's figures with those of each case; reports ``figures``. Whether there are figures at all."""
    wrong: Counter[str] = Counter()
    doubts: list[str] = []
    for rows, wanted in cases:
        got = answer.call("figures", rows)
        said = f"`figures(...)` returned {cut(repr(got), 200)}; expected a dict with the numbers {', '.join(FIGURES)}."
        if set(got) != set(FIGURES) or not all(map(_number, got.values())):
            return report.part("figures", False, said)
        for name in FIGURES:
            if not near(got[name], wanted[name], WITHIN):
                wrong[name] += 1
                doubts.append(_doubt(name, got[name], wanted))
    share = 1 - sum(wrong.values()) / (len(cases) * len(FIGURES))
    counts = ", ".join(f"{name} in {wrong[name]} of {len(cases)} months" for name in FIGURES if wrong[name])
    report.part("figures", share, f"Wrong: {counts}. {_first(doubts)}" if counts else "All figures are right.")
    return True


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _doubt(name: str, got: float, wanted: Mapping[str, float]) -> str:
    right = wanted[name]
    if name == "DI" and got and near(1 / got, right, 10 * WITHIN):
        return "Your ratio is upside down: whose share is divided by whose?"
    if name != "DI" and near(-got, right, 10 * WITHIN):
        return f"Your {name} has the other sign: which group's share is subtracted, and which outcome is the good one?"
    if any(near(got, wanted[other], 10 * WITHIN) for other in FIGURES):
        return f"Your {name} is another figure of the three."
    if name == "RD":
        return "RD looks only at applicants whom the bank itself did not deny: which share of them does the model approve, in each group?"
    return f"{name} compares the shares of each group that the *model* approves, not denies, and not those of the bank's decisions."


def _first(doubts: Sequence[str]) -> str:
    """The most common doubt; of equally common ones, the first."""
    return Counter(doubts).most_common(1)[0][0] if doubts else ""


def judge_pages(answer: Answer, report: Report, given: Sequence[Stream], enough: float) -> None:
    """Ask the learner's function about each month; reports ``guard``. With ``enough`` of the share all is earned."""
    asked = [(kind, answer.call("pages", stream.baseline, rows)) for stream in given for kind, rows in stream.months]
    caught = [paged for kind, paged in asked if kind in CHANGED]
    alarms = [paged for kind, paged in asked if kind in SOUND]
    missed = Counter(kind for kind, paged in asked if paged != (kind in CHANGED))
    said = f"`pages(...)` found {sum(caught)} of {len(caught)} changed months, and paged for {sum(alarms)} of {len(alarms)} others. "
    if missed:
        usual = missed["large"] * 4 > len(given) * EACH["large"]  # a quarter of the months that are like the baseline
        worst = "large" if usual else max(missed, key=lambda kind: missed[kind] / EACH[kind])
        said += f"Many of the wrong ones are {KINDS[worst]}"
    report.part("guard", min(1.0, guard_share(caught, alarms) / enough), said)
