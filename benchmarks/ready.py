"""From the start of the process to the first answer: the local AWS on a new state folder beside `moto_server`."""

from __future__ import annotations

import http.client

from benchmarks import world
from benchmarks.rows import Row, seconds
from course.localaws import server

RUNS = 5


def measure() -> list[Row]:
    _moto(), _local()  # so that both read their code from the page cache
    pairs = [(_local(), _moto()) for _ in range(RUNS)]
    ours, theirs = (list(numbers) for numbers in zip(*pairs, strict=True))
    return [Row("ready for the first call", "s", ours, theirs, "moto_server", "ratio", 2.0)]


def _local() -> float:
    port = world.free_port()
    with world.folder() as place:

        def begin() -> None:
            nonlocal handle
            handle = server.start(place / "state", port, temporary=True)
            _first_answer(port)

        handle: server.Handle | None = None
        try:
            return seconds(begin)
        finally:
            if handle:
                handle.stop()


def _moto() -> float:
    port = world.free_port()
    running = world.moto_server(port)

    def begin() -> None:
        running.__enter__()
        _first_answer(port)

    try:
        return seconds(begin)
    finally:
        running.__exit__(None, None, None)


def _first_answer(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/")  # both take it as S3's ListBuckets; the local AWS refuses it, because it is not signed
    connection.getresponse().read()
    connection.close()
