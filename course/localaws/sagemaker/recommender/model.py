"""Estimates the performance of an instance type from a load test of one server here. `recommender.yaml` has the table and assumptions.

Users spread evenly over an instance's servers. The throughput of a server with less than one user is proportional; with more users, it is
that of the tested server; with more users than were tested, throughput stays constant and each user waits longer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from course.localaws.core.data_files import table
from course.localaws.sagemaker.core import instance_types
from course.localaws.sagemaker.recommender.traffic import TABLE, TrafficStep

FLAT = 1.02  # throughput is flat if it is less than this factor above the best so far


class ConditionsNotMet(Exception):
    """An instance type does not satisfy the job's conditions; the message is the benchmark's ``FailureReason``."""


@dataclass(frozen=True, slots=True)
class LoadMeasurement:
    """The measurement of one server with some users: requests a second, latency percentiles in seconds, cores and bytes in use."""

    users: float
    rate: float
    latency: dict[str, float]
    cores: float
    memory: int


@dataclass(frozen=True, slots=True)
class InstanceEstimate:
    """The estimate for an instance: requests a minute, latency percentiles in milliseconds, percent of its processors and memory."""

    rate: float
    latency: dict[str, float]
    cpu: float
    memory: float


def known(instance_type: str) -> bool:
    return instance_type in table(TABLE)["types"]


def price(instance_type: str) -> float:
    """US dollars an hour."""
    return table(TABLE)["types"][instance_type]["price"]


def servers(instance_type: str, measured: Sequence[LoadMeasurement]) -> int:
    """The number of servers on an instance: one for each vCPU, fewer if one server uses several."""
    busy = max(1.0, _points(measured)[0].cores)
    return max(1, math.floor(instance_types.vcpus(instance_type) / busy))


def rated(instance_type: str, measured: Sequence[LoadMeasurement], users: int) -> InstanceEstimate:
    """The estimate for an instance with ``users`` users."""
    figures, count = table(TABLE), servers(instance_type, measured)
    speed = figures["types"][instance_type]["ghz"] / figures["types"][figures["reference"]]["ghz"]
    one = _at(measured, users / count)
    return InstanceEstimate(
        rate=one.rate * count * speed * 60,
        latency={name: seconds / speed * 1000 for name, seconds in one.latency.items()},
        cpu=min(100.0, 100 * one.cores * count / instance_types.vcpus(instance_type)),
        memory=100 * one.memory * count / instance_types.memory(instance_type),
    )


def best(instance_type: str, measured: Sequence[LoadMeasurement], steps: Sequence[TrafficStep], conditions: dict) -> InstanceEstimate:
    """The best estimate for an instance in a traffic pattern before a stopping condition ends it.

    Raises
    ------
    ConditionsNotMet
    """
    reached: InstanceEstimate | None = None
    thresholds = {each.get("Percentile", "P95"): each["ValueInMilliseconds"] for each in conditions.get("ModelLatencyThresholds", ())}
    for users in dict.fromkeys(step.users for step in steps):
        now = rated(instance_type, measured, users)
        if now.memory > 100:
            raise ConditionsNotMet(f"{instance_type} does not have enough memory for the model: it would use {now.memory:.0f} % of it.")
        slow = [f"{name} is {now.latency[name]:.1f} ms, not {most} ms" for name, most in thresholds.items() if now.latency[name] > most]
        if slow and reached is None:
            raise ConditionsNotMet(f"{instance_type} does not satisfy the model latency threshold with {users} users: {', '.join(slow)}.")
        if slow:
            break
        if reached is None or now.rate > reached.rate * FLAT:
            reached = now
        if reached.rate >= conditions.get("MaxInvocations", math.inf):
            break
    return reached


def flat(measured: Sequence[LoadMeasurement]) -> bool:
    """Whether the last step's throughput was not above that of fewer users."""
    *fewer, last = [each for each in _points(measured) if each.users <= measured[-1].users]
    return bool(fewer) and last.rate < max(each.rate for each in fewer) * FLAT


def _points(measured: Sequence[LoadMeasurement]) -> list[LoadMeasurement]:
    """Measurements by number of users; the last one for each number, when the server was warm."""
    return sorted({each.users: each for each in measured}.values(), key=lambda each: each.users)


def _at(measured: Sequence[LoadMeasurement], users: float) -> LoadMeasurement:
    """The interpolated measurement of one server with a number of users, which may be fractional."""
    points = _points(measured)
    first, last = points[0], points[-1]
    if users <= first.users:
        share = users / first.users
        return LoadMeasurement(users, first.rate * share, first.latency, first.cores * share, first.memory)
    if users >= last.users:
        waits = {name: seconds * users / last.users for name, seconds in last.latency.items()}
        return LoadMeasurement(users, last.rate, waits, last.cores, last.memory)
    low, high = next(pair for pair in zip(points, points[1:], strict=False) if pair[0].users <= users <= pair[1].users)
    share = (users - low.users) / (high.users - low.users)

    def between(a: float, b: float) -> float:
        return a + (b - a) * share

    latency = {name: between(low.latency[name], high.latency[name]) for name in low.latency}
    return LoadMeasurement(users, between(low.rate, high.rate), latency, between(low.cores, high.cores), max(low.memory, high.memory))
