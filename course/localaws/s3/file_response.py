"""An HTTP response whose body is a file or a range of it, read while it is sent."""

from __future__ import annotations

import os
from pathlib import Path

from anyio import to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from course.localaws.core.errors import AwsError
from course.localaws.s3.bodies import CHUNK
from course.localaws.s3.conditions import ByteRange
from course.localaws.s3.integrity import INLINE


class FileResponse(Response):
    """Opens the file at once, so that an object that is deleted or overwritten meanwhile is still sent to its end."""

    def __init__(self, path: Path, span: ByteRange, status: int, headers: dict[str, str]) -> None:
        super().__init__(None, status, headers)
        self._span = span
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:  # deleted since it was looked up
            raise AwsError("NoSuchKey", "The specified key does not exist.", status=404) from None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            at, left = self._span.start, self._span.length
            while left > INLINE and (data := await to_thread.run_sync(os.pread, self._file, min(CHUNK, left), at)):
                await send({"type": "http.response.body", "body": data, "more_body": True})
                at, left = at + len(data), left - len(data)
            await send({"type": "http.response.body", "body": os.pread(self._file, left, at)})
        finally:
            os.close(self._file)
