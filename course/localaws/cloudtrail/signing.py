"""The keys that sign digest files, one pair for each region at a time, and ListPublicKeys.

AWS rotates its keys at times that it does not publish; here a pair signs for a year.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
"""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from course.localaws.cloudtrail.store import KEY, TrailStore

BITS = 2048
SECONDS = 365 * 86_400.0


class SigningKeys:
    """The key pairs. A pair is made when a region first needs one; the private key is in ``cloudtrail.db``, mode 0600."""

    def __init__(self, store: TrailStore) -> None:
        self._store = store
        self._loaded: dict[str, rsa.RSAPrivateKey] = {}

    def current(self, region: str, moment: float) -> str:
        """The fingerprint of the key that signs in a region at a time (Unix seconds)."""
        for pair in self._store.every(KEY, region):
            if pair["start"] <= moment < pair["end"]:
                return pair["fingerprint"]
        return self._make(region, moment)

    def sign(self, region: str, fingerprint: str, text: str) -> str:
        """The signature of a text, by SHA256withRSA (PKCS #1 v1.5), in hex."""
        if fingerprint not in self._loaded:
            pem = self._store.get(KEY, region, fingerprint)["private"].encode()
            self._loaded[fingerprint] = serialization.load_pem_private_key(pem, None)
        return self._loaded[fingerprint].sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()).hex()

    def public(self, region: str, first: float, last: float) -> list[dict]:
        """The keys that were valid at some time between two, in the form of ListPublicKeys. ``Value`` is DER (PKCS #1)."""
        return [
            {
                "Value": bytes.fromhex(pair["public"]),
                "ValidityStartTime": pair["start"],
                "ValidityEndTime": pair["end"],
                "Fingerprint": pair["fingerprint"],
            }
            for pair in self._store.every(KEY, region)
            if pair["start"] <= last and first < pair["end"]
        ]

    def _make(self, region: str, moment: float) -> str:
        key = rsa.generate_private_key(65_537, BITS)
        public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
        fingerprint = hashlib.md5(public, usedforsecurity=False).hexdigest()
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        pair = {
            "fingerprint": fingerprint,
            "start": moment,
            "end": moment + SECONDS,
            "public": public.hex(),
            "private": private.decode(),
        }
        with self._store.change() as change:
            change.put(KEY, region, fingerprint, pair)
        return fingerprint
