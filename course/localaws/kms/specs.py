"""The key specs of KMS, from `specs.yaml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError

SYMMETRIC = "SYMMETRIC_DEFAULT"
ENCRYPT, SIGN, MAC = "ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC"
_MEMBERS = {ENCRYPT: "EncryptionAlgorithms", SIGN: "SigningAlgorithms", MAC: "MacAlgorithms"}  # of KeyMetadata


def check(spec: str, usage: str) -> None:
    """Check that a key of this spec can have this usage. Raises AwsError ``ValidationException``, ``UnsupportedOperationException``."""
    usages = _table()["specs"].get(spec)
    if usages is None:
        raise AwsError("UnsupportedOperationException", f"The local AWS has no keys of KeySpec {spec}. Nothing was created.")
    if usage not in usages:
        raise AwsError("ValidationException", f"KeyUsage {usage} is not compatible with KeySpec {spec}")


def only_usage(spec: str) -> str | None:
    """The usage of a key whose spec allows one only."""
    usages = _table()["specs"].get(spec, {})
    return next(iter(usages)) if len(usages) == 1 else None


def algorithms(spec: str, usage: str) -> list[str]:
    return _table()["specs"][spec][usage]


def member(usage: str) -> str:
    """The member of KeyMetadata that lists a key's algorithms."""
    return _MEMBERS[usage]


def secret_bytes(spec: str) -> int | None:
    """The length of the secret of a symmetric or HMAC key; ``None`` for an asymmetric key."""
    return _table()["secret_bytes"].get(spec)


@cache
def _table() -> dict:
    return table(Path(__file__).with_suffix(".yaml"))
