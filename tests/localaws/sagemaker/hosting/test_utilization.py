"""CloudWatch metrics of an endpoint's instances."""

from __future__ import annotations

import concurrent.futures
import datetime

import pytest

from course.localaws.server import launch
from tests.localaws.sagemaker.hosting.endpoint_fixtures import EndpointFixtures, echo, fixtures_of, script, until

BUSY = """
import time
def model_fn(d): return 0
def transform_fn(model, data, content_type, accept):
    time.sleep(0.5)
    return 'done', 'text/plain'
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    handle = launch.start(tmp_path_factory.mktemp("utilization") / "state")
    yield fixtures_of(handle)
    handle.stop()


def points(aws: EndpointFixtures, namespace: str, metric: str, name: str, period: int = 60) -> list[dict]:
    now = datetime.datetime.fromtimestamp(aws.handle.advance(0), datetime.UTC)
    found = aws.cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": "AllTraffic"}],
        StartTime=now - datetime.timedelta(hours=2),
        EndTime=now + datetime.timedelta(minutes=2),
        Period=period,
        Statistics=["Average", "Maximum", "Sum", "SampleCount"],
    )["Datapoints"]
    return sorted(found, key=lambda point: point["Timestamp"])


def test_processes_are_measured_each_minute_and_idle_minutes_say_zero(aws):
    name = aws.create(aws.config({"ModelName": aws.model(echo("A")), "InitialInstanceCount": 2}))
    assert aws.settled(name)["EndpointStatus"] == "InService"
    for _ in range(4):
        aws.invoke(name)
    aws.handle.advance(300)
    for metric, most in (("CPUUtilization", 6400), ("MemoryUtilization", 100), ("DiskUtilization", 100)):
        measured = points(aws, "/aws/sagemaker/Endpoints", metric, name)
        assert 5 <= len(measured) <= 7 and {point["SampleCount"] for point in measured} == {2}, metric
        assert all(0 <= point["Average"] <= most for point in measured), metric
        assert measured[0]["Maximum"] > 0
    invocations = points(aws, "AWS/SageMaker", "Invocations", name)
    assert sum(point["Sum"] for point in invocations) == 4 and 4 <= len(invocations) <= 6 and invocations[-1]["Sum"] == 0
    per_instance = points(aws, "AWS/SageMaker", "InvocationsPerInstance", name)
    assert sum(point["Sum"] for point in per_instance) == 2  # four invocations of two instances


def test_requests_at_a_time_every_ten_seconds(aws):
    name = aws.deploy(script(BUSY))
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert set(pool.map(lambda _: aws.invoke(name), range(6))) == {"done"}
    aws.handle.advance(60)
    measured = points(aws, "AWS/SageMaker", "ConcurrentRequestsPerModel", name, 10)
    assert 6 <= len(measured) <= 8 and max(point["Maximum"] for point in measured) == 3 and measured[-1]["Maximum"] == 0


def test_nothing_is_measured_once_the_endpoint_is_gone(aws):
    name = aws.deploy(echo("A"))
    aws.sagemaker.delete_endpoint(EndpointName=name)
    until(lambda: not [found for found in aws.sagemaker.list_endpoints()["Endpoints"] if found["EndpointName"] == name], "it is deleted")
    before = len(points(aws, "/aws/sagemaker/Endpoints", "CPUUtilization", name))
    aws.handle.advance(180)
    assert len(points(aws, "/aws/sagemaker/Endpoints", "CPUUtilization", name)) == before
