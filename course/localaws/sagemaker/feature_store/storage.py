"""How much the online stores hold, for the bill. The offline stores are objects of S3.

Matches AWS ("Amazon SageMaker AI Pricing"): a gigabyte in the online store for a month. Differs from AWS: a group of the tier InMemory is
billed like one of the tier Standard, because we found neither its usage type nor its price.
"""

from __future__ import annotations

from course.localaws.billing.stored_bytes import StoredBytes
from course.localaws.billing.usage import Item
from course.localaws.core.clock import Clock
from course.localaws.core.database import Database
from course.localaws.sagemaker.core.metering import SERVICE

STORED = "FeatureStore:TimedAndPITRStorage"
_CHANGES = {
    "AFTER UPDATE OF bytes ON main.groups": ("SELECT NEW.key AS name, '' AS region, NEW.bytes - OLD.bytes AS added WHERE NOT NEW.deleted"),
    "AFTER UPDATE OF deleted ON main.groups": (
        "SELECT NEW.key AS name, '' AS region, -NEW.bytes AS added WHERE NEW.deleted AND NOT OLD.deleted"
    ),
}
_PRESENT = "SELECT key, '', bytes FROM groups WHERE NOT deleted"


def stored_bytes(records: Database, clock: Clock) -> StoredBytes:
    """The stored bytes of all online stores over time."""
    return StoredBytes(records, clock, _CHANGES, _PRESENT, lambda _, key: _item(key))


def _item(key: str) -> Item:
    arn = key.rpartition("@")[0]  # see `group.key_of`
    return Item(SERVICE, STORED, "", arn.split(":")[3], arn)
