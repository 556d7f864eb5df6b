"""The traffic of a load test: the number of users over time.

Source: "Run a custom load test" of the SageMaker developer guide, read 2026-11-25. PHASES add users at a rate per minute. STAIRS add them
at the beginning of each step, which lasts ``DurationInSeconds / NumberOfSteps``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from course.localaws.core.data_files import table
from course.localaws.core.errors import invalid

TABLE = Path(__file__).with_name("recommender.yaml")
MINUTE = 60
DURATION = range(120, 3601)
USERS = range(1, 4)
SPAWN_RATE = range(4)


@dataclass(frozen=True, slots=True)
class TrafficStep:
    """A number of users, for a number of seconds of the traffic pattern."""

    users: int
    seconds: float

    @property
    def real_seconds(self) -> float:
        return self.seconds / table(TABLE)["traffic_seconds_a_second"]


def planned_seconds(steps: Sequence[TrafficStep]) -> float:
    """How long a job of these steps would take on AWS."""
    known = table(TABLE)
    return known["seconds_before_traffic"] + sum(step.seconds for step in steps) + known["seconds_after_traffic"]


def starts(created: float, steps: Sequence[TrafficStep]) -> list[float]:
    """When each step begins in the scale of a job that was created then, and when the last one ends, in Unix seconds."""
    first = created + table(TABLE)["seconds_before_traffic"]
    return list(accumulate((step.seconds for step in steps), initial=first))


def steps_of(pattern: dict | None) -> list[TrafficStep]:
    """The steps of a job's ``TrafficPattern``, or the default steps of a Default job.

    Raises
    ------
    AwsError
        ``ValidationException``
    """
    if pattern is None:
        return [TrafficStep(users, MINUTE) for users in table(TABLE)["default_users"]]
    phases, stairs = pattern.get("Phases", []), pattern.get("Stairs")
    kind = pattern.get("TrafficType", "STAIRS" if stairs else "PHASES")
    if (kind == "STAIRS") != bool(stairs) or (kind == "PHASES") != bool(phases):
        raise invalid(f"A TrafficPattern of the type {kind} needs {kind.capitalize()} and nothing else.")
    return _stairs(stairs) if stairs else [step for phase in phases for step in _phase(phase)]


def _phase(phase: dict) -> Iterator[TrafficStep]:
    for member, allowed in (("InitialNumberOfUsers", USERS), ("SpawnRate", SPAWN_RATE), ("DurationInSeconds", DURATION)):
        _check(f"{member} of a phase", phase.get(member), allowed)
    duration = phase["DurationInSeconds"]
    for minute in range(math.ceil(duration / MINUTE)):
        yield TrafficStep(phase["InitialNumberOfUsers"] + minute * phase["SpawnRate"], min(MINUTE, duration - minute * MINUTE))


def _stairs(stairs: dict) -> list[TrafficStep]:
    _check("DurationInSeconds of Stairs", stairs.get("DurationInSeconds"), DURATION)
    for member in ("NumberOfSteps", "UsersPerStep"):
        if member not in stairs:
            raise invalid(f"{member} of Stairs is required.")
    number = stairs["NumberOfSteps"]
    return [TrafficStep((step + 1) * stairs["UsersPerStep"], stairs["DurationInSeconds"] / number) for step in range(number)]


def _check(what: str, value: int | None, allowed: range) -> None:
    if value not in allowed:
        raise invalid(f"{what} must be between {allowed.start} and {allowed.stop - 1}; got {value}.")
