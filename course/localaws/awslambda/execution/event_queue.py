"""Asynchronous invocations: accepted events are kept until their function has succeeded, or failed three times.

Source: "How Lambda handles errors and retries with asynchronous invocation", developer guide, read 2026-11-28. The waits follow the local
AWS's clock. An event survives ``kill -9``. If its function was running then, it runs again: AWS, too, may send an event twice.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from course.localaws.awslambda.execution.invoker import Invoker
from course.localaws.awslambda.limits import limit
from course.localaws.awslambda.names import FunctionReference
from course.localaws.awslambda.store import Event, FunctionStore
from course.localaws.core.errors import AwsError
from course.localaws.platform import Platform

START_SECONDS = 1.0  # until the gateway answers after a start, amply

logger = logging.getLogger(__name__)


class EventQueue:
    """The queue of all functions. Methods may be called from any thread."""

    def __init__(self, platform: Platform, store: FunctionStore, invoker: Invoker) -> None:
        self._platform, self._store, self._invoker = platform, store, invoker
        self._lock = threading.Lock()
        self._waiting: dict[str, float] = {}  # event id -> when it is due; not those that a thread works on
        self._threads = self._pool()
        self._closed = False
        platform.scheduler.add(self._due, self._run_due)

    def accept(self, wanted: FunctionReference, payload: bytes, request_id: str, client_context: str = "", token: str = "") -> None:
        """Keep an event, and start its function. An event whose token was given before is not kept again."""
        now = self._platform.clock.now()
        event = Event(request_id, wanted.region, wanted.name, wanted.qualifier, payload, client_context, now, now)
        if self._store.accept_event(event, token or request_id):
            self._submit(request_id, now)

    def recover(self) -> None:
        """Go on with the events of an earlier process, once the gateway answers: functions call it."""
        first = self._platform.clock.now() + START_SECONDS
        with self._lock:
            self._waiting = {event.id: max(event.due, first) for event in self._store.events()}
        self._platform.scheduler.wake()

    def reset(self) -> None:
        """Forget all events. Those at work end as their environments end."""
        self.shutdown()
        with self._lock:
            self._waiting = {}
            self._threads, self._closed = self._pool(), False

    def shutdown(self) -> None:
        """Wait until no event is worked on; the environments have ended."""
        with self._lock:
            self._closed = True
        self._threads.shutdown(wait=True, cancel_futures=True)

    @staticmethod
    def _pool() -> ThreadPoolExecutor:
        return ThreadPoolExecutor(limit("events_at_a_time"), thread_name_prefix="lambda-event")

    def _due(self) -> float | None:
        with self._lock:
            return min(self._waiting.values(), default=None)

    def _run_due(self, moment: float) -> None:
        with self._lock:
            due = [id for id, at in self._waiting.items() if at <= moment]
            for id in due:
                del self._waiting[id]
        for id in due:
            self._submit(id, moment)

    def _submit(self, id: str, moment: float) -> None:
        with self._lock:
            if not self._closed:
                self._threads.submit(self._run, id, moment)

    def _run(self, id: str, moment: float) -> None:
        try:
            with self._platform.scheduler.working():
                self._attempt(id, moment)
        except Exception:
            logger.exception("an asynchronous invocation failed")

    def _attempt(self, id: str, moment: float) -> None:
        """Run an event's function. ``moment`` is when it was due, from which the next wait counts."""
        event = self._store.event(id)
        function = self._store.get(event.region, event.function) if event else None
        if function is None or not function.has(event.qualifier):  # deleted meanwhile
            self._store.delete_event(id)
            return
        wanted = FunctionReference(event.region, self._platform.account, event.function, event.qualifier)
        try:
            failed = bool(self._invoker.invoke(wanted, function, event.payload, id, event.client_context).function_error)
        except AwsError as error:
            if error.code != "TooManyRequestsException":
                raise  # the local AWS is stopping; the event stays
            self._later(event, moment, throttled=event.throttled + 1)
            return
        if failed:
            self._later(event, moment, failed=event.failed + 1)
        else:
            self._store.delete_event(id)

    def _later(self, event: Event, moment: float, **counts: int) -> None:
        """Keep an event for its next attempt, or drop it after the last."""
        event = dataclasses.replace(event, **counts)
        waits, (first, longest) = limit("retry_after"), limit("throttled_after")
        if event.failed > len(waits):
            self._store.delete_event(event.id)
            return
        wait = min(first * 2 ** (event.throttled - 1), longest) if "throttled" in counts else waits[event.failed - 1]
        event = dataclasses.replace(event, due=moment + wait)
        if event.due > event.accepted + limit("event_age"):
            self._store.delete_event(event.id)
            return
        self._store.put_event(event)
        with self._lock:
            self._waiting[event.id] = event.due
        self._platform.scheduler.wake()
