"""Cost allocation tags: the keys of tags by which costs can be grouped, from when they are activated."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from course.localaws.billing.usage import UsageStore
from course.localaws.core.clock import Clock
from course.localaws.core.database import Database
from course.localaws.core.errors import invalid

SCHEMA = "CREATE TABLE IF NOT EXISTS tags (key TEXT PRIMARY KEY, active INTEGER NOT NULL, updated REAL NOT NULL) WITHOUT ROWID"


class CostAllocationTags:
    """The statuses of the keys of tags. A key that was never activated is inactive.

    Parameters
    ----------
    path : Path
        The SQLite file, ``ce.db``.
    usage : UsageStore
        Knows the keys of resources that have usage.
    clock : Clock
    """

    def __init__(self, path: Path, usage: UsageStore, clock: Clock) -> None:
        self._database, self._usage, self._clock = Database(path, SCHEMA), usage, clock

    def active(self) -> dict[str, float]:
        """The active keys, and when they were activated."""
        rows = self._database.connection.execute("SELECT key, updated FROM tags WHERE active")
        return {row["key"]: row["updated"] for row in rows}

    def listed(self, params: dict) -> list[dict]:
        """The ``CostAllocationTags`` of ListCostAllocationTags."""
        found = {row["key"]: row for row in self._database.connection.execute("SELECT * FROM tags")}
        keys = sorted(self._seen() | found.keys())
        shown = [_shown(key, found.get(key)) for key in keys if key in params.get("TagKeys", keys)]
        wanted = params.get("Status")
        return [each for each in shown if wanted in (None, each["Status"]) and params.get("Type", each["Type"]) == each["Type"]]

    def update(self, statuses: list[dict]) -> None:
        """UpdateCostAllocationTagsStatus. Raises AwsError ``ValidationException`` for a key that no resource with usage has."""
        known = self._seen() | {row["key"] for row in self._database.connection.execute("SELECT key FROM tags")}
        if missing := [each["TagKey"] for each in statuses if each["TagKey"] not in known]:
            raise invalid(f"Failed to update Cost Allocation Tag: Tag keys not found: {','.join(missing)}")
        with self._database.write() as connection:
            for each in statuses:
                active = int(each["Status"] == "Active")
                connection.execute(
                    "INSERT INTO tags VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET active = ?2, updated = ?3 WHERE active <> ?2",
                    (each["TagKey"], active, self._clock.now()),
                )

    def reset(self) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM tags")

    def shutdown(self) -> None:
        self._database.close()

    def _seen(self) -> set[str]:
        return {key for changes in self._usage.tag_history().values() for _, tags in changes for key in tags}


def _shown(key: str, row: sqlite3.Row | None) -> dict:
    kind = "AWSGenerated" if key.startswith("aws:") else "UserDefined"
    if row is None:
        return {"TagKey": key, "Type": kind, "Status": "Inactive"}
    when = datetime.fromtimestamp(row["updated"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"TagKey": key, "Type": kind, "Status": "Active" if row["active"] else "Inactive", "LastUpdatedDate": when}
