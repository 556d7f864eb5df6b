"""Verifies what a client declares about its body: Content-MD5, checksum headers, checksum trailers."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from anyio import to_thread

from course.localaws.core.call import AwsRequest
from course.localaws.core.errors import AwsError
from course.localaws.s3 import checksums
from course.localaws.s3.bodies import CHUNK, BlobWriter

INLINE = 1 << 16
# Bytes of the largest upload in one piece. Larger objects need a multipart upload.
MAX_PUT = 5 << 30


class DeclaredDigests:
    """The digests that a request declares for its body.

    Attributes
    ----------
    algorithm : str or None
        The algorithm of the checksum in a header or in the body's trailer.
    """

    def __init__(self, headers: Mapping[str, str], trailers: Mapping[str, str]) -> None:
        self._md5 = headers.get("content-md5")
        self._trailers = trailers
        given = {name: headers[name] for algorithm in checksums.ALGORITHMS if (name := header(algorithm)) in headers}
        trailing = headers.get("x-amz-trailer", "").strip().lower()
        names = [*given, *([trailing] if trailing else [])]
        if len(names) > 1:
            raise AwsError("InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
        self.algorithm = next((algorithm for algorithm in checksums.ALGORITHMS if names == [header(algorithm)]), None)
        self._expected = next(iter(given.values()), None)
        if names and self.algorithm is None:
            raise AwsError("InvalidRequest", f"The value specified in the x-amz-trailer header is not supported: {trailing}")
        wanted = headers.get("x-amz-sdk-checksum-algorithm")
        if wanted and not names:
            message = "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found."
            raise AwsError("InvalidRequest", message)

    @property
    def any(self) -> bool:
        return bool(self._md5 or self.algorithm)

    def running(self, default: str | None = None) -> list[checksums.Checksum]:
        """The checksum to compute while the body is read: the declared algorithm, else ``default``."""
        algorithm = self.algorithm or default
        return [checksums.new(algorithm)] if algorithm else []

    def verify(self, md5: str, computed: list[checksums.Checksum]) -> None:
        """Raises ``BadDigest``, ``InvalidDigest``, or ``MalformedTrailerError`` if the announced trailer is missing."""
        if self._md5 is not None:
            self._verify_md5(md5)
        for checksum in computed:
            if checksum.algorithm != self.algorithm:
                continue
            expected = self._expected or self._trailers.get(header(checksum.algorithm))
            if expected is None:
                raise AwsError("MalformedTrailerError", "The request contained trailing data that was not well-formed.")
            if expected != checksum.value():
                raise AwsError("BadDigest", f"The {checksum.algorithm} you specified did not match the calculated checksum.")

    def _verify_md5(self, md5: str) -> None:
        try:
            expected = base64.b64decode(self._md5, validate=True)
        except ValueError:
            expected = b""
        if len(expected) != 16:
            raise AwsError("InvalidDigest", "The Content-MD5 you specified was invalid.")
        if expected.hex() != md5:
            raise AwsError(
                "BadDigest",
                "The Content-MD5 you specified did not match what we received.",
                ExpectedDigest=self._md5,
                CalculatedDigest=base64.b64encode(bytes.fromhex(md5)).decode(),
            )


def header(algorithm: str) -> str:
    return f"x-amz-checksum-{algorithm.lower()}"


def members(computed: list[checksums.Checksum]) -> dict[str, str]:
    """Checksums as members of a response: ``{"ChecksumCRC32": "..."}``."""
    return {f"Checksum{checksum.algorithm}": checksum.value() for checksum in computed}


async def receive(call: AwsRequest, body: BlobWriter) -> None:
    """Writes a request's body to a file. A thread hashes and writes a large body, so that other requests continue meanwhile.

    Raises ``MissingContentLength``, ``EntityTooLarge``.
    """
    headers = call.headers
    declared = headers.get("x-amz-decoded-content-length") or headers.get("content-length")
    if declared is None:
        raise AwsError("MissingContentLength", "You must provide the Content-Length HTTP header.", status=411)
    if int(declared) > MAX_PUT:
        message = "Your proposed upload exceeds the maximum allowed size"
        raise AwsError("EntityTooLarge", message, ProposedSize=declared, MaxSizeAllowed=MAX_PUT)
    pieces: list[bytes] = []
    size = 0
    async for piece in call.chunks:
        pieces.append(piece)
        size += len(piece)
        if size >= CHUNK:
            await to_thread.run_sync(body.write, b"".join(pieces))
            pieces, size = [], 0
    if size > INLINE:
        await to_thread.run_sync(body.write, b"".join(pieces))
    elif size:
        body.write(b"".join(pieces))
