"""The metrics of rules and schedules: how often they fired, invoked their targets and failed.

Source: "Monitoring Amazon EventBridge" of its User Guide and "Monitoring EventBridge Scheduler with CloudWatch", read 2026-11-28. Not
matched: latencies, throttling, metrics without dimensions, and metrics of a whole bus. The
attempts of a delivery are counted when it has ended.
"""

from __future__ import annotations

from collections.abc import Mapping

from course.localaws.cloudwatch.metrics.store import MetricStore, observed
from course.localaws.events.targets import EVENTS


class DeliveryMetrics:
    """Records the metrics."""

    def __init__(self, metrics: MetricStore) -> None:
        self._metrics = metrics

    def triggered(self, region: str, rule: str) -> None:
        """Record that an event has matched the rule with this ARN, or that it has fired on schedule."""
        self._count(region, "AWS/Events", _rule(rule), {"MatchedEvents": 1, "TriggeredRules": 1})

    def ended(self, delivery: dict, failed: bool, dropped: bool, buried: bool) -> None:
        """Record that a delivery has ended.

        Parameters
        ----------
        failed : bool
            Whether also its last attempt failed.
        dropped : bool
            Whether its retry policy allowed no further attempt.
        buried : bool
            Whether it is in the dead-letter queue.
        """
        if delivery["caller"] == EVENTS:
            counts = {"Invocations": 1, "FailedInvocations": failed, "InvocationsSentToDlq": buried}
            self._count(delivery["region"], "AWS/Events", _rule(delivery["origin"]), counts)
            return
        retries = delivery["attempts"]
        counts = {"InvocationAttemptCount": retries + 1, "TargetErrorCount": retries + failed, "InvocationDroppedCount": dropped}
        counts |= {"InvocationsSentToDeadLetterCount": buried}
        self._count(delivery["region"], "AWS/Scheduler", {"ScheduleGroup": delivery["origin"].split("/")[1]}, counts)

    def _count(self, region: str, namespace: str, dimensions: dict[str, str], counts: Mapping[str, int]) -> None:
        """Record metrics that are not 0."""
        now = self._metrics.clock.now()
        found = [observed(namespace, name, [(1.0, count)], dimensions, "Count", now) for name, count in counts.items() if count]
        self._metrics.put_data(region, found)


def _rule(arn: str) -> dict[str, str]:
    """The dimensions of a rule. Those of the default bus do not name it."""
    bus, _, name = arn.rpartition(":rule/")[2].rpartition("/")
    return {"EventBusName": bus, "RuleName": name} if bus else {"RuleName": name}
