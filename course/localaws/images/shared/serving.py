"""A model server by SageMaker's container contract: ``GET /ping`` and ``POST /invocations`` on ``SAGEMAKER_BIND_TO_PORT``.

Source: "Custom Inference Code with Hosting Services" of the SageMaker developer guide. Different from AWS's own containers, which
put nginx and gunicorn in front of several worker processes: here one process serves, and the model is called in
``SAGEMAKER_MODEL_SERVER_WORKERS`` threads (1 by default, so that a script is never entered twice at a time).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import uvicorn

DEFAULT_PORT = 8080
DEFAULT_MAX_CONTENT_LENGTH = 6 << 20  # bytes; MAX_CONTENT_LENGTH raises it
LARGEST_MAX_CONTENT_LENGTH = 20 << 20
# Longer than the hosting side keeps an idle connection, so that it never sends on one that is being closed.
KEEP_ALIVE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class InferenceRequest:
    """An invocation as a model sees it; ``content_type`` and ``accept`` are empty when the caller sent none."""

    body: bytes
    content_type: str
    accept: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class InferenceResponse:
    """An answer; a ``body`` in pieces is sent as they come."""

    body: bytes | Iterator[bytes]
    content_type: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


Model = Callable[[InferenceRequest], InferenceResponse]


def as_json(body: object, status: int = 200) -> InferenceResponse:
    """An answer that is a JSON document."""
    return InferenceResponse(json.dumps(body).encode(), "application/json", status)


def internal_error() -> InferenceResponse:
    """What Flask answers when a handler raises, word for word as clients of AWS's containers know it; the traceback is in the log."""
    return error_page(
        500,
        "Internal Server Error",
        "The server encountered an internal error and was unable to complete your request. "
        "Either the server is overloaded or there is an error in the application.",
    )


def error_page(status: int, title: str, text: str) -> InferenceResponse:
    page = f'<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<title>{status} {title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n'
    return InferenceResponse(page.encode(), "text/html", status)


def max_content_length() -> int:
    """Bytes of the largest payload that the container takes."""
    return min(int(os.environ.get("MAX_CONTENT_LENGTH", DEFAULT_MAX_CONTENT_LENGTH)), LARGEST_MAX_CONTENT_LENGTH)


def serve(load: Callable[[], Model]) -> None:
    """Load the model, then answer requests until SIGTERM. Exits with 1 and a traceback in the log when it cannot be loaded.

    With ``SAGEMAKER_MULTI_MODEL``, models come and go while it runs, and none is loaded now (`multi_model`).
    """
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s - %(name)s - %(message)s")
    if os.environ.get("SAGEMAKER_MULTI_MODEL", "").lower() == "true":
        from course.localaws.images.shared.multi_model import MultiModelServer  # here: few servers need what it imports

        run(Server(refuse, MultiModelServer(load).respond))
        return
    try:
        model = load()
    except Exception:
        traceback.print_exc(file=sys.stdout)
        sys.exit(1)
    run(Server(model))


def run(server: Server) -> None:
    """Answer requests until SIGTERM."""
    config = uvicorn.Config(
        server,
        host="127.0.0.1",
        port=int(os.environ.get("SAGEMAKER_BIND_TO_PORT", DEFAULT_PORT)),
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    uvicorn.Server(config).run()


def refuse(request: InferenceRequest) -> InferenceResponse:
    """What a container of many models answers to an invocation of none of them."""
    return as_json({"message": "this container serves models by name, at /models/<name>/invoke"}, 404)


class Server:
    """The ASGI application. Bare, without a framework's routing: it stands in the way of every prediction.

    Parameters
    ----------
    model : callable
    others : callable, optional
        Answers everything but a ping, execution parameters and invocations.
    """

    def __init__(self, model: Model, others: Callable[[str, str, InferenceRequest], Awaitable[InferenceResponse]] | None = None) -> None:
        self._model = model
        self._others = others
        self._workers = int(os.environ.get("SAGEMAKER_MODEL_SERVER_WORKERS", 1))
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="model")
        self._largest = max_content_length()

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        response = await self._respond(scope, headers, receive)
        whole = isinstance(response.body, bytes)
        fields = [(b"content-type", response.content_type.encode()), *([(b"content-length", b"%d" % len(response.body))] if whole else [])]
        fields += [(name.encode(), value.encode()) for name, value in response.headers]
        await send({"type": "http.response.start", "status": response.status, "headers": fields})
        size = len(response.body) if whole else await self._send_pieces(response.body, send)
        await send({"type": "http.response.body", "body": response.body if whole else b""})
        log_access(scope, headers, response.status, size)

    async def _send_pieces(self, pieces: Iterator[bytes], send: Callable) -> int:
        """Returns how many bytes they were. What the model raises meanwhile breaks the answer off."""
        size, loop = 0, asyncio.get_running_loop()
        while (piece := await loop.run_in_executor(self._pool, next, pieces, None)) is not None:
            size += len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        return size

    async def _respond(self, scope: dict, headers: dict[str, str], receive: Callable) -> InferenceResponse:
        door = scope["method"], scope["path"]
        if door == ("GET", "/ping"):
            return InferenceResponse(b"", "text/html")
        if door == ("GET", "/execution-parameters"):
            return as_json(self._execution_parameters())
        if door != ("POST", "/invocations") and self._others is None:
            return as_json({}, 404)
        body = await read_body(receive, self._largest)
        if body is None:
            return error_page(413, "Request Entity Too Large", "The data value transmitted exceeds the capacity limit.")
        request = InferenceRequest(body, headers.get("content-type", ""), headers.get("accept", ""), headers)
        if door != ("POST", "/invocations"):
            return await self._others(*door, request)
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._predict, request)

    def _predict(self, request: InferenceRequest) -> InferenceResponse:
        try:
            return self._model(request)
        except Exception:
            traceback.print_exc(file=sys.stdout)
            return internal_error()

    def _execution_parameters(self) -> dict:
        """What batch transform asks before it splits its input."""
        return {"MaxConcurrentTransforms": self._workers, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": self._largest >> 20}


async def read_body(receive: Callable, largest: int) -> bytes | None:
    """The request's body, or None when it has more than ``largest`` bytes or the caller went away before its end."""
    pieces, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        piece = message.get("body", b"")
        size += len(piece)
        if size <= largest:
            pieces.append(piece)
        if not message.get("more_body"):
            return b"".join(pieces) if size <= largest else None


def log_access(scope: dict, headers: dict[str, str], status: int, size: int) -> None:
    """A line as nginx writes it in AWS's containers."""
    moment = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    line = f'"{scope["method"]} {scope["path"]} HTTP/{scope["http_version"]}" {status} {size}'
    print(f'{scope["client"][0]} - - [{moment}] {line} "-" "{headers.get("user-agent", "-")}"', flush=True)
