"""CloudWatch metrics of the copies of inference components and of the instances that they share."""

from __future__ import annotations

import concurrent.futures
import datetime

import pytest
from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests.localaws.sagemaker.hosting.component_fixtures import ComponentFixtures
from tests.localaws.sagemaker.hosting.endpoint_fixtures import SKLEARN, fixtures_of, script, until

BUSY = """
import time
def model_fn(d): return 0
def transform_fn(model, data, content_type, accept):
    end = time.process_time() + 0.3
    while time.process_time() < end: pass
    return 'done', 'text/plain'
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    handle = launch.start(tmp_path_factory.mktemp("component-metrics") / "state")
    yield fixtures_of(handle, ComponentFixtures)
    handle.stop()


def points(aws: ComponentFixtures, namespace: str, metric: str, dimensions: dict[str, str], period: int = 60) -> list[dict]:
    now = datetime.datetime.fromtimestamp(aws.handle.advance(0), datetime.UTC)
    found = aws.cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - datetime.timedelta(hours=2),
        EndTime=now + datetime.timedelta(minutes=2),
        Period=period,
        Statistics=["Average", "Maximum", "Sum", "SampleCount"],
    )["Datapoints"]
    return sorted(found, key=lambda point: point["Timestamp"])


@pytest.mark.nightly  # test_utilization.py measures by day
def test_each_copy_is_measured_against_what_it_reserves_and_each_instance_as_a_whole(aws):
    endpoint = aws.host(2)
    needs = {"MinMemoryRequiredInMb": 128, "NumberOfCpuCoresRequired": 0.25}
    busy = aws.component(endpoint, aws.model(script(BUSY), SKLEARN), copies=2, ComputeResourceRequirements=needs)
    assert aws.component_settled(busy)["InferenceComponentStatus"] == "InService"
    idle = aws.served(endpoint, memory=4096)
    aws.to_the_minute()
    for _ in range(6):
        aws.ask(endpoint, busy)
    aws.handle.advance(180)
    namespace = "/aws/sagemaker/InferenceComponents"
    of_busy = {
        metric: points(aws, namespace, metric, {"InferenceComponentName": busy})
        for metric in ("CPUUtilizationNormalized", "MemoryUtilizationNormalized")
    }
    for metric, measured in of_busy.items():
        assert 3 <= len(measured) <= 5 and {point["SampleCount"] for point in measured[1:]} == {2}, metric
        assert all(0 <= point["Average"] <= 100 for point in measured) and measured[-1]["Maximum"] > 0, metric
    [*_, little] = points(aws, namespace, "MemoryUtilizationNormalized", {"InferenceComponentName": idle})
    assert 0 < little["Maximum"] < of_busy["MemoryUtilizationNormalized"][-1]["Maximum"]  # a share of 4096 MB, not of 128
    listed = aws.cloudwatch.list_metrics(Namespace=namespace)["Metrics"]
    assert {dimension["Name"] for metric in listed for dimension in metric["Dimensions"]} == {"InferenceComponentName"}
    for metric in ("CPUUtilization", "MemoryUtilization", "DiskUtilization"):
        [*_, whole] = points(aws, "/aws/sagemaker/Endpoints", metric, {"EndpointName": endpoint, "VariantName": "AllTraffic"})
        assert whole["SampleCount"] == 2 and whole["Maximum"] > 0, metric


@pytest.mark.nightly  # the endpoint's by day in test_utilization.py
def test_a_component_without_requests_says_zero_and_one_without_copies_what_it_refused(aws):
    endpoint = aws.host()
    name = aws.served(endpoint, copies=2)
    aws.to_the_minute()
    for _ in range(4):
        aws.ask(endpoint, name)
    aws.handle.advance(180)
    dimensions = {"InferenceComponentName": name}
    for metric, total in (("Invocations", 4), ("InvocationsPerCopy", 2)):
        measured = points(aws, "AWS/SageMaker", metric, dimensions)
        assert sum(point["Sum"] for point in measured) == total and [point["Sum"] for point in measured[-2:]] == [0, 0], metric
    aws.scale(name, 0)
    aws.to_the_minute()
    before = len(points(aws, "AWS/SageMaker", "InvocationsPerCopy", dimensions))
    for _ in range(2):
        with pytest.raises(ClientError, match="no capacity"):
            aws.ask(endpoint, name)
    aws.handle.advance(180)
    [refused] = points(aws, "AWS/SageMaker", "NoCapacityInvocationFailures", dimensions)
    assert refused["Sum"] == 2
    assert len(points(aws, "AWS/SageMaker", "InvocationsPerCopy", dimensions)) == before


@pytest.mark.nightly  # the endpoint's by day in test_utilization.py
def test_requests_at_a_time_by_copy_every_ten_seconds(aws):
    endpoint = aws.host()
    name = aws.component(endpoint, aws.model(script(BUSY), SKLEARN), copies=2, memory=128)
    assert aws.component_settled(name)["InferenceComponentStatus"] == "InService"
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: aws.ask(endpoint, name), range(8))) == {"done"}
    aws.handle.advance(60)
    measured = points(aws, "AWS/SageMaker", "ConcurrentRequestsPerCopy", {"InferenceComponentName": name}, 10)
    assert 6 <= len(measured) <= 9 and max(point["Maximum"] for point in measured) == 2 and measured[-1]["Maximum"] == 0


@pytest.mark.nightly  # by day in test_utilization.py, for an endpoint
def test_nothing_is_measured_once_the_component_is_gone(aws):
    endpoint = aws.host()
    name = aws.served(endpoint)
    aws.handle.advance(120)
    aws.remove(name)
    dimensions = {"InferenceComponentName": name}
    before = len(points(aws, "/aws/sagemaker/InferenceComponents", "CPUUtilizationNormalized", dimensions))
    assert before
    aws.handle.advance(180)
    until(lambda: len(points(aws, "/aws/sagemaker/InferenceComponents", "CPUUtilizationNormalized", dimensions)) == before, "no more")
