"""Meters CloudWatch Logs ("Amazon CloudWatch pricing").

AWS bills each gigabyte of events that is written, with 26 bytes for each, and what is stored, compressed. It does not say how far it
compresses. Here it is the ratio with which AWS's Pricing Calculator reckons.
"""

from __future__ import annotations

from course.localaws.billing.stored_bytes import StoredBytes
from course.localaws.billing.usage import GIGABYTE, Item, UsageStore
from course.localaws.core.clock import Clock
from course.localaws.core.database import Database

SERVICE = "AmazonCloudWatch"
INGESTED, PUT = "DataProcessing-Bytes", "PutLogEvents"
STORED, STORE = "TimedStorage-ByteHrs", "HourlyStorageMetering"
COMPRESSED = 0.15  # "Storage compression factor" of the calculator
_CHANGE = "SELECT name, region, {added} AS added FROM groups WHERE id = {group}"
_CHANGES = {
    "AFTER UPDATE OF stored ON main.streams": _CHANGE.format(group="NEW.group_id", added="NEW.stored - OLD.stored"),
    "AFTER DELETE ON main.streams": _CHANGE.format(group="OLD.group_id", added="-OLD.stored"),
    # When the streams of a deleted group are deleted, the group is not there any more.
    "BEFORE DELETE ON main.groups": _CHANGE.format(
        group="OLD.id", added="-(SELECT coalesce(sum(stored), 0) FROM streams WHERE group_id = OLD.id)"
    ),
}
_PRESENT = "SELECT groups.name, region, sum(stored) FROM streams JOIN groups ON groups.id = group_id GROUP BY groups.id"


def arn_of(account: str, region: str, group: str) -> str:
    """The ARN of a log group."""
    return f"arn:aws:logs:{region}:{account}:log-group:{group}"


def meter(usage: UsageStore, account: str, region: str, group: str, size: int) -> None:
    """Count the bytes of new events of a group."""
    usage.count(Item(SERVICE, INGESTED, PUT, region, arn_of(account, region, group)), size / GIGABYTE)


def stored_bytes(logs: Database, clock: Clock, account: str) -> StoredBytes:
    """The stored bytes of all log groups over time."""

    def item(region: str, name: str) -> Item:
        return Item(SERVICE, STORED, STORE, region, arn_of(account, region, name))

    return StoredBytes(logs, clock, _CHANGES, _PRESENT, item, COMPRESSED)
