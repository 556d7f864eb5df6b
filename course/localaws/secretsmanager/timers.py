"""Deletes and rotates secrets at their dates on the clock of the local AWS.

Rotations run in their own threads. While the clock is advanced, a rotation ends before any later date is due, so that a month can pass at
once. A rotation that a kill interrupted begins again after the next start, when the gateway answers: rotation functions call it.
"""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait

from course.localaws.platform import Platform
from course.localaws.secretsmanager.rotation import Interrupted, Rotator
from course.localaws.secretsmanager.store import Secret, SecretStore

START_SECONDS = 1.0  # until the gateway answers after a start, amply
ROTATIONS_AT_A_TIME = 4
BUSY_SECONDS = 60.0  # how long later tasks of the clock wait for a rotation

Key = tuple[str, str]  # region and name

logger = logging.getLogger(__name__)


class SecretTimers:
    """The dates of all secrets, as one task of the scheduler."""

    def __init__(self, platform: Platform, store: SecretStore) -> None:
        self._platform, self._store = platform, store
        self._rotator = Rotator(platform, store)
        self._lock = threading.Lock()
        self._running: set[Key] = set()
        self._earliest = 0.0
        self._plan: dict[Key, float] = {}
        self._threads, self._closed = self._pool(), False
        self._replan()
        store.changed += [self._replan, platform.scheduler.wake]
        platform.scheduler.add(self._due, self._run)

    def recover(self) -> None:
        """Go on with the rotations of an earlier process."""
        self._earliest = self._platform.clock.now() + START_SECONDS
        self._replan()
        self._platform.scheduler.wake()

    def reset(self) -> None:
        """Forget what runs. The functions have ended."""
        self.shutdown()
        self._threads, self._closed = self._pool(), False

    def shutdown(self) -> None:
        """Wait until no rotation runs; the functions have ended."""
        with self._lock:
            self._closed = True
        self._threads.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            self._running.clear()

    @staticmethod
    def _pool() -> ThreadPoolExecutor:
        return ThreadPoolExecutor(ROTATIONS_AT_A_TIME, thread_name_prefix="rotation")

    def _replan(self) -> None:
        dates = {(secret.region, secret.name): moment for secret in self._store.every() if (moment := _date(secret)) is not None}
        with self._lock:
            self._plan = dates

    def _due(self) -> float | None:
        with self._lock:
            first = min((moment for key, moment in self._plan.items() if key not in self._running), default=None)
        return None if first is None else max(first, self._earliest)

    def _run(self, moment: float) -> None:
        with self._lock:
            due = [key for key, at in self._plan.items() if at <= moment and key not in self._running]
        begun = [future for key in due if (future := self._begin(key, moment))]
        end = time.monotonic() + BUSY_SECONDS
        while begun and not self._platform.scheduler.stopping and time.monotonic() < end:
            begun = [*wait(begun, timeout=0.2).not_done]

    def _begin(self, key: Key, moment: float) -> Future[None] | None:
        """Delete a secret, or start its rotation. The secret may have changed since it was planned."""
        with self._store.changing():
            secret = self._store.get(*key)
            if secret and secret.deletion is not None:
                if secret.deletion <= moment:
                    self._store.delete(secret)
                return None
        with self._lock:
            if self._closed:
                return None
            self._running.add(key)
            return self._threads.submit(self._rotate, key, moment)

    def _rotate(self, key: Key, moment: float) -> None:
        try:
            with self._platform.scheduler.working():
                self._rotator.run(*key, moment)
        except Interrupted:
            return  # it stays among the running ones, so that it does not begin again
        except Exception:
            logger.exception("the rotation of %s failed", key)
        with self._lock:
            self._running.discard(key)
        if not self._closed:
            self._platform.scheduler.wake()


def _date(secret: Secret) -> float | None:
    """When something is due for a secret, in Unix seconds."""
    if secret.deletion is not None:
        return secret.deletion
    rotation = secret.rotation
    if rotation is None:
        return None
    if rotation.attempt:
        return rotation.attempt.due
    return rotation.window[0] if rotation.window and rotation.enabled else None
