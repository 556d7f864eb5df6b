"""Counts lost requests during UpdateEndpoint: none may be lost while new servers replace the old ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from benchmarks import hosted, systems
from benchmarks.rows import Row
from course.localaws.server import launch

THREADS, CALLS = 8, 5_000


def measure() -> list[Row]:
    with launch.temporary() as handle:
        client = systems.client_of(handle)
        hosted.deploy(client)
        sagemaker, runtime = client("sagemaker"), client("sagemaker-runtime")
        hosted.configure(sagemaker, "next")
        expected = hosted.invoke(runtime)
        with ThreadPoolExecutor(THREADS) as pool:
            calls = [pool.submit(hosted.right, runtime, expected) for _ in range(CALLS)]
            systems.until(lambda: sum(call.done() for call in calls) > CALLS // 20, "a part of the calls is answered")
            sagemaker.update_endpoint(EndpointName=hosted.ENDPOINT, EndpointConfigName="next")
            hosted.in_service(sagemaker)
            after = sum(not call.done() for call in calls)
            lost = sum(not call.result() for call in calls)
    if not after:
        raise RuntimeError("all calls were answered before the update had ended: it is not shown that none is lost after it")
    return [Row(f"{CALLS:,} calls across UpdateEndpoint", "lost", [lost], [0], "none lost", "difference", 0)]
