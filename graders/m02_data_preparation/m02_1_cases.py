"""What m02_1 shows and is judged on: described columns, days of flights and their corruptions, jobs that need a tool.

The generators are no secret; the rules that judge are in the hidden checks, and the instructor has the seed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from course import datasets


@dataclass(frozen=True)
class Column:
    """A column under a name drawn for the learner."""

    name: str
    description: str


WINTER = 5  # hours that New York is behind UTC


@dataclass(frozen=True)
class PracticeColumn:
    """A column that every learner's table has, with a question for those who misjudge it."""

    name: str
    description: str
    unknown: bool
    question: str


PRACTICE_COLUMNS = (
    PracticeColumn(
        "p1",
        "Wind at the origin, measured 150 minutes before scheduled departure, sent out 45 minutes after it was measured",
        True,
        "when it was measured is one moment, when somebody can read it another.",
    ),
    PracticeColumn(
        "p2",
        "Wind forecast for the hour of departure, issued 300 minutes before scheduled departure, readable at once",
        False,
        "it is about a later hour, but when can somebody read it?",
    ),
    PracticeColumn(
        "p3",
        "Visibility at 16:00 UTC, readable at once; only for flights of 13:00 New York time in winter (UTC - 5)",
        False,
        "its hour is in UTC. What does a clock in New York show then?",
    ),
    PracticeColumn(
        "p4",
        "Share of the airport's flights that were late on this calendar day",
        True,
        "when have all the flights that it counts arrived?",
    ),
    PracticeColumn(
        "p5",
        "Delay of the plane's previous flight, noted 150 minutes before scheduled departure, sent out 30 minutes after it was noted",
        False,
        "to the minute, when can somebody read it?",
    ),
)


@cache
def _tables() -> list[list[list[str]]]:
    """Tables of names and descriptions, one of which a learner gets. The hidden checks drew them, and know which columns are unknown."""
    return json.loads(Path(__file__).with_name("m02_1_columns.json").read_text(encoding="utf-8"))


def columns(rng: random.Random) -> list[Column]:
    """Twenty-four columns in an order that tells nothing, eleven of them unknown at the time of prediction."""
    return [Column(*pair) for pair in rng.choice(_tables())]


COLUMNS = [
    "carrier",
    "flight",
    "origin",
    "dest",
    "day",
    "sched_dep_time",
    "hour",
    "distance",
    "seats",
    "temp",
    "dewp",
    "wind_speed",
    "wind_gust",
]
FEW_KNOWN = ("AA", "MQ")  # airlines whose planes the register mostly lacks
ROWS = (285, 315)  # flights of a good day, from and to
WIND_UNITS = (0.44704, 1.609344)  # metres a second and kilometres an hour, of a mile an hour
PLAUSIBLE_WIND = 100  # miles an hour; the one reading above it is no wind


PLANNED = ["carrier", "flight", "origin", "dest", "month", "day", "sched_dep_time", "hour", "distance", "tailnum", "time_hour"]
OBSERVED = ["temp", "dewp", "wind_speed", "wind_gust"]
MONTHS = tuple(range(1, 13))
SEASONS = ((6, 7, 8), (9, 10, 11), (12, 1, 2), (3, 4, 5))
LAST = "2013-12-29"  # the days after it have no weather


@cache
def _year() -> pd.DataFrame:
    """All flights as they were planned, ``day`` as a date."""
    flights = datasets.load("flights", PLANNED)
    date = flights.month * 100 + flights.day
    names = {number: f"2013-{number // 100:02}-{number % 100:02}" for number in date.unique()}
    flights["day"] = date.map(names)
    return flights[flights.day <= LAST]


@cache
def _weather() -> pd.DataFrame:
    """By station and hour, without the impossible wind."""
    weather = datasets.load("weather", ["origin", "time_hour", *OBSERVED])
    return weather[~(weather.wind_speed > PLAUSIBLE_WIND)].set_index(["origin", "time_hour"])


@cache
def _planes() -> pd.DataFrame:
    return datasets.load("planes", ["tailnum", "seats"]).set_index("tailnum")


def _joined(flights: pd.DataFrame) -> pd.DataFrame:
    """Flights with plane and weather at departure."""
    return flights.join(_weather(), on=["origin", "time_hour"]).join(_planes(), on="tailnum").reset_index(drop=True)[COLUMNS]


@cache
def _days() -> dict[str, pd.DataFrame]:
    return dict(iter(_year().groupby("day")))


@cache
def _repeating() -> list[str]:
    """Days on which an airline uses a flight number twice."""
    year = _year()
    return sorted(set(year.day[year.duplicated(["carrier", "flight", "day"])]))


@cache
def _gusty() -> list[str]:
    """Days on which more than a fifth of the flights leave in gusts."""
    gusts = _year().join(_weather().wind_gust, on=["origin", "time_hour"]).wind_gust.notna()
    share = gusts.groupby(_year().day).mean()
    return sorted(share.index[share > 0.2])


def clean_day(
    rng: random.Random, repeating: bool = False, gusty: bool = False, airline: str = "", months: tuple[int, ...] = MONTHS
) -> pd.DataFrame:
    """About three hundred flights of one day, as they should be; on a ``repeating`` day, always in summer, a flight number
    occurs twice, rightly.

    All flights of ``airline`` are among them: of one of `FEW_KNOWN`, that leaves many seats unknown, as it should.
    """
    days = _days()
    possible = _repeating() if repeating else _gusty() if gusty else sorted(days)
    flights = _joined(days[rng.choice([day for day in possible if int(day[5:7]) in months])])
    keep = flights[flights.duplicated(["carrier", "flight"], keep=False) | (flights.carrier == airline)]
    rest = flights.drop(keep.index)
    chosen = pd.concat([keep, rest.sample(rng.randint(*ROWS) - len(keep), random_state=rng.getrandbits(32))])
    return chosen.sample(frac=1, random_state=rng.getrandbits(32)).reset_index(drop=True)


def _spike(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    wild = rng.sample(range(len(day)), 3)
    day.loc[wild, "wind_speed"] = rng.uniform(180, 1_100)
    return day


def _celsius(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    return day.assign(temp=((day.temp - 32) / 1.8).round(2))


def _all_celsius(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    return _celsius(rng, day).assign(dewp=((day.dewp - 32) / 1.8).round(2))


def _wind_unit(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    factor = rng.choice(WIND_UNITS)
    return day.assign(wind_speed=(day.wind_speed * factor).round(2), wind_gust=(day.wind_gust * factor).round(2))


def _repeated(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    again = day.sample(rng.randint(3, 12), random_state=rng.getrandbits(32))
    return pd.concat([day, again]).sample(frac=1, random_state=rng.getrandbits(32)).reset_index(drop=True)


def _half(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    return day.sample(frac=0.5, random_state=rng.getrandbits(32)).reset_index(drop=True)


def _minutes(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    minutes = day.sched_dep_time // 100 * 60 + day.sched_dep_time % 100
    return day.assign(sched_dep_time=minutes, hour=minutes // 100)  # the hour was derived from it, as it always is


def _utc(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    return day.assign(hour=(day.hour + rng.choice([4, 5])) % 24)


def _planes_lost(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    usual = sorted(set(day.carrier) - set(FEW_KNOWN))
    lost = day.carrier.isin(rng.sample(usual, max(1, round(len(usual) * 0.7))) + ["UA", "DL"])
    return day.assign(seats=day.seats.mask(lost))


def _kilometres(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    abroad = np.random.default_rng(rng.getrandbits(32)).random(len(day)) < 0.4
    return day.assign(distance=day.distance.where(~abroad, (day.distance * 1.609).round().astype(int)))


def _all_kilometres(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    return day.assign(distance=(day.distance * 1.609).round().astype(int))


def _exchanged(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    return day.assign(origin=day.dest, dest=day.origin)


def _column_lost(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    return day.drop(columns=rng.choice(COLUMNS))


def _swapped(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    both = day.wind_gust.notna()
    return day.assign(wind_speed=day.wind_gust.where(both, day.wind_speed), wind_gust=day.wind_speed.where(both, day.wind_gust))


CORRUPTIONS: dict[str, Callable[[random.Random, pd.DataFrame], pd.DataFrame]] = {
    "spike": _spike,
    "celsius": _celsius,
    "all_celsius": _all_celsius,
    "kilometres": _kilometres,
    "all_kilometres": _all_kilometres,
    "wind_unit": _wind_unit,
    "minutes": _minutes,
    "utc": _utc,
    "repeated": _repeated,
    "half": _half,
    "planes_lost": _planes_lost,
    "swapped": _swapped,
    "exchanged": _exchanged,
    "column_lost": _column_lost,
}
GOOD_DAYS = {  # good days of practice, in words
    "a day in January with many flights of an airline whose planes are not registered": {"airline": "MQ", "months": (1,)},
    "a day in summer on which two airports use the same flight number": {"repeating": True},
}
BAD_DAYS = {  # corruptions of practice, in words
    "spike": "a wind of hundreds of miles an hour",
    "all_kilometres": "all distances in kilometres",
    "utc": "`hour` in UTC",
    "repeated": "rows that came twice",
    "half": "half of its rows lost",
    "exchanged": "origin and destination exchanged",
    "column_lost": "a column missing",
}


def corrupted_day(rng: random.Random, kind: str) -> pd.DataFrame:
    """A clean day to which one of `CORRUPTIONS` was done."""
    return CORRUPTIONS[kind](rng, clean_day(rng, gusty=kind == "swapped"))


RECORDS = ["id", "year", "month", "day", "sched_dep_time", "time_hour", "carrier", "arr_delay"]
PRACTICE_BORDERS = ("2013-02-08", "2013-02-22")
PRACTICE_RECORDS = (  # a flight, and its part, `late` and `departure_minute`; None for a flight without a label
    ("p01", 2013, 1, 15, 517, "2013-01-15T10:00:00Z", "UA", 16, ("train", 1, 317)),
    ("p02", 2013, 2, 7, 1200, "2013-02-07T17:00:00Z", "DL", 15, ("train", 0, 720)),
    ("p03", 2013, 2, 7, 2145, "2013-02-08T02:00:00Z", "B6", 3, ("train", 0, 1305)),  # already the border day in UTC
    ("p04", 2013, 2, 8, 600, "2013-02-08T11:00:00Z", "UA", -4, ("validation", 0, 360)),
    ("p05", 2013, 2, 8, 1359, "2013-02-08T18:00:00Z", "DL", "", None),
    ("p06", 2013, 2, 14, 1801, "2013-02-14T23:00:00Z", "B6", 90, ("validation", 1, 1081)),
    ("p07", 2013, 2, 21, 2059, "2013-02-22T01:00:00Z", "UA", 17, ("validation", 1, 1259)),
    ("p08", 2013, 2, 22, 659, "2013-02-22T11:00:00Z", "DL", 0, ("test", 0, 419)),
    ("p09", 2013, 2, 22, 2330, "2013-02-23T04:00:00Z", "B6", 44, ("test", 1, 1410)),
    ("p10", 2013, 3, 5, 1245, "2013-03-05T17:00:00Z", "UA", "", None),
    ("p11", 2013, 3, 9, 805, "2013-03-09T13:00:00Z", "DL", 25, ("test", 1, 485)),
    ("p12", 2013, 1, 31, 905, "2013-01-31T14:00:00Z", "B6", -12, ("train", 0, 545)),
)


def records(rng: random.Random, validation_from: str, test_from: str, rows: int = 240) -> pd.DataFrame:
    """Flights of ninety winter days around the two borders, for the Processing job: some cancelled, many in the evening.

    Columns `RECORDS`: ``sched_dep_time`` in hhmm, ``time_hour`` in UTC.
    """
    borders = [pd.Timestamp(validation_from), pd.Timestamp(test_from)]
    made = []
    for number in range(rows):
        near = rng.choice(borders) + pd.Timedelta(days=rng.choice([-1, 0]))
        date = near if number % 3 == 0 else borders[0] + pd.Timedelta(days=rng.randint(-30, 40))
        hour = rng.randint(19, 23) if number % 3 == 0 else rng.randint(5, 18)
        utc = date + pd.Timedelta(hours=hour + WINTER)
        delay = "" if rng.random() < 0.08 else rng.randint(-30, 90)
        clock = hour * 100 + rng.randint(0, 59)
        carrier = rng.choice(["UA", "DL", "B6"])
        made.append((f"f{number:04}", date.year, date.month, date.day, clock, f"{utc:%Y-%m-%dT%H:%M:%SZ}", carrier, delay))
    return pd.DataFrame(rng.sample(made, rows), columns=RECORDS)


TOOLS = ("Data Wrangler", "DataBrew", "Processing", "Glue", "EMR")
_JOB = {"gigabytes": 2.5, "memory": 32, "writes": "pandas", "feeds": "training", "needs": "none"}
_JOB |= {"busy_hours": 1.0, "glue_hour": 4.4, "cluster_hour": 2.0}
_DEAR = _JOB | {"writes": "spark", "busy_hours": 12.0, "glue_hour": 4.0}  # a day of Glue costs as much as one of the cluster
PRACTICE_JOBS = (  # a job, the tool that suits it, and a question for those who chose another
    (_JOB, "Processing", "do 5 times its gigabytes fit into `memory`?"),
    (_JOB | {"writes": "nothing"}, "Data Wrangler", "who works with it, and what does its result feed?"),
    (_JOB | {"writes": "nothing", "feeds": "reports"}, "DataBrew", "who works with it, and what does its result feed?"),
    (_JOB | {"gigabytes": 6.4}, "Processing", "do 5 times its gigabytes fit into `memory`, if only just?"),
    (_JOB | {"needs": "hive"}, "Processing", "which question comes first: whether pandas fits, or what is needed?"),
    (_JOB | {"gigabytes": 11.0}, "Glue", "how much memory do pandas' copies take, and what does a day cost by Glue and by a cluster?"),
    (_JOB | {"writes": "spark", "needs": "hive"}, "EMR", "what does it need besides Spark?"),
    (_DEAR, "Glue", "do both cost the same, or one of them more?"),
    (_DEAR | {"busy_hours": 12.1}, "EMR", "what does a day cost by Glue, and what by a cluster that is always up?"),
)


def jobs(rng: random.Random) -> list[dict]:
    """Forty jobs: thirty drawn alone, and ten twins that differ from one of these in a single field.

    Of those that suit Processing, one just fits into memory, and one needs more than Spark.
    """
    alone = [_job(rng, TOOLS[number % 5]) for number in range(30)]
    just_fits, asked_later = (job for job, tool in zip(alone[:10], TOOLS * 2, strict=True) if tool == "Processing")
    just_fits["memory"] = rng.choice([40, 80, 160])
    just_fits["gigabytes"] = just_fits["memory"] / 5  # a whole number, so that no rounding error decides
    asked_later["needs"] = rng.choice(["hive", "hbase"])
    return rng.sample(alone + [_twin(rng, job) for job in alone[:10]], 40)


def _job(rng: random.Random, lean: str) -> dict:
    """A job that leans towards a tool; what suits it is for the rule to say."""
    memory = rng.choice([16, 32, 64, 128, 256])
    cluster = round(rng.uniform(0.8, 4), 2)
    glue = round(cluster * rng.uniform(2, 5), 2)
    even = 24 * cluster / glue  # busy hours at which both cost the same
    large = lean in ("Glue", "EMR")
    outside = lean == "EMR" and rng.random() < 0.6
    lightly = lean == "Glue" or outside or (lean != "EMR" and rng.random() < 0.5)
    return {
        "gigabytes": round(memory * (rng.uniform(0.24, 1.2) if large else rng.uniform(0.02, 0.195)), 1),
        "memory": memory,
        "writes": rng.choice(["pandas", "spark"]) if large else "pandas" if lean == "Processing" else "nothing",
        "feeds": "training" if lean == "Data Wrangler" else "reports" if lean == "DataBrew" else rng.choice(["training", "reports"]),
        "needs": rng.choice(["hive", "hbase"]) if outside or (not large and rng.random() < 0.2) else "none",
        "busy_hours": round(even * (rng.uniform(0.1, 0.85) if lightly else rng.uniform(1.15, 1.9)), 1),
        "glue_hour": glue,
        "cluster_hour": cluster,
    }


def _twin(rng: random.Random, job: dict) -> dict:
    if job["writes"] == "nothing":
        return job | {"feeds": "reports" if job["feeds"] == "training" else "training"}
    if job["gigabytes"] * 5 <= job["memory"]:
        return job | {"gigabytes": round(job["memory"] * rng.uniform(0.3, 2), 1)}
    if job["needs"] != "none":
        return job | {"needs": "none"}
    even = 24 * job["cluster_hour"] / job["glue_hour"]
    return job | {"busy_hours": round(even * (rng.uniform(1.15, 1.9) if job["busy_hours"] < even else rng.uniform(0.1, 0.85)), 1)}
