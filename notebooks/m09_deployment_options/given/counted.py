"""What CloudWatch counts of an endpoint."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

LIMIT = 180
AHEAD = timedelta(days=50)  # so far may lessons have moved the clock of the local AWS on


def counted(cloudwatch: Any, endpoint: str, metric: str, requests: int, container: str = "") -> dict[str, float]:
    """``Sum``, ``Average`` and ``SampleCount`` of a metric of the variant ``Live`` of a new endpoint; of one container, when it is named.

    Waits until CloudWatch has counted ``requests`` values, at most `LIMIT` seconds: on AWS a value arrives a minute or two late.

    Raises
    ------
    TimeoutError
        When CloudWatch has fewer by then.
    """
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "Live"}]
    dimensions += [{"Name": "ContainerName", "Value": container}] if container else []
    kinds = ["Sum", "Average", "SampleCount"]
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        now = datetime.now(UTC)
        query = {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": dimensions, "Period": 7200, "Statistics": kinds}
        points = cloudwatch.get_metric_statistics(**query, StartTime=now - timedelta(hours=1), EndTime=now + AHEAD)["Datapoints"]
        if sum(point["SampleCount"] for point in points) >= requests:
            best = max(points, key=lambda point: point["SampleCount"])
            return {kind: best[kind] for kind in kinds}
        threading.Event().wait(0.1)
    raise TimeoutError(f"CloudWatch has fewer than {requests} values of {metric} after {LIMIT} s; run the cell again later.")
