"""CloudWatch metrics of the operations on records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.feature_store.record_fixtures import OnlineGroups, at
from tests.localaws.sagemaker.feature_store.store_fixtures import record_of


@pytest.fixture
def groups(local_aws, client) -> OnlineGroups:
    return OnlineGroups(local_aws, client)


def statistic(groups: OnlineGroups, metric: str, operation: str, group: str | None, what: str = "Sum") -> float:
    """A statistic of the last minutes."""
    now = datetime.fromtimestamp(groups.handle.advance(0), UTC)
    dimensions = [{"Name": "OperationName", "Value": operation}] + ([{"Name": "FeatureGroupName", "Value": group}] if group else [])
    points = groups.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName=metric,
        Dimensions=dimensions,
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=10),
        Period=3600,
        Statistics=[what],
    )["Datapoints"]
    return sum(point[what] for point in points)


def test_invocations_errors_and_latency(groups: OnlineGroups):
    group = groups.create()
    groups.put(group, origin="JFK", at=at())
    groups.put(group, origin="LGA", at=at())
    refused(groups.put, group, origin="EWR")
    groups.get(group, "JFK")
    assert statistic(groups, "Invocations", "PutRecord", group) == 3
    assert statistic(groups, "Operation4XXErrors", "PutRecord", group) == 1
    assert statistic(groups, "Operation5XXErrors", "PutRecord", group) == statistic(groups, "ThrottledRequests", "PutRecord", group) == 0
    assert statistic(groups, "Invocations", "GetRecord", group) == 1
    assert 0 < statistic(groups, "Latency", "GetRecord", group, "Maximum") < 60e6


def test_units(groups: OnlineGroups):
    group = groups.create()
    groups.put(group, origin="JFK", at=at())
    groups.put(group, origin="x" * 2000, at=at())
    groups.delete(group, "JFK", at(1))
    for identifier in ("x" * 2000, "nobody"):
        groups.get(group, identifier)
    assert statistic(groups, "ConsumedWriteRequestsUnits", "PutRecord", group) == 1 + 2
    assert statistic(groups, "ConsumedWriteRequestsUnits", "DeleteRecord", group) == 1
    assert statistic(groups, "ConsumedReadRequestsUnits", "GetRecord", group) == 1


def test_a_batch_counts_for_its_operation_and_its_units_for_each_group(groups: OnlineGroups):
    group = groups.create()
    before = statistic(groups, "Invocations", "BatchWriteRecord", None)
    entries = [{"FeatureGroupName": group, "Record": record_of({"origin": origin, "at": at()})} for origin in "abc"]
    groups.runtime.batch_write_record(Entries=entries)
    assert statistic(groups, "Invocations", "BatchWriteRecord", None) == before + 1
    assert statistic(groups, "ConsumedWriteRequestsUnits", "BatchWriteRecord", group) == 3
