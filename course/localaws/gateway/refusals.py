"""The errors for requests that fail authentication, in the wording of each AWS protocol.

Sources: "Common Errors" of the AWS API references, Amazon S3 "List of error codes", Amazon EC2 "Error codes". Where these lists say
nothing: the responses of the services. JSON services answer ``UnrecognizedClientException`` and ``InvalidSignatureException``, query
services answer ``InvalidClientTokenId`` and ``SignatureDoesNotMatch`` for the same faults.
"""

from __future__ import annotations

from course.localaws.core.errors import AwsError

_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing "
    "method. Consult the service documentation for details."
)
_S3_MISMATCH = "The request signature we calculated does not match the signature you provided. Check your key and signing method."
_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_EC2 = ("AuthFailure", "AWS was not able to validate the provided access credentials", 401)

# reason -> dialect -> (code, message, status); "{}" is replaced by the detail of the `RequestRefused`.
WORDS: dict[str, dict[str, tuple[str, str, int]]] = {
    "missing": {
        "json": ("MissingAuthenticationTokenException", "Missing Authentication Token", 400),
        "rest-json": ("MissingAuthenticationTokenException", "Missing Authentication Token", 403),
        "query": ("MissingAuthenticationToken", "Request is missing Authentication Token", 403),
        "ec2": _EC2,
        "s3": ("AccessDenied", "Access Denied", 403),
    },
    "malformed": {
        "json": ("IncompleteSignatureException", "{}", 400),
        "rest-json": ("IncompleteSignatureException", "{}", 403),
        "query": ("IncompleteSignature", "{}", 400),
        "ec2": ("IncompleteSignature", "{}", 400),
        "s3": ("AuthorizationHeaderMalformed", "The authorization header is malformed; {}", 400),
    },
    "unknown key": {
        "json": ("UnrecognizedClientException", _INVALID, 400),
        "rest-json": ("UnrecognizedClientException", _INVALID, 403),
        "query": ("InvalidClientTokenId", _INVALID, 403),
        "ec2": _EC2,
        "s3": ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403),
    },
    "wrong token": {
        "json": ("UnrecognizedClientException", _INVALID, 400),
        "rest-json": ("UnrecognizedClientException", _INVALID, 403),
        "query": ("InvalidClientTokenId", _INVALID, 403),
        "ec2": _EC2,
        "s3": ("InvalidToken", "The provided token is malformed or otherwise invalid.", 400),
    },
    "expired token": {
        "json": ("ExpiredTokenException", _EXPIRED, 400),
        "rest-json": ("ExpiredTokenException", _EXPIRED, 403),
        "query": ("ExpiredToken", _EXPIRED, 403),
        "ec2": ("RequestExpired", "Request has expired.", 400),
        "s3": ("ExpiredToken", "The provided token has expired.", 400),
    },
    "signature": {
        "json": ("InvalidSignatureException", _MISMATCH, 400),
        "rest-json": ("InvalidSignatureException", _MISMATCH, 403),
        "query": ("SignatureDoesNotMatch", _MISMATCH, 403),
        "ec2": _EC2,
        "s3": ("SignatureDoesNotMatch", _S3_MISMATCH, 403),
    },
    "expired": {
        "json": ("InvalidSignatureException", "{}", 400),
        "rest-json": ("InvalidSignatureException", "{}", 403),
        "query": ("SignatureDoesNotMatch", "{}", 403),
        "ec2": ("RequestExpired", "Request has expired.", 400),
        "s3": ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", 403),
    },
    "presigned expired": {
        "json": ("InvalidSignatureException", "Signature expired.", 400),
        "rest-json": ("InvalidSignatureException", "Signature expired.", 403),
        "query": ("SignatureDoesNotMatch", "Signature expired.", 403),
        "ec2": ("RequestExpired", "Request has expired.", 400),
        "s3": ("AccessDenied", "Request has expired", 403),
    },
    "unsigned headers": {
        "s3": ("AccessDenied", "There were headers present in the request which were not signed: {}", 403),
    },
    "other mechanism": {
        "s3": ("InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.", 400),
    },
}


class RequestRefused(Exception):
    """A request that fails authentication. ``reason`` is a key of `WORDS`; ``detail`` replaces ``{}`` in messages that have it."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} {detail}".strip())
        self.reason = reason
        self.detail = detail


def refusal(refused: RequestRefused, protocol: str, service: str) -> AwsError:
    """AWS's error for a refused request, in the caller's protocol."""
    words = WORDS[refused.reason]
    code, message, status = words[_dialect(protocol, service)]
    return AwsError(code, message.format(refused.detail), status)


def _dialect(protocol: str, service: str) -> str:
    if protocol == "rest-xml":
        return "s3" if service.startswith("s3") and service != "s3control" else "query"
    return "json" if protocol == "smithy-rpc-v2-cbor" else protocol
