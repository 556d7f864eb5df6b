"""CloudWatch metrics of the copies of inference components, and of the instances that they share.

Source: "Amazon SageMaker AI metrics in Amazon CloudWatch" of the developer guide, read 2026-11-26: ``/aws/sagemaker/InferenceComponents``
has CPUUtilizationNormalized and MemoryUtilizationNormalized for each copy. They go from 0 % to 100 % of the copy's reservation, or of the
instance if it reserves nothing. There are no GPUs here, so there are no GPU metrics.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from course.localaws.cloudwatch.metrics.store import MetricDatum, observed
from course.localaws.sagemaker.hosting.components.placement import Resources

NAMESPACE = "/aws/sagemaker/InferenceComponents"
CONCURRENT, IDLE = "ConcurrentRequestsPerCopy", ("Invocations", "InvocationsPerCopy")
Place = int  # the number of an instance


@dataclass(frozen=True, slots=True)
class UtilizationSample:
    """The usage of one instance or copy: percent of a core, bytes of memory, percent of its disk."""

    cpu: float = 0.0
    memory: float = 0.0
    disk: float = 0.0

    def __add__(self, other: UtilizationSample) -> UtilizationSample:
        return UtilizationSample(self.cpu + other.cpu, self.memory + other.memory, self.disk + other.disk)


def normalised(variant: dict, rows: Sequence[UtilizationSample], dimensions: dict, begins: Sequence[float]) -> list[MetricDatum]:
    """One observation for each copy and minute.

    Parameters
    ----------
    variant : dict
        See `specifications.variant_of`.
    rows : sequence of UtilizationSample
        One for each copy.
    dimensions : dict
    begins : sequence of float
        The begin of each minute, in Unix seconds.
    """
    if not rows:
        return []
    reserved, limit = Resources.required(variant["Needs"]), Resources.of_type(variant["InstanceType"])
    cores = reserved.cores or limit.cores
    series = {
        "CPUUtilizationNormalized": [(_percent(row.cpu / 100, cores), 1.0) for row in rows],
        "MemoryUtilizationNormalized": [(_percent(row.memory / (1 << 20), reserved.memory), 1.0) for row in rows],
    }
    return [observed(NAMESPACE, name, values, dimensions, "Percent", begin) for name, values in series.items() for begin in begins]


def of_instances(count: int, copies: Iterable[tuple[Place, UtilizationSample]]) -> list[UtilizationSample]:
    """The usage of each instance of a variant, as the sum of its copies."""
    used: dict[Place, UtilizationSample] = {}
    for place, row in copies:
        used[place] = used.get(place, UtilizationSample()) + row
    return [*used.values(), *[UtilizationSample()] * (count - len(used))]


def _percent(used: float, whole: float) -> float:
    return min(100.0, 100 * used / whole)
