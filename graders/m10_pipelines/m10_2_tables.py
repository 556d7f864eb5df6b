"""The tables that guards of m10_2_ex3 are judged on: sound months as they are, and months with a fault.

The generators are no secret. Which faults are drawn, and with which numbers, comes from the seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import pandas as pd

from course import datasets

from .m10_1_late_flights import ORIGINS, WEATHER, table

ROWS = 6_000
LESSON_SEED = 3  # the notebook's `known`
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
PECULIAR = {  # of sound months, what a strict guard stumbles over
    1: "January, with fog and days below 15 °F",
    2: "February, in which the wind once blew with 1,048 miles an hour",
    5: "May, in which 15 % of the pressures are missing",
    7: "July, in which it was up to 100 °F, and 32 % of the flights were late",
    9: "September, in which only 13 % of the flights were late",
    12: "December, in which 18 % of the pressures are missing",
}
PRACTICE_MONTHS = (12, 2, 9, 7)
SMOOTH = ("temp", "humid", "wind_speed", "pressure")  # no value of these is frequent, so that one stuck sensor shows
STEADY = ("precip", "visib")  # often the same value, but not in all rows of a month
MISSING_TOO = ("temp", "humid", "pressure")  # of these, 0 is not possible either
STAND_INS = (-999, -9999, 9999)
FREQUENT = 0.12  # the share of an airline whose flights are missed
LEAST = 0.1  # the share of the rows that a fault touches

Made = tuple[str, pd.DataFrame]  # what is wrong, in words, and the table
Fault = Callable[[random.Random, pd.DataFrame], Made]  # makes one of the flights of a month


@dataclass(frozen=True)
class Case:
    """A table, what is wrong with it or peculiar to it in words, and its kind of `FAULTS`; ``""`` for a sound one."""

    words: str
    table: pd.DataFrame
    kind: str = ""


# ---- sound tables --------------------------------------------------------------------------------------------------------------------


@cache
def _year() -> pd.DataFrame:
    return table(datasets.folder() / "flights.parquet", datasets.folder() / "weather.parquet")


def known_flights(seed: int = LESSON_SEED) -> pd.DataFrame:
    """Sound flights of the whole year; with the default, those of the notebook."""
    return _year().drop(columns="month").sample(ROWS, random_state=seed).reset_index(drop=True)


def sound_months(rng: random.Random, months: tuple[int, ...] = tuple(range(1, 13))) -> list[Case]:
    """A sound table of each month; of the last two, one is in the order of time, and one is sorted by airport and airline."""
    cases = [Case(PECULIAR.get(month, MONTHS[month - 1]), _drawn(rng, _month(month))) for month in months]
    for by in ([], ["origin", "carrier"]):
        month = rng.choice(months)
        rows = _month(month).sample(ROWS, random_state=rng.getrandbits(32)).sort_index()
        rows = rows.sort_values(by, kind="stable") if by else rows
        order = "sorted by airport" if by else "in the order of time"
        cases.append(Case(f"{MONTHS[month - 1]}, {order}", rows.reset_index(drop=True)))
    return cases


def _month(month: int) -> pd.DataFrame:
    return _year()[_year().month == month].drop(columns="month")


def _drawn(rng: random.Random, flights: pd.DataFrame, rows: int = ROWS) -> pd.DataFrame:
    return flights.sample(rows, random_state=rng.getrandbits(32)).reset_index(drop=True)


# ---- faults --------------------------------------------------------------------------------------------------------------------------


def _somewhere(rng: random.Random, flights: pd.DataFrame, airports: int | None = None) -> tuple[pd.Series, str]:
    """Which rows a fault touches, all or those of one airport, and where that is, in words. ``airports`` is 1 or 3, or drawn."""
    if (airports or rng.choice([1, 3])) == len(ORIGINS):
        return pd.Series(data=True, index=flights.index), ""
    number = rng.randrange(len(ORIGINS))
    return flights.origin == number, f" at {ORIGINS[number]}"


def _converted(rng: random.Random, month: pd.DataFrame, column: str, words: str, convert: Callable, airports: int | None = None) -> Made:
    flights = _drawn(rng, month)
    touched, place = _somewhere(rng, flights, airports)
    return f"{words}{place}", flights.assign(**{column: flights[column].mask(touched, convert(flights[column]))})


def _kilometres(miles: pd.Series) -> pd.Series:
    return (miles * 1.609).round().astype(int)


def _hhmm(rng: random.Random, month: pd.DataFrame) -> Made:
    minutes = np.random.default_rng(rng.getrandbits(32)).integers(0, 60, ROWS)
    return _converted(rng, month, "hour", "`hour` as hhmm, such as 830", lambda hour: hour * 100 + minutes)


def _other_order(rng: random.Random, month: pd.DataFrame) -> Made:
    return "airlines numbered from the end of the alphabet", _drawn(rng, month).assign(carrier=lambda flights: 15 - flights.carrier)


def _numbered_from(rng: random.Random, month: pd.DataFrame, column: str, words: str, first: int) -> Made:
    return f"{words} numbered from {first}", _drawn(rng, month).assign(**{column: lambda flights: flights[column] + first})


def _stand_in(rng: random.Random, month: pd.DataFrame, column: str, value: float) -> Made:
    flights = _drawn(rng, month)
    lost = np.random.default_rng(rng.getrandbits(32)).random(ROWS) < rng.uniform(1.5 * LEAST, 5 * LEAST)
    words = f"{value} for missing values of `{column}`"
    return words, flights.assign(**{column: flights[column].fillna(value).mask(lost, value)})


def _any_stand_in(rng: random.Random, month: pd.DataFrame) -> Made:
    return _stand_in(rng, month, rng.choice(WEATHER), rng.choice(STAND_INS))


def _zero(rng: random.Random, month: pd.DataFrame) -> Made:
    return _stand_in(rng, month, rng.choice(MISSING_TOO), 0)


def _stuck(rng: random.Random, month: pd.DataFrame, columns: tuple[str, ...], airports: int) -> Made:
    flights, column = _drawn(rng, month), rng.choice(columns)
    touched, place = _somewhere(rng, flights, airports)
    value = rng.choice(sorted(flights[column].dropna()))
    return f"a sensor of `{column}` stuck{place}", flights.assign(**{column: flights[column].mask(touched, value)})


def _lost(rng: random.Random, month: pd.DataFrame, columns: tuple[str, ...], airports: int) -> Made:
    flights = _drawn(rng, month)
    touched, place = _somewhere(rng, flights, airports)
    words = f"`{columns[0]}`" if len(columns) == 1 else "the weather"
    return f"{words} missing{place or ' in all rows'}", flights.assign(**{name: flights[name].mask(touched) for name in columns})


def _lost_sensor(rng: random.Random, month: pd.DataFrame, airports: int) -> Made:
    return _lost(rng, month, (rng.choice(WEATHER),), airports)


def _without(rng: random.Random, month: pd.DataFrame, column: str, words: str) -> Made:
    shares = month[column].value_counts(normalize=True)
    least = FREQUENT if column == "carrier" else 0
    value = rng.choice(sorted(shares[shares > least].index))
    return f"no flights of {words}", _drawn(rng, month[month[column] != value])


def _few(rng: random.Random, month: pd.DataFrame) -> Made:
    rows = rng.randint(100, 2_500)
    return f"only {rows} rows", _drawn(rng, month, rows)


def _repeated(rng: random.Random, month: pd.DataFrame, least: float, most: float) -> Made:
    once = round(ROWS * (1 - rng.uniform(least, most)))
    flights = _drawn(rng, month, once)
    again = flights.sample(ROWS - once, replace=True, random_state=rng.getrandbits(32))
    return "repeated rows", _drawn(rng, pd.concat([flights, again]))


def _labels(rng: random.Random, month: pd.DataFrame, words: str, change: Callable[[pd.Series], pd.Series]) -> Made:
    return f"labels {words}", _drawn(rng, month).assign(late=lambda flights: change(flights.late))


def _minutes(rng: random.Random, month: pd.DataFrame) -> Made:
    drawn = np.random.default_rng(rng.getrandbits(32))
    late, in_time = drawn.integers(16, 200, ROWS), drawn.integers(-40, 16, ROWS)
    return _labels(rng, month, "in minutes", lambda label: pd.Series(np.where(label == 1, late, in_time)))


def _exchanged(rng: random.Random, month: pd.DataFrame, pairs: tuple[tuple[str, str], ...]) -> Made:
    flights, (one, other) = _drawn(rng, month), rng.choice(pairs)
    return f"`{one}` and `{other}` exchanged", flights.assign(**{one: flights[other], other: flights[one]})


def _renamed(rng: random.Random, month: pd.DataFrame) -> Made:
    flights = _drawn(rng, month)
    name = rng.choice(list(flights))
    return f"`{name}` under another name", flights.rename(columns={name: rng.choice([name.upper(), f"{name}_2", f"{name} "])})


def _column_lost(rng: random.Random, month: pd.DataFrame) -> Made:
    name = rng.choice(list(month))
    return f"no column `{name}`", _drawn(rng, month).drop(columns=name)


def _added(rng: random.Random, month: pd.DataFrame) -> Made:
    flights, name = _drawn(rng, month), rng.choice(["id", "month", "index", "dewp"])
    return f"one more column, `{name}`", flights.assign(**{name: range(len(flights))})


def _text(rng: random.Random, month: pd.DataFrame) -> Made:
    flights = _drawn(rng, month)
    name = rng.choice(list(flights))
    return f"text in `{name}`", flights.assign(**{name: flights[name].astype(str)})


def _names(rng: random.Random, month: pd.DataFrame) -> Made:
    return "names of the airports in `origin`", _drawn(rng, month).assign(origin=lambda flights: flights.origin.map(ORIGINS.__getitem__))


LOUD_PAIRS = (("temp", "pressure"), ("humid", "pressure"), ("distance", "pressure"), ("visib", "pressure"))
QUIET_PAIRS = (("hour", "weekday"), ("origin", "carrier"), ("visib", "humid"), ("wind_speed", "humid"), ("late", "weekday"))

FAULTS: dict[str, tuple[Fault, ...]] = {  # kind -> the faults of that kind, all of which are drawn once
    "other units": (
        partial(_converted, column="pressure", words="pressure in millimetres of mercury", convert=lambda hectopascal: hectopascal * 0.75),
        partial(_converted, column="humid", words="humidity as a fraction", convert=lambda percent: percent / 100),
        partial(_converted, column="temp", words="temperature in Kelvin", convert=lambda degrees: (degrees + 459.67) / 1.8),
        partial(_converted, column="distance", words="distance in km", convert=_kilometres),
        _hhmm,
    ),
    "other numbers for airlines, airports or weekdays": (
        partial(_numbered_from, column="weekday", words="weekdays", first=1),
        partial(_numbered_from, column="origin", words="airports", first=1),
        _other_order,
    ),
    "stand-ins for missing values": (_any_stand_in, _any_stand_in, _zero),
    "stuck sensors": (
        partial(_stuck, columns=SMOOTH, airports=3),
        partial(_stuck, columns=SMOOTH, airports=1),
        partial(_stuck, columns=STEADY, airports=3),
    ),
    "missing values": (
        partial(_lost_sensor, airports=3),
        partial(_lost_sensor, airports=1),
        partial(_lost, columns=tuple(WEATHER), airports=1),
    ),
    "missing rows": (
        partial(_without, column="origin", words="an airport"),
        partial(_without, column="weekday", words="a weekday"),
        partial(_without, column="carrier", words="a large airline"),
        _few,
    ),
    "repeated rows": (partial(_repeated, least=LEAST, most=2 * LEAST), partial(_repeated, least=3 * LEAST, most=6 * LEAST)),
    "impossible labels": (
        partial(_labels, words="all 0", change=lambda label: label * 0),
        partial(_labels, words="inverted", change=lambda label: 1 - label),
        _minutes,
    ),
    "exchanged columns": (partial(_exchanged, pairs=LOUD_PAIRS), partial(_exchanged, pairs=QUIET_PAIRS)),
    "other columns": (_renamed, _column_lost, _added),
    "text": (_text, _names),
}
PRACTICE: dict[str, tuple[Fault, ...]] = {
    "other units": (
        partial(
            _converted, column="distance", words="distance in km", convert=lambda miles: (miles * 1.609).round().astype(int), airports=3
        ),
        partial(_converted, column="pressure", words="pressure in inches", convert=lambda hectopascal: hectopascal * 0.02953, airports=1),
    ),
    "other numbers for airlines, airports or weekdays": (partial(_numbered_from, column="weekday", words="weekdays", first=1),),
    "stand-ins for missing values": (partial(_stand_in, column="humid", value=-999),),
    "stuck sensors": (partial(_stuck, columns=("temp",), airports=3),),
    "missing values": (partial(_lost, columns=("pressure",), airports=1),),
    "missing rows": (partial(_without, column="origin", words="an airport"), _few),
    "repeated rows": (partial(_repeated, least=2 * LEAST, most=3 * LEAST),),
    "impossible labels": (partial(_labels, words="all 0", change=lambda label: label * 0),),
    "exchanged columns": (partial(_exchanged, pairs=(("temp", "pressure"),)),),
    "other columns": (_column_lost,),
    "text": (_text,),
}


def faulty_months(rng: random.Random, faults: dict[str, tuple[Fault, ...]]) -> list[Case]:
    """A table of a drawn month for each of the faults."""
    cases = []
    for kind, makers in faults.items():
        for make in makers:
            words, flights = make(rng, _month(rng.randint(1, 12)))
            cases.append(Case(words, flights, kind))
    return cases
