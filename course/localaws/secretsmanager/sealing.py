"""Encrypts and decrypts the values of secrets under KMS keys, as Secrets Manager does on AWS.

Each value has a data key of its own (AES-256, in Galois counter mode), which the secret's KMS key encrypts. The encryption context is the
ARN of the secret and the id of the version. A disabled KMS key makes a value unreadable at once. Source: "Secret encryption and decryption
in AWS Secrets Manager" of the user guide.
"""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from course.localaws.core.errors import AwsError
from course.localaws.kms import ciphertexts, references, specs
from course.localaws.kms.store import Key, KeyStore
from course.localaws.secretsmanager.store import Sealed

MANAGED = "alias/aws/secretsmanager"  # the key of a secret that names none
VALIDATION = "RequestToValidateKeyAccess"  # stands for the version when Secrets Manager only checks that it may use a key
KINDS = ("SecretString", "SecretBinary")
_NONCE = bytes(ciphertexts.NONCE)  # a data key encrypts one value


def context_of(arn: str, version: str) -> dict[str, str]:
    """The encryption context of a version's value."""
    return {"SecretARN": arn, "SecretVersionId": version}


def key_of(keys: KeyStore, region: str, named: str) -> Key | None:
    """The key of a secret's ``KmsKeyId``; an empty one means the AWS managed key. ``None`` when there is no such key."""
    return references.find(keys, region, named or MANAGED)


def require_key(keys: KeyStore, region: str, named: str) -> Key:
    """The enabled symmetric key of a secret's ``KmsKeyId``. Raises AwsError ``EncryptionFailure``."""
    try:
        key = references.usable(references.require(keys, region, named or MANAGED))
    except AwsError as error:
        raise _failure("EncryptionFailure", error.message) from None
    if key.spec != specs.SYMMETRIC:
        raise _failure("EncryptionFailure", f"{key.arn} is no symmetric encryption key.")
    return key


def seal(key: Key, arn: str, version: str, kind: str, value: bytes) -> Sealed:
    """Encrypt a value for a version of the secret ``arn``."""
    secret = os.urandom(32)
    data_key = ciphertexts.seal(key, secret, context_of(arn, version))
    return Sealed(kind, key.arn, _text(data_key), _text(AESGCM(secret).encrypt(_NONCE, value, None)))


def unseal(keys: KeyStore, arn: str, version: str, sealed: Sealed) -> bytes:
    """Decrypt the value of a version. Raises AwsError ``DecryptionFailure``."""
    try:
        key = references.usable(references.require(keys, sealed.key.split(":")[3], sealed.key))
        blob = ciphertexts.read(base64.b64decode(sealed.data_key))
        secret = ciphertexts.unseal(key, blob, context_of(arn, version))
        return AESGCM(secret).decrypt(_NONCE, base64.b64decode(sealed.body), None)
    except AwsError as error:
        raise _failure("DecryptionFailure", error.message) from None
    except InvalidTag:
        raise _failure("DecryptionFailure", "The stored value was changed on disk.") from None


def _failure(code: str, reason: str) -> AwsError:
    verb = "encrypt" if code == "EncryptionFailure" else "decrypt"
    return AwsError(code, f"Secrets Manager can't {verb} the protected secret text using the provided KMS key: {reason}")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
