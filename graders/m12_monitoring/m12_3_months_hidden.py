# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The months of m12_3_ex3: banks, what may happen in a month, and what four monitors measure of it.

``python -m graders.m12_monitoring.m12_3_months_hidden`` prints the table of the lesson's diary, ``given/mortgage_diary.py``.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from xgboost import XGBClassifier

from course.localaws.images.clarify.drift import ndcg

from .m12_1_windows import distance
from .m12_3_bias import SEEDS, TREES, model_of, table
from .m12_3_diary import MEASURES
from .m12_3_mortgages import FEATURES, RATIOS, attributions, dearer, month, scores, stricter
from .m12_3_triage import Month

SIZES = (2_000, 3_500)  # applications of a month
USUAL, BANKS = 12, 3  # sound months of a bank; banks
CUTS, OWN = (0.74, 0.93), (0.0, 0.4)  # the quantile of scores from which a bank denies; the share that it decides by criteria of its own
MORE = (3, 4)  # times as many applications of one kind, when others apply
CALLS = {
    "sound": "nobody",
    "others apply": "nobody",
    "one value": "forms",
    "percent": "forms",
    "criteria": "retraining",
    "scores": "fairness",
    "payments": "fairness",
    "other model": "release",
}
# A month may differ from the usual ones by chance, as much as one in which something happened. No limit tells these two apart, so a month
# is drawn again until its measures are clear: by call, which must be far from the usual months, and which must be near. Broken columns and
# another model show in measures of their own. Of the months 0 to 6 % are drawn again, by what happened.
CLEAR: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "nobody": ((), ("auc", "dppl")),
    "forms": ((), ()),
    "release": ((), ()),
    "fairness": (("dppl",), ()),
    "retraining": (("auc",), ("dppl",)),
}
NEAR, FAR = (2.9, 0.5), (5.2, 0.9)  # standard deviations from the usual mean, and usual ranges beyond the worst usual month
LEAST_DEVIATION, LEAST_RANGE = 0.004, 0.008  # of the usual months
EACH = {"sound": 1, "others apply": 8, "one value": 2, "percent": 1, "criteria": 2, "scores": 1, "payments": 1, "other model": 2}
# Features of which another model knows few or none, so that it has other reasons: each set has the AUC that its month needs.
OTHER_MODELS: tuple[tuple[str, ...], ...] = (
    ("lvrat", "mhist", "hirat", "single", "unemp", "hschool", "selfemp"),
    ("hirat", "phist", "mhist", "unemp", "single", "condomin"),
    ("lvrat", "phist", "hirat", "selfemp", "single", "hschool"),
)


@dataclass(frozen=True)
class Bank:
    """A bank's applications, its model and cut-off, and what its baseline says of columns and reasons."""

    rows: pd.DataFrame
    model: XGBClassifier
    cut: float
    sorted: dict[str, np.ndarray]
    reasons: np.ndarray


@dataclass
class Happening:
    """What a month holds: applications, the scores of the model that answered, and this model."""

    rows: pd.DataFrame
    scores: np.ndarray
    model: XGBClassifier


def bank(rng: random.Random) -> Bank:
    rows = _other_criteria(table(), rng.uniform(*OWN), rng)
    model = model_of(rng.randint(*TREES))
    cut = float(np.quantile(scores(model, rows), rng.uniform(*CUTS)))
    return Bank(rows, model, cut, {name: np.sort(rows[name].to_numpy(float)) for name in FEATURES}, _reasons(model, rows))


def _other_criteria(rows: pd.DataFrame, share: float, rng: random.Random) -> pd.DataFrame:
    """The bank decides about a share of the applications by something that no column has."""
    some = np.random.default_rng(rng.getrandbits(32)).permutation(len(rows))[: int(len(rows) * share)]
    denied = rows.denied.to_numpy().copy()
    denied[np.sort(some)] = denied[some]
    return rows.assign(denied=denied)


def _reasons(model: XGBClassifier, rows: pd.DataFrame) -> np.ndarray:
    return attributions(model, rows)[FEATURES].abs().mean().to_numpy()


def measured(of: Bank, happened: Happening) -> dict[str, float]:
    """`MEASURES` of a month, rounded as in the diary."""
    rows, black = happened.rows, happened.rows.black == 1
    approved = happened.scores <= of.cut
    found = {
        "constant": sum(rows[name].nunique() == 1 for name in FEATURES),
        "drift": max(distance(of.sorted[name], np.sort(rows[name].to_numpy(float))) for name in FEATURES),
        "auc": roc_auc_score(rows.denied, happened.scores),
        "dppl": approved[~black].mean() - approved[black].mean(),
        "ndcg": ndcg(of.reasons, _reasons(happened.model, rows)),
    }
    return {name: round(float(found[name]), 3) for name in MEASURES}


# ---- what may happen -----------------------------------------------------------------------------------------------------------------


def _rows(of: Bank, rng: random.Random) -> pd.DataFrame:
    return month(of.rows, rng.randint(*SIZES), rng.randrange(SEEDS))


def _scored(of: Bank, rows: pd.DataFrame) -> Happening:
    return Happening(rows, scores(of.model, rows), of.model)


def _others(of: Bank, rng: random.Random) -> Happening:
    """Other people apply: more of the applications that come from one kind of home or household."""
    rows, name = of.rows, rng.choice(["condomin", "selfemp"])
    many = rows.iloc[np.repeat(np.arange(len(rows)), np.where(rows[name] == 1, rng.randint(*MORE), 1))]
    return _scored(of, month(many, rng.randint(*SIZES), rng.randrange(SEEDS)))


def _one_value(of: Bank, rng: random.Random) -> Happening:
    rows, name = _rows(of, rng), rng.choice(FEATURES)
    return _scored(of, rows.assign(**{name: float(np.sort(rows[name])[len(rows) // 2])}))


def _percent(of: Bank, rng: random.Random) -> Happening:
    rows, name = _rows(of, rng), rng.choice(RATIOS)
    return _scored(of, rows.assign(**{name: rows[name] * 100}))


def _criteria(of: Bank, rng: random.Random) -> Happening:
    return _scored(of, _other_criteria(_rows(of, rng), rng.uniform(0.5, 0.65), rng))


def _stricter(of: Bank, rng: random.Random) -> Happening:
    rows = _rows(of, rng)
    return Happening(rows, stricter(scores(of.model, rows), rows.black, rng.uniform(0.85, 1.05)), of.model)


def _dearer(of: Bank, rng: random.Random) -> Happening:
    return _scored(of, dearer(_rows(of, rng), rng.uniform(0.08, 0.12)))


def _other_model(of: Bank, rng: random.Random) -> Happening:
    rows, other = _rows(of, rng), model_of(rng.randint(*TREES), rng.choice(OTHER_MODELS))
    return Happening(rows, scores(other, rows), other)


MAKERS: dict[str, Callable[[Bank, random.Random], Happening]] = {
    "sound": lambda of, rng: _scored(of, _rows(of, rng)),
    "others apply": _others,
    "one value": _one_value,
    "percent": _percent,
    "criteria": _criteria,
    "scores": _stricter,
    "payments": _dearer,
    "other model": _other_model,
}


def usual(of: Bank, rng: random.Random) -> list[dict[str, float]]:
    return [measured(of, MAKERS["sound"](of, rng)) for _ in range(USUAL)]


def months(rng: random.Random) -> list[Month]:
    """Months of several banks, of all kinds."""
    found = []
    for _ in range(BANKS):
        of = bank(rng)
        sound = pd.DataFrame(usual(of, rng))
        for what, count in EACH.items():
            found += [Month(sound, _clear(of, sound, what, rng), what, CALLS[what]) for _ in range(count)]
    rng.shuffle(found)
    return found


def _clear(of: Bank, sound: pd.DataFrame, what: str, rng: random.Random) -> dict[str, float]:
    """`measured` of a month about which any sensible limit says the same."""
    far, near = CLEAR[CALLS[what]]
    while True:
        now = measured(of, MAKERS[what](of, rng))
        worse = {"auc": _worse(-sound.auc, -now["auc"]), "dppl": _worse(sound.dppl, now["dppl"])}
        is_far = all(found >= limit for name in far for found, limit in zip(worse[name], FAR, strict=True))
        is_near = all(found <= limit for name in near for found, limit in zip(worse[name], NEAR, strict=True))
        if is_far and is_near:
            return now


def _worse(usual: pd.Series, now: float) -> tuple[float, float]:
    """By how many standard deviations ``now`` is above the usual mean, and by how many usual ranges above the usual maximum."""
    usual_range = max(usual.max() - usual.min(), LEAST_RANGE)
    return (now - usual.mean()) / max(usual.std(), LEAST_DEVIATION), (now - usual.max()) / usual_range


def written() -> str:
    """The lines of the diary: what a month was, whom it concerned, and `MEASURES`."""
    rng = random.Random("m12_3 diary")
    of = bank(rng)
    rows = [("sound", each) for each in usual(of, rng)]
    rows += [(what, measured(of, MAKERS[what](of, rng))) for what in EACH if what != "sound" for _ in range(3)]
    return "\n".join(",".join([what, CALLS[what], *(f"{each[name]:g}" for name in MEASURES)]) for what, each in rows)


if __name__ == "__main__":
    sys.stdout.write(written())
