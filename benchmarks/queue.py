"""Measures the gateway's memory: flat over 1,000 training jobs, and under 400 MB once every lesson has run.

An account may use four training instances at a time, so four jobs run at a time, and the next one starts when one has ended.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks import systems
from benchmarks.rows import Row
from course.localaws.server import launch
from course.regression.execute import execute_all, lessons

JOBS, FEW, AT_A_TIME = 1_000, 100, 4
MB = 1_000_000
ROOT = Path(__file__).parents[1]


def measure() -> list[Row]:
    return [_jobs(), _lessons()]


def _jobs() -> Row:
    with launch.temporary() as handle:
        client = systems.client_of(handle)
        client("s3").create_bucket(Bucket=systems.BUCKET)
        sagemaker, gateway = client("sagemaker"), psutil.Process(handle.pid)
        ended = _run(sagemaker)
        after: dict[int, float] = {}
        for count in ended:
            if count in (FEW, JOBS):
                after[count] = gateway.memory_info().rss / MB
    return Row(f"memory after {JOBS:,} training jobs", "MB", [after[JOBS]], [after[FEW]], f"after {FEW}", "difference", 20)


def _run(sagemaker: Any) -> Iterator[int]:
    """Run all jobs; yield the number of ended jobs each time one ends."""
    names, running = (f"queued-{number}" for number in range(JOBS)), []
    for count in itertools.count(1):
        while len(running) < AT_A_TIME and (name := next(names, None)):
            sagemaker.create_training_job(**_request(name))
            running.append(name)
        if not running:
            return
        while not (over := [name for name in running if systems.has_ended(sagemaker, name)]):
            time.sleep(0.02)
        running.remove(over[0])
        yield count


def _request(name: str) -> dict[str, Any]:
    """The request for a job that does nothing."""
    request = systems.training_request(name, {}, f"s3://{systems.BUCKET}/none")
    del request["InputDataConfig"]
    request["AlgorithmSpecification"]["ContainerEntrypoint"] = ["true"]
    return request


def _lessons() -> Row:
    with launch.temporary() as handle, systems.folder() as folder:
        gateway = psutil.Process(handle.pid)
        before = gateway.memory_info().rss / MB
        environment = {"COURSE_LOCALAWS_STATE": str(handle.state), "COURSE_BACKEND": "local"}
        runs = execute_all(lessons(ROOT), folder, [environment], lambda notebook: None)
        if failed := [run.notebook for run in runs if not run.ok]:
            raise RuntimeError(f"these lessons did not run: {', '.join(failed)}")
        after = gateway.memory_info().rss / MB
    return Row("memory after every lesson", "MB", [after], [before], "before them", "measured", 400)
