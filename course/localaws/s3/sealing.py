"""Bodies of objects under a KMS key, as they are on disk: AES-256 in Galois counter mode, in segments, so that a range can be read alone.

Each body has a data key of its own, which the object's KMS key encrypts, so a segment's number is its nonce. The encryption context is that
of S3: the ARN of the object, or of the bucket with an S3 Bucket Key ("Encryption context", S3 User Guide). A disabled KMS key makes a body
unreadable at once, also for S3 itself.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from course.localaws.core.errors import AwsError
from course.localaws.kms import ciphertexts, references
from course.localaws.kms.store import Key, KeyStore

SEGMENT = 1 << 18  # bytes of plaintext in a segment
TAG = ciphertexts.TAG


@dataclass(frozen=True, slots=True)
class Seal:
    """How a body is encrypted, as the index stores it.

    Attributes
    ----------
    key : str
        The ARN of the KMS key.
    context : mapping
        The encryption context.
    data_key : str
        The body's data key, encrypted by the KMS key, in Base64.
    """

    key: str
    context: Mapping[str, str]
    data_key: str

    def dump(self) -> str:
        return json.dumps({"key": self.key, "context": self.context, "data_key": self.data_key})

    @classmethod
    def load(cls, text: str) -> Seal:
        return cls(**json.loads(text))


def new_seal(keys: KeyStore, arn: str, context: Mapping[str, str]) -> tuple[Seal, AESGCM]:
    """A seal for a new body, and its cipher. Raises AwsError, see `key_of`."""
    secret = os.urandom(32)
    blob = ciphertexts.seal(key_of(keys, arn), secret, context)
    return Seal(arn, context, base64.b64encode(blob).decode()), AESGCM(secret)


def cipher(keys: KeyStore, seal: Seal) -> AESGCM:
    """The cipher of a stored body. Raises AwsError, see `key_of`."""
    blob = ciphertexts.read(base64.b64decode(seal.data_key))
    return AESGCM(ciphertexts.unseal(key_of(keys, seal.key), blob, seal.context))


def key_of(keys: KeyStore, arn: str) -> Key:
    """The enabled key of an ARN. Raises AwsError ``KMS.NotFoundException``, ``KMS.DisabledException``, ``KMS.KMSInvalidStateException``."""
    try:
        return references.usable(references.require(keys, arn.split(":")[3], arn))
    except AwsError as error:
        raise references.of_kms(error) from None


class Sealer:
    """Encrypts a body that arrives in pieces of any size."""

    def __init__(self, cipher: AESGCM) -> None:
        self._cipher, self._number, self._rest = cipher, 0, bytearray()

    def add(self, data: bytes) -> bytes:
        """The bytes to write after these."""
        self._rest += data
        whole = len(self._rest) - len(self._rest) % SEGMENT
        sealed = [self._seal(bytes(self._rest[start : start + SEGMENT])) for start in range(0, whole, SEGMENT)]
        del self._rest[:whole]
        return b"".join(sealed)

    def end(self) -> bytes:
        """The bytes to write at the end."""
        return self._seal(bytes(self._rest)) if self._rest else b""

    def _seal(self, segment: bytes) -> bytes:
        self._number += 1
        return self._cipher.encrypt(_nonce(self._number - 1), segment, None)


def read(file: int, cipher: AESGCM, start: int, length: int) -> bytes:
    """Bytes of the plaintext, from an open file. Raises AwsError ``InternalError`` for a file that was changed."""
    if length <= 0:
        return b""
    first, last = start // SEGMENT, (start + length - 1) // SEGMENT
    sealed = os.pread(file, (last - first + 1) * (SEGMENT + TAG), first * (SEGMENT + TAG))
    pieces = [sealed[at : at + SEGMENT + TAG] for at in range(0, len(sealed), SEGMENT + TAG)]
    try:
        plain = b"".join(cipher.decrypt(_nonce(first + number), piece, None) for number, piece in enumerate(pieces))
    except InvalidTag:
        raise AwsError("InternalError", "The stored body of this object was changed on disk and cannot be decrypted.", status=500) from None
    return plain[start - first * SEGMENT :][:length]


def _nonce(number: int) -> bytes:
    return number.to_bytes(ciphertexts.NONCE, "big")
