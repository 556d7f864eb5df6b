"""The ciphertexts of symmetric KMS keys: AES-256 in Galois counter mode, with the encryption context as additional authenticated data.

AWS does not publish the layout of its ciphertexts, only that they name their key. Ours: four bytes that identify it, the key's id in ASCII
with its length before it, the number of the key's secret, the nonce, and the encrypted text with its tag. Ciphertexts of earlier releases,
in moto's layout, are read, too.
"""

from __future__ import annotations

import json
import os
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from course.localaws.core.errors import AwsError
from course.localaws.kms.store import Key

MAGIC = b"\x01\x02\x02\x00"
NONCE, TAG = 12, 16  # bytes
MOST_PLAINTEXT = 4096  # bytes that a symmetric key encrypts in one call
_HEAD = struct.Struct(">BH")  # the length of the id, and the number of the secret
_OLD_ID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Ciphertext:
    """The parts of a ciphertext. ``secret`` is the number of the key's secret; ``sealed`` includes the tag."""

    key: str
    secret: int
    nonce: bytes
    sealed: bytes
    old: bool = False


def seal(key: Key, plaintext: bytes, context: Mapping[str, str]) -> bytes:
    """Encrypt with the newest secret of a key."""
    number, nonce = len(key.materials) - 1, os.urandom(NONCE)
    sealed = AESGCM(key.materials[number].secret).encrypt(nonce, plaintext, _authenticated(context))
    id = key.id.encode()
    return MAGIC + _HEAD.pack(len(id), number) + id + nonce + sealed


def read(blob: bytes) -> Ciphertext:
    """Split a ciphertext. Raises AwsError ``InvalidCiphertextException``."""
    if blob.startswith(MAGIC) and len(blob) > len(MAGIC) + _HEAD.size:
        length, number = _HEAD.unpack_from(blob, len(MAGIC))
        rest = blob[len(MAGIC) + _HEAD.size :]
        id, rest = rest[:length], rest[length:]
        if len(rest) >= NONCE + TAG and id.isascii():
            return Ciphertext(id.decode(), number, rest[:NONCE], rest[NONCE:])
    elif _OLD_ID.match(blob) and len(blob) >= 36 + NONCE + TAG:
        nonce, tag, text = blob[36:48], blob[48:64], blob[64:]
        return Ciphertext(blob[:36].decode(), 0, nonce, text + tag, old=True)
    raise invalid_ciphertext()


def unseal(key: Key, found: Ciphertext, context: Mapping[str, str]) -> bytes:
    """Decrypt. Raises AwsError ``InvalidCiphertextException`` when the ciphertext or its encryption context is another."""
    authenticated = _authenticated_by_moto(context) if found.old else _authenticated(context)
    try:
        return AESGCM(key.materials[found.secret].secret).decrypt(found.nonce, found.sealed, authenticated)
    except (InvalidTag, IndexError, ValueError):
        raise invalid_ciphertext() from None


def invalid_ciphertext() -> AwsError:
    """AWS sends this error without a message."""
    message = "The ciphertext is damaged or was not made by KMS, or the EncryptionContext is not the one that it was encrypted with."
    return AwsError("InvalidCiphertextException", message)


def _authenticated(context: Mapping[str, str]) -> bytes:
    return json.dumps(sorted(context.items())).encode() if context else b""


def _authenticated_by_moto(context: Mapping[str, str]) -> bytes:
    return b"".join(name.encode() + value.encode() for name, value in sorted(context.items()))
