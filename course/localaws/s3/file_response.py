"""An HTTP response with the body of an object or a range of it, read while it is sent."""

from __future__ import annotations

from collections.abc import Callable

from anyio import to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from course.localaws.s3.bodies import CHUNK, Body
from course.localaws.s3.conditions import ByteRange
from course.localaws.s3.integrity import INLINE


class FileResponse(Response):
    """Sends an open body, closes it, and says how many bytes were ``sent``.

    An object that is deleted or overwritten meanwhile is still sent to its end.
    """

    def __init__(self, body: Body, span: ByteRange, status: int, headers: dict[str, str], sent: Callable[[int], None]) -> None:
        super().__init__(None, status, headers)
        self._span, self._body, self._sent = span, body, sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        at, left = self._span.start, self._span.length
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            while left > INLINE and (data := await to_thread.run_sync(self._body.read, at, min(CHUNK, left))):
                await send({"type": "http.response.body", "body": data, "more_body": True})
                at, left = at + len(data), left - len(data)
            data = self._body.read(at, left)
            await send({"type": "http.response.body", "body": data})
            at += len(data)
        finally:
            self._body.close()
            self._sent(at - self._span.start)
