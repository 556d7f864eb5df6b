# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Measures what m12_2 replays, and writes it: ``python -m reference.measure_quality`` in the lesson's folder, a few minutes.

It writes the days of a service with and without faults, April to June for learners (``given/quality_days.py``) and July to December for
the hidden checks.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from given import features, late_flights
from given.late_flights import FEATURES, STATE, joined, trained
from sklearn.metrics import roc_auc_score
from xgboost import XGBClassifier

from course import datasets

LESSON = Path(__file__).parents[1]
GRADERS = LESSON.parents[1] / "graders" / LESSON.name
MISSED, FALSE = 120, 25  # dollars for a late flight without warning, and for a false warning
CUT = FALSE / (MISSED + FALSE)
TREES, ROWS = 100, 60_000
WEATHER_LOST = {name: np.nan for name in features.WEATHER}
FAULTS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "state": lambda rows: rows.assign(mean_delay_2h=0.0, departures_2h=0),
    "hhmm": lambda rows: rows.assign(minutes=rows.minutes // 60 * 100 + rows.minutes % 60),
    "utc": lambda rows: rows.assign(minutes=(rows.minutes + np.where(rows.month.isin([1, 2, 3, 11, 12]), 300, 240)) % 1440),
    "celsius": lambda rows: rows.assign(temp=(rows.temp - 32) / 1.8),
    "weather": lambda rows: rows.assign(**WEATHER_LOST),
}


def flights() -> pd.DataFrame:
    """All flights that arrived, with the features of the lesson, ``day`` (0 is 1 January) and ``month``, both in New York."""
    flown = features.flights(datasets.path("flights"))
    rows = late_flights.table(flown, datasets.path("weather"))
    rows = rows.join(joined(rows, "asked_at", features.airport_state(flown), STATE))
    local = rows.departs.dt.tz_convert(features.NEW_YORK)
    return rows.assign(day=local.dt.dayofyear - 1, month=local.dt.month)


def fitted(rows: pd.DataFrame, most: int) -> XGBClassifier:
    return trained(rows.sample(min(most, len(rows)), random_state=0), FEATURES, TREES)


def scores(model: XGBClassifier, rows: pd.DataFrame) -> np.ndarray:
    return model.predict_proba(rows[FEATURES])[:, 1]


def usd(late: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Dollars of each flight."""
    return np.where(score >= CUT, np.where(late == 1, 0, FALSE), np.where(late == 1, MISSED, 0)).astype(float)


def auc(late: pd.Series, score: pd.Series) -> float:
    return roc_auc_score(late, score) if late.nunique() == 2 else 0.5


# ---- days ----------------------------------------------------------------------------------------------------------------------------


def daily(rows: pd.DataFrame, score: np.ndarray) -> pd.DataFrame:
    """Metrics by airport and day, as whole numbers: thousandths, and cents."""
    table = rows.assign(score=score, usd=usd(rows.late.to_numpy(), score), warned=score >= CUT)
    found = []
    for (airport, day), some in table.groupby(["origin", "day"]):
        late = some.late == 1
        measured = {
            "auc": 1000 * auc(some.late, some.score),
            "accuracy": 1000 * (some.warned == late).mean(),
            "recall": 1000 * (some.warned[late].mean() if late.any() else 1.0),
            "usd": 100 * some.usd.mean(),
        }
        found.append({"airport": airport, "day": day, **{name: round(value) for name, value in measured.items()}})
    return pd.DataFrame(found)


def written(tables: dict[str, pd.DataFrame], first: int, end: int) -> str:
    """The days from ``first`` to before ``end`` as text: airport, fault and metric, followed by a number for each day."""
    lines = []
    for fault, table in tables.items():
        for airport, some in table.groupby("airport"):
            days = some[some.day.between(first, end - 1)].sort_values("day")
            assert len(days) == end - first, (airport, fault, len(days))
            for metric in ("auc", "accuracy", "recall", "usd"):
                lines += textwrap.wrap(f"{airport} {fault} {metric} {' '.join(map(str, days[metric]))}", 138)
    return "\n".join(lines)


def measure_days(rows: pd.DataFrame) -> None:
    live, later = fitted(rows[rows.month <= 3], ROWS), rows[rows.month > 3]
    tables = {"sound": daily(later, scores(live, later))}
    tables |= {name: daily(later, scores(live, fault(later))) for name, fault in FAULTS.items()}
    for name, table in tables.items():
        print(name, table.drop(columns=["airport", "day"]).agg(["mean", "std"]).round(0).to_dict())
    replace(LESSON / "given" / "quality_days.py", written(tables, 90, 181))
    replace(GRADERS / "m12_2_days_hidden.py", written(tables, 181, 365))


def replace(path: Path, text: str) -> None:
    """Replace what is between the lines ``TEXT = \"\"\"`` and ``\"\"\"`` of a module."""
    before, _, rest = path.read_text().partition('TEXT = """\\\n')
    path.write_text(f'{before}TEXT = """\\\n{text}\n"""{rest.partition(chr(10) + chr(34) * 3)[2]}')


if __name__ == "__main__":
    measure_days(flights())
