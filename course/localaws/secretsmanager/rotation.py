"""Rotates a secret: invokes its rotation function with four steps, and keeps what came of it.

The function puts the new value as the version ``AWSPENDING`` and makes it ``AWSCURRENT`` in the last step. If a step fails, the current
version stays, and the whole rotation begins again later, with the same version. Source: "Rotation by Lambda function" of the user guide,
and RotateSecret of the API reference.
"""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import replace
from functools import cache
from pathlib import Path

from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError
from course.localaws.platform import Platform
from course.localaws.secretsmanager import events, rules, sealing, stages
from course.localaws.secretsmanager.events import PRINCIPAL
from course.localaws.secretsmanager.store import CURRENT, PENDING, Attempt, Rotation, Secret, SecretStore, Version, with_version

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
TEST = ("testSecret",)

logger = logging.getLogger(__name__)


class Interrupted(Exception):
    """The local AWS is stopping; the rotation begins again at the next start."""


class Rotator:
    """Runs rotations. Methods wait for the function, so call them from a thread that may wait."""

    def __init__(self, platform: Platform, store: SecretStore) -> None:
        self._platform, self._store = platform, store

    def run(self, region: str, name: str, moment: float) -> None:
        """Run the rotation of a secret that is due. ``moment`` is when it was due, from which the next wait counts. Raises Interrupted."""
        secret = self._begun(region, name, moment)
        if secret is None:
            return
        attempt = secret.rotation.attempt
        self._tell(secret, attempt, "Started")
        error = self._steps(secret, attempt)
        with self._store.changing():
            present = self._store.get(region, name)
            if present is None or not _is_at(present, attempt):  # cancelled or deleted meanwhile
                return
            error = error or _unfinished(present, attempt)
            done = self._failed(present, attempt, moment) if error else _succeeded(present, attempt, moment)
            self._store.put(without_test(done, attempt))
        if error:
            logger.warning("the rotation of %s failed: %s", secret.arn, error)
        self._tell(secret, attempt, "Failed" if error else "Succeeded", error)

    def _begun(self, region: str, name: str, moment: float) -> Secret | None:
        """The secret with its attempt, which a rotation by schedule gets now; ``None`` when nothing is to be done."""
        with self._store.changing():
            secret = self._store.get(region, name)
            if secret is None or secret.rotation is None or secret.deletion is not None:
                return None
            attempt = secret.rotation.attempt
            if attempt is None:
                if not secret.rotation.enabled:
                    return None
                pending = stages.unfinished(secret)
                secret = self._store.put(with_attempt(secret, Attempt(pending.id if pending else str(uuid.uuid4()), moment), moment))
            if secret.rotation.attempt.test:
                secret = self._store.put(self._with_test_value(secret))
            return secret

    def _with_test_value(self, secret: Secret) -> Secret:
        """The secret whose pending version has the current value, so that testSecret has something to test."""
        current, pending = secret.staged(CURRENT), secret.version(secret.rotation.attempt.token)
        if current is None or current.value is None or pending is None or pending.value is not None:
            return secret
        keys = self._platform.keys
        try:
            value = sealing.unseal(keys, secret.arn, current.id, current.value)
            key = sealing.require_key(keys, secret.region, secret.key)
        except AwsError:  # the function will find that the key cannot be used
            return secret
        return with_version(secret, replace(pending, value=sealing.seal(key, secret.arn, pending.id, current.value.kind, value)))

    def _steps(self, secret: Secret, attempt: Attempt) -> str:
        """Invoke the function with each step. Returns the error of the step that failed, or ``""``. Raises Interrupted."""
        for step in TEST if attempt.test else STEPS:
            present = self._store.get(secret.region, secret.name)
            if present is None or not _is_at(present, attempt):
                return "The rotation was cancelled."
            event = {"Step": step, "SecretId": secret.arn, "ClientRequestToken": attempt.token}
            error = self._invoke(secret, json.dumps(event).encode())
            if error:
                return f"{step}: {error}"
        return ""

    def _invoke(self, secret: Secret, event: bytes) -> str:
        try:
            return self._platform.functions.invoke(secret.rotation.function, event, service=PRINCIPAL, source=secret.arn)
        except AwsError as error:
            if error.code == "ServiceException":
                raise Interrupted from None
            return f"{error.code}: {error.message}"

    def _failed(self, secret: Secret, attempt: Attempt, moment: float) -> Secret:
        """The secret with the time of the next attempt; after the last one, with its next window."""
        waits, rotation = _retry_after(), secret.rotation
        if attempt.test or attempt.failed >= len(waits):
            return replace(secret, rotation=_planned(replace(rotation, attempt=None), max(moment, attempt.due)))
        again = replace(attempt, failed=attempt.failed + 1, due=moment + waits[attempt.failed])
        return replace(secret, rotation=replace(rotation, attempt=again))

    def _tell(self, secret: Secret, attempt: Attempt, what: str, error: str = "") -> None:
        prefix = "TestRotation" if attempt.test else "Rotation"
        events.publish(self._platform, secret, prefix + what, attempt.token, error)


def with_attempt(secret: Secret, attempt: Attempt, now: float) -> Secret:
    """The secret with a rotation to run, and the version ``AWSPENDING`` without a value that the rotation function expects."""
    if secret.version(attempt.token) is None:
        secret = stages.moved(with_version(secret, Version(attempt.token, now)), PENDING, attempt.token)
    return replace(secret, rotation=replace(secret.rotation, attempt=attempt))


def _is_at(secret: Secret, attempt: Attempt) -> bool:
    """Whether a secret is still in this attempt."""
    present = secret.rotation and secret.rotation.attempt
    return bool(present) and present.token == attempt.token and secret.deletion is None


def _unfinished(secret: Secret, attempt: Attempt) -> str:
    """Why a rotation whose steps did not fail is not complete, or ``""``."""
    current = secret.staged(CURRENT)
    if attempt.test or (current and current.id == attempt.token):
        return ""
    return f"finishSecret did not move {CURRENT} to the version {attempt.token}."


def without_test(secret: Secret, attempt: Attempt) -> Secret:
    """The secret without the version of a test."""
    if not attempt.test:
        return secret
    return replace(secret, versions=tuple(version for version in secret.versions if version.id != attempt.token))


def _succeeded(secret: Secret, attempt: Attempt, moment: float) -> Secret:
    """The secret after a rotation that was due at ``moment``. The clock may be far ahead of it."""
    rotation = replace(secret.rotation, attempt=None)
    return replace(secret, rotation=rotation if attempt.test else _planned(replace(rotation, last=moment), moment))


def _planned(rotation: Rotation, moment: float) -> Rotation:
    """The rotation with its next window after ``moment``."""
    window = rules.window_after(rotation.rules, moment, rotation.begun) if rotation.rules and rotation.enabled else None
    return replace(rotation, window=window)


@cache
def _retry_after() -> list[float]:
    return table(Path(__file__).with_suffix(".yaml"))["retry_after"]
