"""The gateway: checks each request's signature, passes it to its service, records it, and answers failures in AWS's words."""

from __future__ import annotations

import asyncio
import errno
import logging
import sqlite3
import uuid
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from course.localaws.cloudtrail import audit
from course.localaws.core import lanes
from course.localaws.core.call import AwsRequest, Handler
from course.localaws.core.errors import AwsError
from course.localaws.gateway.authentication import admit, signature_of
from course.localaws.gateway.refusals import RequestRefused, refusal
from course.localaws.gateway.sigv4 import RequestHead
from course.localaws.platform import Platform
from course.localaws.protocol import errors, protocols

# Bytes. A client that sends "Expect: 100-continue" waits with its body until the server asks for it. The gateway asks at once for a body of
# at most this size, which then arrives while the signature and the caller's permissions are checked. It asks for a longer one after that.
SMALL_BODY = 64 * 1024

logger = logging.getLogger(__name__)


class RequestWatcher(Protocol):
    """Sees each request whose signature is right; `course.localaws.server.fast_forward.FastForward` is one."""

    def arrived(self, call: AwsRequest) -> bool:
        """Called before a service gets the request. The answer is passed to `answered`."""

    def answered(self, call: AwsRequest, reads: bool) -> None:
        """Called when the service has answered or failed."""


class Gateway:
    """An ASGI application that serves AWS requests.

    Parameters
    ----------
    platform : Platform
    services : dict
        Signing name -> service.
    fallback : Handler
        Serves all other signing names.
    watcher : RequestWatcher, optional
    """

    def __init__(
        self, platform: Platform, services: Mapping[str, Handler], fallback: Handler, watcher: RequestWatcher | None = None
    ) -> None:
        self._platform = platform
        self._services = services
        self._fallback = fallback
        self._watcher = watcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = RequestHead.of(scope)
        awaits_continue = "expect" in head.headers
        if awaits_continue and _is_small(head):
            receive, awaits_continue = await _asked_for(receive), False
        incoming = _GatewayRequest(Request(scope, receive), head, awaits_continue)
        try:
            await self._admit(incoming)
            with lanes.lane(incoming.call.principal.unlimited):
                response = await self._served(incoming.service, incoming.call)
        except ClientDisconnect:
            return  # the client is gone
        except Exception as exception:
            response = self._failed(incoming, exception)
        self._record(incoming, response.status_code)
        response.headers.setdefault("x-amzn-requestid", incoming.id)
        if incoming.awaits_continue:
            # The client will not send the body. The server would read the next request on this connection as the body.
            response.headers["connection"] = "close"
        await response(scope, receive, send)

    async def _admit(self, incoming: _GatewayRequest) -> None:
        head = incoming.head
        signature = signature_of(head)
        incoming.service = protocols.service_of(head, signature.service)
        admitted = await admit(signature, head, incoming.body(), self._platform.identity, self._platform.clock.now())
        incoming.call = AwsRequest(
            request=incoming.request,
            headers=head.headers,
            service=incoming.service,
            region=admitted.region,
            principal=admitted.principal,
            id=incoming.id,
            chunks=admitted.chunks,
            operation=protocols.operation_of(head, incoming.protocol, admitted.body or b""),
            trailers=admitted.trailers,
            _body=admitted.body,
        )
        if network := admitted.principal.network:
            path = head.path.decode("latin-1")
            incoming.call.path = await self._platform.networks.path_of_request(network, incoming.service, path)

    async def _served(self, service: str, call: AwsRequest) -> Response:
        handler = self._services.get(service, self._fallback)
        if self._watcher is None:
            return await handler(call)
        reads = self._watcher.arrived(call)
        try:
            return await handler(call)
        finally:
            self._watcher.answered(call, reads)

    def _failed(self, incoming: _GatewayRequest, exception: Exception) -> Response:
        if isinstance(exception, RequestRefused):
            error = refusal(exception, incoming.protocol, incoming.service)
        elif isinstance(exception, AwsError):
            error = exception
        else:
            logger.error("request %s: %s %s failed", incoming.id, incoming.service, incoming.operation, exc_info=exception)
            error = self._internal(incoming, exception)
        incoming.error, incoming.message = error.code, error.message
        return errors.render(error, incoming.protocol, incoming.head, incoming.service, incoming.id)

    def _internal(self, incoming: _GatewayRequest, exception: Exception) -> AwsError:
        """The error for a bug in the local AWS itself. Only its log has the traceback."""
        sealed = self._platform.sealed is not None  # a submission's, whose callers need not know where it lies
        code = "InternalError" if incoming.service == "s3" else "InternalFailure"
        if _disk_is_full(exception):
            where = "" if sealed else f" ({self._platform.state})"
            return AwsError(code, f"No space is left on the disk that holds the local AWS's state{where}. Free some.", 500)
        where = "" if sealed else f", {self._platform.state / 'server.log'},"
        what = f"{type(exception).__name__}: {exception}".splitlines()[0]
        return AwsError(
            code,
            f"The local AWS failed at {incoming.service}:{incoming.operation} with {what}. This is a fault of the local AWS, not of your "
            f"request; its log{where} has the details under request id {incoming.id}.",
            500,
        )

    def _record(self, incoming: _GatewayRequest, status: int) -> None:
        record, call = self._platform.requests.record, incoming.call
        if call is None:
            record("unknown", incoming.service, incoming.operation, "", status, incoming.error, request_id=incoming.id)
        else:
            what = (incoming.service, incoming.operation, call.resource, status, incoming.error)
            details = partial(audit.columns, call, incoming.message)
            record(call.principal.arn, *what, region=call.region, request_id=incoming.id, details=details)


class _GatewayRequest:
    """The state of one request from its arrival to its response."""

    def __init__(self, request: Request, head: RequestHead, awaits_continue: bool) -> None:
        self.request = request
        self.head = head
        self.id = str(uuid.uuid4())
        self.call: AwsRequest | None = None
        self.error = self.message = ""
        self.awaits_continue = awaits_continue  # the client has not sent its body, because the server has not asked for it
        # The service until the signature has been read. Only S3's requests name no operation.
        self.service = "s3" if protocols.protocol_of(head, "") == "rest-json" else "unsigned"

    @property
    def protocol(self) -> str:
        return protocols.protocol_of(self.head, self.service)

    @property
    def operation(self) -> str:
        named = self.call.operation if self.call else protocols.operation_of(self.head, self.protocol)
        return named or f"{self.head.method} {self.head.path.decode('latin-1')}"

    async def body(self) -> AsyncIterator[bytes]:
        self.awaits_continue = False
        async for piece in self.request.stream():
            if piece:
                yield piece


def _is_small(head: RequestHead) -> bool:
    size = head.headers.get("content-length", "")
    return size.isdecimal() and int(size) <= SMALL_BODY


async def _asked_for(receive: Receive) -> Receive:
    """Ask the client for the body now. Returns a ``receive`` that returns what has arrived meanwhile, then what follows."""
    pending = [asyncio.ensure_future(receive())]
    await asyncio.sleep(0)  # the task begins: the server sends "100 Continue"

    async def continued() -> Message:
        return await (pending.pop() if pending else receive())

    return continued


def _disk_is_full(exception: Exception) -> bool:
    if isinstance(exception, OSError):
        return exception.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(exception, sqlite3.OperationalError) and "full" in str(exception)
