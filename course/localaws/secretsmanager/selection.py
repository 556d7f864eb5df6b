"""Selects secrets by the filters of ListSecrets and BatchGetSecretValue, and the version that a request names.

Source: Filter of the API reference; what a prefix and a word are from moto's filters, which were compared with AWS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from course.localaws.secretsmanager import identifiers
from course.localaws.secretsmanager.store import CURRENT, PENDING, PREVIOUS, Secret, SecretStore, Version

_SEPARATORS = re.compile(r"[/\-_+=.@\s]+")
_WORD = re.compile(r"[A-Z]?[^A-Z]+|[A-Z]+")


def of_batch(store: SecretStore, region: str, account: str, params: dict) -> list[Secret]:
    """The secrets of BatchGetSecretValue that exist, in the order of the result."""
    if "SecretIdList" in params:
        found = (identifiers.find(store, region, account, each) for each in params["SecretIdList"])
        return [secret for secret in found if secret]
    return [secret for secret in matching(store.secrets(region), params.get("Filters", ())) if secret.deletion is None]


def matching(secrets: Iterable[Secret], filters: Iterable[dict]) -> list[Secret]:
    """The secrets that match every filter. A filter matches if one of its values does."""
    filters = [*filters]
    return [secret for secret in secrets if all(_matches(secret, each) for each in filters)]


def _matches(secret: Secret, wanted: dict) -> bool:
    test = _TESTS[wanted["Key"]]
    return any(not test(secret, value[1:]) if value.startswith("!") else test(secret, value) for value in wanted["Values"])


def _prefix(texts: Callable[[Secret], Iterable[str]]) -> Callable[[Secret, str], bool]:
    return lambda secret, value: any(text.startswith(value) for text in texts(secret))


def _words(texts: Callable[[Secret], Iterable[str]]) -> Callable[[Secret, str], bool]:
    """Whether each word of the value begins a word of one of the texts. The case does not matter."""

    def test(secret: Secret, value: str) -> bool:
        wanted = words(value)
        return bool(wanted) and any(all(any(word.startswith(each) for word in words(text)) for each in wanted) for text in texts(secret))

    return test


def words(text: str) -> list[str]:
    """The words of a text in lower case: separators and capital letters begin new ones.

    >>> words("prod/MyDatabase")
    ['prod', 'my', 'database']
    """
    return [word.lower() for part in _SEPARATORS.split(text) for word in _WORD.findall(part)]


def _keys(secret: Secret) -> list[str]:
    return [tag["Key"] for tag in secret.tags]


def _values(secret: Secret) -> list[str]:
    return [tag["Value"] for tag in secret.tags]


_TESTS: dict[str, Callable[[Secret, str], bool]] = {
    "name": _prefix(lambda secret: [secret.name]),
    "tag-key": _prefix(_keys),
    "tag-value": _prefix(_values),
    "description": _words(lambda secret: [secret.description]),
    "all": _words(lambda secret: [secret.name, secret.description, *_keys(secret), *_values(secret)]),
    "primary-region": lambda secret, value: False,  # only replicated secrets have one
    "owning-service": lambda secret, value: False,  # no other service makes secrets here
}


def version(secret: Secret, id: str | None, stage: str | None) -> Version | None:
    """The version that a request names by id or staging label; without either, the current one."""
    if id is not None:
        return secret.version(id)
    return secret.staged(stage or CURRENT)


def labelled(secret: Secret) -> list[Version]:
    """The versions that another KMS key encrypts again: those with one of Secrets Manager's own labels."""
    return [each for each in secret.versions if each.value and {CURRENT, PENDING, PREVIOUS} & {*each.stages}]
