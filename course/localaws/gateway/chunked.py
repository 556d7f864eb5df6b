"""Decodes request bodies: unsigned, hashed, or in S3's aws-chunked encoding, which may sign each chunk.

Source: Amazon S3 API Reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple
Chunks", and its variant "Including Trailing Headers".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import AsyncIterator

from course.localaws.core.errors import AwsError
from course.localaws.gateway.refusals import RequestRefused
from course.localaws.gateway.sigv4 import EMPTY_HASH, UNSIGNED, RequestHead, Signature, sign, signing_key

STREAMS = frozenset(
    {
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    }
)
LONGEST_LINE = 16 * 1024
_CHUNK_HEAD = re.compile(rb"([0-9a-fA-F]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?")


def decoded(
    raw: AsyncIterator[bytes], declared: str, head: RequestHead, signer: ChunkSigner, trailers: dict[str, str]
) -> AsyncIterator[bytes]:
    """The decoded body, checked while it is read.

    Parameters
    ----------
    raw : async iterator of bytes
    declared : str
        The value of ``x-amz-content-sha256``: a hash, or the way in which the body is (not) signed.
    head : RequestHead
    signer : ChunkSigner
    trailers : dict
        Receives the trailing headers (names in lower case) when the last piece is read.

    Raises
    ------
    AwsError
        While iterating: ``XAmzContentSHA256Mismatch``, ``IncompleteBody``, ``InvalidChunk`` (all 400). At once:
        ``InvalidArgument`` if ``declared`` is not a known value.
    RequestRefused
        While iterating: ``"signature"`` if a chunk's signature is wrong.
    """
    if declared == UNSIGNED:
        return raw
    if declared in STREAMS:
        return _unchunked(_Reader(raw), head, signer if "HMAC" in declared else None, trailers)
    if len(declared) != 64:
        raise AwsError(
            "InvalidArgument",
            f"x-amz-content-sha256 must be {UNSIGNED}, {', '.join(sorted(STREAMS))}, or a valid sha256 value.",
            ArgumentName="x-amz-content-sha256",
            ArgumentValue=declared,
        )
    return _hashed(raw, declared)


async def _hashed(raw: AsyncIterator[bytes], declared: str) -> AsyncIterator[bytes]:
    digest = hashlib.sha256()
    async for piece in raw:
        digest.update(piece)
        yield piece
    if digest.hexdigest() != declared:
        raise AwsError(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
            ClientComputedContentSHA256=declared,
            S3ComputedContentSHA256=digest.hexdigest(),
        )


class ChunkSigner:
    """Checks the chain of signatures of a signed stream. Each chunk's signature covers the signature before it."""

    def __init__(self, signature: Signature, secret: str) -> None:
        self._key = signing_key(secret, signature.day, signature.region, signature.service)
        self._context = f"{signature.timestamp}\n{signature.scope}"
        self._previous = signature.value

    def check_chunk(self, digest: str, value: str) -> None:
        self._check("AWS4-HMAC-SHA256-PAYLOAD", f"{EMPTY_HASH}\n{digest}", value)

    def check_trailer(self, lines: bytes, value: str) -> None:
        self._check("AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(lines).hexdigest(), value)

    def _check(self, algorithm: str, digests: str, value: str) -> None:
        expected = sign(self._key, f"{algorithm}\n{self._context}\n{self._previous}\n{digests}")
        if not hmac.compare_digest(expected, value):
            raise RequestRefused("signature")
        self._previous = expected


async def _unchunked(reader: _Reader, head: RequestHead, signer: ChunkSigner | None, trailers: dict[str, str]) -> AsyncIterator[bytes]:
    total = 0
    while True:
        size, value = _chunk_head(await reader.line())
        digest = hashlib.sha256()
        async for piece in reader.take(size):
            if signer:
                digest.update(piece)
            yield piece
        if signer:
            signer.check_chunk(digest.hexdigest(), value)
        if size == 0:
            break
        total += size
        if await reader.line():
            raise _invalid("a chunk is longer than its declared size")
    await _read_trailers(reader, signer, trailers)
    expected = head.headers.get("x-amz-decoded-content-length")
    if expected is not None and expected != str(total):
        raise _incomplete(f"{total} bytes arrived, x-amz-decoded-content-length says {expected}")


async def _read_trailers(reader: _Reader, signer: ChunkSigner | None, trailers: dict[str, str]) -> None:
    signed = b""
    while line := await reader.line(end_allowed=True):
        name, _, value = line.decode("latin-1").partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "x-amz-trailer-signature":
            if signer:
                signer.check_trailer(signed, value)
                signed = b""
            continue
        signed += f"{name}:{value}\n".encode("latin-1")
        trailers[name] = value
    if signer and signed:
        raise RequestRefused("signature")


def _chunk_head(line: bytes) -> tuple[int, str]:
    """The size and the signature (empty if unsigned) in a line such as ``10000;chunk-signature=...``."""
    match = _CHUNK_HEAD.fullmatch(line)
    if match is None:
        raise _invalid(f"{line[:40]!r} is no chunk header")
    return int(match[1], 16), (match[2] or b"").decode()


class _Reader:
    """Reads lines and pieces of a given size from a stream of bytes."""

    def __init__(self, raw: AsyncIterator[bytes]) -> None:
        self._raw = raw
        self._buffer = b""

    async def line(self, end_allowed: bool = False) -> bytes:
        """The next line without its CRLF. Empty at the end of the stream, if ``end_allowed``."""
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > LONGEST_LINE:
                raise _invalid("a chunk header is too long")
            if not await self._more():
                if end_allowed and not self._buffer:
                    return b""
                raise _incomplete("the stream ends inside a chunk header")
        line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        return line

    async def take(self, size: int) -> AsyncIterator[bytes]:
        while size:
            if not self._buffer and not await self._more():
                raise _incomplete(f"the stream ends {size} bytes before the end of a chunk")
            piece, self._buffer = self._buffer[:size], self._buffer[size:]
            size -= len(piece)
            yield piece

    async def _more(self) -> bool:
        piece = await anext(self._raw, None)
        self._buffer += piece or b""
        return piece is not None


def _incomplete(detail: str) -> AwsError:
    return AwsError("IncompleteBody", f"The request body terminated unexpectedly: {detail}.")


def _invalid(detail: str) -> AwsError:
    return AwsError("InvalidChunk", f"The aws-chunked body is malformed: {detail}.")
