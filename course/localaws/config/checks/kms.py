"""Rules about customer managed KMS keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from course.localaws.config.checks import Finding, finding, listed
from course.localaws.kms import specs
from course.localaws.kms.store import CUSTOMER, Key
from course.localaws.platform import Platform

KEY = "AWS::KMS::Key"


def rotation(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """NON_COMPLIANT if automatic rotation of a symmetric key is off. Keys that wait for their deletion are not evaluated."""
    for key in _keys(platform, region):
        if key.spec == specs.SYMMETRIC and key.deletion is None:
            yield finding(KEY, key.id, "" if key.rotation_days else "Automatic key rotation is off.")


def not_scheduled_for_deletion(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """NON_COMPLIANT if a key, or one of the parameter's keys, is scheduled for deletion."""
    wanted = listed(parameters, "kmsKeyIds")
    for key in _keys(platform, region):
        if not wanted or key.id in wanted or key.arn in wanted:
            yield finding(KEY, key.id, "The key is scheduled for deletion." if key.deletion is not None else "")


def _keys(platform: Platform, region: str) -> list[Key]:
    return [key for key in platform.keys.keys(region) if key.manager == CUSTOMER]
