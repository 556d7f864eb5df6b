"""What m02_1 shows and is judged on: described columns, days of flights and their corruptions, jobs that need a tool.

The generators are no secret; the rules that judge stand with the hidden checks, and the seed with the instructor.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from course import datasets


@dataclass(frozen=True)
class Column:
    """A column under a name drawn for the learner. ``kind`` is its template, ``numbers`` what was drawn into the description."""

    name: str
    description: str
    kind: str
    numbers: tuple[int, ...] = ()


ALWAYS = {
    "schedule": "Departure time in the timetable, published with the tickets",
    "distance": "Miles between the two airports",
    "seats": "Seats of the aircraft type that the timetable names",
    "weekday": "Weekday of the scheduled departure",
    "past_month": "Share of the airline's flights that were late in the calendar month before last",
    "route": "Median minutes in the air of all flights on this route last year",
}
NEVER = {
    "doors": "Clock time at which the doors closed",
    "air": "Minutes from lift-off to touch-down",
    "cause": "Reason for a late arrival, as the airline codes it",
    "speed": "Miles of the route divided by the hours in the air",
    "made_up": "Minutes that the crew made up on the way",
    "same_day": "Mean delay of all flights of the airline on this calendar day",
    "week": "Share of late flights of the airline, over the seven days that end with the flight's own",
}
LAGGED = (
    "Temperature at the origin, measured {0} minutes before scheduled departure, sent out {1} minutes after it was measured",
    "Wind at the origin, measured {0} minutes before scheduled departure, sent out {1} minutes after it was measured",
    "Mean departure delay at the origin, closed {0} minutes before scheduled departure, sent out {1} minutes after it was closed",
    "Number of planes in the taxi queue, counted {0} minutes before scheduled departure, sent out {1} minutes after it was counted",
    "Delay of the plane's previous flight, noted {0} minutes before scheduled departure, sent out {1} minutes after it was noted",
    "Runways in use at the origin, logged {0} minutes before scheduled departure, sent out {1} minutes after it was logged",
)
FORECAST = "Wind forecast for the hour of departure, issued {0} minutes before scheduled departure, readable at once"
UTC = "Visibility at {0}:00 UTC, readable at once; only for flights of {1}:00 New York time in winter (UTC - 5)"
BEFORE = 120  # minutes from the prediction to scheduled departure
WINTER = 5  # hours that New York is behind UTC


@dataclass(frozen=True)
class PracticeColumn:
    """A column that every learner's table has, with a question for those who misjudge it."""

    name: str
    description: str
    unknown: bool
    question: str


PRACTICE_COLUMNS = (
    PracticeColumn("p1", LAGGED[1].format(150, 45), True, "when it was measured is one moment, when somebody can read it another."),
    PracticeColumn("p2", FORECAST.format(300), False, "it is about a later hour, but when can somebody read it?"),
    PracticeColumn("p3", UTC.format(16, 13), False, "its hour is in UTC. What does a clock in New York show then?"),
    PracticeColumn(
        "p4",
        "Share of the airport's flights that were late on this calendar day",
        True,
        "when have all the flights that it counts arrived?",
    ),
)


def columns(rng: random.Random) -> list[Column]:
    """Twenty-four columns in an order that tells nothing, eleven of them unknown at the time of prediction."""
    drawn = [(text, kind, ()) for kind, text in ALWAYS.items()]
    drawn += [(NEVER[kind], kind, ()) for kind in rng.sample(list(NEVER), 5)]
    for number, text in enumerate(rng.sample(LAGGED, 6)):
        drawn.append((text, "lagged", _lag(rng, in_time=number < 3)))
    forecasts = [rng.randrange(150, 420, 5), rng.randrange(130, 600, 5), rng.randrange(20, 110, 5)]
    drawn += [(FORECAST, "forecast", (minutes,)) for minutes in forecasts]
    for in_time in (True, True, False, False):
        hour = rng.randint(8, 15)
        drawn.append((UTC, "utc", (hour + WINTER - 2 - rng.randint(0, 1) if in_time else hour + WINTER - rng.randint(0, 1), hour)))
    names = [f"c{number}" for number in rng.sample(range(100, 1000), len(drawn))]
    rng.shuffle(drawn)
    return [Column(name, text.format(*numbers), kind, numbers) for name, (text, kind, numbers) in zip(names, drawn, strict=True)]


def _lag(rng: random.Random, in_time: bool) -> tuple[int, int]:
    """Minutes from the event to departure, and from the event to the reader; the event itself is always early enough."""
    event = rng.randint(BEFORE + 15, BEFORE + 80)
    spare = event - BEFORE
    return event, rng.randint(1, spare) if in_time else rng.randint(spare + 1, spare + 40)


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
ROWS = 300
PLAUSIBLE_WIND = 100  # miles an hour; the one reading above it is no wind


PLANNED = ["carrier", "flight", "origin", "dest", "month", "day", "sched_dep_time", "hour", "distance", "tailnum", "time_hour"]
OBSERVED = ["temp", "dewp", "wind_speed", "wind_gust"]
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


def clean_day(rng: random.Random, repeating: bool = False, gusty: bool = False, airline: str = "") -> pd.DataFrame:
    """Three hundred flights of one day, as they should be; on a ``repeating`` day a flight number occurs twice, rightly.

    All flights of ``airline`` are among them: of one of `FEW_KNOWN`, that leaves many seats unknown, as it should.
    """
    days = _days()
    flights = _joined(days[rng.choice(_repeating() if repeating else _gusty() if gusty else sorted(days))])
    keep = flights[flights.duplicated(["carrier", "flight"], keep=False) | (flights.carrier == airline)]
    rest = flights.drop(keep.index)
    chosen = pd.concat([keep, rest.sample(ROWS - len(keep), random_state=rng.getrandbits(32))])
    return chosen.sample(frac=1, random_state=rng.getrandbits(32)).reset_index(drop=True)


def _spike(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    wild = rng.sample(range(len(day)), 3)
    day.loc[wild, "wind_speed"] = rng.uniform(180, 1_100)
    return day


def _celsius(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    return day.assign(temp=((day.temp - 32) / 1.8).round(2))


def _repeated(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    again = day.sample(rng.randint(3, 12), random_state=rng.getrandbits(32))
    return pd.concat([day, again]).sample(frac=1, random_state=rng.getrandbits(32)).reset_index(drop=True)


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


def _swapped(rng: random.Random, day: pd.DataFrame) -> pd.DataFrame:
    both = day.wind_gust.notna()
    return day.assign(wind_speed=day.wind_gust.where(both, day.wind_speed), wind_gust=day.wind_speed.where(both, day.wind_gust))


CORRUPTIONS: dict[str, Callable[[random.Random, pd.DataFrame], pd.DataFrame]] = {
    "spike": _spike,
    "celsius": _celsius,
    "repeated": _repeated,
    "minutes": _minutes,
    "utc": _utc,
    "planes_lost": _planes_lost,
    "kilometres": _kilometres,
    "swapped": _swapped,
}


def corrupted_day(rng: random.Random, kind: str) -> pd.DataFrame:
    """A clean day to which one of `CORRUPTIONS` was done."""
    return CORRUPTIONS[kind](rng, clean_day(rng, gusty=kind == "swapped"))


def records(rng: random.Random, validation_from: str, test_from: str, rows: int = 240) -> pd.DataFrame:
    """Flights of ninety winter days around the two borders, for the Processing job: some cancelled, many in the evening.

    Columns ``id``, ``year``, ``month``, ``day``, ``sched_dep_time`` (hhmm), ``time_hour`` (UTC), ``carrier``, ``arr_delay``.
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
    return pd.DataFrame(
        rng.sample(made, rows), columns=["id", "year", "month", "day", "sched_dep_time", "time_hour", "carrier", "arr_delay"]
    )


TOOLS = ("Data Wrangler", "DataBrew", "Processing", "Glue", "EMR")
_JOB = {"gigabytes": 2.5, "memory": 32, "writes": "pandas", "feeds": "training", "needs": "none"}
_JOB |= {"busy_hours": 1.0, "glue_hour": 4.4, "cluster_hour": 2.0}
PRACTICE_JOBS = (  # a job, the tool that suits it, and a question for those who chose another
    (_JOB, "Processing", "does its data fit into the memory of one machine?"),
    (_JOB | {"writes": "nothing"}, "Data Wrangler", "who works with it, and what does its result feed?"),
    (_JOB | {"writes": "nothing", "feeds": "reports"}, "DataBrew", "who works with it, and what does its result feed?"),
    (_JOB | {"gigabytes": 11.0}, "Glue", "how much memory do pandas' copies take, and what does a day cost by Glue and by a cluster?"),
    (_JOB | {"writes": "spark", "needs": "hive"}, "EMR", "what does it need besides Spark?"),
)


def jobs(rng: random.Random) -> list[dict]:
    """Forty jobs: thirty drawn alone, and ten twins that differ from one of these in a single field."""
    alone = [_job(rng, TOOLS[number % 5]) for number in range(30)]
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
