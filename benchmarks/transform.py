"""Measures a transform job against a plain loop over a server of the same model: one row per request, and as many rows as fit.

The job's time is the time of its rows alone: the time of a job with one row, from the same run, is subtracted.
"""

from __future__ import annotations

import http.client
import itertools
from typing import Any

import numpy as np

from benchmarks import hosted, systems
from benchmarks.rows import Row, seconds
from course.localaws.server import launch

RUNS = 5
SINGLE, MULTI = 2_000, 300_000  # rows
PAYLOAD = 6 << 20  # bytes, AWS's default
HEADERS = {"Content-Type": "text/csv"}
ENDED = ("Completed", "Failed", "Stopped")


def measure() -> list[Row]:
    with launch.temporary() as handle:
        client = systems.client_of(handle)
        hosted.deploy(client)
        port = hosted.server_port(handle.pid)
        lines = _lines()
        for name, count in (("one", 1), ("single", SINGLE), ("multi", MULTI)):
            client("s3").put_object(Bucket=systems.BUCKET, Key=f"{name}.csv", Body=b"".join(lines[:count]))
        jobs = Jobs(client)
        jobs.seconds("one", "SingleRecord")  # warm-up
        single = [(_rows(jobs, "single", "SingleRecord"), _loop(port, lines[:SINGLE])) for _ in range(RUNS)]
        multi = [(_rows(jobs, "multi", "MultiRecord"), _loop(port, _payloads(lines))) for _ in range(RUNS)]
    ours, theirs = ([taken / SINGLE * 1e3 for taken in numbers] for numbers in zip(*single, strict=True))
    packed, plain = (list(numbers) for numbers in zip(*multi, strict=True))
    return [
        Row("batch transform, a row a request", "ms a row", ours, theirs, "a plain loop over the model server", "ratio", 2.0),
        Row(f"batch transform of {MULTI:,} rows", "s", packed, plain, "a plain loop over the model server", "ratio", 2.0),
    ]


class Jobs:
    """Runs transform jobs of the endpoint's model."""

    def __init__(self, client: systems.Client) -> None:
        self._sagemaker = client("sagemaker")
        self._numbers = itertools.count()

    def seconds(self, name: str, strategy: str) -> float:
        """Run a job over the object ``<name>.csv`` and return its duration in seconds."""
        job = f"{name}-{next(self._numbers)}"
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{systems.BUCKET}/{name}.csv"}}
        self._sagemaker.create_transform_job(
            TransformJobName=job,
            ModelName=hosted.ENDPOINT,
            BatchStrategy=strategy,
            TransformInput={"DataSource": source, "ContentType": "text/csv", "SplitType": "Line"},
            TransformOutput={"S3OutputPath": f"s3://{systems.BUCKET}/out/{job}", "AssembleWith": "Line"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        )
        described = systems.until(lambda: self._ended(job), f"{job} has ended")
        if described["TransformJobStatus"] != "Completed":
            raise RuntimeError(f"{job}: {described['FailureReason']}")
        return (described["TransformEndTime"] - described["TransformStartTime"]).total_seconds()

    def _ended(self, job: str) -> dict[str, Any] | None:
        described = self._sagemaker.describe_transform_job(TransformJobName=job)
        return described if described["TransformJobStatus"] in ENDED else None


def _rows(jobs: Jobs, name: str, strategy: str) -> float:
    return jobs.seconds(name, strategy) - jobs.seconds("one", strategy)


def _loop(port: int, bodies: list[bytes]) -> float:
    """The seconds to send all bodies to the model server, one after the other over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def ask() -> None:
        for body in bodies:
            connection.request("POST", "/invocations", body, HEADERS)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"the model server answered {answer.status}")

    try:
        return seconds(ask)
    finally:
        connection.close()


def _lines() -> list[bytes]:
    rows = np.random.default_rng(5).random((MULTI, 3))
    return [b"%.4f,%.4f,%.4f\n" % tuple(row) for row in rows]


def _payloads(lines: list[bytes]) -> list[bytes]:
    """The lines, packed into as few bodies as the default payload size allows."""
    bodies, body = [], bytearray()
    for line in lines:
        if len(body) + len(line) > PAYLOAD:
            bodies.append(bytes(body))
            body.clear()
        body += line
    return [*bodies, bytes(body)]
