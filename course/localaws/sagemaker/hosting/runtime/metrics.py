"""What CloudWatch shows of an endpoint's invocations, kept in memory until somebody asks, for a moment at most, and written in batches.

Source: "Monitor Amazon SageMaker AI with Amazon CloudWatch" of the developer guide: namespace ``AWS/SageMaker``, dimensions
``EndpointName`` and ``VariantName``, or ``InferenceComponentName`` alone, latencies in microseconds. With ``EndpointConfigName`` as third
dimension they tell the fleets of a deployment apart ("Auto-Rollback Configuration and Monitoring").
"""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from course.localaws.cloudwatch.metrics.store import MetricDatum, observed
from course.localaws.core.batch_writer import BatchWriter

if TYPE_CHECKING:
    from course.localaws.platform import Platform

NAMESPACE, INSTANCES = "AWS/SageMaker", "/aws/sagemaker/Endpoints"
CACHE_HIT = "ModelCacheHit"
NO_CAPACITY = "NoCapacityInvocationFailures"  # "Scale an endpoint to zero instances", read 2026-11-26
FLUSH_SECONDS = 0.2

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InvocationRecord:
    """One call of a variant.

    Attributes
    ----------
    moment : float
        Unix seconds.
    status : int
        What the container answered; 0 when it did not.
    model, overhead : float
        Seconds.
    instances : int
        Of the variant.
    containers : tuple of (str, float)
        Of a pipeline: hostname and seconds of each container.
    before : mapping
        Seconds of what was done before the invocation, by metric: a cold start, loading of a model; and ``ModelCacheHit``.
    loaded : int or None
        How many models the instance has loaded, if models are loaded by name.
    config : str
        The endpoint configuration of the fleet.
    component : str
        The inference component, if it is one that was called; the instances are its copies then.
    refused : bool
        It reached no copy, since the component has none.
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
            *self._of_before(),
        ]

    def _shares(self) -> list[tuple[str, str, float]]:
        """What is normalised by the instances or copies that were there."""
        there = max(1, self.instances)  # it may have been scaled to zero while this one was under way
        if not self.component:
            return [("InvocationsPerInstance", "None", 1 / there)]
        return [("InvocationsPerCopy", "None", 1 / there)]

    def _of_before(self) -> list[tuple[str, str, float]]:
        times = [(name, "Microseconds", round(value * 1e6)) for name, value in self.before.items() if name != CACHE_HIT]
        return [*times, (CACHE_HIT, "None", self.before[CACHE_HIT])] if CACHE_HIT in self.before else times


class InvocationMetrics:
    """Takes note of invocations without holding them up."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._notes: BatchWriter[InvocationRecord] = BatchWriter(self._write, FLUSH_SECONDS, "invocation-metrics")
        self.record, self.flush = self._notes.add, self._notes.flush
        platform.metrics.flush_before_reading(self.flush)

    def _write(self, noted: list[InvocationRecord]) -> None:
        by_region = defaultdict(list)
        for invocation in noted:
            by_region[invocation.region].append(invocation)
        try:
            for region, invocations in by_region.items():
                self._platform.metrics.put_data(region, data(invocations))
        except sqlite3.Error:  # e.g. the disk is full; what is there can still be read
            logger.exception("Metrics of invocations are lost")


def data(invocations: list[InvocationRecord]) -> list[MetricDatum]:
    """One datum for each metric, its dimensions and minute, with all its values and how often each was seen."""
    seen: dict[tuple, Counter] = defaultdict(Counter)
    for invocation in invocations:
        minute = int(invocation.moment) // 60 * 60
        variant = (("EndpointName", invocation.endpoint), ("VariantName", invocation.variant))
        if invocation.component:
            variant = (("InferenceComponentName", invocation.component),)
        of_config = invocation.config and not invocation.component
        places = [variant, (*variant, ("EndpointConfigName", invocation.config))] if of_config else [variant]
        for metric, unit, value in invocation.values():
            for place in places:
                seen[NAMESPACE, place, minute, metric, unit][value] += 1
        for container, seconds in invocation.containers:
            place = (*variant, ("ContainerName", container))
            seen[NAMESPACE, place, minute, "ContainerLatency", "Microseconds"][round(seconds * 1e6)] += 1
        if invocation.loaded is not None:
            seen[INSTANCES, variant, minute, "LoadedModelCount", "None"][invocation.loaded] += 1
    return [
        observed(namespace, metric, counts.items(), dict(dimensions), unit, minute)
        for (namespace, dimensions, minute, metric, unit), counts in seen.items()
    ]
