"""Removes expired records from the online store at their time on the clock, and gives the offline store the markers of their deletion.

On AWS an expired record "immediately becomes inaccessible", but is deleted "within a few days" ("Time to live (TTL) duration for records"
of the developer guide, read 2026-11-28). Reads here do not show it from that moment, and it is deleted within `PAUSE` seconds.
"""

from __future__ import annotations

from course.localaws.platform import Platform
from course.localaws.sagemaker.feature_store.offline import OfflineWriter
from course.localaws.sagemaker.feature_store.records import versions
from course.localaws.sagemaker.feature_store.records.record_groups import RecordGroups
from course.localaws.sagemaker.feature_store.store import RecordStore

PAUSE = 1.0
AT_ONCE = 500  # records in one transaction


class Expiry:
    """A task of the scheduler. May be used from any thread."""

    def __init__(self, platform: Platform, groups: RecordGroups, store: RecordStore, offline: OfflineWriter) -> None:
        self._platform, self._groups, self._store, self._offline = platform, groups, store, offline
        self._due: float | None = None
        self._not_before = 0.0
        platform.scheduler.add(lambda: self._due, self._run)

    def written(self, offline: bool, expires: int | None) -> None:
        """Call this after a change.

        Parameters
        ----------
        offline : bool
            Whether the offline store may have got a row. It may be the marker of an expired record.
        expires : int or None
            Unix milliseconds at which a record of the change expires.
        """
        if offline:
            self._offline.expect()
        if expires is not None:
            due = max(expires / 1000, self._not_before)
            if self._due is None or due < self._due:
                self._due = due
                self._platform.scheduler.wake()

    def recover(self) -> None:
        self.written(False, self._store.next_expiry())

    def _run(self, moment: float) -> None:
        self._due = None
        now = round(self._platform.clock.now() * 1000)
        while expired := self._store.expired(now, AT_ONCE):
            groups = self._groups.by_key()
            with self._store.write() as writer:
                for each in expired:
                    found = writer.get(each.group, each.identifier)
                    if found != each.version:  # it was overwritten meanwhile
                        continue
                    if each.group in groups:
                        versions.expire(writer, groups[each.group], each.identifier, found, now)
                    else:
                        writer.remove(each.group, each.identifier, found)
            self._offline.expect()
        self._not_before = now / 1000 + PAUSE
        self.written(False, self._store.next_expiry())
