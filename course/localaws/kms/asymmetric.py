"""Cryptography with asymmetric KMS keys and HMAC KMS keys: encryption, signatures and message authentication codes.

Source: "Asymmetric keys in AWS KMS" and "HMAC keys in AWS KMS" of the developer guide, and "Cryptographic primitives" of "AWS KMS
Cryptographic Details". The work is done by the package cryptography.
"""

from __future__ import annotations

import hmac
import os
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from course.localaws.core.errors import AwsError
from course.localaws.kms import specs
from course.localaws.kms.ciphertexts import invalid_ciphertext

_CURVES = {
    "ECC_NIST_P256": ec.SECP256R1,
    "ECC_NIST_P384": ec.SECP384R1,
    "ECC_NIST_P521": ec.SECP521R1,
    "ECC_SECG_P256K1": ec.SECP256K1,
}
_HASHES = {"1": hashes.SHA1, "256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}


def new_secret(spec: str) -> bytes:
    """A secret for a key of a spec: random bytes, or a private key in PKCS #8."""
    size = specs.secret_bytes(spec)
    return os.urandom(size) if size else private_bytes(_new_pair(spec))


def private_bytes(private: Any) -> bytes:
    """PKCS #8 in DER."""
    return private.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def public_bytes(secret: bytes) -> bytes:
    """The public key of a private key, as an X.509 SubjectPublicKeyInfo in DER."""
    return _private(secret).public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def encrypt(secret: bytes, algorithm: str, plaintext: bytes) -> bytes:
    """RSA-OAEP. Raises AwsError ``ValidationException`` when the text is too long."""
    public, scheme = _private(secret).public_key(), _oaep(algorithm)
    try:
        return public.encrypt(plaintext, scheme)
    except ValueError:
        most = public.key_size // 8 - 2 * _hash(algorithm).digest_size - 2
        message = f"Algorithm {algorithm} and key spec RSA_{public.key_size} cannot encrypt data larger than {most} bytes."
        raise AwsError("ValidationException", message) from None


def decrypt(secret: bytes, algorithm: str, ciphertext: bytes) -> bytes:
    """Raises AwsError ``InvalidCiphertextException``."""
    try:
        return _private(secret).decrypt(ciphertext, _oaep(algorithm))
    except ValueError:
        raise invalid_ciphertext() from None


def sign(secret: bytes, algorithm: str, message: bytes, digest: bool) -> bytes:
    """A signature of a message, or of its digest. Raises AwsError ``ValidationException`` for a digest of a wrong length."""
    private, scheme = _private(secret), _scheme(algorithm, message, digest)
    return private.sign(message, *scheme)


def is_signature(secret: bytes, algorithm: str, message: bytes, digest: bool, signature: bytes) -> bool:
    """Whether a signature is one of the message. Raises AwsError ``ValidationException`` for a digest of a wrong length."""
    public, scheme = _private(secret).public_key(), _scheme(algorithm, message, digest)
    try:
        public.verify(signature, message, *scheme)
    except InvalidSignature:
        return False
    return True


def mac(secret: bytes, algorithm: str, message: bytes) -> bytes:
    """The HMAC of a message, by an algorithm such as ``HMAC_SHA_256``."""
    return hmac.digest(secret, message, f"sha{algorithm.rpartition('_')[2]}")


def _new_pair(spec: str) -> Any:
    if spec in _CURVES:
        return ec.generate_private_key(_CURVES[spec]())
    return rsa.generate_private_key(public_exponent=65537, key_size=int(spec.removeprefix("RSA_")))


@lru_cache(maxsize=64)
def _private(secret: bytes) -> Any:
    return serialization.load_der_private_key(secret, None)


def _hash(algorithm: str) -> hashes.HashAlgorithm:
    return _HASHES[algorithm.rpartition("_")[2]]()


def _oaep(algorithm: str) -> padding.OAEP:
    return padding.OAEP(padding.MGF1(_hash(algorithm)), _hash(algorithm), None)


def _scheme(algorithm: str, message: bytes, digest: bool) -> tuple:
    """The arguments of cryptography's ``sign`` and ``verify`` after the message."""
    kind = _hash(algorithm)
    if digest and len(message) != kind.digest_size:
        raise AwsError("ValidationException", f"Digest is invalid length for algorithm {algorithm}.")
    hashed = utils.Prehashed(kind) if digest else kind
    if algorithm.startswith("ECDSA"):
        return (ec.ECDSA(hashed),)
    if algorithm.startswith("RSASSA_PSS"):
        return padding.PSS(padding.MGF1(kind), kind.digest_size), hashed
    return padding.PKCS1v15(), hashed
