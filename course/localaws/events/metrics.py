"""The metrics of rules and schedules: how often they fired, invoked their targets and failed.

Source: "Monitoring Amazon EventBridge" of its User Guide and "Monitoring EventBridge Scheduler with CloudWatch", read 2026-11-28. Not
matched: latencies, throttling, metrics without dimensions, and metrics of a whole bus.
"""

from __future__ import annotations

from collections.abc import Iterable

from course.localaws.cloudwatch.metrics.store import MetricStore, observed
from course.localaws.events.targets import EVENTS


class DeliveryMetrics:
    """Records the metrics."""

    def __init__(self, metrics: MetricStore) -> None:
        self._metrics = metrics

    def triggered(self, region: str, rule: str) -> None:
        """Record that an event has matched the rule with this ARN, or that it has fired on schedule."""
        self._count(region, "AWS/Events", _rule(rule), ["MatchedEvents", "TriggeredRules"])

    def ended(self, delivery: dict, failed: bool, dropped: bool, buried: bool) -> None:
        """Record that a delivery has ended: whether it failed, after all its retries, and went to the dead-letter queue."""
        if delivery["caller"] == EVENTS:
            names = {"Invocations": True, "FailedInvocations": failed, "InvocationsSentToDlq": buried}
            self._count(delivery["region"], "AWS/Events", _rule(delivery["origin"]), [name for name, counts in names.items() if counts])
            return
        names = {"InvocationAttemptCount": True, "TargetErrorCount": failed, "InvocationDroppedCount": dropped}
        names |= {"InvocationsSentToDeadLetterCount": buried}
        group = {"ScheduleGroup": delivery["origin"].split("/")[1]}
        self._count(delivery["region"], "AWS/Scheduler", group, [name for name, counts in names.items() if counts])

    def _count(self, region: str, namespace: str, dimensions: dict[str, str], names: Iterable[str]) -> None:
        now = self._metrics.clock.now()
        self._metrics.put_data(region, [observed(namespace, name, [(1.0, 1.0)], dimensions, "Count", now) for name in names])


def _rule(arn: str) -> dict[str, str]:
    """The dimensions of a rule. Those of the default bus do not name it."""
    bus, _, name = arn.rpartition(":rule/")[2].rpartition("/")
    return {"EventBusName": bus, "RuleName": name} if bus else {"RuleName": name}
