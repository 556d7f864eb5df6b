"""What CloudWatch shows of the instances behind endpoints, minute by minute: what their processes use, and that nobody asked them.

Source: "Monitor Amazon SageMaker AI with Amazon CloudWatch" of the developer guide: ``/aws/sagemaker/Endpoints`` has CPUUtilization (a full
core is 100), MemoryUtilization and DiskUtilization; ``ConcurrentRequestsPerModel`` of ``AWS/SageMaker`` comes every ten seconds. "If a
variant's traffic becomes zero ... SageMaker emits metrics with a value of zero" ("Edit a scaling policy").

A jump of the clock passes minutes in which nothing was measured: in them the instances went on as they are now. Of a long jump only the
last hour is written.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from course.localaws.metrics.store import Datum, observed
from course.localaws.sagemaker.invocation_metrics import NAMESPACE
from course.localaws.sagemaker.live import LiveEndpoints

if TYPE_CHECKING:
    from course.localaws.platform import Platform
    from course.localaws.sagemaker.fleets import Variant
    from course.localaws.sagemaker.hosting import ModelServer, Usage

HOST_NAMESPACE = "/aws/sagemaker/Endpoints"
MINUTE, TICK, LONGEST = 60, 10, 3600
SHORTEST_SAMPLE = 0.5  # seconds; over less, processor time says nothing
IDLE = (("Invocations", 0.0), ("InvocationsPerInstance", 0.0))


@dataclass
class Measured:
    """The last look at one server."""

    moment: float
    usage: Usage
    cpu: float = 0.0


@dataclass
class Watched:
    """A variant in service: since when, when it last had a request under way, and its servers."""

    since: float
    asked: float
    servers: dict[ModelServer, Measured] = field(default_factory=dict)


class Utilization:
    """Measures as long as an endpoint is in service."""

    def __init__(self, platform: Platform, live: LiveEndpoints) -> None:
        self._platform, self._live = platform, live
        self._watched: dict[tuple[str, str, str], Watched] = {}
        self._done = 0.0
        platform.agenda.add(self._due, self._measure, first=True)  # alarms of the same moment are to see it

    def begin(self) -> None:
        """An endpoint came into service."""
        if not self._watched:
            self._done = self._platform.clock.now()
        self._look()
        self._platform.agenda.wake()

    def _due(self) -> float | None:
        if not self._live:
            return None
        step = TICK if any(self._done - watched.asked < LONGEST for watched in self._watched.values()) else MINUTE
        return (self._done // step + 1) * step

    def _look(self) -> list[tuple[str, str, Variant, Watched]]:
        """All variants in service, those that are new too."""
        now, found = self._platform.clock.now(), {}
        shown = []
        for region, live in self._live.every():
            for variant in live.variants:
                key = region, live.name, variant.name
                found[key] = self._watched.get(key) or Watched(now, -LONGEST)
                shown.append((region, live.name, variant, found[key]))
        self._watched = found
        return shown

    def _measure(self, moment: float) -> None:
        """Write all moments until now."""
        before, now = self._done, self._platform.clock.now()
        self._done = now // TICK * TICK
        first = max(before, now - LONGEST)
        for region, endpoint, variant, watched in self._look():
            dimensions = {"EndpointName": endpoint, "VariantName": variant.name}
            data = self._concurrency(variant, watched, dimensions, max(first, watched.since))
            begins = [begin for begin in _steps(first - MINUTE, now - MINUTE, MINUTE) if begin >= watched.since - MINUTE]
            if begins:
                data += self._provisioned(variant, dimensions, begins)
                data += self._hosts(variant, watched, dimensions, begins)
                data += [datum for begin in begins if begin >= watched.since for datum in self._idle(region, dimensions, begin)]
            self._platform.metrics.put_data(region, data)

    def _concurrency(self, variant: Variant, watched: Watched, dimensions: dict, first: float) -> list[Datum]:
        peaks = variant.peaks()
        ends = _steps(first, self._done, TICK)
        if any(peaks):
            watched.asked = self._done
        if not ends or self._done - watched.asked >= LONGEST:
            return []
        counts = [dict.fromkeys(peaks, 1.0) if number == 0 else {0: float(len(peaks) or 1)} for number in range(len(ends))]
        return [
            observed(NAMESPACE, "ConcurrentRequestsPerModel", count.items(), dimensions, "None", end - TICK, TICK)
            for end, count in zip(ends, counts, strict=True)
            if count
        ]

    @staticmethod
    def _provisioned(variant: Variant, dimensions: dict, begins: list[float]) -> list[Datum]:
        """Of a serverless variant, what part of its provisioned concurrency was in use at most; of the minutes of a jump in the first."""
        if not variant.provisioned:
            return []
        used = [variant.most(), *[0] * (len(begins) - 1)]
        executions, utilization = (f"ServerlessProvisionedConcurrency{name}" for name in ("Executions", "Utilization"))
        return [
            observed(NAMESPACE, name, [(count / per, 1.0)], dimensions, unit, begin)
            for begin, count in zip(begins, used, strict=True)
            for name, per, unit in ((executions, 1, "Count"), (utilization, variant.provisioned, "None"))
        ]

    def _hosts(self, variant: Variant, watched: Watched, dimensions: dict, begins: list[float]) -> list[Datum]:
        """CPU, memory and disk: one observation for each instance and minute."""
        rows = []
        for instance in variant.instances:
            measured = [found for server in instance.servers if (found := _look_at(server, watched.servers))]
            if measured:
                usages = [found.usage for found in measured]
                memory = 100 * sum(usage.memory for usage in usages) / self._platform.limits.memory
                disk = 100 * sum(usage.disk for usage in usages) / max(usages[0].disk_size, 1)
                rows.append((sum(found.cpu for found in measured), memory, disk))
        watched.servers = {server: found for server, found in watched.servers.items() if server.ready}
        if not rows:
            return []
        columns = zip(("CPUUtilization", "MemoryUtilization", "DiskUtilization"), zip(*rows, strict=True), strict=True)
        series = [(name, [(value, 1.0) for value in values]) for name, values in columns]
        return [observed(HOST_NAMESPACE, name, values, dimensions, "Percent", begin) for name, values in series for begin in begins]

    def _idle(self, region: str, dimensions: dict, begin: float) -> list[Datum]:
        """Zeros for a minute without invocations."""
        named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
        metric = {"Namespace": NAMESPACE, "MetricName": "Invocations", "Dimensions": named}
        if any(True for _ in self._platform.metrics.data(region, metric, begin, begin + MINUTE)):
            return []
        return [observed(NAMESPACE, name, [(value, 1.0)], dimensions, "None", begin) for name, value in IDLE]


def _steps(after: float, until: float, seconds: int) -> list[float]:
    """The multiples of ``seconds`` that are greater than ``after`` and at most ``until``."""
    return [float(moment) for moment in range(int(after // seconds + 1) * seconds, int(until) + 1, seconds)]


def _look_at(server: ModelServer, known: dict[ModelServer, Measured]) -> Measured | None:
    usage, now = server.usage(), time.monotonic()
    if usage is None:
        return None
    before = known.get(server)
    passed = usage.age if before is None else now - before.moment
    if before is not None and passed < SHORTEST_SAMPLE:
        return before
    spent = usage.cpu if before is None else max(0.0, usage.cpu - before.usage.cpu)
    known[server] = Measured(now, usage, 100 * spent / max(passed, SHORTEST_SAMPLE))
    return known[server]
