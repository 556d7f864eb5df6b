"""A model server by SageMaker's container contract: ``GET /ping`` and ``POST /invocations`` on ``SAGEMAKER_BIND_TO_PORT``.

Source: "Custom Inference Code with Hosting Services" of the SageMaker developer guide. Different from AWS's own containers, which
put nginx and gunicorn in front of several worker processes: here one process serves and calls the model in
``SAGEMAKER_MODEL_SERVER_WORKERS`` threads. The default is 1, so a script never runs twice at the same time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import uvicorn

from course.localaws.images.shared.inference import InferenceRequest, InferenceResponse, Model, as_json, error_page, internal_error

DEFAULT_PORT = 8080
DEFAULT_MAX_CONTENT_LENGTH = 6 << 20  # bytes; MAX_CONTENT_LENGTH raises it
LARGEST_MAX_CONTENT_LENGTH = 20 << 20
# Longer than hosting keeps an idle connection, so that hosting never sends on a connection that is being closed.
KEEP_ALIVE_SECONDS = 300


def max_content_length() -> int:
    """The largest payload in bytes that the container accepts."""
    return min(int(os.environ.get("MAX_CONTENT_LENGTH", DEFAULT_MAX_CONTENT_LENGTH)), LARGEST_MAX_CONTENT_LENGTH)


def serve(load: Callable[[], Model]) -> None:
    """Load the model, then answer requests until SIGTERM. If loading fails, log the traceback and exit with 1.

    With ``SAGEMAKER_MULTI_MODEL`` no model is loaded at the start; requests load and unload them (`multi_model`).
    """
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s - %(name)s - %(message)s")
    if os.environ.get("SAGEMAKER_MULTI_MODEL", "").lower() == "true":
        from course.localaws.images.shared.multi_model import MultiModelServer  # here, because few servers need its imports

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
    """The answer of a multi-model container to an invocation that names no model."""
    return as_json({"message": "this container serves models by name, at /models/<name>/invoke"}, 404)


class Server:
    """The ASGI application. It has no framework's routing, because every prediction passes through it.

    Parameters
    ----------
    model : callable
    others : callable, optional
        Answers all requests except pings, execution parameters and invocations.
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
        """Send a body in pieces and return its size in bytes. An exception of the model aborts the answer."""
        size, loop = 0, asyncio.get_running_loop()
        while (piece := await loop.run_in_executor(self._pool, next, pieces, None)) is not None:
            size += len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        return size

    async def _respond(self, scope: dict, headers: dict[str, str], receive: Callable) -> InferenceResponse:
        route = scope["method"], scope["path"]
        if route == ("GET", "/ping"):
            return InferenceResponse(b"", "text/html")
        if route == ("GET", "/execution-parameters"):
            own = getattr(self._model, "execution_parameters", None)
            return await self._in_pool(own) if own else as_json(self._execution_parameters())
        if route != ("POST", "/invocations") and self._others is None:
            return as_json({}, 404)
        body = await read_body(receive, self._largest)
        if body is None:
            return error_page(413, "Request Entity Too Large", "The data value transmitted exceeds the capacity limit.")
        request = InferenceRequest(body, headers.get("content-type", ""), headers.get("accept", ""), headers)
        if route != ("POST", "/invocations"):
            return await self._others(*route, request)
        return await self._in_pool(self._model, request)

    async def _in_pool(self, function: Callable[..., InferenceResponse], *arguments: InferenceRequest) -> InferenceResponse:
        """The answer of a function that may take long, or raise."""

        def answer() -> InferenceResponse:
            try:
                return function(*arguments)
            except Exception:
                traceback.print_exc(file=sys.stdout)
                return internal_error()

        return await asyncio.get_running_loop().run_in_executor(self._pool, answer)

    def _execution_parameters(self) -> dict:
        """The answer to batch transform, which asks for it before it splits its input."""
        return {"MaxConcurrentTransforms": self._workers, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": self._largest >> 20}


async def read_body(receive: Callable, largest: int) -> bytes | None:
    """The request's body. None if it has more than ``largest`` bytes or the client disconnected early."""
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
    """Log a request as nginx does in AWS's containers."""
    moment = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    line = f'"{scope["method"]} {scope["path"]} HTTP/{scope["http_version"]}" {status} {size}'
    print(f'{scope["client"][0]} - - [{moment}] {line} "-" "{headers.get("user-agent", "-")}"', flush=True)
