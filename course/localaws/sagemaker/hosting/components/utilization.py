"""What CloudWatch shows of the copies of inference components, and of the instances that they share.

Source: "Amazon SageMaker AI metrics in Amazon CloudWatch" of the developer guide, read 2026-11-26: ``/aws/sagemaker/InferenceComponents``
has for each copy CPUUtilizationNormalized and MemoryUtilizationNormalized, from 0 % to 100 %, of what the copy reserves, or else of the
limit, which is the instance. There are no GPUs here, and so no metrics of them.
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
    """What one instance or copy uses: percent of a core, bytes of memory, percent of its disk."""

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
        Of `component_specifications.variant_of`.
    rows : sequence of UtilizationSample
        A copy each.
    dimensions : dict
    begins : sequence of float
        Of the minutes.
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
    """What each of a variant's instances uses, given what each copy on them uses."""
    used: dict[Place, UtilizationSample] = {}
    for place, row in copies:
        used[place] = used.get(place, UtilizationSample()) + row
    return [*used.values(), *[UtilizationSample()] * (count - len(used))]


def _percent(used: float, whole: float) -> float:
    return min(100.0, 100 * used / whole)
