"""Cryptographic operations: encrypt, decrypt, data keys, signatures and message authentication codes."""

from __future__ import annotations

import hmac
import os

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.kms import asymmetric, ciphertexts, references, specs
from course.localaws.kms.operations.common import check_dry_run, check_grant_tokens, for_use, key_of, store_of, symmetric
from course.localaws.kms.store import Key

DATA_KEY_BYTES = {"AES_256": 32, "AES_128": 16}


def encrypt(context: Context, params: dict) -> dict:
    _check_options(context, params)
    key, algorithm = _with_algorithm(context, params)
    check_dry_run(params)
    blob = _encrypted(key, algorithm, params["Plaintext"], params.get("EncryptionContext"))
    return {"CiphertextBlob": blob, "KeyId": key.arn, "EncryptionAlgorithm": algorithm}


def decrypt(context: Context, params: dict) -> dict:
    _check_options(context, params)
    algorithm = params.get("EncryptionAlgorithm", specs.SYMMETRIC)
    key, plaintext = _decrypted(context, params["CiphertextBlob"], params.get("KeyId"), algorithm, params.get("EncryptionContext"))
    check_dry_run(params)
    return {"KeyId": key.arn, "Plaintext": plaintext, "EncryptionAlgorithm": algorithm}


def re_encrypt(context: Context, params: dict) -> dict:
    _check_options(context, params)
    before = params.get("SourceEncryptionAlgorithm", specs.SYMMETRIC)
    context_before = params.get("SourceEncryptionContext")
    source, plaintext = _decrypted(context, params["CiphertextBlob"], params.get("SourceKeyId"), before, context_before)
    key, after = _with_algorithm(context, params, "DestinationKeyId", "DestinationEncryptionAlgorithm")
    check_dry_run(params)
    return {
        "CiphertextBlob": _encrypted(key, after, plaintext, params.get("DestinationEncryptionContext")),
        "SourceKeyId": source.arn,
        "KeyId": key.arn,
        "SourceEncryptionAlgorithm": before,
        "DestinationEncryptionAlgorithm": after,
    }


def _with_algorithm(context: Context, params: dict, member: str = "KeyId", algorithm: str = "EncryptionAlgorithm") -> tuple[Key, str]:
    """The key for an encryption and its algorithm."""
    key, wanted = for_use(context, params, specs.ENCRYPT, member), params.get(algorithm, specs.SYMMETRIC)
    _check_algorithm(key, wanted)
    return key, wanted


def _check_algorithm(key: Key, algorithm: str) -> None:
    if algorithm not in specs.algorithms(key.spec, key.usage):
        message = f"Algorithm {algorithm} is not compatible with key spec {key.spec}."
        raise AwsError("InvalidKeyUsageException", message)


def _encrypted(key: Key, algorithm: str, plaintext: bytes, context: dict | None) -> bytes:
    if algorithm == specs.SYMMETRIC:
        return ciphertexts.seal(key, plaintext, context or {})
    _refuse_context(context)
    return asymmetric.encrypt(key.materials[-1].secret, algorithm, plaintext)


def _decrypted(context: Context, blob: bytes, named: str | None, algorithm: str, pairs: dict | None) -> tuple[Key, bytes]:
    """The key of a ciphertext, and the plaintext."""
    if algorithm != specs.SYMMETRIC:
        if not named:
            raise AwsError("ValidationException", "KeyId is required for a ciphertext of an asymmetric key.")
        key = for_use(context, {"KeyId": named}, specs.ENCRYPT)
        _check_algorithm(key, algorithm)
        _refuse_context(pairs)
        return key, asymmetric.decrypt(key.materials[-1].secret, algorithm, blob)
    if named:
        expected = key_of(context, {"KeyId": named}, aliases=True)
    found = ciphertexts.read(blob)
    key = store_of(context).key(context.region, found.key)
    if named and (key is None or key.id != expected.id):
        message = "The key ID in the request does not identify a CMK that can perform this operation."
        raise AwsError("IncorrectKeyException", message)
    if key is None:
        message = (
            "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to "
            "access."
        )
        raise AwsError("AccessDeniedException", message)
    return key, ciphertexts.unseal(references.usable(key), found, pairs or {})


def _refuse_context(context: dict | None) -> None:
    if context:
        raise AwsError("ValidationException", "An EncryptionContext is only valid with a symmetric encryption key.")


def generate_data_key(context: Context, params: dict) -> dict:
    made, data_key = _data_key(context, params)
    return made | {"Plaintext": data_key}


def generate_data_key_without_plaintext(context: Context, params: dict) -> dict:
    return _data_key(context, params)[0]


def _data_key(context: Context, params: dict) -> tuple[dict, bytes]:
    """The result without the plaintext, and the data key."""
    _check_options(context, params)
    key = symmetric(context, params)
    if ("NumberOfBytes" in params) == ("KeySpec" in params):
        raise AwsError("ValidationException", "Please specify either number of bytes or key spec.")
    size = params.get("NumberOfBytes") or DATA_KEY_BYTES[params["KeySpec"]]
    check_dry_run(params)
    data_key = os.urandom(size)
    return {"KeyId": key.arn, "CiphertextBlob": ciphertexts.seal(key, data_key, params.get("EncryptionContext") or {})}, data_key


def generate_data_key_pair(context: Context, params: dict) -> dict:
    made, private = _data_key_pair(context, params)
    return made | {"PrivateKeyPlaintext": private}


def generate_data_key_pair_without_plaintext(context: Context, params: dict) -> dict:
    return _data_key_pair(context, params)[0]


def _data_key_pair(context: Context, params: dict) -> tuple[dict, bytes]:
    """The result without the plaintext, and the private key."""
    _check_options(context, params)
    key, spec = symmetric(context, params), params["KeyPairSpec"]
    if specs.secret_bytes(spec) or specs.only_usage(spec) not in (None, specs.SIGN):
        raise not_supported("kms", f"{context.call.operation} of {spec}")
    specs.check(spec, specs.SIGN)
    check_dry_run(params)
    private = asymmetric.new_secret(spec)
    made = {
        "PrivateKeyCiphertextBlob": ciphertexts.seal(key, private, params.get("EncryptionContext") or {}),
        "PublicKey": asymmetric.public_bytes(private),
        "KeyId": key.arn,
        "KeyPairSpec": spec,
    }
    return made, private


def generate_random(context: Context, params: dict) -> dict:
    _refuse_enclaves(params)
    if "NumberOfBytes" not in params:
        raise AwsError("ValidationException", "Please specify the number of bytes.")
    return {"Plaintext": os.urandom(params["NumberOfBytes"])}


def get_public_key(context: Context, params: dict) -> dict:
    check_grant_tokens(context, params)
    key = references.usable(key_of(context, params, aliases=True))
    if specs.secret_bytes(key.spec):
        raise AwsError("UnsupportedOperationException", f"{key.arn} is not an asymmetric key.")
    return {
        "KeyId": key.arn,
        "PublicKey": asymmetric.public_bytes(key.materials[-1].secret),
        "CustomerMasterKeySpec": key.spec,
        "KeySpec": key.spec,
        "KeyUsage": key.usage,
        specs.member(key.usage): specs.algorithms(key.spec, key.usage),
    }


def sign(context: Context, params: dict) -> dict:
    key = _for_signature(context, params)
    check_dry_run(params)
    digest = params.get("MessageType") == "DIGEST"
    signature = asymmetric.sign(key.materials[-1].secret, params["SigningAlgorithm"], params["Message"], digest)
    return {"KeyId": key.arn, "Signature": signature, "SigningAlgorithm": params["SigningAlgorithm"]}


def verify(context: Context, params: dict) -> dict:
    key = _for_signature(context, params)
    secret, algorithm, digest = key.materials[-1].secret, params["SigningAlgorithm"], params.get("MessageType") == "DIGEST"
    if not asymmetric.is_signature(secret, algorithm, params["Message"], digest, params["Signature"]):
        raise AwsError("KMSInvalidSignatureException", "The signature is not one of this message by this key and algorithm.")
    check_dry_run(params)
    return {"KeyId": key.arn, "SignatureValid": True, "SigningAlgorithm": algorithm}


def _for_signature(context: Context, params: dict) -> Key:
    check_grant_tokens(context, params)
    key = for_use(context, params, specs.SIGN)
    _check_algorithm(key, params["SigningAlgorithm"])
    if params.get("MessageType") == "EXTERNAL_MU":
        raise not_supported("kms", f"{context.call.operation} with MessageType EXTERNAL_MU")
    return key


def generate_mac(context: Context, params: dict) -> dict:
    key = _for_mac(context, params)
    check_dry_run(params)
    found = asymmetric.mac(key.materials[-1].secret, params["MacAlgorithm"], params["Message"])
    return {"Mac": found, "MacAlgorithm": params["MacAlgorithm"], "KeyId": key.arn}


def verify_mac(context: Context, params: dict) -> dict:
    key = _for_mac(context, params)
    if not hmac.compare_digest(asymmetric.mac(key.materials[-1].secret, params["MacAlgorithm"], params["Message"]), params["Mac"]):
        raise AwsError("KMSInvalidMacException", "The HMAC is not one of this message by this key and algorithm.")
    check_dry_run(params)
    return {"KeyId": key.arn, "MacValid": True, "MacAlgorithm": params["MacAlgorithm"]}


def _for_mac(context: Context, params: dict) -> Key:
    check_grant_tokens(context, params)
    key = for_use(context, params, specs.MAC)
    _check_algorithm(key, params["MacAlgorithm"])
    return key


def _check_options(context: Context, params: dict) -> None:
    _refuse_enclaves(params)
    if params.get("DryRunModifiers"):
        raise not_supported("kms", f"{context.call.operation} with DryRunModifiers")
    check_grant_tokens(context, params)


def _refuse_enclaves(params: dict) -> None:
    if "Recipient" in params:
        raise not_supported("kms", "Recipient, which is for Nitro Enclaves,")


OPERATIONS: dict[str, Operation] = {
    "Decrypt": decrypt,
    "Encrypt": encrypt,
    "GenerateDataKey": generate_data_key,
    "GenerateDataKeyPair": generate_data_key_pair,
    "GenerateDataKeyPairWithoutPlaintext": generate_data_key_pair_without_plaintext,
    "GenerateDataKeyWithoutPlaintext": generate_data_key_without_plaintext,
    "GenerateMac": generate_mac,
    "GenerateRandom": generate_random,
    "GetPublicKey": get_public_key,
    "ReEncrypt": re_encrypt,
    "Sign": sign,
    "Verify": verify,
    "VerifyMac": verify_mac,
}
