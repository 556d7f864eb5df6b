"""Meters alarms and custom metrics ("Amazon CloudWatch pricing").

Matches AWS: each alarm is billed for its life, by the number of its metrics. An alarm whose period is shorter than a minute, and a
composite alarm, have prices of their own. A metric of PutMetricData is billed for each hour in which it gets data. Each set of dimensions
is a metric. Differs from AWS: what services send to CloudWatch for you, such as the metrics of a training job, costs nothing.
"""

from __future__ import annotations

from course.localaws.billing.charges import seconds
from course.localaws.billing.usage import HOUR, Item, UsageStore
from course.localaws.cloudwatch.alarms.evaluation import metrics_of, step
from course.localaws.cloudwatch.alarms.rules import name_of
from course.localaws.cloudwatch.alarms.store import AlarmStore

SERVICE, METRICS, STORE = "AmazonCloudWatch", "CW:MetricMonitorUsage", "MetricStorage"
STANDARD, HIGH_RESOLUTION, COMPOSITE = "CW:AlarmMonitorUsage", "CW:HighResAlarmMonitorUsage", "CW:CompositeAlarmMonitorUsage"
OPERATION = "Unknown"  # as in bills


def meter_alarm(alarms: AlarmStore, usage: UsageStore, region: str, arn: str) -> None:
    """Say what an alarm holds now, and which tags it has. Called after each change of an alarm."""
    name = name_of(arn)
    alarm = alarms.get(region, name)
    if alarm is not None:
        usage.tagged(arn, {tag["Key"]: tag["Value"] for tag in alarms.tags(region, name)})
    usage.hold(arn, _quantities(region, alarm) if alarm else {})


def recover(alarms: AlarmStore, usage: UsageStore) -> None:
    """After a start: say what all alarms hold."""
    usage.hold_all(SERVICE, {alarm["AlarmArn"]: _quantities(region, alarm) for region, alarm in alarms.every()})


def meter_metrics(usage: UsageStore, region: str, number: int, now: float) -> None:
    """Count metrics that have got their first data of this hour."""
    if number:
        usage.count(Item(SERVICE, METRICS, STORE, region), number * HOUR / seconds("Mo", now), now)


def _quantities(region: str, alarm: dict) -> dict[Item, float]:
    if "AlarmRule" in alarm:
        return {Item(SERVICE, COMPOSITE, OPERATION, region, alarm["AlarmArn"]): 1.0}
    usage_type = HIGH_RESOLUTION if step(alarm) < 60 else STANDARD
    return {Item(SERVICE, usage_type, OPERATION, region, alarm["AlarmArn"]): float(len(metrics_of(alarm)))}
