"""What alarms, custom metrics and stored logs cost, compared with the calls and the clock."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.localaws.billing.ledgers import DAY, GIGABYTE, HOUR, amounts, months
from tests.localaws.moto.restartable_aws import RestartableAws

COMPRESSED = 0.15  # of stored logs


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableAws]:
    aws = RestartableAws(tmp_path_factory.mktemp("cloudwatch-metering") / "state")
    yield aws
    aws.stop()


@pytest.fixture(autouse=True)
def _empty(aws: RestartableAws) -> None:
    aws.handle.reset()


def alarm(aws: RestartableAws, name: str, **more: object) -> None:
    watched = {"Namespace": "Flights", "MetricName": "Late", "Statistic": "Sum", "Period": 60} if "Metrics" not in more else {}
    asked = {"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"} | watched | more
    aws("cloudwatch").put_metric_alarm(AlarmName=name, **asked)


def test_an_alarm_costs_by_its_metrics_from_its_creation_to_its_deletion(aws):
    alarm(aws, "plain", Tags=[{"Key": "team", "Value": "ops"}])
    alarm(aws, "quick", Period=10)
    stat = {"Metric": {"Namespace": "Flights", "MetricName": "Late"}, "Period": 60, "Stat": "Sum"}
    queries = [{"Id": name, "MetricStat": stat, "ReturnData": False} for name in ("a", "b")]
    alarm(aws, "sum", Metrics=[*queries, {"Id": "c", "Expression": "a + b", "ReturnData": True}])
    aws("cloudwatch").put_composite_alarm(AlarmName="any", AlarmRule="ALARM(plain) OR ALARM(sum)")
    begin = aws.handle.advance(0)
    middle = aws.handle.advance(30 * HOUR)
    aws("cloudwatch").delete_alarms(AlarmNames=["any", "plain"])
    end = aws.handle.advance(30 * HOUR)
    found, slack = amounts(aws.handle), {"abs": 1e-4}
    assert found["CW:AlarmMonitorUsage"] == pytest.approx(months(begin, middle) + 2 * months(begin, end), **slack)
    assert found["CW:HighResAlarmMonitorUsage"] == pytest.approx(months(begin, end), **slack)
    ledger = aws.handle.ledger()
    assert ledger["unpriced"] == ["CW:CompositeAlarmMonitorUsage"]  # in us-east-1
    assert ledger["tags"]["team"]["ops"] == pytest.approx(0.1 * months(begin, middle), rel=1e-2)
    assert sorted(each["resource"].rpartition(":")[2] for each in ledger["running"]) == ["quick", "sum"]


def test_a_deleted_alarm_costs_nothing_after_a_kill(aws):
    alarm(aws, "brief")
    aws.handle.ledger()  # it is written
    aws("cloudwatch").delete_alarms(AlarmNames=["brief"])
    aws.restart()
    aws.handle.advance(10 * DAY)
    assert aws.handle.ledger()["running"] == []
    assert amounts(aws.handle)["CW:AlarmMonitorUsage"] < 1e-3


def test_a_custom_metric_costs_for_each_hour_with_data(aws):
    cloudwatch = aws("cloudwatch")

    def send(*names: str) -> None:
        data = [{"MetricName": name, "Value": 1, "Dimensions": [{"Name": "Airport", "Value": "JFK"}]} for name in names]
        cloudwatch.put_metric_data(Namespace="Flights", MetricData=data)

    aws.handle.advance(HOUR - aws.handle.advance(0) % HOUR)
    send("Late", "Late", "Early")
    send("Late")
    now = aws.handle.advance(HOUR)
    send("Early")
    aws.handle.ledger()  # it is written
    aws.restart()
    send("Early")
    aws("cloudwatch").put_metric_data(Namespace="Flights", MetricData=[{"MetricName": "Early", "Value": 1}])  # another set of dimensions
    aws.handle.advance(5 * HOUR)
    day = datetime.fromtimestamp(now, UTC)
    hours = 24 * monthrange(day.year, day.month)[1]
    assert amounts(aws.handle)["CW:MetricMonitorUsage"] == pytest.approx(4 / hours, rel=0.05)  # a month may begin just now


def test_logs_cost_their_compressed_size_until_they_are_deleted(aws):
    logs, sizes = aws("logs"), {"kept": 500_000, "brief": 300_000}
    logs.create_log_group(logGroupName="g")
    for name, size in sizes.items():
        logs.create_log_stream(logGroupName="g", logStreamName=name)
        event = {"timestamp": int(aws.handle.advance(0) * 1000), "message": "x" * (size - 26)}
        logs.put_log_events(logGroupName="g", logStreamName=name, logEvents=[event])
    begin = aws.handle.advance(0)
    middle = aws.handle.advance(50 * HOUR)
    logs.delete_log_stream(logGroupName="g", logStreamName="brief")
    end = aws.handle.advance(70 * HOUR)
    logs.delete_log_group(logGroupName="g")
    aws.handle.advance(100 * HOUR)
    byte_months = sum(sizes.values()) * months(begin, middle) + sizes["kept"] * months(middle, end)
    assert amounts(aws.handle)["USE1-TimedStorage-ByteHrs"] == pytest.approx(COMPRESSED * byte_months / GIGABYTE, rel=2e-3)
