"""Model servers that answer without end, or a byte at a time: the local AWS neither waits for them for ever nor keeps all that they say."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import pytest
from botocore.exceptions import ClientError

from course.localaws.sagemaker.hosting.servers.ping import LONGEST_HEAD, answers_ping
from tests.localaws.sagemaker.hosting.endpoint_fixtures import SKLEARN, EndpointFixtures, script

ENDLESS = """
from flask import Response
def model_fn(model_dir): return 0
def pieces():
    while True:
        yield b"x" * (1 << 20)
def transform_fn(model, data, content_type, accept):
    if data == "ping":
        return "pong", "text/plain"
    return Response(pieces(), status=int(data))
"""
OK = b"HTTP/1.1 200 OK\r\n"


def dripping() -> Iterator[bytes]:
    """A reason without end. Each byte comes long before a client stops waiting for the next."""
    yield b"HTTP/1.1 200 "
    for _ in iter(int, 1):
        time.sleep(0.1)
        yield b"O"


# What a server sends for a ping; after an iterable's end it closes the connection.
UNHEALTHY: dict[str, Callable[[], Iterable[bytes]]] = {
    "interim answers": lambda: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "a reason without end": dripping,
    "headers without end": lambda: itertools.chain([OK], itertools.repeat(b"X-A: " + b"a" * 1000 + b"\r\n")),
    "a line without end": lambda: itertools.chain([OK + b"X-A: "], itertools.repeat(b"a" * LONGEST_HEAD)),
    "another status": lambda: [b"HTTP/1.1 503 No\r\n\r\n"],
    "a longer number": lambda: [b"HTTP/1.1 2000 OK\r\n\r\n"],
    "a redirect": lambda: [b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"],
    "half an answer": lambda: [OK + b"Content-Length: 0\r\n"],
    "no HTTP": lambda: [b"\x00\xff\r\n\r\n"],
    "nothing": lambda: [],
}
HEALTHY: dict[str, Callable[[], Iterable[bytes]]] = {
    "a plain answer": lambda: [OK + b"Content-Length: 2\r\n\r\nok"],
    "an answer in pieces": lambda: [OK[:9], OK[9:], b"Content-Length: 0\r", b"\n\r", b"\n"],
    "no headers": lambda: [b"HTTP/1.0 200 OK\r\n\r\n"],
    "lines that end with LF": lambda: [b"HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
    "no reason": lambda: [b"HTTP/1.1 200\r\n\r\n"],
    "a body without end": lambda: itertools.chain([OK + b"\r\n"], itertools.repeat(b"x" * 1000)),
}


@contextlib.contextmanager
def serving(sent: Iterable[bytes]) -> Iterator[int]:
    """The port of a server that sends this to one client."""

    def serve() -> None:
        with contextlib.suppress(OSError), listener.accept()[0] as connection:  # OSError: the client has closed it
            connection.recv(LONGEST_HEAD)
            for piece in sent:
                connection.sendall(piece)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", UNHEALTHY)
def test_a_ping_ends_whatever_the_server_sends(kind: str) -> None:
    with serving(UNHEALTHY[kind]()) as port:
        assert not answers_ping(port)


@pytest.mark.parametrize("kind", HEALTHY)
def test_a_server_is_healthy_by_status_200(kind: str) -> None:
    with serving(HEALTHY[kind]()) as port:
        assert answers_ping(port)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert not answers_ping(port)


@pytest.fixture(scope="module")
def aws(client: Callable) -> Iterator[EndpointFixtures]:
    aws = EndpointFixtures(client)
    yield aws
    aws.close()


def test_an_answer_without_end_is_not_kept(aws: EndpointFixtures) -> None:
    endpoint = aws.deploy(script(ENDLESS), SKLEARN)
    for status in ("200", "400"):
        with pytest.raises(
            ClientError, match=r"server error \(0\) from primary with message \"The container's answer has more than 6,291,456 bytes"
        ):
            aws.invoke(endpoint, status)
    with pytest.raises(ClientError, match="The container's answer has more than 6,291,456 bytes"):
        aws.runtime.invoke_endpoint_with_response_stream(EndpointName=endpoint, Body=b"400", ContentType="text/csv")
    assert aws.invoke(endpoint, "ping") == "pong"
