"""One request to moto's WSGI application (PEP 3333), its response, and the HTTP response for the caller."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from starlette.responses import Response

from course.localaws.core.call import AwsRequest
from course.localaws.moto import canned
from course.localaws.moto.journal import JournalEntry

ANSWER_HEADERS_DROPPED = frozenset({"connection", "content-length", "date", "server", "transfer-encoding", "x-amzn-requestid"})


@dataclass(frozen=True, slots=True)
class WsgiResponse:
    """moto's response: HTTP status, headers, body, the operation performed, and the seconds the caller would wait for a better response."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    operation: str = ""
    wait: float = 0.0


# Headers that describe the transfer, not the request. A replay has no transfer, and moto must give the same response.
_TRANSFER_HEADERS = {
    *("accept", "accept-encoding", "authorization", "connection", "content-length", "expect", "transfer-encoding", "user-agent"),
    *("amz-sdk-invocation-id", "amz-sdk-request", "traceparent", "x-amz-content-sha256", "x-amz-date", "x-amz-decoded-content-length"),
    *("x-amz-security-token", "x-amz-trailer", "x-amz-user-agent", "x-amzn-trace-id", "x-moto-account-id"),
}


def relevant(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The headers that belong to the request itself. Names are in lower case."""
    return tuple((name, value) for name, value in headers if name not in _TRANSFER_HEADERS)


def environment(entry: JournalEntry, account: str) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of a request. moto reads only the credential scope, so the signature in it is a dummy."""
    raw = entry.path.decode("latin-1") + (f"?{entry.query.decode('latin-1')}" if entry.query else "")
    environ = {
        "REQUEST_METHOD": entry.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(entry.path).decode("latin-1"),
        "QUERY_STRING": entry.query.decode("latin-1"),
        "RAW_URI": raw,
        "REQUEST_URI": raw,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(entry.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(entry.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in entry.headers:
        environ["CONTENT_TYPE" if name == "content-type" else f"HTTP_{name.upper().replace('-', '_')}"] = value
    scope = f"{entry.access_key}/19700101/{entry.region}/{entry.service}/aws4_request"
    environ["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
    return environ


def call(application: Callable, environ: dict[str, Any]) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    """Calls the application. Returns status, headers and body of the response. Raises any exception of the application."""
    begun: list = []
    chunks = application(environ, lambda status, headers, error=None: begun.extend((int(status[:3]), tuple(headers))))
    try:
        body = b"".join(chunks)
    finally:
        getattr(chunks, "close", lambda: None)()
    return begun[0], begun[1], body


def is_html(headers: tuple[tuple[str, str], ...]) -> bool:
    return any(name.lower() == "content-type" and value.startswith("text/html") for name, value in headers)


def http_response(answer: WsgiResponse, call: AwsRequest) -> Response:
    """The response to a call, from moto's answer."""
    response = Response(answer.body, answer.status)
    kept = [(name.lower(), value) for name, value in answer.headers if name.lower() not in ANSWER_HEADERS_DROPPED]
    if is_html(answer.headers):  # Flask's default if moto sets no content type
        kept = [(name, value) for name, value in kept if name != "content-type"]
        kept.append(("content-type", "application/json" if answer.body[:1] in (b"{", b"[") else "text/xml"))
    if canned.is_record(call.service, answer.operation):
        kept.append(("x-local-aws", "record"))
    response.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept]
    length = dict(answer.headers).get("Content-Length") if call.request.method == "HEAD" else None
    response.headers["content-length"] = length or str(len(answer.body))
    return response
