"""Measures what CloudTrail's records add to a request: parameters, response and caller in the request log, of S3, SageMaker and Logs."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from benchmarks import systems
from benchmarks.rows import Row, p50_in_turns
from course.localaws.server import launch
from course.localaws.services import SERVICES, STAGES

BODY = bytes(1024)
LIMIT = 0.1  # ms


def measure() -> list[Row]:
    with launch.temporary() as recorded, _without_audit() as free:
        s3, sagemaker, logs = (
            [systems.client_of(handle)(service) for handle in (recorded, free)] for service in ("s3", "sagemaker", "logs")
        )
        for client in s3:
            client.create_bucket(Bucket=systems.BUCKET)
        return [
            _row("PutObject of 1 KiB", lambda client: client.put_object(Bucket=systems.BUCKET, Key="small", Body=BODY), *s3),
            _row("ListModels", lambda client: client.list_models(), *sagemaker),
            _row("PutBucketTagging", lambda client: client.put_bucket_tagging(Bucket=systems.BUCKET, Tagging={"TagSet": []}), *s3),
            _row("DescribeLogGroups", lambda client: client.describe_log_groups(), *logs),
        ]


@contextlib.contextmanager
def _without_audit() -> Iterator[launch.Handle]:
    off = {name: ["authorization"] if entry.stages.authorization else [] for name, entry in SERVICES.items()}
    with mock.patch.dict(os.environ, {STAGES: json.dumps(off)}), launch.temporary() as handle:
        yield handle


def _row(name: str, ask: Callable[[Any], object], recorded: Any, free: Any) -> Row:
    times = p50_in_turns(systems.sent(ask, recorded), systems.sent(ask, free))
    return Row(f"{name} with audit, p50", "ms", *times, "without it", "difference", LIMIT)
