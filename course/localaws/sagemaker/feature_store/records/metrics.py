"""CloudWatch metrics of the operations on records. They are buffered in memory for a moment and written in batches, or before a read.

Source: "Amazon SageMaker Feature Store metrics" in "Amazon SageMaker AI metrics in Amazon CloudWatch", "Throughput modes" and "Quotas,
naming rules and data types" of the developer guide, read 2026-11-28. The page names no namespace for them; public dashboards and Datadog's
list of metrics have them in ``AWS/SageMaker``. A batch counts its operational metrics for the operation alone.
"""

from __future__ import annotations

import logging
import math
import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from course.localaws.billing.usage import Item
from course.localaws.cloudwatch.metrics.store import MetricDatum, observed
from course.localaws.core.batch_writer import BatchWriter
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.metering import SERVICE
from course.localaws.sagemaker.feature_store.records.record_groups import RecordGroup
from course.localaws.sagemaker.feature_store.records.values import LIMITS

NAMESPACE = "AWS/SageMaker"
FLUSH_SECONDS = 0.2
# Metric -> usage type. Provisioned throughput is billed by the hour, for which we know no price.
BILLED = {
    "ConsumedReadRequestsUnits": "FeatureStore:ReadRequestUnits",
    "ConsumedWriteRequestsUnits": "FeatureStore:WriteRequestUnits",
}

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Usage:
    """What a request consumes.

    Attributes
    ----------
    now : int
        The time of the request, in Unix milliseconds.
    units : list of (str, str, int)
        Name of the group, metric and units.
    """

    now: int
    units: list[tuple[str, str, int]] = field(default_factory=list)

    def read(self, group: RecordGroup, size: int) -> None:
        """Count the units of reading a record of ``size`` bytes."""
        self._count(group, "Read", math.ceil(size / LIMITS["read_unit_bytes"]))

    def write(self, group: RecordGroup, size: int) -> None:
        """Count the units of writing or deleting a record of ``size`` bytes."""
        self._count(group, "Write", max(1, math.ceil(size / LIMITS["write_unit_bytes"])))

    def _count(self, group: RecordGroup, what: str, units: int) -> None:
        self.units.append((group.name, f"Consumed{what}{'CapacityUnits' if group.provisioned else 'RequestsUnits'}", units))


@dataclass(frozen=True, slots=True)
class Request:
    """The measurements of one request. ``group`` is empty for a batch; ``moment`` and ``seconds`` are in seconds."""

    region: str
    operation: str
    group: str
    moment: float
    seconds: float
    status: int
    units: list[tuple[str, str, int]]

    def values(self) -> list[tuple[str, str, float]]:
        """``(metric, unit, value)`` of the operational metrics."""
        return [
            ("Invocations", "None", 1),
            ("Operation4XXErrors", "None", int(400 <= self.status < 500)),
            ("Operation5XXErrors", "None", int(self.status >= 500)),
            ("ThrottledRequests", "None", 0),
            ("Latency", "Microseconds", round(self.seconds * 1e6)),
        ]


class RecordMetrics:
    """Records requests without delaying them."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._writer: BatchWriter[Request] = BatchWriter(self._write, FLUSH_SECONDS, "record-metrics")
        self.record, self.flush = self._writer.add, self._writer.flush
        platform.metrics.flush_before_reading(self.flush)
        platform.usage.flush_before_reading(self.flush)

    def _write(self, requests: list[Request]) -> None:
        by_region = defaultdict(list)
        for request in requests:
            by_region[request.region].append(request)
            self._meter(request)
        try:
            for region, part in by_region.items():
                self._platform.metrics.put_data(region, data(part))
        except sqlite3.Error:  # for example, the disk is full; the operations still work
            logger.exception("Metrics of Feature Store are lost")

    def _meter(self, request: Request) -> None:
        """Count the units of groups on demand for the bill."""
        for group, metric, units in request.units:
            if metric in BILLED:
                arn = f"arn:aws:sagemaker:{request.region}:{self._platform.account}:feature-group/{group.lower()}"
                item = Item(SERVICE, BILLED[metric], request.operation, request.region, arn)
                self._platform.usage.count(item, units, request.moment)


def data(requests: list[Request]) -> list[MetricDatum]:
    """One datum for each metric, dimensions and minute, with its distinct values and their counts."""
    seen: dict[tuple, Counter] = defaultdict(Counter)
    for request in requests:
        minute, operation = int(request.moment) // 60 * 60, ("OperationName", request.operation)
        series = (("FeatureGroupName", request.group), operation) if request.group else (operation,)
        for metric, unit, value in request.values():
            seen[series, minute, metric, unit][value] += 1
        for group, metric, units in request.units:
            seen[(("FeatureGroupName", group), operation), minute, metric, "None"][units] += 1
    return [
        observed(NAMESPACE, metric, counts.items(), dict(dimensions), unit, minute)
        for (dimensions, minute, metric, unit), counts in seen.items()
    ]
