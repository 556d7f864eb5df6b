"""Measures a restart after ``kill -9`` with 1,000 journaled requests and 10,000 objects, until both respond, against an empty state."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import systems
from benchmarks.rows import Row, seconds
from course.localaws.server import launch

RUNS = 3
REQUESTS, OBJECTS, THREADS = 1_000, 10_000, 8


def measure() -> list[Row]:
    with systems.folder() as place, _ended(place / "full"), _ended(place / "empty"):
        _fill(launch.start(place / "full", temporary=True))
        launch.start(place / "empty", temporary=True)
        pairs = [(_again(place / "full", OBJECTS), _again(place / "empty", 0)) for _ in range(RUNS)]
    ours, theirs = (list(numbers) for numbers in zip(*pairs, strict=True))
    # The target is for the whole start: the time of an empty state is shown, not subtracted.
    return [Row("restart after kill -9", "s", ours, theirs, "an empty one", "measured", 5.0)]


@contextlib.contextmanager
def _ended(state: Path) -> Iterator[None]:
    try:
        yield
    finally:
        if handle := launch.find(state):
            handle.stop()


def _fill(handle: launch.Handle) -> None:
    client = systems.client_of(handle)
    s3, ssm, sns, sqs, iam = (client(service) for service in ("s3", "ssm", "sns", "sqs", "iam"))
    s3.create_bucket(Bucket=systems.BUCKET)
    for number in range(REQUESTS // 4):
        ssm.put_parameter(Name=f"/benchmarks/{number}", Value="value", Type="String")
        sns.create_topic(Name=f"topic-{number}")
        sqs.create_queue(QueueName=f"queue-{number}")
        iam.create_user(UserName=f"user-{number}")
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda number: s3.put_object(Bucket=systems.BUCKET, Key=f"{number:05}", Body=b"x" * 100), range(OBJECTS)))


def _again(state: Path, objects: int) -> float:
    """Kill the local AWS of a state folder; return the seconds until a new one has served its objects and its journal."""
    systems.kill(launch.find(state).pid)

    def begin() -> None:
        client = systems.client_of(launch.start(state, temporary=True))
        queues = client("sqs").list_queues(MaxResults=1000).get("QueueUrls", [])
        if objects:
            client("s3").head_object(Bucket=systems.BUCKET, Key=f"{objects - 1:05}")
            if len(queues) != REQUESTS // 4:
                raise RuntimeError(f"{len(queues)} of {REQUESTS // 4} queues came back")

    return seconds(begin)
