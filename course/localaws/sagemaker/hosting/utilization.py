"""CloudWatch metrics of endpoints and inference components for every minute: the usage of their processes, and zeros without requests.

Source: "Monitor Amazon SageMaker AI with Amazon CloudWatch" of the developer guide: ``/aws/sagemaker/Endpoints`` has CPUUtilization (a full
core is 100), MemoryUtilization and DiskUtilization; ``ConcurrentRequestsPerModel`` of ``AWS/SageMaker`` has a value every ten seconds. "If
a variant's traffic becomes zero ... SageMaker emits metrics with a value of zero" ("Edit a scaling policy"). The metrics of a component's
copies are in `components.utilization`.

Advancing the clock skips minutes without measurements. They get the present values of the instances, but at most for the last hour.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from course.localaws.cloudwatch.metrics.store import MetricDatum, observed
from course.localaws.sagemaker.hosting.components import utilization as component_utilization
from course.localaws.sagemaker.hosting.components.utilization import Place, UtilizationSample
from course.localaws.sagemaker.hosting.runtime.metrics import NAMESPACE
from course.localaws.sagemaker.hosting.runtime.routing import ComponentRoutingTable, RoutingTable

if TYPE_CHECKING:
    from course.localaws.platform import Platform
    from course.localaws.sagemaker.hosting.servers.model_server import ModelServer, Usage
    from course.localaws.sagemaker.hosting.servers.production_variant import ProductionVariant

HOST_NAMESPACE = "/aws/sagemaker/Endpoints"
MINUTE, TICK, LONGEST = 60, 10, 3600
SHORTEST_SAMPLE = 0.5  # seconds; processor time over less is meaningless
IDLE = ("Invocations", "InvocationsPerInstance")


@dataclass
class ServerSample:
    """The last measurement of one server."""

    moment: float
    usage: Usage
    cpu: float = 0.0


@dataclass
class Watched:
    """A variant or a component in service: its start, its last request (Unix seconds), and its servers."""

    since: float
    asked: float
    servers: dict[ModelServer, ServerSample] = field(default_factory=dict)


class Utilization:
    """Measures while an endpoint is in service.

    Parameters
    ----------
    platform : Platform
    routing : RoutingTable
    components : ComponentRoutingTable
    places : callable
        Region and name of a component -> the instance number of each copy.
    """

    def __init__(
        self, platform: Platform, routing: RoutingTable, components: ComponentRoutingTable, places: Callable[[str, str], Sequence[Place]]
    ) -> None:
        self._platform, self._routing, self._components, self._places = platform, routing, components, places
        self._watched: dict[tuple, Watched] = {}
        self._done = 0.0
        platform.scheduler.add(self._due, self._measure, first=True)  # alarms of the same moment must see the values

    def begin(self) -> None:
        """Start measuring an endpoint or a component that came into service."""
        if not self._watched:
            self._done = self._platform.clock.now()
        self._look()
        self._platform.scheduler.wake()

    def _due(self) -> float | None:
        if not self._routing:
            return None
        step = TICK if any(self._done - watched.asked < LONGEST for watched in self._watched.values()) else MINUTE
        return (self._done // step + 1) * step

    def _look(self) -> list[tuple[str, str, ProductionVariant, Watched]]:
        """All components, then all variants in service: region, endpoint, variant and `Watched`. Adds new ones."""
        now, found = self._platform.clock.now(), {}
        shown = []
        for region, router in [*self._components.every(), *self._routing.every()]:
            for variant in router.variants:
                key = (region, *_dimensions(router.name, variant).values())
                found[key] = self._watched.get(key) or Watched(now, -LONGEST)
                shown.append((region, router.name, variant, found[key]))
        self._watched = found
        return shown

    def _measure(self, moment: float) -> None:
        """Write the metrics of all moments until now."""
        before, now = self._done, self._platform.clock.now()
        self._done = now // TICK * TICK
        first = max(before, now - LONGEST)
        on_hosts: dict[tuple[str, str, str], list[tuple[Place, UtilizationSample]]] = defaultdict(list)
        for region, endpoint, variant, watched in self._look():
            dimensions, component = _dimensions(endpoint, variant), variant.document.get("Component")
            data = self._concurrency(variant, watched, dimensions, max(first, watched.since))
            begins = [begin for begin in _steps(first - MINUTE, now - MINUTE, MINUTE) if begin >= watched.since - MINUTE]
            if begins:
                shared = on_hosts[region, endpoint, variant.name]
                rows = self._rows(variant, watched)
                if component:
                    shared += zip(self._places(region, component), rows, strict=False)  # a copy may have been added meanwhile
                    data += component_utilization.normalised(variant.document, rows, dimensions, begins)
                else:
                    if "Hosts" in variant.document:
                        rows = component_utilization.of_instances(len(variant.instances), shared)
                    data += self._provisioned(variant, dimensions, begins) + self._of_hosts(rows, dimensions, begins)
                data += [datum for begin in begins if begin >= watched.since for datum in self._idle(region, variant, dimensions, begin)]
            self._platform.metrics.put_data(region, data)

    def _concurrency(self, variant: ProductionVariant, watched: Watched, dimensions: dict, first: float) -> list[MetricDatum]:
        name, peaks = _peaks(variant)
        ends = _steps(first, self._done, TICK)
        if any(peaks):
            watched.asked = self._done
        if not ends or self._done - watched.asked >= LONGEST or ("Component" in variant.document and not peaks):
            return []
        counts = [Counter(peaks) if number == 0 else {0: len(peaks) or 1} for number in range(len(ends))]
        return [
            observed(NAMESPACE, name, count.items(), dimensions, "None", end - TICK, TICK)
            for end, count in zip(ends, counts, strict=True)
            if count
        ]

    @staticmethod
    def _provisioned(variant: ProductionVariant, dimensions: dict, begins: list[float]) -> list[MetricDatum]:
        """The peak use of a serverless variant's provisioned concurrency. After a jump of the clock the first minute has it."""
        if not variant.provisioned:
            return []
        used = [variant.take_peak(), *[0] * (len(begins) - 1)]
        executions, utilization = (f"ServerlessProvisionedConcurrency{name}" for name in ("Executions", "Utilization"))
        return [
            observed(NAMESPACE, name, [(count / per, 1.0)], dimensions, unit, begin)
            for begin, count in zip(begins, used, strict=True)
            for name, per, unit in ((executions, 1, "Count"), (utilization, variant.provisioned, "None"))
        ]

    @staticmethod
    def _rows(variant: ProductionVariant, watched: Watched) -> list[UtilizationSample]:
        """The usage of each instance, or of each copy of a component, where it can be measured."""
        rows = []
        for instance in variant.instances:
            measured = [found for server in instance.servers if (found := _look_at(server, watched.servers))]
            if measured:
                usages = [found.usage for found in measured]
                disk = 100 * sum(usage.disk for usage in usages) / max(usages[0].disk_size, 1)
                rows.append(UtilizationSample(sum(found.cpu for found in measured), sum(usage.memory for usage in usages), disk))
        watched.servers = {server: found for server, found in watched.servers.items() if server.ready}
        return rows

    def _of_hosts(self, rows: list[UtilizationSample], dimensions: dict, begins: list[float]) -> list[MetricDatum]:
        """CPU, memory and disk: one observation for each instance and minute."""
        if not rows:
            return []
        memory = self._platform.limits.memory
        series = {
            "CPUUtilization": [(row.cpu, 1.0) for row in rows],
            "MemoryUtilization": [(100 * row.memory / memory, 1.0) for row in rows],
            "DiskUtilization": [(row.disk, 1.0) for row in rows],
        }
        return [observed(HOST_NAMESPACE, name, values, dimensions, "Percent", begin) for name, values in series.items() for begin in begins]

    def _idle(self, region: str, variant: ProductionVariant, dimensions: dict, begin: float) -> list[MetricDatum]:
        """Zeros for a minute without invocations. None for a component without copies and for a variant that hosts components."""
        if "Hosts" in variant.document or ("Component" in variant.document and not variant.instances):
            return []
        names = component_utilization.IDLE if "Component" in variant.document else IDLE
        named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
        metric = {"Namespace": NAMESPACE, "MetricName": "Invocations", "Dimensions": named}
        if any(True for _ in self._platform.metrics.data(region, metric, begin, begin + MINUTE)):
            return []
        return [observed(NAMESPACE, name, [(0.0, 1.0)], dimensions, "None", begin) for name in names]


def _dimensions(endpoint: str, variant: ProductionVariant) -> dict[str, str]:
    """The dimensions of the metrics of a variant or a component."""
    component = variant.document.get("Component")
    return {"InferenceComponentName": component} if component else {"EndpointName": endpoint, "VariantName": variant.name}


def _peaks(variant: ProductionVariant) -> tuple[str, Sequence[float]]:
    """The metric of concurrent requests, and its observations since the last call."""
    if "Component" in variant.document:
        copies = len(variant.instances)
        return component_utilization.CONCURRENT, [variant.take_peak() / copies] if copies else []
    return "ConcurrentRequestsPerModel", [] if "Hosts" in variant.document else variant.take_instance_peaks()


def _steps(after: float, until: float, seconds: int) -> list[float]:
    """The multiples of ``seconds`` that are greater than ``after`` and at most ``until``."""
    return [float(moment) for moment in range(int(after // seconds + 1) * seconds, int(until) + 1, seconds)]


def _look_at(server: ModelServer, known: dict[ModelServer, ServerSample]) -> ServerSample | None:
    usage, now = server.usage(), time.monotonic()
    if usage is None:
        return None
    before = known.get(server)
    passed = usage.age if before is None else now - before.moment
    if before is not None and passed < SHORTEST_SAMPLE:
        return before
    spent = usage.cpu if before is None else max(0.0, usage.cpu - before.usage.cpu)
    known[server] = ServerSample(now, usage, 100 * spent / max(passed, SHORTEST_SAMPLE))
    return known[server]
