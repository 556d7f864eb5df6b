"""What CloudWatch counted of an endpoint's variant, alarms, and minutes in which an endpoint is asked while the clock goes on."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

AHEAD = timedelta(days=50)  # so far may lessons have moved the clock of the local AWS on


def total(cloudwatch: Any, endpoint: str, variant: str, metric: str, requests: int, limit: float = 180) -> float:
    """The sum of a metric of a new endpoint, once CloudWatch has counted so many requests; waits ``limit`` seconds for it.

    Raises
    ------
    TimeoutError
        When CloudWatch has fewer by then.
    """
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}]
    until = time.monotonic() + limit
    while time.monotonic() < until:
        now = datetime.now(UTC)
        query = {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": dimensions, "Period": 3600}
        query |= {"StartTime": now - timedelta(hours=1), "EndTime": now + AHEAD}
        points = cloudwatch.get_metric_statistics(**query, Statistics=["Sum", "SampleCount"])["Datapoints"]
        if sum(point["SampleCount"] for point in points) >= requests:
            return sum(point["Sum"] for point in points)
        threading.Event().wait(0.1)
    raise TimeoutError(f"CloudWatch has counted fewer than {requests} requests to {variant} after {limit:.0f} s; run the cell again later.")


@contextlib.contextmanager
def alarms_set(cloudwatch: Any, alarms: list[dict]) -> Iterator[None]:
    """Alarms by their requests for ``put_metric_alarm``. They are deleted when it is left, also when one of them was refused."""
    names = [alarm["AlarmName"] for alarm in alarms]
    try:
        for alarm in alarms:
            cloudwatch.put_metric_alarm(**alarm)
        yield
    finally:
        cloudwatch.delete_alarms(AlarmNames=names)


def minute(ask: Callable[[], Any], requests: int, advance: Callable[[float], Any]) -> Counter:
    """Ask so many times, then let the clock go on by a minute. Counts ``"answered"`` and the codes of errors."""
    counted = Counter()
    for _ in range(requests):
        try:
            ask()
            counted["answered"] += 1
        except ClientError as error:
            counted[error.response["Error"]["Code"]] += 1
    advance(60)
    return counted


def asked_while_updating(aws: Any, endpoint: str, ask: Callable[[], Any], requests: int) -> list[Counter]:
    """Ask so many times a minute, from when a new fleet has its first traffic until the update has ended, for an hour at most."""
    sagemaker, advance = aws.client("sagemaker"), aws.local.advance
    told, until = [], time.monotonic() + 120
    while (status := _stage(sagemaker, endpoint)) != "Baking" and time.monotonic() < until:
        if status == "InService":
            return told
        threading.Event().wait(0.1)
    while _stage(sagemaker, endpoint) not in ("InService", "Failed") and len(told) < 60:
        told.append(minute(ask, requests, advance))
    if _stage(sagemaker, endpoint) not in ("InService", "Failed"):
        advance(8 * 3600)  # no deployment may take longer
    return told


def _stage(sagemaker: Any, endpoint: str) -> str:
    """The endpoint's status, or the stage of its update."""
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    stages = described.get("PendingDeploymentSummary", {}).get("ProductionVariants", [{}])[0].get("VariantStatus", [{}])
    return stages[0].get("Status", "") if described["EndpointStatus"] == "Updating" else described["EndpointStatus"]
