"""AWS Signature Version 4: reads a request's signature and checks it.

Sources: AWS General Reference, "Create a signed AWS API request"; Amazon S3 API Reference, "Authenticating Requests
(AWS Signature Version 4)". S3 differs from other services: it encodes the path once, keeps dots and double slashes in it, and
allows an unsigned payload.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from course.localaws.gateway.refusals import RequestRefused

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY_HASH = hashlib.sha256(b"").hexdigest()
SKEW_SECONDS = 15 * 60
LONGEST_PRESIGNED_SECONDS = 7 * 24 * 3600

_HEADER = re.compile(r"AWS4-HMAC-SHA256\s+Credential=([^,\s]+)\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([0-9a-f]+)\s*")
_TIMESTAMP = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
# Services that encode names in the path once, as S3 does.
_S3_PATHS = frozenset({"s3", "s3-object-lambda", "s3express", "s3-outposts"})


@dataclass(frozen=True, slots=True)
class RequestHead:
    """The signed parts of a request, without its body.

    Attributes
    ----------
    method : str
    path, query : bytes
        As received, percent-encoded. The query has no ``?``.
    headers : dict of str to str
        Names are in lower case. The values of a repeated header are joined by a comma.
    """

    method: str
    path: bytes
    query: bytes
    headers: dict[str, str]

    @classmethod
    def of(cls, scope: dict) -> RequestHead:
        """Makes a head from an ASGI scope."""
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key, text = name.decode("latin-1"), value.decode("latin-1")
            headers[key] = f"{headers[key]},{text}" if key in headers else text
        return cls(scope["method"], scope["raw_path"], scope["query_string"], headers)


@dataclass(frozen=True, slots=True)
class Signature:
    """The version 4 signature of a request, from its ``Authorization`` header or, if presigned, from its query.

    Attributes
    ----------
    access_key, day, region, service : str
        The credential and its scope; ``day`` is ``YYYYMMDD``.
    timestamp : str
        When it was signed, ``YYYYMMDDTHHMMSSZ``.
    headers : tuple of str
        Names of the signed headers, in order.
    value : str
        64 hexadecimal digits.
    token : str
        The session token of the request, empty if there is none.
    expires : int or None
        Seconds for which a presigned URL is valid; ``None`` for a signature in the header.
    """

    access_key: str
    day: str
    region: str
    service: str
    timestamp: str
    headers: tuple[str, ...]
    value: str
    token: str
    expires: int | None = None

    @property
    def scope(self) -> str:
        return f"{self.day}/{self.region}/{self.service}/aws4_request"

    def check_time(self, now: float) -> None:
        """Refuses a signature made more than 15 minutes before or after ``now`` (Unix seconds), and a presigned URL that has expired.

        Raises
        ------
        RequestRefused
            ``"expired"``, ``"presigned expired"``, or ``"malformed"`` if the time cannot be parsed or is not on the scope's day.
        """
        signed = _seconds(self.timestamp)
        if self.timestamp[:8] != self.day:
            raise RequestRefused(
                "malformed", f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date: {self.timestamp}."
            )
        if self.expires is not None and now > signed + self.expires:
            raise RequestRefused("presigned expired")
        if signed - now > SKEW_SECONDS or (self.expires is None and now - signed > SKEW_SECONDS):
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
            when, side = ("not yet current", "later") if signed > now else ("expired", "earlier")
            raise RequestRefused("expired", f"Signature {when}: {self.timestamp} is now {side} than {stamp} by more than 15 min.")

    def declared_payload(self, head: RequestHead) -> str | None:
        """The declared hash of the body, `UNSIGNED`, or one of S3's streams. ``None`` if the body itself must be hashed."""
        declared = head.headers.get("x-amz-content-sha256")
        if declared is None and self.expires is not None and self.service in _S3_PATHS:
            return UNSIGNED
        return declared

    def check_coverage(self, head: RequestHead) -> None:
        """Refuses a signature that does not cover ``host`` and, for S3, every ``x-amz-`` header.

        Raises
        ------
        RequestRefused
            ``"malformed"`` or ``"unsigned headers"``.
        """
        if "host" not in self.headers:
            raise RequestRefused("malformed", "'Host' must be a 'SignedHeader' in the AWS Authorization.")
        if self.service in _S3_PATHS:
            unsigned = [name for name in head.headers if name.startswith("x-amz-") and name not in self.headers]
            if unsigned:
                raise RequestRefused("unsigned headers", ", ".join(unsigned))

    def matches(self, head: RequestHead, payload: str, secret: str) -> bool:
        """Whether ``secret`` made this signature over this request. ``payload`` is the result of `declared_payload`, or the body's hash."""
        request = canonical_request(self, head, payload)
        text = f"{ALGORITHM}\n{self.timestamp}\n{self.scope}\n{hashlib.sha256(request.encode('latin-1')).hexdigest()}"
        key = signing_key(secret, self.day, self.region, self.service)
        return hmac.compare_digest(sign(key, text), self.value)


def read(head: RequestHead) -> Signature | None:
    """The version 4 signature of a request, or ``None`` if it has none.

    Raises
    ------
    RequestRefused
        ``"malformed"`` if the signature cannot be parsed.
    """
    authorization = head.headers.get("authorization")
    if authorization is not None:
        return _from_header(head, authorization)
    if b"X-Amz-Algorithm=" in head.query:
        return _from_query(head)
    return None


def _from_header(head: RequestHead, authorization: str) -> Signature:
    match = _HEADER.fullmatch(authorization)
    if match is None:
        raise RequestRefused("malformed", f"Authorization header must be `{ALGORITHM} Credential=..., SignedHeaders=..., Signature=...`.")
    credential, signed, value = match.groups()
    timestamp = head.headers.get("x-amz-date")
    if timestamp is None:
        raise RequestRefused("malformed", "Authorization header requires existence of an 'X-Amz-Date' header.")
    return Signature(*_scope(credential), timestamp, tuple(signed.split(";")), value, head.headers.get("x-amz-security-token", ""))


def _from_query(head: RequestHead) -> Signature:
    query = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs(head.query)}
    try:
        if query["X-Amz-Algorithm"] != ALGORITHM:
            raise RequestRefused("malformed", f"X-Amz-Algorithm only supports {ALGORITHM}.")
        expires = int(query["X-Amz-Expires"])
        signed = tuple(query["X-Amz-SignedHeaders"].split(";"))
        parts = _scope(query["X-Amz-Credential"])
        timestamp, value = query["X-Amz-Date"], query["X-Amz-Signature"]
    except (KeyError, ValueError) as error:
        raise RequestRefused("malformed", f"Query-string authentication is incomplete or malformed: {error}.") from None
    if not 0 <= expires <= LONGEST_PRESIGNED_SECONDS:
        raise RequestRefused("malformed", f"X-Amz-Expires must be between 0 and {LONGEST_PRESIGNED_SECONDS} seconds.")
    return Signature(*parts, timestamp, signed, value, query.get("X-Amz-Security-Token", ""), expires)


def _seconds(timestamp: str) -> float:
    """Unix seconds of an ``X-Amz-Date``. ``datetime`` takes a tenth of ``strptime``'s time; the pattern rejects other forms it accepts."""
    try:
        if _TIMESTAMP.fullmatch(timestamp):
            return datetime.fromisoformat(timestamp).timestamp()
    except ValueError:  # a date that does not exist, e.g. the 31st of February
        pass
    raise RequestRefused("malformed", f"X-Amz-Date {timestamp!r} is not in the form YYYYMMDDTHHMMSSZ.")


def _scope(credential: str) -> list[str]:
    # An access key could contain slashes, but the parts of the scope after it cannot.
    parts = credential.rsplit("/", 4)
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise RequestRefused("malformed", "Credential must be `<access key>/<day>/<region>/<service>/aws4_request`.")
    return parts[:4]


def canonical_request(signature: Signature, head: RequestHead, payload: str) -> str:
    """The text whose hash is signed. Each character represents one byte (Latin-1)."""
    path = canonical_path(head.path, signature.service)
    query = canonical_query(head.query)
    lines = "".join(f"{name}:{' '.join(head.headers.get(name, '').split())}\n" for name in signature.headers)
    return f"{head.method}\n{path}\n{query}\n{lines}\n{';'.join(signature.headers)}\n{payload}"


def canonical_path(raw: bytes, service: str) -> str:
    """The path that the client must have signed: encoded once and not normalised for S3, normalised and encoded again for others."""
    if service in _S3_PATHS:
        return quote(unquote_to_bytes(raw), safe="/-_.~") or "/"
    return quote(_without_dots(raw.decode("latin-1")), safe="/-_.~", encoding="latin-1")


def _without_dots(path: str) -> str:
    """Resolves dot segments and drops empty segments, as AWS requires: ``/a/./b//../c`` becomes ``/a/c``."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")


def canonical_query(raw: bytes) -> str:
    """The query, sorted by encoded names and values, without the signature."""
    if not raw:
        return ""
    encoded = ((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in pairs(raw) if name != b"X-Amz-Signature")
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def pairs(query: bytes) -> list[tuple[bytes, bytes]]:
    """The decoded names and values of a query string, in order."""
    parts = (part.partition(b"=") for part in query.replace(b"+", b" ").split(b"&") if part)
    return [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in parts]


@lru_cache(maxsize=1024)
def signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    """The key derived for a day, region and service."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def sign(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()
