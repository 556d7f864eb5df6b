"""What m03_2 is judged on: histories of records, and flights in two forms.

The generators are no secret; the rules that judge are in the hidden checks, and the instructor has the seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

FORMAT = "%Y-%m-%dT%H:%M:%SZ"
BEGINNING = datetime(2026, 3, 2, tzinfo=UTC)
CLOCKS_CHANGE = (datetime(2013, 3, 10, tzinfo=UTC), datetime(2013, 11, 3, tzinfo=UTC))  # in New York, at 2:00


@dataclass(frozen=True)
class Schema:
    """Names of a feature group: identifier, event time, and a whole number, a number and a text."""

    identifier: str
    event_time: str
    features: tuple[str, str, str]

    @property
    def types(self) -> dict[str, str]:
        return {self.identifier: "String", self.event_time: "String"} | dict(
            zip(self.features, ("Integral", "Fractional", "String"), strict=True)
        )


@dataclass(frozen=True)
class Event:
    """A record that was written, or the deletion of one, when ``values`` is None. ``values`` are in the order of its features."""

    identifier: str
    time: str
    values: tuple | None


@dataclass(frozen=True)
class Ask:
    """A question to the past, and what it tests."""

    identifier: str
    time: str
    kind: str


PRACTICE_SCHEMA = Schema("gate", "noted_at", ("passengers", "queue_minutes", "airline"))
_AT = "2026-03-02T{}:00Z"
PRACTICE_EVENTS = (  # in the order of their arrival
    Event("B12", _AT.format("10:00"), (10, 1.5, "UA")),
    Event("B12", _AT.format("12:00"), (12, 2.5, "UA")),
    Event("C3", _AT.format("10:00"), (20, 3.5, "DL")),
    Event("D7", _AT.format("10:00"), (30, 4.5, "AA")),
    Event("D7", _AT.format("11:00"), None),
    Event("B12", _AT.format("11:00"), (11, None, "B6")),
    Event("C3", _AT.format("10:00"), (21, 3.75, "DL")),
    Event("D7", _AT.format("12:00"), (33, 5.5, "AA")),
)
PRACTICE_ASKS = (  # and the values that are right
    (Ask("B12", _AT.format("13:00"), "late"), (12, 2.5, "UA")),
    (Ask("C3", _AT.format("10:30"), "twice"), (21, 3.75, "DL")),
    (Ask("B12", _AT.format("11:00"), "border"), (11, None, "B6")),
    (Ask("D7", _AT.format("10:30"), "kept"), (30, 4.5, "AA")),
    (Ask("B12", _AT.format("10:59"), "plain"), (10, 1.5, "UA")),
    (Ask("D7", _AT.format("11:30"), "deleted"), None),
    (Ask("E1", _AT.format("11:30"), "unknown"), None),
    (Ask("B12", _AT.format("11:30"), "gap"), (11, None, "B6")),
    (Ask("D7", _AT.format("12:30"), "again"), (33, 5.5, "AA")),
    (Ask("B12", _AT.format("09:59"), "before"), None),
    (Ask("B12", _AT.format("13:00"), "late"), (12, 2.5, "UA")),
)

_NAMES = (
    ("plane", "reported_at", ("seats", "age_years", "base")),
    ("route", "computed_at", ("flights", "mean_minutes", "season")),
    ("runway", "measured_at", ("landings", "wind_knots", "surface")),
    ("crew", "updated_at", ("hours", "rest_hours", "licence")),
)
_WORDS = ("north", "south", "east", "west", "inner", "outer")


def _minute(minutes: int) -> str:
    return (BEGINNING + timedelta(minutes=minutes)).strftime(FORMAT)


def schema(rng: random.Random) -> Schema:
    return Schema(*rng.choice(_NAMES))


def stored_events(rng: random.Random) -> tuple[list[Event], list[Ask]]:
    """What is written into a group, in the order of arrival, and what is asked."""
    identifiers = [f"{letter}{rng.randint(10, 99)}" for letter in rng.sample("ABCDEFGHKLMNPQRSTUVWXYZ", 7)]
    first: list[Event] = []
    second: list[Event] = []  # arrive when all of the first have
    asks: list[Ask] = []

    def values() -> tuple:
        return (rng.randint(1, 400), round(rng.uniform(0.5, 60), 2), rng.choice(_WORDS))

    def ask(identifier: str, minutes: float, kind: str) -> None:
        asks.append(Ask(identifier, _minute(minutes), kind))

    for number, identifier in enumerate(identifiers[:6]):
        start, middle, end = (rng.randint(low, low + 200) for low in (60, 400, 800))
        first.append(Event(identifier, _minute(start), values()))
        if number < 2:  # the record of the middle arrives last
            first.append(Event(identifier, _minute(end), values()))
            gap = values()
            second.append(Event(identifier, _minute(middle), gap if number else (gap[0], None, gap[2])))
            ask(identifier, end + rng.randint(1, 200), "late")
            ask(identifier, middle + rng.randint(1, 90), "plain" if number else "gap")
            ask(identifier, middle, "border")
            ask(identifier, middle - 1, "plain")
            ask(identifier, start - rng.randint(1, 50), "before")
        elif number < 4:  # the same event time twice
            first += [Event(identifier, _minute(middle), values()), Event(identifier, _minute(end), values())]
            second.append(Event(identifier, _minute(middle), values()))
            ask(identifier, middle + rng.randint(0, 90), "twice")
            ask(identifier, end + 5, "plain")
        else:  # deleted, and written again
            first += [Event(identifier, _minute(middle), None), Event(identifier, _minute(end), values())]
            ask(identifier, middle - rng.randint(1, 90), "kept")
            ask(identifier, middle + rng.randint(0, 90), "deleted")
            ask(identifier, end + rng.randint(0, 90), "again")
    ask(identifiers[6], 700, "unknown")
    asks.append(rng.choice(asks))
    return first + second, rng.sample(asks, len(asks))


def _seconds(minutes: int) -> int:
    return int(BEGINNING.timestamp()) + 60 * minutes


def _versions(*rows: tuple[int, int, bool]) -> pd.DataFrame:
    """A history in minutes: event time, arrival, whether it is a deletion."""
    columns = ["event_time", "api_invocation_time", "is_deleted"]
    return pd.DataFrame([(_seconds(event), _seconds(arrival), deleted) for event, arrival, deleted in rows], columns=columns)


PRACTICE_HISTORIES = (  # with a moment, the verdict, and a question for any other verdict
    ((_versions((0, 1, False), (60, 61, False)), _seconds(90)), "same", "which rows does each of the two find?"),
    ((_versions((0, 1, False), (60, 61, False), (120, 121, True)), _seconds(90)), "deleted", "what does a deletion do to the past?"),
    ((_versions((0, 1, False), (60, 61, True)), _seconds(90)), "empty", "what was valid at that moment?"),
    ((_versions((0, 1, False), (60, 95, False)), _seconds(90)), "late", "when did the record arrive?"),
    (
        (_versions((0, 1, False), (60, 61, True), (80, 81, False)), _seconds(90)),
        "same",
        "which deletion is the last, and what came after it?",
    ),
    ((_versions((60, 61, False), (120, 121, True)), _seconds(30)), "empty", "what was valid at that moment?"),
    ((_versions((0, 95, False), (60, 61, False)), _seconds(90)), "same", "which version do both find, and when did that one arrive?"),
    ((_versions((0, 1, False), (60, 95, False), (120, 121, True)), _seconds(90)), "deleted", "has the builder a row at all?"),
    ((_versions((90, 90, False)), _seconds(90)), "same", "does your rule include the asked time itself?"),
    ((_versions((0, 1, False), (60, 95, True), (80, 81, False)), _seconds(90)), "same", "which of the deletion's two times counts?"),
)

KINDS = {  # of history; how often each is drawn
    "plain": 1,
    "border": 1,
    "next": 1,
    "rewritten": 2,
    "corrected": 2,
    "late_but_older": 3,
    "late": 5,
    "corrected_late": 5,
    "deleted": 3,
    "deleted_again": 2,
    "deleted_then_back": 2,
    "deleted_late": 3,
    "gone": 4,
    "not_yet": 3,
    "gone_late": 3,
}


def histories(rng: random.Random) -> list[tuple[str, pd.DataFrame, int]]:
    """Forty histories of a record, each with its kind and a moment. Times are whole minutes, arrivals seldom within one."""
    drawn = [(kind, *_history(rng, kind)) for kind, count in KINDS.items() for _ in range(count)]
    return rng.sample(drawn, len(drawn))


def _history(rng: random.Random, kind: str) -> tuple[pd.DataFrame, int]:
    start = rng.randint(0, 5_000)
    first, second, moment, later = (start + each + rng.randint(0, 40) for each in (0, 60, 120, 200))
    soon = rng.randint(1, 4)  # minutes until a record that is in time arrives
    after = moment + rng.randint(1, 30)  # an arrival that is too late
    one, two, three = (first, first + soon, False), (second, second + soon, False), (later, later + soon, False)
    rows = {
        "plain": [one, two],
        "border": [(moment, moment, False)],
        "next": [one, two, three],
        "rewritten": [one, (second - 10, after, True), two],
        "corrected": [one, two, (second, second + soon + 2, False)],
        "late_but_older": [(first, after, False), two],
        "late": [one, (second, after, False)],
        "corrected_late": [one, two, (second, after, False)],
        "deleted": [one, two, (later, later + soon, True)],
        "deleted_again": [one, (second - 10, second - 8, True), two, (later, later + soon, True)],
        "deleted_then_back": [one, two, (later, later + soon, True), (later + 30, later + 32, False)],
        "deleted_late": [one, (second, after, False), (later, later + soon, True)],
        "gone": [one, (second, second + soon, True), *([three] if rng.random() < 0.5 else [])],
        "not_yet": [(later, later + soon, False), *([(later + 30, later + 31, True)] if rng.random() < 0.5 else [])],
        "gone_late": [one, (second, after, True)],
    }[kind]
    return _versions(*rng.sample(rows, len(rows))), _seconds(moment)


def flights(rng: random.Random, count: int) -> list[datetime]:
    """Scheduled departures in UTC, half of them in winter, a quarter in the hours in which New York and UTC have another day.

    The first one is in the first hour of a day in New York, the next two on the days on which its clocks change.
    """
    days = [datetime(2013, rng.choice((1, 2, 7, 8)), rng.randint(1, 28), tzinfo=UTC) for _ in range(count)]
    hours = [rng.choice((0, 1, 2, 3)) if number % 4 == 0 else rng.randint(11, 23) for number in range(count)]
    days[:3] = datetime(2013, 7, rng.randint(1, 28), tzinfo=UTC), *CLOCKS_CHANGE
    hours[0] = 4
    return [day + timedelta(hours=hour, minutes=rng.choice(range(0, 60, 5))) for day, hour in zip(days, hours, strict=True)]


def value(got: Any) -> Any:
    """A cell of a table, None for any kind of gap."""
    return None if got is None or (isinstance(got, float) and got != got) else got
