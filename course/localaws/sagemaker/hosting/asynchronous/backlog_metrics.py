"""CloudWatch metrics of the queues of asynchronous endpoints: a value every minute, and at every change.

Source: "Monitor asynchronous endpoint" of the developer guide, read 2026-11-25: namespace ``AWS/SageMaker``, dimension ``EndpointName``.
"""

from __future__ import annotations

from course.localaws.cloudwatch.metrics.store import observed
from course.localaws.platform import Platform
from course.localaws.sagemaker.hosting.runtime.metrics import NAMESPACE

LONGEST_GAP = 180  # minutes of an advanced clock that get values of their own


class BacklogMetrics:
    """Publishes the backlog that `note` receives, when the minute or the values are new."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._published: dict[tuple[str, str], tuple[int, tuple]] = {}  # minute and values by region and endpoint

    def note(self, region: str, endpoint: str, size: int, oldest: float | None, instances: int) -> None:
        """Receives the number of an endpoint's waiting requests, the time of the oldest one, and the number of instances that are up."""
        now = self._platform.clock.now()
        minute, values = int(now // 60), (size, instances)
        before, published = self._published.get((region, endpoint), (minute - 1, None))
        if minute == before and values == published:
            return
        self._published[region, endpoint] = minute, values
        metrics = {
            "ApproximateBacklogSize": (size, "Count"),
            "ApproximateBacklogSizePerInstance": (size / max(1, instances), "Count"),
            "HasBacklogWithoutCapacity": (float(size > 0 and instances == 0), "Count"),
        }
        if oldest is not None:
            metrics["ApproximateAgeOfOldestRequest"] = max(0.0, now - oldest), "Seconds"
        minutes = range(max(before + 1, minute - LONGEST_GAP), minute + 1) if minute > before else (minute,)
        self._platform.metrics.put_data(
            region,
            [
                observed(NAMESPACE, name, [(value, 1.0)], {"EndpointName": endpoint}, unit, moment * 60.0)
                for moment in minutes
                for name, (value, unit) in metrics.items()
            ],
        )

    def forget(self, region: str, endpoint: str) -> None:
        self._published.pop((region, endpoint), None)
