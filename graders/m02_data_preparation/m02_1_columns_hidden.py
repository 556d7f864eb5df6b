# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""Columns that m02_1_ex1 shows, drawn beforehand, and which of them are unknown at the time of prediction."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .m02_1_cases import WINTER

TABLES = 40  # from which a learner's is chosen


@dataclass(frozen=True)
class DrawnColumn:
    """A column with its template ``kind``, and the ``numbers`` that were drawn into the description."""

    name: str
    description: str
    kind: str
    numbers: tuple[int, ...] = ()

    @property
    def is_unknown(self) -> bool:
        if self.kind == "lagged":
            return self.numbers[0] - self.numbers[1] < BEFORE
        if self.kind == "forecast":
            return self.numbers[0] < BEFORE
        if self.kind == "utc":
            return self.numbers[0] - WINTER > self.numbers[1] - BEFORE // 60
        return self.kind in NEVER


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


def columns_of(rng: random.Random) -> list[DrawnColumn]:
    """The columns that `m02_1_cases.columns` shows for a generator in the same state."""
    return _table(rng.choice(range(TABLES)))


def _table(number: int) -> list[DrawnColumn]:
    return drawn(random.Random(f"m02_1 columns {number}"))


def drawn(rng: random.Random) -> list[DrawnColumn]:
    """Twenty-four columns in an order that tells nothing, eleven of them unknown at the time of prediction."""
    drawn = [(text, kind, ()) for kind, text in ALWAYS.items()]
    drawn += [(NEVER[kind], kind, ()) for kind in rng.sample(list(NEVER), 5)]
    for number, text in enumerate(rng.sample(LAGGED, 6)):
        drawn.append((text, "lagged", _lag(rng, in_time=number < 3)))
    forecasts = [rng.randrange(150, 420, 5), rng.randrange(130, 600, 5), rng.randrange(20, 110, 5)]
    drawn += [(FORECAST, "forecast", (minutes,)) for minutes in forecasts]
    for before in (0, 1, 2, 3):  # hours from the reading to departure; two are just early enough
        hour = rng.randint(8, 15)
        drawn.append((UTC, "utc", (hour + WINTER - before, hour)))
    names = [f"c{number}" for number in rng.sample(range(100, 1000), len(drawn))]
    rng.shuffle(drawn)
    return [DrawnColumn(name, text.format(*numbers), kind, numbers) for name, (text, kind, numbers) in zip(names, drawn, strict=True)]


def _lag(rng: random.Random, in_time: bool) -> tuple[int, int]:
    """Minutes from the event to departure, and from the event to the reader; the event itself is always early enough."""
    event = rng.randint(BEFORE + 15, BEFORE + 80)
    spare = event - BEFORE
    return event, rng.randint(1, spare) if in_time else rng.randint(spare + 1, spare + 40)


def stored() -> dict[str, list]:
    tables = [[[column.name, column.description] for column in _table(number)] for number in range(TABLES)]
    return {"graders/m02_data_preparation/m02_1_columns.json": tables}
