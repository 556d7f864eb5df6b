"""Measures S3: put and get of 1 KiB against moto, and the gateway's memory while 1,000 objects of 1 MiB go in and out.

Put and get are measured twice each: the server's time for the same signed request, and a whole call through boto3. More than half of that
call is boto3's own work, whichever server answers.
"""

from __future__ import annotations

from typing import Any

import psutil

from benchmarks import systems
from benchmarks.rows import Row
from course.localaws.server import launch

SMALL, LARGE = bytes(1024), bytes(1024 * 1024)
LARGE_OBJECTS = 1_000
MB = 1_000_000


def measure() -> list[Row]:
    with launch.temporary() as handle:
        ours = _with_bucket(systems.client_of(handle))
        with systems.moto_server() as endpoint:
            theirs = _with_bucket(systems.moto_client(endpoint))
            rows = [*systems.beside("PutObject of 1 KiB", _put, ours, theirs, 1 / 2)]
            rows += systems.beside("GetObject of 1 KiB", _get, ours, theirs, 1 / 2)
        gateway = psutil.Process(handle.pid)
        before = gateway.memory_info().rss / MB
        peak = max(_round(ours, number, gateway) for number in range(LARGE_OBJECTS)) / MB
    return [
        *rows,
        Row(f"memory at {LARGE_OBJECTS:,} objects of 1 MiB", "MB", [peak], [before], "before them", "difference", 50),
    ]


def _with_bucket(client: systems.Client) -> Any:
    s3 = client("s3")
    s3.create_bucket(Bucket=systems.BUCKET)
    return s3


def _put(s3: Any) -> None:
    s3.put_object(Bucket=systems.BUCKET, Key="small", Body=SMALL)


def _get(s3: Any) -> None:
    s3.get_object(Bucket=systems.BUCKET, Key="small")["Body"].read()


def _round(s3: Any, number: int, gateway: psutil.Process) -> int:
    """Put and get one large object; return the gateway's resident bytes afterwards."""
    s3.put_object(Bucket=systems.BUCKET, Key=f"large/{number}", Body=LARGE)
    s3.get_object(Bucket=systems.BUCKET, Key=f"large/{number}")["Body"].read()
    return gateway.memory_info().rss
