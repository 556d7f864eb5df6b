"""Measures the time from process start to the first response: the local AWS on a new state folder against `moto_server`."""

from __future__ import annotations

import contextlib
import http.client

from benchmarks import systems
from benchmarks.rows import Row, seconds
from course.localaws.server import launch

RUNS = 5


def measure() -> list[Row]:
    _moto(), _local()  # so that both read their code from the page cache
    pairs = [(_local(), _moto()) for _ in range(RUNS)]
    ours, theirs = (list(numbers) for numbers in zip(*pairs, strict=True))
    return [Row("ready for the first call", "s", ours, theirs, "moto_server", "ratio", 2.0)]


def _local() -> float:
    port = systems.free_port()
    with systems.folder() as place, contextlib.ExitStack() as running:

        def begin() -> None:
            running.callback(launch.start(place / "state", port, temporary=True).stop)
            _first_answer(port)

        return seconds(begin)


def _moto() -> float:
    port = systems.free_port()
    with contextlib.ExitStack() as running:

        def begin() -> None:
            running.enter_context(systems.moto_server(port))
            _first_answer(port)

        return seconds(begin)


def _first_answer(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/")  # both read it as S3's ListBuckets; the local AWS refuses it because it is not signed
    connection.getresponse().read()
    connection.close()
