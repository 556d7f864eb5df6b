"""Measures InvokeEndpoint through boto3 against boto3 sent straight to the model server; and eight threads at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks import hosted, systems
from benchmarks.rows import Row, p50_in_turns
from course.localaws.server import launch

THREADS, CALLS = 8, 5_000


def measure() -> list[Row]:
    with launch.temporary() as handle:
        client = systems.client_of(handle)
        hosted.deploy(client)
        through, straight = client("sagemaker-runtime"), client("sagemaker-runtime")
        _aim(straight, hosted.server_port(handle.pid))
        ours, theirs = p50_in_turns(lambda: hosted.invoke(through), lambda: hosted.invoke(straight), calls=200)
        failed = _at_once(through)
    return [
        Row("InvokeEndpoint, p50", "ms", ours, theirs, "the model server", "difference", 1.5),
        Row(f"InvokeEndpoint, {CALLS:,} calls by {THREADS} threads", "errors", [failed], [0], "no error", "difference", 0),
    ]


def _at_once(runtime: Any) -> int:
    """The number of calls that failed or got a different response from a single call."""
    expected = hosted.invoke(runtime)
    with ThreadPoolExecutor(THREADS) as pool:
        return sum(not each for each in pool.map(lambda _: hosted.right(runtime, expected), range(CALLS)))


def _aim(runtime: Any, port: int) -> None:
    """Send this client's requests straight to the container's port."""

    def turn(request: Any, **_: Any) -> None:
        request.url = f"http://127.0.0.1:{port}/invocations"

    runtime.meta.events.register("before-sign.sagemaker-runtime.InvokeEndpoint", turn)
