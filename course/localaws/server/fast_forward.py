"""Lets the time pass at once that clients only wait for, such as the five minutes of a canary: ``course aws start --fast-forward``.

It advances the clock, as `course.localaws.server.app.LocalAws.advance` does, to the next time that a thread waits for, and before that to
each task that is due earlier. It does so while all of these hold:

- A deployment, or a Spot job without capacity, waits for a time of the clock (`Scheduler.awaited`).
- No other work is under way: no job, no change of an endpoint, no query, no function of an event, no asynchronous request.
- Clients only poll: a client asks the same question again, with the same operation about the same resource, and since it asked first, no
  request did anything but read.

So traffic, a new job or any other change stops it at once, and it goes on when a client polls again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from course.localaws.cloudtrail.event_types import is_read
from course.localaws.core.call import AwsRequest
from course.localaws.core.scheduler import Scheduler

LOG_READS = ("Filter",)  # beginnings of reading operations that CloudTrail does not count as such
SAFE_METHODS = ("GET", "HEAD")  # of requests whose path says what they ask for

logger = logging.getLogger(__name__)


class FastForward:
    """Watches all requests, and advances the clock while clients only poll.

    Parameters
    ----------
    scheduler : Scheduler
    advance : callable
        Advances the clock by some seconds and runs what is due then.
    """

    def __init__(self, scheduler: Scheduler, advance: Callable[[float], object]) -> None:
        self._scheduler, self._advance = scheduler, advance
        self._lock = threading.Lock()
        self._others = 0  # requests under way that do not only read
        self._asked: set[tuple[str, str, str]] = set()  # caller, operation and resource of each request since
        self._polled = self._passing = False

    def arrived(self, call: AwsRequest) -> bool:
        """A request begins. Returns whether it only reads."""
        reads = _reads(call)
        if not reads:
            with self._lock:
                self._others += 1
                self._forget()
        return reads

    def answered(self, call: AwsRequest, reads: bool) -> None:
        """A request has ended; ``reads`` is what `arrived` returned for it."""
        with self._lock:
            if not reads:
                self._others -= 1
                self._forget()
                return
            if self._scheduler.awaited() is None:
                self._forget()
                return
            question = (call.principal.arn, call.operation, call.resource)
            self._polled = self._polled or question in self._asked
            self._asked.add(question)
            if self._passing or not self._may_pass():
                return
            self._passing = True
        threading.Thread(target=self._pass, name="fast-forward", daemon=True).start()

    def _forget(self) -> None:
        self._asked.clear()
        self._polled = False

    def _may_pass(self) -> bool:
        return self._polled and not self._others

    def _pass(self) -> None:
        try:
            while (goal := self._goal()) is not None:
                due, now = self._scheduler.next_due(), self._scheduler.clock.now()
                nearest = goal if due is None else min(goal, due)
                self._advance(max(0.0, nearest - now))
                if nearest <= now and self._scheduler.next_due() == due:
                    return  # a task that fails stays due
        except Exception:
            logger.exception("the clock was not advanced")
        finally:
            with self._lock:
                self._passing = False

    def _goal(self) -> float | None:
        with self._lock:
            return self._scheduler.awaited() if self._may_pass() else None


def _reads(call: AwsRequest) -> bool:
    if not call.operation:
        return call.request.method in SAFE_METHODS
    return is_read(call.operation) or call.operation.startswith(LOG_READS)
