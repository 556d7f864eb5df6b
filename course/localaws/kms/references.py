"""Finds the key that a request names: by its id, its ARN, an alias or the ARN of an alias.

Source: "Find the key ID and key ARN" and "Find the alias name and alias ARN" of the KMS developer guide; the texts of errors from public
reports of KMS's errors.
"""

from __future__ import annotations

from dataclasses import dataclass

from course.localaws.core.errors import AwsError
from course.localaws.kms.managed import managed_key
from course.localaws.kms.store import Key, KeyStore

ALIAS = "alias/"


@dataclass(frozen=True, slots=True)
class Reference:
    """A request's ``KeyId``: the region and account that it names, and an id or the name of an alias.

    >>> Reference.of("arn:aws:kms:us-east-1:123456789012:alias/models", "us-east-1", "123456789012").name
    'alias/models'
    """

    region: str
    account: str
    name: str

    @classmethod
    def of(cls, text: str, region: str, account: str) -> Reference:
        """Read a ``KeyId``. ``region`` and ``account`` are those of the request, for what is no ARN."""
        if not text.startswith("arn:"):
            return cls(region, account, text)
        _, _, _, named, owner, rest = (text.split(":", 5) + [""] * 6)[:6]
        return cls(named, owner, rest.removeprefix("key/"))

    @property
    def is_alias(self) -> bool:
        return self.name.startswith(ALIAS)

    @property
    def arn(self) -> str:
        return f"arn:aws:kms:{self.region}:{self.account}:{self.name if self.is_alias else f'key/{self.name}'}"


def find(store: KeyStore, region: str, text: str) -> Key | None:
    """The key that a ``KeyId`` names, or ``None``. The alias of an AWS managed key makes the key at its first use."""
    found = Reference.of(text, region, store.account)
    if (found.region, found.account) != (region, store.account):
        return None
    if not found.is_alias:
        return store.key(region, found.name)
    alias = store.alias(region, found.name)
    return store.key(region, alias.key) if alias else managed_key(store, region, found.name)


def require(store: KeyStore, region: str, text: str, aliases: bool = True) -> Key:
    """The key that a ``KeyId`` names.

    Parameters
    ----------
    aliases : bool
        Whether the operation takes aliases.

    Raises
    ------
    AwsError
        ``NotFoundException``.
    """
    named = Reference.of(text, region, store.account)
    if named.is_alias and not aliases:
        raise not_found(f"Invalid keyId {text}")
    if named.region != region:
        raise not_found(f"Invalid arn {named.region}")
    found = find(store, region, text)
    if found is None:
        raise not_found(f"Alias {named.arn} is not found." if named.is_alias else f"Key '{named.arn}' does not exist")
    return found


def usable(key: Key) -> Key:
    """The key, if it is enabled. Raises AwsError ``DisabledException``, ``KMSInvalidStateException``."""
    if not not_deleted(key).enabled:
        raise AwsError("DisabledException", f"{key.arn} is disabled.")
    return key


def not_deleted(key: Key) -> Key:
    """The key, if it is not pending deletion. Raises AwsError ``KMSInvalidStateException``."""
    if key.deletion is not None:
        raise invalid_state(f"{key.arn} is pending deletion.")
    return key


def of_kms(error: AwsError) -> AwsError:
    """An error of KMS as the error of a service that uses the key, e.g. ``KMS.DisabledException``."""
    return AwsError(f"KMS.{error.code}", error.message)


def invalid_state(message: str) -> AwsError:
    return AwsError("KMSInvalidStateException", message)


def not_found(message: str) -> AwsError:
    return AwsError("NotFoundException", message)
