"""m12_3_ex2: attributions of a baseline and of today, and how far a learner says they have drifted."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from course.grading import Answer, Report
from course.grading.scoring import near

DIGITS = 4
WITHIN = 0.00006  # a score that was rounded to `DIGITS`
ROUGHLY = 0.006  # a score that was rounded to two digits
NAMES = ("payments", "housing", "loan", "credit", "mortgage", "record", "industry", "selfemp", "condomin", "single", "school", "district")
FEATURES, ROWS = (6, 10), (30, 60)  # of a case, from and to
TIMES = 4  # cases of each kind
STRICT = 2  # half of the cases wrong earns nothing
KINDS = {  # of equally frequent ones, the first is asked about: values that cancel out spoil other kinds, too
    "signs": "features whose values have both signs: do they cancel out?",
    "usual": "tables that hardly differ: what is the score of the same order?",
    "columns": "tables whose columns are in another order today: are features compared by name?",
    "swapped": "tables whose first feature became unimportant: by whose order, with whose weights, and divided by what, do you add up?",
    "scaled": "tables in which all values are larger today: should the size of today's values count, or their order alone?",
    "stuck": "tables in which one feature says nothing any more: it still has its weight of before",
}


@dataclass(frozen=True)
class Case:
    """SHAP values by row and feature: of the baseline, and of today."""

    kind: str
    baseline: pd.DataFrame
    today: pd.DataFrame


def cases(rng: random.Random) -> list[Case]:
    """Cases of all kinds, in an order that is drawn."""
    found = [_case(kind, rng) for kind in KINDS for _ in range(TIMES)]
    rng.shuffle(found)
    return found


def _case(kind: str, rng: random.Random) -> Case:
    names = rng.sample(NAMES, rng.randint(*FEATURES))
    draw = np.random.default_rng(rng.getrandbits(32))
    sizes = np.sort(draw.uniform(0.05, 1, len(names)))[::-1] ** 2 + np.arange(len(names))[::-1] * 0.02
    centres = np.zeros(len(names)) if kind == "signs" else draw.choice([-1, 1], len(names)) * sizes
    now = sizes * draw.uniform(0.75, 1.3, len(names))
    if kind == "swapped":
        now[0] = sizes[-1] * 0.3
    if kind == "stuck":
        now[rng.randrange(2, len(names))] = 0.0
    if kind == "scaled":
        now = now[::-1] * 3
    baseline = _table(draw, names, sizes, centres, rng.randint(*ROWS))
    today = _table(draw, names, now, np.where(sizes > 0, centres / sizes, 0) * now, rng.randint(*ROWS))
    order = rng.sample(names, len(names)) if kind in ("columns", "swapped") else names
    return Case(kind, baseline, today[order])


def _table(draw: np.random.Generator, names: Sequence[str], sizes: np.ndarray, centres: np.ndarray, rows: int) -> pd.DataFrame:
    values = draw.normal(size=(rows, len(names))) * sizes + centres
    return pd.DataFrame(values.round(6), columns=list(names))


def judge_scores(answer: Answer, report: Report, given: Sequence[Case], wanted: Sequence[float]) -> None:
    """Compare the learner's score of each case with the right one; reports ``score``."""
    scores = [answer.call("attribution_drift", case.baseline, case.today) for case in given]
    wrong = [(case, got, right) for case, got, right in zip(given, scores, wanted, strict=True) if not near(got, right, WITHIN)]
    missed, count = Counter(case.kind for case, _, _ in wrong), len(wrong)
    said = f"{len(given) - count} of {len(given)} scores are right. "
    if outside := [got for got in scores if not 0 <= got <= 1]:
        said += f"{len(outside)} are not from 0 to 1: by what is the sum divided? "
    if wrong and all(near(got, right, ROUGHLY) for _, got, right in wrong):
        said += f"The others are nearly right: are they rounded? A score has {DIGITS} digits."
    elif missed:
        kind = "usual" if count == len(given) else max(KINDS, key=missed.__getitem__)
        said += f"Most of the wrong ones are {KINDS[kind]}"
    report.part("score", max(0.0, 1 - STRICT * count / len(given)), said)
