"""Moves the staging labels of a secret's versions, and removes old versions.

Source: "What's in a Secrets Manager secret?" of the user guide, and PutSecretValue and UpdateSecretVersionStage of the API reference.
"""

from __future__ import annotations

from dataclasses import replace

from course.localaws.secretsmanager.rules import DAY
from course.localaws.secretsmanager.store import CURRENT, PENDING, PREVIOUS, Secret, Version, with_version

MOST_VERSIONS = 100  # a secret keeps its newest ones, and all of the last day


def moved(secret: Secret, label: str, id: str | None) -> Secret:
    """The secret with a label at the version ``id`` only, or at none.

    When ``AWSCURRENT`` moves to another version, ``AWSPREVIOUS`` moves to the one that had it.

    >>> old, new = Version("old", 0.0, (CURRENT,)), Version("new", 1.0, (PENDING,))
    >>> secret = moved(Secret("us-east-1", "s", "arn", 0.0, 0.0, versions=(old, new)), CURRENT, "new")
    >>> [version.stages for version in secret.versions]
    [('AWSPREVIOUS',), ('AWSPENDING', 'AWSCURRENT')]
    """
    before = secret.staged(label)
    if before and before.id == id:
        return secret
    found = _without(secret, label)
    if id is not None:
        version = found.version(id)
        found = with_version(found, replace(version, stages=(*version.stages, label)))
    if label == CURRENT and before:
        found = _without(found, PREVIOUS)
        former = found.version(before.id)
        found = with_version(found, replace(former, stages=(*former.stages, PREVIOUS)))
    return found


def _without(secret: Secret, label: str) -> Secret:
    versions = tuple(replace(each, stages=tuple(stage for stage in each.stages if stage != label)) for each in secret.versions)
    return replace(secret, versions=versions)


def unfinished(secret: Secret) -> Version | None:
    """The version that a rotation has not made current yet."""
    pending = secret.staged(PENDING)
    return pending if pending and CURRENT not in pending.stages else None


def pruned(secret: Secret, now: float) -> Secret:
    """The secret without its oldest deprecated versions, when there are too many."""
    excess = len(secret.versions) - MOST_VERSIONS
    if excess <= 0:
        return secret
    removable = [version for version in secret.versions if not version.stages and version.created <= now - DAY]
    oldest = {version.id for version in sorted(removable, key=lambda version: version.created)[:excess]}
    return replace(secret, versions=tuple(version for version in secret.versions if version.id not in oldest))
