"""The HTTP client of model servers: sends one request through the containers of a model, with SageMaker's headers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp

from course.localaws.core.errors import AwsError
from course.localaws.core.held import BodyTooLong, NoRoom, gather
from course.localaws.sagemaker.hosting.servers.payloads import longest

if TYPE_CHECKING:
    from course.localaws.sagemaker.hosting.servers.model_server import ModelServer

CONNECT_SECONDS = 5.0
PIECE = 64 * 1024  # bytes
IDLE_SECONDS = 60.0  # less than `serving.KEEP_ALIVE_SECONDS`, so that no request uses a connection that the server closes at that moment
EXITED = b"An error occurred while handling request as the model process exited."
SESSION_HEADER = "X-Amzn-SageMaker-Session-Id"
CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
PASSED_ON = {  # parameter -> header of the request to the container; SageMaker strips all others
    "ContentType": "Content-Type",
    "Accept": "Accept",
    "CustomAttributes": CUSTOM_ATTRIBUTES,
    "InferenceId": "X-Amzn-SageMaker-Inference-Id",
    "TargetModel": "X-Amzn-SageMaker-Target-Model",
    "SessionId": SESSION_HEADER,
    "EnableExplanations": "X-Amzn-SageMaker-Enable-Explanations",  # only explainers get it
}


@dataclass(slots=True)
class Reply:
    """The answer to an invocation.

    Attributes
    ----------
    hostname : str
        The last container that was called.
    status : int
        The HTTP status; 0 when the container did not answer, or answered too much.
    headers : mapping
    body : bytes
    streamed : int
        The bytes of an answer that is passed on piece by piece, so far.
    seconds : float
        Spent in all containers.
    containers : list of (str, float)
        Hostname and seconds of each container called.
    sessions : mapping
        Headers about stateful sessions for the caller.
    """

    hostname: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float = 0.0
    streamed: int = 0
    containers: list[tuple[str, float]] = field(default_factory=list)
    sessions: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class ContainerTarget:
    """A container that an invocation passes, the path of its request, and further headers."""

    server: ModelServer
    path: str = "/invocations"
    headers: Mapping[str, str] = field(default_factory=dict)


class StreamBroken(Exception):
    """A container stopped in the middle of its answer; ``code`` is the ``ErrorCode`` of AWS's ``ModelStreamError``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Unreachable(Exception):
    """The first container has just ended. The request did not reach it, so it may be sent to another instance."""


class ContainerClient:
    """Sends requests to model servers over connections that stay open. Belongs to one event loop.

    Parameters
    ----------
    kind : str
        ``"realtime"`` or ``"large"``: the kind of inference, which limits an answer (`payloads.longest`). Serverless models have their own.
    """

    def __init__(self, kind: str = "realtime") -> None:
        self._kind, self._long_answer = kind, asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None

    async def invoke_pipeline(self, targets: Sequence[ContainerTarget], params: Mapping, timeout: float) -> Reply:
        """Send a request through containers: each answer is the request to the next container.

        The first container gets the caller's content type, each further one the content type of the answer before it. All get the
        caller's custom attributes; only the last gets the caller's ``Accept`` ("Host models along with pre-processing logic as serial
        inference pipeline behind one endpoint", developer guide).

        Parameters
        ----------
        targets : sequence of ContainerTarget
        params : mapping
            Members of an ``InvokeEndpoint`` request.
        timeout : float
            Seconds for all of them.

        Raises
        ------
        Unreachable
        AwsError
            ``ServiceUnavailable``: answers that others wait for take all memory.
        """
        limit = time.monotonic() + timeout
        body, content_type, passed = params.get("Body", b""), params.get("ContentType"), []
        for number, target in enumerate(targets):
            headers = headers_of(params) | target.headers
            if number < len(targets) - 1:
                headers.pop("Accept", None)
            if content_type is not None:
                headers["Content-Type"] = content_type
            reply = await self.request(target.server, target.path, body, headers, limit - time.monotonic(), first=number == 0)
            passed.append((target.server.hostname, reply.seconds))
            if not reply.ok:
                break
            body, content_type = reply.body, reply.headers.get("Content-Type")
        reply.containers, reply.seconds = passed, sum(seconds for _, seconds in passed)
        return reply

    @contextlib.asynccontextmanager
    async def stream_pipeline(
        self, targets: Sequence[ContainerTarget], params: Mapping, timeout: float
    ) -> AsyncIterator[tuple[Reply, AsyncIterator[bytes]]]:
        """Like `invoke_pipeline`, but yields the last answer piece by piece. ``Reply.body`` is set only when the status is an error.

        Raises
        ------
        Unreachable
        AwsError
            As `invoke_pipeline`.
        StreamBroken
            Raised by the iterator of pieces.
        """
        *before, last = targets
        reply = await self.invoke_pipeline(before, params, timeout) if before else None
        if reply is not None and not reply.ok:
            yield reply, _nothing()
            return
        body = params.get("Body", b"") if reply is None else reply.body
        content_type = params.get("ContentType") if reply is None else reply.headers.get("Content-Type")
        headers = headers_of(params) | last.headers | ({"Content-Type": content_type} if content_type else {})
        began = time.perf_counter()
        try:
            limits = aiohttp.ClientTimeout(timeout, CONNECT_SECONDS)
            sent = {**_sending(body, headers), "allow_redirects": False, "timeout": limits}
            async with self._client().post(_url(last), **sent) as response:
                reply = Reply(last.server.hostname, response.status, response.headers, b"")
                if not reply.ok:
                    await self._read_body(response, reply, last.server)
                yield reply, _pieces(response, reply, began)
        except aiohttp.ClientConnectorError as error:
            raise Unreachable from error
        finally:
            if reply is not None:
                reply.seconds = time.perf_counter() - began

    async def request(
        self,
        server: ModelServer,
        path: str,
        body: bytes,
        headers: dict[str, str],
        seconds: float,
        *,
        method: str = "POST",
        first: bool = False,
    ) -> Reply:
        """Send one request to one container. Raises Unreachable when it is the ``first`` one and nothing reached it, and AwsError."""
        began = time.perf_counter()
        timeout = aiohttp.ClientTimeout(total=max(seconds, 0.001), connect=CONNECT_SECONDS)
        sent = {**_sending(body, headers), "allow_redirects": False, "timeout": timeout}
        try:
            async with self._client().request(method, _url(ContainerTarget(server, path)), **sent) as response:
                reply = Reply(server.hostname, response.status, response.headers, b"")
                await self._read_body(response, reply, server)
                reply.seconds = time.perf_counter() - began
                return reply
        except aiohttp.ClientConnectorError as error:
            if first:
                raise Unreachable from error
            return Reply(server.hostname, 0, {}, EXITED)
        except aiohttp.ClientError:
            return Reply(server.hostname, 0, {}, EXITED)
        except TimeoutError:
            return Reply(server.hostname, 0, {}, timed_out(server.hostname).encode(), time.perf_counter() - began)

    def close(self) -> None:
        """Close the connections. Must not be called from the event loop's thread."""
        session, self._session = self._session, None
        if session is not None and self._loop.is_running():
            asyncio.run_coroutine_threadsafe(session.close(), self._loop).result(CONNECT_SECONDS)

    async def aclose(self) -> None:
        """Close the connections, from the event loop itself."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _read_body(self, response: aiohttp.ClientResponse, reply: Reply, server: ModelServer) -> None:
        """Read the answer's body. It is counted as it arrives: a container must not fill the memory of the local AWS. Raises AwsError."""
        most = longest("serverless" if server.serverless else self._kind)
        try:
            async with contextlib.aclosing(self._in_turn(response)) as pieces:
                reply.body = await gather(pieces, most)
        except BodyTooLong:
            too_long = f"The container's answer has more than {most:,} bytes, which the local AWS does not take."
            reply.status, reply.headers, reply.body = 0, {}, too_long.encode()
        except NoRoom as error:
            raise AwsError("ServiceUnavailable", str(error), 503) from None

    async def _in_turn(self, response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        """The pieces of an answer. Of those that are longer than a real-time one, one at a time is read, so that it gets the memory."""
        size, most = 0, longest("realtime")
        async with contextlib.AsyncExitStack() as turn:
            async for piece in response.content.iter_any():
                if size <= most < size + len(piece):
                    await turn.enter_async_context(self._long_answer)
                size += len(piece)
                yield piece

    def _client(self) -> aiohttp.ClientSession:
        """The aiohttp session, made at the first call because it belongs to the event loop."""
        if self._session is None:
            self._loop = asyncio.get_running_loop()
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS),
                headers={"User-Agent": "AHC/2.0"},  # as containers see SageMaker
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type"),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def headers_of(params: Mapping) -> dict[str, str]:
    """The headers of a request to a container."""
    return {header: params[member] for member, header in PASSED_ON.items() if params.get(member) is not None}


def _url(target: ContainerTarget) -> str:
    return f"http://127.0.0.1:{target.server.port}{target.path}"


def _sending(body: bytes | AsyncIterator[bytes], headers: Mapping[str, str]) -> dict:
    """The arguments with which aiohttp sends a body. It would keep a second copy of a long one that it got as a whole."""
    if isinstance(body, bytes) and len(body) > PIECE:
        return {"data": in_pieces(body), "headers": {**headers, "Content-Length": str(len(body))}}
    return {"data": body, "headers": headers}


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """The pieces of a long body, for a server or a client that waits with each until the other side has read those before."""
    for start in range(0, len(body), PIECE):
        yield body[start : start + PIECE]


async def _pieces(response: aiohttp.ClientResponse, reply: Reply, began: float) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.content.iter_any():
            reply.streamed += len(chunk)
            yield chunk
    except TimeoutError as error:
        raise StreamBroken("StreamTimeout", timed_out(reply.hostname)) from error
    except aiohttp.ClientError as error:
        raise StreamBroken("ModelInvocationFailed", EXITED.decode()) from error


async def _nothing() -> AsyncIterator[bytes]:
    for chunk in ():
        yield chunk


def timed_out(container: str) -> str:
    return (
        f"Your invocation timed out while waiting for a response from container {container}. "
        "Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
    )
