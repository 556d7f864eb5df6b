"""What a learner's constraints catch, and which sound months they let pass (m12_1_ex2)."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter

import numpy as np
import pandas as pd

from course.grading import Answer, Report
from course.grading.scoring import guard_share
from course.grading.short_repr import cut, short

from .m12_1_analyses import AnalysisError, analyses
from .m12_1_incoming import FEATURES, ORIGINS, WEATHER, sensor_lost
from .m12_1_past import year

ROWS, KNOWN_ROWS = 4_000, 12_000
PRACTICE_UNUSED, UNUSED = 1, (2, 3)  # features that models do not use. The analyzer counts columns, so no two models have as many
DISTRIBUTION = {"perform_comparison", "comparison_threshold", "comparison_method"}  # members of `distribution_constraints`
SHOWN = 200  # characters of a text that a message repeats
QUARTERS = ((1, 2, 3), (4, 5, 6), (7, 8, 9), (10, 11, 12))
SMOOTH = ("humid", "wind_speed")  # a stuck sensor of these is far from any month
EVERYWHERE = ("temp", "humid", "wind_speed", "visib", "pressure")

Made = tuple[str, pd.DataFrame]  # what is wrong, in words, and the table
Fault = Callable[[random.Random, pd.DataFrame], Made]

QUESTIONS = {  # kind -> what to ask when one of them is not caught
    "missing values": "Missing values slip through, some of one airport only: how complete is each feature in the worst sound month, and "
    "how complete without one of three airports?",
    "other types": "Values of another type slip through: what do `inferred_type` and `datatype_check_threshold` still ask for?",
    "other columns": "A table with a column too few or too many slips through: does the file still list all features, and evaluate them?",
    "other units": "Another unit slips through: how far do seasons move this feature, and how far does the other unit? Each feature has a "
    "limit of its own.",
    "other codes": "Other numbers of airlines, airports, weekdays or hours slip through: seasons hardly move these features. What is their "
    "limit?",
    "stuck sensors": "A stuck sensor slips through: how far is one value from a whole distribution, and how far are seasons?",
}


@dataclass(frozen=True)
class Case:
    """A table, what is wrong with it or peculiar to it in words, its kind of fault (``""`` for a sound one), and the features at fault."""

    words: str
    table: pd.DataFrame
    kind: str = ""
    faulty: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Model:
    """A model that is monitored: the features that it does not use, the table of its baseline, and months judged against that."""

    without: tuple[str, ...]
    known: pd.DataFrame
    cases: tuple[Case, ...]


# ---- tables --------------------------------------------------------------------------------------------------------------------------


def month(rng: random.Random, number: int, rows: int = ROWS) -> pd.DataFrame:
    """A sample of the flights of a month."""
    return drawn(rng, (number,), rows)


def drawn(rng: random.Random, months: Sequence[int], rows: int) -> pd.DataFrame:
    """A sample of the flights of some months, with the columns of a request."""
    flights = year()[year().date.dt.month.isin(months)]
    return flights.sample(rows, random_state=rng.getrandbits(32))[FEATURES].reset_index(drop=True)


def name_of(number: int) -> str:
    return pd.Timestamp(2013, number, 1).month_name()


def _lost(rng: random.Random, flights: pd.DataFrame, feature: str = "", airport: bool | None = None) -> Made:
    feature = feature or rng.choice(WEATHER)
    at = rng.randrange(len(ORIGINS)) if (rng.random() < 0.5 if airport is None else airport) else None
    place = f" of {ORIGINS[at]}" if at is not None else ""
    return f"`{feature}`{place} is missing", sensor_lost(flights, feature, at)


def _stuck(rng: random.Random, flights: pd.DataFrame, feature: str = "") -> Made:
    feature = feature or rng.choice(SMOOTH)
    return f"the sensor of `{feature}` is stuck", flights.assign(**{feature: rng.choice(flights[feature].dropna().to_list())})


def _unit(rng: random.Random, flights: pd.DataFrame, feature: str, words: str, convert: Callable) -> Made:
    return f"`{feature}` in {words}", flights.assign(**{feature: convert(flights[feature])})


def _texts(rng: random.Random, flights: pd.DataFrame, feature: str = "") -> Made:
    feature, word = feature or rng.choice(FEATURES), rng.choice(["NA", "null", "-", "nan", "n/a"])
    touched = np.random.default_rng(rng.getrandbits(32)).random(len(flights)) < rng.uniform(0.02, 0.1)
    return f"{word!r} in some values of `{feature}`", flights.assign(**{feature: flights[feature].astype(object).mask(touched, word)})


def _decimal_hour(rng: random.Random, flights: pd.DataFrame) -> Made:
    minutes = np.random.default_rng(rng.getrandbits(32)).integers(0, 60, len(flights))
    return "`hour` with decimals, such as 8.5", flights.assign(hour=(flights.hour + minutes / 60).round(2))


def _without(rng: random.Random, flights: pd.DataFrame) -> Made:
    feature = rng.choice(FEATURES)
    return f"no column `{feature}`", flights.drop(columns=feature)


def _more(rng: random.Random, flights: pd.DataFrame) -> Made:
    name = rng.choice(["dewp", "id", "gust", "minute"])
    return f"one more column, `{name}`", flights.assign(**{name: range(len(flights))})


def _codes(rng: random.Random, flights: pd.DataFrame, feature: str, words: str, change: Callable) -> Made:
    return words, flights.assign(**{feature: change(flights[feature])})


def stuck_at(feature: str) -> Fault:
    """The fault of a sensor that is stuck."""
    return partial(_stuck, feature=feature)


UNITS = {
    "inches": partial(_unit, feature="pressure", words="inches of mercury", convert=lambda hectopascal: (hectopascal * 0.02953).round(2)),
    "fraction": partial(_unit, feature="humid", words="fractions of one", convert=lambda percent: (percent / 100).round(4)),
    "kilometres": partial(_unit, feature="distance", words="kilometres", convert=lambda miles: (miles * 1.609).round().astype(int)),
    "visibility": partial(_unit, feature="visib", words="kilometres", convert=lambda miles: (miles * 1.609).round(3)),
    "metres a second": partial(_unit, feature="wind_speed", words="metres a second", convert=lambda miles: (miles * 0.447).round(3)),
}
CODES = {
    "weekday": partial(_codes, feature="weekday", words="weekdays numbered from 1", change=lambda code: code + 1),
    "carrier": partial(_codes, feature="carrier", words="airlines numbered from the end of the alphabet", change=lambda code: 15 - code),
    "origin": partial(_codes, feature="origin", words="airports numbered from 1", change=lambda code: code + 1),
    "hour": partial(_codes, feature="hour", words="`hour` in UTC", change=lambda hour: (hour + 5) % 24),
}
PRACTICE: tuple[tuple[str, Fault], ...] = (
    ("missing values", partial(_lost, feature="humid", airport=True)),
    ("other types", partial(_texts, feature="distance")),
    ("other units", UNITS["kilometres"]),
    ("other codes", CODES["hour"]),
    ("stuck sensors", stuck_at("wind_speed")),
)
PRACTICE_MONTHS = (7, 12)
GRADED: tuple[tuple[str, tuple[Fault, ...], int], ...] = (  # kind, its faults, and how many of them are drawn
    ("missing values", (partial(_lost, airport=True), partial(_lost, airport=False)), 2),
    ("other types", (_texts, _decimal_hour), 1),
    ("other columns", (_without, _more), 1),
    ("other units", tuple(UNITS.values()), 3),
    ("other codes", tuple(CODES.values()), 2),
    ("stuck sensors", (_stuck,), 1),
)


def faulty(rng: random.Random, faults: Sequence[tuple[str, Fault]], months: Sequence[int]) -> list[Case]:
    """A case for each fault, each in a month that is drawn."""
    cases = []
    for kind, make in faults:
        number = rng.choice(months)
        before = month(rng, number)
        words, table = make(rng, before)
        at_fault = frozenset(name for name in FEATURES if name not in table or not table[name].equals(before[name]))
        cases.append(Case(f"{name_of(number)} ({words})", table, kind, at_fault))
    return cases


def sound(rng: random.Random, months: Sequence[int]) -> list[Case]:
    return [Case(name_of(number), month(rng, number)) for number in months]


def model(rng: random.Random, quarter: Sequence[int], cases: Sequence[Case], unused: int) -> Model:
    """A model that does not use some of the features without faults: constraints must come of its own baseline."""
    gone = tuple(sorted(rng.sample(sorted(set(FEATURES).difference(*(case.faulty for case in cases))), unused)))
    kept = [replace(case, table=case.table.drop(columns=list(gone))) for case in cases]
    return Model(gone, drawn(rng, quarter, KNOWN_ROWS).drop(columns=list(gone)), tuple(kept))


# ---- judging -------------------------------------------------------------------------------------------------------------------------


def judge_guard(answer: Answer, report: Report, part: str, name: str, models: Sequence[Model]) -> None:
    """Ask the learner's function for constraints for each model, and run the analyzer with them on its months. The worst model counts.

    Practice names the tables, grading only the kinds of fault. The bucket ``name`` is made for that, and deleted.
    """
    worst: tuple[float, str] | None = None
    with analyses(answer, name) as place:
        for one in models:
            baseline = place.baseline(one.known)
            given = answer.call("constraints_for", baseline["constraints"], baseline["statistics"])
            if not (isinstance(given, dict) and isinstance(given.get("features"), list)):
                said = f"`constraints_for` returned {short(given)}; expected the content of a constraints.json, a dict with `features`."
                report.part(part, False, said)
                return
            try:
                found = place.violations([case.table for case in one.cases], {"constraints": given, "statistics": baseline["statistics"]})
            except AnalysisError as error:
                report.part(part, False, f"The analyzer does not take what `constraints_for` returns. {cut(str(error), SHOWN)}")
                return
            share, said = _judged(one, found, named=part == "practice")
            if share < 1:
                said += _misplaced(given["features"])
            worst = (share, said) if worst is None else min(worst, (share, said), key=itemgetter(0))
    report.part(part, *worst)


def _judged(one: Model, found: Sequence[list[dict]], named: bool) -> tuple[float, str]:
    """The share of the points, and what to say about it."""
    caught = [(case, bool(each)) for case, each in zip(one.cases, found, strict=True) if case.kind]
    alarms = [(case, each) for case, each in zip(one.cases, found, strict=True) if not case.kind]
    missed = [case for case, hit in caught if not hit]
    false = [(case, each) for case, each in alarms if each]
    said = [
        f"With your constraints for a model without {', '.join(f'`{name}`' for name in one.without)}, the analyzer finds violations in "
        f"{len(caught) - len(missed)} of {len(caught)} broken months, and in {len(false)} of {len(alarms)} sound ones."
    ]
    if false:
        shown = "; ".join(f"{case.words}: {_shown(each)}" for case, each in false[:2])
        said.append(f"{'It fires every month, so nobody reads it' if len(false) == len(alarms) else 'It fires without need'}: {shown}.")
    if missed and named:
        said.append(f"It finds nothing in {'; '.join(case.words for case in missed[:5])}.")
    elif missed:
        said.append(" ".join(QUESTIONS[kind] for kind in list(dict.fromkeys(case.kind for case in missed))[:2]))
    return guard_share([hit for _, hit in caught], [bool(each) for _, each in alarms]), " ".join(said)


def _misplaced(features: Sequence[object]) -> str:
    """The first member that has an effect in ``distribution_constraints`` only and is somewhere else in a feature."""
    for feature in (each for each in features if isinstance(each, dict)):
        overrides = feature.get("monitoringConfigOverrides")
        for where in (feature, overrides if isinstance(overrides, dict) else {}):
            for member in sorted(DISTRIBUTION & where.keys()):
                return (
                    f" `{member}` of `{feature.get('name')}` is not where the analyzer reads it: it belongs in "
                    "`distribution_constraints` of `monitoringConfigOverrides`."
                )
    return ""


def _shown(found: list[dict]) -> str:
    return ", ".join(f"{each['feature_name']} ({each['constraint_check_type']})" for each in found[:3])
