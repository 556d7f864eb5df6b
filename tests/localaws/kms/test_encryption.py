"""Encrypt, decrypt, data keys, signatures and message authentication codes."""

from __future__ import annotations

import hashlib

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

contexts = st.dictionaries(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8), max_size=3)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.binary(min_size=1, max_size=4096), context=contexts, other=contexts)
def test_a_ciphertext_decrypts_with_its_encryption_context_and_no_other(kms, shared_key, text, context, other):
    blob = kms.encrypt(KeyId=shared_key, Plaintext=text, EncryptionContext=context)["CiphertextBlob"]
    assert len(text) < 8 or text not in blob
    answer = kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    assert (answer["Plaintext"], answer["KeyId"]) == (text, shared_key)
    if other != context:
        with pytest.raises(kms.exceptions.InvalidCiphertextException):
            kms.decrypt(CiphertextBlob=blob, EncryptionContext=other)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_ciphertext_is_refused(kms, shared_key, data):
    blob = bytearray(kms.encrypt(KeyId=shared_key, Plaintext=b"a secret")["CiphertextBlob"])
    blob[data.draw(st.integers(0, len(blob) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ClientError) as refused:
        kms.decrypt(CiphertextBlob=bytes(blob))
    assert refused.value.response["Error"]["Code"] in ("InvalidCiphertextException", "AccessDeniedException")


@pytest.fixture(scope="module")
def shared_key(kms) -> str:
    return kms.create_key()["KeyMetadata"]["Arn"]


def test_decrypt_with_a_key_that_is_not_the_ciphertexts(kms, key, refused):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    with refused("IncorrectKeyException"):
        kms.decrypt(CiphertextBlob=blob, KeyId=other)
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=b"no ciphertext at all", KeyId=key)


def test_data_keys(kms, key, refused):
    made = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext={"of": "test"})
    assert len(made["Plaintext"]) == 32
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"of": "test"})["Plaintext"] == made["Plaintext"]
    assert len(kms.generate_data_key(KeyId=key, NumberOfBytes=64)["Plaintext"]) == 64
    assert "Plaintext" not in kms.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_128")
    with refused("ValidationException"):
        kms.generate_data_key(KeyId=key)
    with refused("ValidationException"):
        kms.generate_data_key(KeyId=key, KeySpec="AES_256", NumberOfBytes=32)


def test_data_key_pairs(kms, key):
    pair = kms.generate_data_key_pair(KeyId=key, KeyPairSpec="ECC_NIST_P256")
    private = serialization.load_der_private_key(pair["PrivateKeyPlaintext"], None)
    assert private.public_key() == serialization.load_der_public_key(pair["PublicKey"])
    assert kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"])["Plaintext"] == pair["PrivateKeyPlaintext"]
    assert "PrivateKeyPlaintext" not in kms.generate_data_key_pair_without_plaintext(KeyId=key, KeyPairSpec="RSA_2048")


def test_re_encrypt_moves_a_ciphertext_to_another_key(kms, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "1"})["CiphertextBlob"]
    other = kms.create_key()["KeyMetadata"]["Arn"]
    moved = kms.re_encrypt(
        CiphertextBlob=blob, SourceEncryptionContext={"a": "1"}, DestinationKeyId=other, DestinationEncryptionContext={"b": "2"}
    )
    assert (moved["SourceKeyId"], moved["KeyId"]) == (key, other)
    assert kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"b": "2"})["Plaintext"] == b"x"


def test_a_dry_run_only_asks_the_permissions(kms, key, refused):
    with refused("DryRunOperationException"):
        kms.encrypt(KeyId=key, Plaintext=b"x", DryRun=True)


@pytest.mark.parametrize(
    ("spec", "algorithm"),
    [
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256"),
        ("RSA_2048", "RSASSA_PSS_SHA_512"),
        ("ECC_NIST_P256", "ECDSA_SHA_256"),
        ("ECC_NIST_P521", "ECDSA_SHA_512"),
        ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
    ],
)
def test_a_signature_is_valid_for_its_message_only_and_for_anybody_with_the_public_key(kms, refused, spec, algorithm):
    key = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    assert algorithm in key["SigningAlgorithms"]
    signature = kms.sign(KeyId=key["KeyId"], Message=b"message", SigningAlgorithm=algorithm)["Signature"]
    assert kms.verify(KeyId=key["KeyId"], Message=b"message", Signature=signature, SigningAlgorithm=algorithm)["SignatureValid"]
    with refused("KMSInvalidSignatureException"):
        kms.verify(KeyId=key["KeyId"], Message=b"massage", Signature=signature, SigningAlgorithm=algorithm)
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=key["KeyId"])["PublicKey"])
    kind = {"256": hashes.SHA256(), "512": hashes.SHA512()}[algorithm[-3:]]
    if algorithm.startswith("ECDSA"):
        public.verify(signature, b"message", ec.ECDSA(kind))
    elif "PSS" in algorithm:
        public.verify(signature, b"message", padding.PSS(padding.MGF1(kind), kind.digest_size), kind)
    else:
        public.verify(signature, b"message", padding.PKCS1v15(), kind)


def test_a_digest_is_signed_like_its_message(kms, refused):
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    digest = hashlib.sha256(b"message").digest()
    signature = kms.sign(KeyId=key, Message=digest, MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    assert kms.verify(KeyId=key, Message=b"message", Signature=signature, SigningAlgorithm="ECDSA_SHA_256")["SignatureValid"]
    with refused("ValidationException"):
        kms.sign(KeyId=key, Message=b"short", MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256")


def test_rsa_encryption_by_the_public_key_alone(kms, refused):
    key = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    blob = public.encrypt(b"x", padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    assert kms.decrypt(KeyId=key, CiphertextBlob=blob, EncryptionAlgorithm="RSAES_OAEP_SHA_256")["Plaintext"] == b"x"
    with refused("ValidationException"):
        kms.encrypt(KeyId=key, Plaintext=bytes(300), EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    with refused("ValidationException"):
        kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_256", EncryptionContext={"a": "1"})


def test_hmac(kms, refused):
    key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    mac = kms.generate_mac(KeyId=key, Message=b"m", MacAlgorithm="HMAC_SHA_256")["Mac"]
    assert len(mac) == 32
    assert kms.verify_mac(KeyId=key, Message=b"m", MacAlgorithm="HMAC_SHA_256", Mac=mac)["MacValid"]
    with refused("KMSInvalidMacException"):
        kms.verify_mac(KeyId=key, Message=b"n", MacAlgorithm="HMAC_SHA_256", Mac=mac)


def test_a_key_does_only_what_its_usage_says(kms, key, refused):
    signing = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    with refused("InvalidKeyUsageException"):
        kms.encrypt(KeyId=signing, Plaintext=b"x")
    with refused("InvalidKeyUsageException"):
        kms.sign(KeyId=key, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    with refused("InvalidKeyUsageException"):
        kms.sign(KeyId=signing, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    with refused("UnsupportedOperationException"):
        kms.get_public_key(KeyId=key)
    with refused("ValidationException"):
        kms.create_key(KeySpec="HMAC_256", KeyUsage="SIGN_VERIFY")
    with refused("UnsupportedOperationException"):
        kms.create_key(KeySpec="SM2", KeyUsage="SIGN_VERIFY")
    with refused("NotSupportedByLocalAws"):
        kms.create_key(Origin="EXTERNAL")


def test_random_bytes(kms, refused):
    assert len({kms.generate_random(NumberOfBytes=32)["Plaintext"] for _ in range(5)}) == 5
    with refused("ValidationException"):
        kms.generate_random()
