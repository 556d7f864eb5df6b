"""How much each bucket stores, for the bill: all versions of objects, and the parts of unfinished uploads."""

from __future__ import annotations

from course.localaws.billing.stored_bytes import StoredBytes
from course.localaws.billing.usage import Item
from course.localaws.core.clock import Clock
from course.localaws.core.database import Database
from course.localaws.s3.buckets import ARN

SERVICE, STANDARD, OPERATION = "AmazonS3", "TimedStorage-ByteHrs", "StandardStorage"
_CHANGE = "SELECT name, region, {added} AS added FROM buckets WHERE name = {bucket}"
_OF_PART = "(SELECT bucket FROM uploads WHERE id = {row}.upload)"
_CHANGES = {
    "AFTER INSERT ON main.objects": _CHANGE.format(bucket="NEW.bucket", added="NEW.size"),
    "AFTER UPDATE OF size ON main.objects": _CHANGE.format(bucket="NEW.bucket", added="NEW.size - OLD.size"),
    "AFTER DELETE ON main.objects": _CHANGE.format(bucket="OLD.bucket", added="-OLD.size"),
    "AFTER INSERT ON main.parts": _CHANGE.format(bucket=_OF_PART.format(row="NEW"), added="NEW.size"),
    "AFTER DELETE ON main.parts": _CHANGE.format(bucket=_OF_PART.format(row="OLD"), added="-OLD.size"),
    "BEFORE DELETE ON main.uploads": _CHANGE.format(
        bucket="OLD.bucket", added="-(SELECT coalesce(sum(size), 0) FROM parts WHERE upload = OLD.id)"
    ),
}
_SIZES = "SELECT bucket, size FROM objects UNION ALL SELECT bucket, size FROM parts JOIN uploads ON id = upload"
_PRESENT = f"SELECT name, region, sum(size) FROM ({_SIZES}) JOIN buckets ON name = bucket GROUP BY name"


def stored_bytes(index: Database, clock: Clock) -> StoredBytes:
    """The stored bytes of all buckets over time."""
    return StoredBytes(index, clock, _CHANGES, _PRESENT, lambda region, name: Item(SERVICE, STANDARD, OPERATION, region, f"{ARN}{name}"))
