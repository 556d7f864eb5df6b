"""Meters KMS keys: AWS bills each key that a customer made for the time in which it is not scheduled for deletion ("AWS KMS pricing")."""

from __future__ import annotations

from course.localaws.billing.usage import Item, UsageStore
from course.localaws.kms.store import CUSTOMER, KeyStore

SERVICE, KEYS, OPERATION = "awskms", "KMS-Keys", "Unknown"


def meter(keys: KeyStore, usage: UsageStore) -> None:
    """Say what all keys hold now. Called after each change of a key."""
    billed = [key for key in keys.every() if key.manager == CUSTOMER and key.deletion is None]
    for key in billed:
        usage.tagged(key.arn, {tag["TagKey"]: tag["TagValue"] for tag in key.tags})
    usage.hold_all(SERVICE, {key.arn: {Item(SERVICE, KEYS, OPERATION, key.region, key.arn): 1.0} for key in billed})
