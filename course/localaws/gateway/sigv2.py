"""Signature Version 2 in S3's presigned URLs, which boto3 still makes by default. No other request may use version 2.

Source: Amazon S3 developer guide, "Signing and authenticating REST requests", query string authentication.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass

from course.localaws.gateway.refusals import RequestRefused
from course.localaws.gateway.sigv4 import RequestHead, pairs

# Query parameters that name a sub-resource or override a response header. They are signed.
_SIGNED_PARAMETERS = frozenset(
    {
        "accelerate",
        "acl",
        "analytics",
        "cors",
        "defaultObjectAcl",
        "delete",
        "inventory",
        "lifecycle",
        "location",
        "logging",
        "metrics",
        "notification",
        "object-lock",
        "partNumber",
        "policy",
        "replication",
        "requestPayment",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
        "restore",
        "select",
        "select-type",
        "storageClass",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versionId",
        "versioning",
        "versions",
        "website",
    }
)


@dataclass(frozen=True, slots=True)
class PresignedV2:
    """``AWSAccessKeyId``, ``Signature`` and ``Expires`` (Unix seconds) of a presigned URL, and its session token if it has one."""

    access_key: str
    value: str
    expires: str
    token: str
    service = "s3"

    def check_time(self, now: float) -> None:
        """Raises `RequestRefused` ``"presigned expired"`` if the URL has expired, ``"malformed"`` if ``Expires`` is not a number."""
        if not self.expires.isdigit():
            raise RequestRefused("malformed", f"Expires must be in Unix seconds, not {self.expires!r}.")
        if now > int(self.expires):
            raise RequestRefused("presigned expired")

    def matches(self, head: RequestHead, secret: str) -> bool:
        """Whether ``secret`` made this signature over this request."""
        expected = hmac.digest(secret.encode(), self._text(head).encode("latin-1"), "sha1")
        return hmac.compare_digest(base64.b64encode(expected).decode(), self.value)

    def _text(self, head: RequestHead) -> str:
        # A parameter in the query counts as a header of the same name.
        query = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs(head.query)}
        headers = {name: value.strip() for name, value in (head.headers | query).items()}
        amz = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-amz-"))
        md5, kind = headers.get("content-md5", ""), headers.get("content-type", "")
        return f"{head.method}\n{md5}\n{kind}\n{self.expires}\n{amz}{_resource(head)}"


def read(head: RequestHead) -> PresignedV2 | None:
    """The version 2 signature in a request's query, or ``None``."""
    if b"AWSAccessKeyId=" not in head.query:
        return None
    query = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs(head.query)}
    if not {"AWSAccessKeyId", "Signature", "Expires"} <= query.keys():
        raise RequestRefused("malformed", "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters.")
    return PresignedV2(query["AWSAccessKeyId"], query["Signature"], query["Expires"], query.get("x-amz-security-token", ""))


def _resource(head: RequestHead) -> str:
    signed = []
    for part in head.query.split(b"&"):
        name, equals, _ = part.partition(b"=")
        if name.decode("latin-1") in _SIGNED_PARAMETERS:
            value = pairs(part)[0][1]
            signed.append((name + equals + value).decode("latin-1"))
    path = head.path.decode("latin-1")
    if path.rfind("/") == 0 and path != "/":  # a bucket's path is signed with a slash at its end
        path += "/"
    return path + ("?" + "&".join(sorted(signed, key=lambda item: item.partition("=")[0])) if signed else "")
