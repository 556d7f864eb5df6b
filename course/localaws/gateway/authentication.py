"""Authentication: checks a request's signature with the secret of its access key, and its body against the signed hash."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

from course.localaws.core.call import Principal, whole
from course.localaws.core.credentials import Credential
from course.localaws.gateway import sigv2, sigv4
from course.localaws.gateway.chunked import ChunkSigner, decoded
from course.localaws.gateway.refusals import RequestRefused
from course.localaws.gateway.sigv2 import PresignedV2
from course.localaws.gateway.sigv4 import RequestHead, Signature

DEFAULT_REGION = "us-east-1"


class SecretLookup(Protocol):
    """The method of `course.localaws.iam.identity.Identity` that `admit` needs."""

    def secret(self, access_key: str) -> Credential | None: ...


@dataclass(slots=True)
class VerifiedRequest:
    """A request with a valid signature: its principal, region and checked body. ``trailers`` are complete once the body has been read."""

    principal: Principal
    region: str
    chunks: AsyncIterator[bytes]
    trailers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


def signature_of(head: RequestHead) -> Signature | PresignedV2:
    """The signature of a request.

    Raises
    ------
    RequestRefused
        ``"missing"`` or ``"malformed"``.
    """
    signature = sigv4.read(head) or sigv2.read(head)
    if signature is None:
        raise RequestRefused("missing")
    return signature


async def admit(
    signature: Signature | PresignedV2, head: RequestHead, raw: AsyncIterator[bytes], keys: SecretLookup, now: float
) -> VerifiedRequest:
    """Checks a signature. The body in ``raw`` is checked while it is read, or at once if its hash was signed but not sent.

    Parameters
    ----------
    now : float
        Unix seconds of the local AWS's clock, which may be ahead of the machine's. Only the expiry of keys uses it. Clients sign with
        the machine's clock, so signatures are compared with that one.

    Raises
    ------
    RequestRefused
        The signature is not valid.
    AwsError
        ``RequestEntityTooLarge`` (413), ``ServiceUnavailable`` (503), or ``InvalidArgument`` for an unknown ``x-amz-content-sha256``.
    """
    signature.check_time(time.time())
    credential = await _credential(signature, keys, now)
    if isinstance(signature, PresignedV2):
        _require(signature.matches(head, credential.secret))
        return VerifiedRequest(credential.principal, DEFAULT_REGION, raw)
    signature.check_coverage(head)
    declared = signature.declared_payload(head)
    if declared is None:
        body = await whole(raw)
        _require(signature.matches(head, hashlib.sha256(body).hexdigest(), credential.secret))
        return VerifiedRequest(credential.principal, signature.region, _once(body), body=body)
    _require(signature.matches(head, declared, credential.secret))
    trailers: dict[str, str] = {}
    chunks = decoded(raw, declared, head, ChunkSigner(signature, credential.secret), trailers)
    return VerifiedRequest(credential.principal, signature.region, chunks, trailers)


async def _credential(signature: Signature | PresignedV2, keys: SecretLookup, now: float) -> Credential:
    # Temporary keys are in memory. The keys of IAM users are in moto, which may be busy, so a thread looks them up.
    temporary = signature.access_key.startswith("ASIA")
    credential = keys.secret(signature.access_key) if temporary else await asyncio.to_thread(keys.secret, signature.access_key)
    if credential is None:
        raise RequestRefused("unknown key")
    if credential.token != signature.token:
        raise RequestRefused("wrong token")
    if credential.expires is not None and credential.expires < now:
        raise RequestRefused("expired token")
    return credential


def _require(matches: bool) -> None:
    if not matches:
        raise RequestRefused("signature")


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
