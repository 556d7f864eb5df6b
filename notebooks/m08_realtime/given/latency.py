"""Latencies of an endpoint as CloudWatch counts them, and a queue in which to replay them."""

import heapq
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

PERCENTILES = ["p50", "p90", "p99"]
AHEAD = timedelta(days=50)  # with periods of an hour nearly as many points as CloudWatch gives at a time


def statistics(cloudwatch: Any, endpoint: str, variant: str, metric: str, requests: int, limit: float = 180) -> dict[str, float]:
    """Percentiles of a metric over the last hour, in the unit of the metric: ``{"p50": ..., "p90": ..., "p99": ...}``.

    The clock of a local AWS may have been moved on by another lesson: what is ahead of this machine's clock counts as well. Waits
    until CloudWatch has counted ``requests`` of them, at most ``limit`` seconds: on AWS a value arrives a minute or two late.

    Raises
    ------
    TimeoutError
        When CloudWatch has fewer by then.
    """
    until = time.monotonic() + limit
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}]
    while time.monotonic() < until:
        now = datetime.now(UTC)
        query = {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": dimensions, "Period": 3600}
        query |= {"StartTime": now - timedelta(minutes=10), "EndTime": now + AHEAD}
        counted = cloudwatch.get_metric_statistics(**query, Statistics=["SampleCount"])["Datapoints"]
        if sum(point["SampleCount"] for point in counted) >= requests:
            points = cloudwatch.get_metric_statistics(**query, ExtendedStatistics=PERCENTILES)["Datapoints"]
            return max(points, key=lambda point: point["Timestamp"])["ExtendedStatistics"]
        threading.Event().wait(0.1)
    raise TimeoutError(
        f"CloudWatch has fewer than {requests} values of {metric} for {endpoint} after {limit:.0f} s; run the cell again later."
    )


def answer_times(arrivals: Sequence[float], service: Sequence[float], instances: int) -> list[float]:
    """Seconds from arrival to answer of each request, when each instance answers one request at a time, first come, first served.

    Parameters
    ----------
    arrivals : sequence of float
        Seconds, ascending.
    service : sequence of float
        Seconds that a request takes once it is its turn; used in turn, again and again.
    instances : int
    """
    free = [0.0] * instances
    times = []
    for number, arrival in enumerate(arrivals):
        done = max(arrival, heapq.heappop(free)) + service[number % len(service)]
        heapq.heappush(free, done)
        times.append(done - arrival)
    return times
