"""CloudWatch metrics of an endpoint's invocations. They are buffered in memory for a moment and written in batches, or before a read.

Source: "Monitor Amazon SageMaker AI with Amazon CloudWatch" of the developer guide: namespace ``AWS/SageMaker``, dimensions
``EndpointName`` and ``VariantName``, or ``InferenceComponentName`` alone, latencies in microseconds. With ``EndpointConfigName`` as third
dimension they distinguish the fleets of a deployment ("Auto-Rollback Configuration and Monitoring").
"""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from course.localaws.cloudwatch.metrics.store import MetricDatum, observed
from course.localaws.core.batch_writer import BatchWriter
from course.localaws.platform import Platform

NAMESPACE, INSTANCES = "AWS/SageMaker", "/aws/sagemaker/Endpoints"
CACHE_HIT = "ModelCacheHit"
NO_CAPACITY = "NoCapacityInvocationFailures"  # "Scale an endpoint to zero instances", read 2026-11-26
FLUSH_SECONDS = 0.2

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InvocationRecord:
    """The measurements of one invocation of a variant.

    Attributes
    ----------
    moment : float
        Unix seconds.
    status : int
        The container's HTTP status; 0 when it did not answer.
    model, overhead : float
        Seconds.
    instances : int
        Of the variant.
    containers : tuple of (str, float)
        Hostname and seconds of each container of a pipeline.
    before : mapping
        Seconds of a cold start and of model loading before the invocation, by metric; and ``ModelCacheHit``.
    loaded : int or None
        Number of models that a multi-model instance has loaded.
    config : str
        The endpoint configuration of the fleet.
    component : str
        The inference component that was invoked, if any; ``instances`` are then its copies.
    refused : bool
        The component has no copies.
    """

    region: str
    endpoint: str
    variant: str
    moment: float
    status: int
    model: float
    overhead: float
    instances: int
    containers: tuple[tuple[str, float], ...] = ()
    before: Mapping[str, float] = field(default_factory=dict)
    loaded: int | None = None
    config: str = ""
    component: str = ""
    refused: bool = False

    def values(self) -> list[tuple[str, str, float]]:
        """``(metric, unit, value)`` for every metric."""
        if self.refused:
            return [(NO_CAPACITY, "None", 1)]
        return [
            ("Invocations", "None", 1),
            *self._shares(),
            ("Invocation4XXErrors", "None", int(400 <= self.status < 500)),
            ("Invocation5XXErrors", "None", int(self.status >= 500)),
            ("InvocationModelErrors", "None", int(not 200 <= self.status < 300)),
            ("ModelLatency", "Microseconds", round(self.model * 1e6)),
            ("OverheadLatency", "Microseconds", round(self.overhead * 1e6)),
            *self._timings(),
        ]

    def _shares(self) -> list[tuple[str, str, float]]:
        """The metrics that are divided by the number of instances or copies."""
        count = max(1, self.instances)  # the variant may have been scaled to zero during the invocation
        return [("InvocationsPerCopy" if self.component else "InvocationsPerInstance", "None", 1 / count)]

    def _timings(self) -> list[tuple[str, str, float]]:
        times = [(name, "Microseconds", round(value * 1e6)) for name, value in self.before.items() if name != CACHE_HIT]
        return [*times, (CACHE_HIT, "None", self.before[CACHE_HIT])] if CACHE_HIT in self.before else times


class InvocationMetrics:
    """Records invocations without delaying them."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._writer: BatchWriter[InvocationRecord] = BatchWriter(self._write, FLUSH_SECONDS, "invocation-metrics")
        self.record, self.flush = self._writer.add, self._writer.flush
        platform.metrics.flush_before_reading(self.flush)

    def _write(self, records: list[InvocationRecord]) -> None:
        by_region = defaultdict(list)
        for invocation in records:
            by_region[invocation.region].append(invocation)
        try:
            for region, invocations in by_region.items():
                self._platform.metrics.put_data(region, data(invocations))
        except sqlite3.Error:  # for example, the disk is full; reading still works
            logger.exception("Metrics of invocations are lost")


def data(invocations: list[InvocationRecord]) -> list[MetricDatum]:
    """One datum for each metric, dimensions and minute, with its distinct values and their counts."""
    seen: dict[tuple, Counter] = defaultdict(Counter)
    for invocation in invocations:
        minute = int(invocation.moment) // 60 * 60
        variant = (("EndpointName", invocation.endpoint), ("VariantName", invocation.variant))
        if invocation.component:
            variant = (("InferenceComponentName", invocation.component),)
        with_config = invocation.config and not invocation.component
        series = [variant, (*variant, ("EndpointConfigName", invocation.config))] if with_config else [variant]
        for metric, unit, value in invocation.values():
            for dimensions in series:
                seen[NAMESPACE, dimensions, minute, metric, unit][value] += 1
        for container, seconds in invocation.containers:
            dimensions = (*variant, ("ContainerName", container))
            seen[NAMESPACE, dimensions, minute, "ContainerLatency", "Microseconds"][round(seconds * 1e6)] += 1
        if invocation.loaded is not None:
            seen[INSTANCES, variant, minute, "LoadedModelCount", "None"][invocation.loaded] += 1
    return [
        observed(namespace, metric, counts.items(), dict(dimensions), unit, minute)
        for (namespace, dimensions, minute, metric, unit), counts in seen.items()
    ]
