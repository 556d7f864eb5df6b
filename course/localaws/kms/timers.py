"""Deletes and rotates keys at their dates on the clock of the local AWS."""

from __future__ import annotations

from dataclasses import replace

from course.localaws.core.scheduler import Scheduler
from course.localaws.kms.store import DAY, Key, KeyStore, rotated


class KeyTimers:
    """The dates of all keys, as one task of the scheduler."""

    def __init__(self, store: KeyStore, scheduler: Scheduler) -> None:
        self._store = store
        self._next: float | None = None
        self._plan()
        store.changed.append(self._plan)
        store.changed.append(scheduler.wake)
        scheduler.add(lambda: self._next, self._run)

    def _plan(self) -> None:
        dates = [] if self._store.migration.pending else [moment for key in self._store.every() for moment in _dates(key)]
        self._next = min(dates, default=None)

    def _run(self, now: float) -> None:
        for key in self._store.every():
            with self._store.changing():
                present = self._store.key(key.region, key.id)
                if present and present.deletion is not None and present.deletion <= now:
                    self._store.delete(present)
                elif present and _rotates(present) and present.next_rotation <= now:
                    following = present.next_rotation + present.rotation_days * DAY
                    keys = rotated(self._store.related(present), present.next_rotation, "AUTOMATIC")
                    self._store.put_all([replace(key, next_rotation=following) for key in keys])


def _dates(key: Key) -> list[float]:
    dates = [key.deletion, key.next_rotation if _rotates(key) else None]
    return [moment for moment in dates if moment is not None]


def _rotates(key: Key) -> bool:
    """A key that is pending deletion does not rotate, and a replica key rotates with its primary key."""
    return key.next_rotation is not None and key.deletion is None and not key.is_replica
