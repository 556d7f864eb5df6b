"""The program that sends an inference recommender's requests, against servers that answer too much or too little."""

from __future__ import annotations

import contextlib
import json
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from course.localaws.sagemaker.recommender.load_test import GENERATOR

MEMORY = 500 << 20  # bytes of addresses that the program may use
PIECE = b"x" * (1 << 20)


@contextlib.contextmanager
def serving(*sent: bytes) -> Iterator[int]:
    """The port of a server that sends these bytes on each connection and reads until the client closes it."""

    def serve() -> None:
        with contextlib.suppress(OSError):  # the test has closed the listener
            while True:
                with contextlib.suppress(ConnectionError), listener.accept()[0] as connection:
                    for piece in sent:
                        connection.sendall(piece)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(1 << 16):  # closing before all of the request is read would take the answer back
                        pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def said(folder: Path, sent: Iterable[bytes]) -> dict:
    """What the program says of one user who sends one request."""
    payload = folder / "payload"
    payload.write_bytes(b"1,2,3")
    with serving(*sent) as port:
        orders = [{"port": port, "headers": {}, "payloads": [str(payload)]}, {"users": 1, "seconds": 0}]
        ended = subprocess.run(
            [sys.executable, str(GENERATOR)],
            input="".join(f"{json.dumps(order)}\n" for order in orders),
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
        )
    return json.loads(ended.stdout)


def head(status: int, length: int) -> bytes:
    return f"HTTP/1.1 {status} Status\r\nContent-Length: {length}\r\n\r\n".encode()


def test_a_long_answer_is_not_kept(tmp_path: Path) -> None:
    found = said(tmp_path, [head(200, 600 << 20), *[PIECE] * 600])
    assert len(found["latencies"]) == 1 and found["error"] == "", found


def test_of_a_long_error_the_beginning_is_kept(tmp_path: Path) -> None:
    found = said(tmp_path, [head(500, 600 << 20), b"no ", *[PIECE] * 599, PIECE[3:]])
    assert found["latencies"] == [] and found["error"] == f"status 500 with message {'no ' + 'x' * 497!r}"


def test_an_answer_that_breaks_off_is_an_error(tmp_path: Path) -> None:
    found = said(tmp_path, [head(200, 100), b"short"])
    assert found["latencies"] == [] and found["error"].startswith("IncompleteRead"), found
