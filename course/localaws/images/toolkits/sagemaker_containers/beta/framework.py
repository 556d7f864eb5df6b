"""The public names of the toolkit that serving scripts use: content types, encoders, and the response they return.

AWS's examples import ``env``, ``modules``, ``server`` and ``transformer`` but use nothing of them. Here they are empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace

from course.localaws.images.shared import codecs

content_types = encoders = codecs
errors = SimpleNamespace(ClientError=ValueError, UnsupportedFormatError=codecs.UnsupportedFormatError)
env = modules = server = transformer = SimpleNamespace()


class Response:
    """``worker.Response``: a body with its content type (``mimetype``, JSON by default) and HTTP status."""

    def __init__(
        self,
        response: str | bytes | Iterable[bytes] | None = None,
        accept: str | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        mimetype: str | None = None,
    ) -> None:
        self.response = response
        self.status_code = int(status)
        self.headers = dict(headers or {})
        self.mimetype = mimetype or codecs.JSON
        self.content_type = f"{self.mimetype}; charset=utf-8" if self.mimetype.startswith("text/") else self.mimetype

    def get_data(self) -> bytes:
        if isinstance(self.response, str):
            return self.response.encode()
        return self.response if isinstance(self.response, bytes) else b"".join(self.response or ())


worker = SimpleNamespace(Response=Response)
