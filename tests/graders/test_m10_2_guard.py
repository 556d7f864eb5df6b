"""m10_2_ex3: sound tables have the holes and outliers that the text names, every fault can be found, and simple guards lose points."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from course.grading import catalogue, scoring
from course.grading.gate.candidates import code_cells, source_of

ROOT = Path(__file__).parents[2]
tables = catalogue.load_module(ROOT / "graders" / "m10_pipelines" / "m10_2_tables.py")
SOURCE = source_of("m10_2", ROOT / "solutions")
Guard = Callable[[pd.DataFrame, pd.DataFrame], list]
LARGE = (1, 3, 4, 5, 11)  # the airlines AA, B6, DL, EV and UA
LIMITS = {"late": (0, 1), "origin": (0, 2), "carrier": (0, 15), "weekday": (0, 6), "hour": (5, 23), "distance": (50, 5_000)}
LIMITS |= {"temp": (0, 110), "humid": (5, 100), "wind_speed": (0, 100), "precip": (0, 3), "visib": (0, 10), "pressure": (970, 1_050)}


@cache
def reference() -> Guard:
    """The function of the reference answer."""
    [answer] = (cell.text for cell in code_cells(SOURCE) if (cell.role, cell.exercise) == ("answer", "m10_2_ex3"))
    names = {"pd": pd, "guarded": lambda *arguments: "", "guard": ""}
    exec(answer, names)
    return names["faults"]


def cases(seed: int, phase: str) -> tuple[pd.DataFrame, list]:
    """Known flights and cases, as the checks draw them."""
    rng = random.Random(seed)
    if phase == "practice":
        return tables.known_flights(), tables.sound_months(rng, tables.PRACTICE_MONTHS) + tables.faulty_months(rng, tables.PRACTICE)
    drawn = tables.sound_months(rng) + tables.faulty_months(rng, tables.FAULTS)
    return tables.known_flights(rng.getrandbits(32)), drawn


def wrongly_judged(guard: Guard, seed: int, phase: str) -> list[str]:
    known, drawn = cases(seed, phase)
    return [case.words for case in drawn if bool(guard(case.table.copy(), known)) != bool(case.kind)]


def share(guard: Guard, seed: int) -> float:
    """What a guard earns of the graded tables; an error that a faulty table raises does not stop it."""
    known, drawn = cases(seed, "graded")
    stopped = {True: [], False: []}
    for case in drawn:
        try:
            stopped[bool(case.kind)].append(bool(guard(case.table.copy(), known)))
        except (KeyError, TypeError):
            stopped[True].append(False)
    return scoring.guard_share(stopped[True], stopped[False])


@pytest.mark.nightly  # 20 seeds of 66 tables take a minute
@pytest.mark.parametrize("phase", ["practice", "graded"])
@pytest.mark.parametrize("seed", range(20))
def test_the_reference_stops_every_fault_and_no_sound_month(seed: int, phase: str) -> None:
    assert wrongly_judged(reference(), seed, phase) == []


def test_the_reference_is_right_about_one_draw() -> None:
    assert wrongly_judged(reference(), 20, "graded") == []


def only_numbers(flights: pd.DataFrame, known: pd.DataFrame) -> bool:
    return set(flights.select_dtypes("number")) == set(known) == set(flights)


def within_limits(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    if not only_numbers(flights, known):
        return ["columns"]
    return [name for name, limits in LIMITS.items() if flights[name].dropna().between(*limits).mean() < 0.97]


def missing_values(flights: pd.DataFrame, known: pd.DataFrame, more: float) -> list:
    if not only_numbers(flights, known):
        return ["columns"]
    return [name for name in known if flights[name].isna().mean() > known[name].isna().mean() + more]


def means(flights: pd.DataFrame, known: pd.DataFrame, sigma: float) -> list:
    if not only_numbers(flights, known):
        return ["columns"]
    return [name for name in known if abs(flights[name].mean() - known[name].mean()) > sigma * known[name].std()]


def extremes(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    if not only_numbers(flights, known):
        return ["columns"]
    return [name for name in known if flights[name].min() < known[name].min() or flights[name].max() > known[name].max()]


def distributions(flights: pd.DataFrame, known: pd.DataFrame, most: float) -> list:
    """The largest distance of two cumulative distributions (Kolmogorov and Smirnov), as tools for drift have it."""
    if not only_numbers(flights, known):
        return ["columns"]
    found = []
    for name in known:
        here, there = (np.sort(each[name].dropna().to_numpy(dtype=float)) for each in (flights, known))
        at = np.concatenate([here, there])
        shares = [np.searchsorted(each, at, "right") / max(len(each), 1) for each in (here, there)]
        found += [name] if np.abs(shares[0] - shares[1]).max() > most else []
    return found


def one_season(flights: pd.DataFrame, known: pd.DataFrame) -> list:
    """The reference's rules with a sample of June instead of the whole year."""
    june = tables._month(6).sample(len(known), random_state=4)
    return reference()(flights, june)


SIMPLE: dict[str, tuple[Guard, float]] = {  # a guard, and the most that it earns
    "stops all": (lambda flights, known: ["look"], 0.0),
    "stops nothing": (lambda flights, known: [], 0.0),
    "ranges": (within_limits, 0.6),
    "missing values": (partial(missing_values, more=0.15), 0.35),
    "any more missing values": (partial(missing_values, more=0), 0.45),
    "means within one sigma": (partial(means, sigma=1), 0.5),
    "means within three sigma": (partial(means, sigma=3), 0.55),
    "minimum and maximum": (extremes, 0.45),
    "distributions within 0.1": (partial(distributions, most=0.1), 0.1),
    "distributions within 0.5": (partial(distributions, most=0.5), 0.45),
    "one season": (one_season, 0.4),
}


@pytest.mark.nightly  # eleven guards see 66 tables of each seed
@pytest.mark.parametrize("guard", SIMPLE)
def test_simple_guards_lose_points(guard: str) -> None:
    function, most = SIMPLE[guard]
    shares = [share(function, seed) for seed in range(4)]
    assert max(shares) <= most, shares


def test_sound_months_have_the_holes_and_outliers_of_the_text() -> None:
    for seed in range(3):
        by_month = dict(zip(tables.MONTHS, tables.sound_months(random.Random(seed)), strict=False))
        assert by_month["February"].table.wind_speed.max() > 1_000
        assert 0.16 < by_month["December"].table.pressure.isna().mean() < 0.2
        assert 0.02 < by_month["December"].table.temp.isna().mean() < 0.04
        late = [case.table.late.mean() for case in by_month.values()]
        assert 0.11 < min(late) < 0.15 and 0.3 < max(late) < 0.35
        assert all(len(case.table) == tables.ROWS and case.table.duplicated().any() for case in by_month.values())


def test_the_known_flights_of_practice_are_those_of_the_notebook() -> None:
    assert f'known = flights.drop(columns="month").sample(6_000, random_state={tables.LESSON_SEED})' in SOURCE.read_text(encoding="utf-8")
    assert len(tables.known_flights()) == tables.ROWS


@pytest.mark.parametrize("kind", tables.FAULTS)
def test_a_fault_touches_at_least_a_tenth_of_the_rows(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng, drawn, draw = random.Random(kind), [], tables._drawn
    monkeypatch.setattr(tables, "_drawn", lambda *arguments: drawn.append(draw(*arguments)) or drawn[-1])
    for make in (*tables.FAULTS[kind], *tables.PRACTICE[kind]):
        words, flights = make(rng, tables._month(rng.randint(1, 12)))
        before = drawn[-1]  # the sound rows, or what is left of them
        if kind == "missing rows":
            airports, weekdays = flights[["origin", "weekday"]].nunique()
            usual = len(flights) == tables.ROWS
            assert not usual or airports < 3 or weekdays < 7 or not set(flights.carrier) >= set(LARGE), words
        elif kind == "repeated rows":
            assert len(flights) == tables.ROWS and flights.duplicated().mean() >= tables.LEAST - 0.01, words
        elif kind == "other columns":
            assert list(flights) != list(before), words
        elif kind == "stuck sensors":
            column = words.split("`")[1]
            assert flights.groupby("origin")[column].nunique().min() == 1, words
        else:
            same = (flights == before) | (flights.isna() & before.isna())
            assert 1 - same.all(axis=1).mean() >= tables.LEAST, words
