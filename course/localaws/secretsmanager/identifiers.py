"""Finds the secret that a request names: by its name, its ARN, or its ARN without the random characters at the end.

Source: "Finding a secret from a partial ARN" of the user guide.
"""

from __future__ import annotations

import secrets
import string

from course.localaws.core.errors import AwsError
from course.localaws.secretsmanager.store import Secret, SecretStore

_SUFFIX = 6  # random characters at the end of an ARN
ANY_SUFFIX = "-??????"  # in the ARN of a secret that does not exist, for policies: they match it as they match any suffix


def prefix(region: str, account: str) -> str:
    """What the ARNs of a region's secrets begin with."""
    return f"arn:aws:secretsmanager:{region}:{account}:secret:"


def new_arn(region: str, account: str, name: str) -> str:
    """An ARN for a new secret. One that is created again under the same name gets another ARN."""
    return prefix(region, account) + f"{name}-{''.join(secrets.choice(string.ascii_letters) for _ in range(_SUFFIX))}"


def find(store: SecretStore, region: str, account: str, text: str) -> Secret | None:
    """The secret of a ``SecretId``, or ``None``. Secrets of other regions and accounts are not found."""
    if not text.startswith("arn:"):
        return store.get(region, text)
    begin = prefix(region, account)
    if not text.startswith(begin):
        return None
    rest = text.removeprefix(begin)
    whole, partial = store.get(region, rest[: -_SUFFIX - 1]), store.get(region, rest)
    return whole if whole and whole.arn == text else partial


def require(store: SecretStore, region: str, account: str, text: str) -> Secret:
    """The secret of a ``SecretId``. Raises AwsError ``ResourceNotFoundException``."""
    found = find(store, region, account, text)
    if found is None:
        raise not_found("Secrets Manager can't find the specified secret.")
    return found


def arn_of(store: SecretStore, region: str, account: str, text: str) -> str:
    """The ARN for a ``SecretId`` in policies, also when there is no such secret."""
    found = find(store, region, account, text)
    if found:
        return found.arn
    return text if text.startswith("arn:") else prefix(region, account) + text + ANY_SUFFIX


def not_found(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message)
