"""Fires schedules on the clock: queues the delivery to the target, and sets the next time in the same transaction."""

from __future__ import annotations

import json
import uuid

from course.localaws.core.scheduler import Scheduler
from course.localaws.events.bus import EventBridge, stamp
from course.localaws.events.store import SCHEDULE, Change
from course.localaws.events.targets import SCHEDULER
from course.localaws.events.timers import Key, Timers
from course.localaws.scheduler import times


class Schedules:
    """The schedules of the account. A key is region, group and name."""

    def __init__(self, events: EventBridge, account: str, scheduler: Scheduler) -> None:
        self._events, self._account = events, account
        self._timers = Timers(scheduler, self._fire)
        events.deliveries.ended.append(self._ended)

    def recover(self) -> None:
        """Go on after a start."""
        every = self._events.store.every(SCHEDULE)
        self._timers.recover(((region, group, found["Name"]), found["_Next"]) for region, group, found in every if found.get("_Next"))

    def reset(self) -> None:
        self._timers.clear()

    def shutdown(self) -> None:
        pass

    def planned(self, key: Key, due: float | None) -> None:
        """Fire a schedule at its next time; None for a deleted one. Call it in the transaction that stores the schedule."""
        self._timers.set(key, due)

    def _fire(self, key: Key, due: float, after: float) -> None:
        region, group, name = key
        with self._events.deliveries.change() as change:
            schedule = self._events.store.get(SCHEDULE, region, group, name)
            if schedule and schedule.get("_Next") == due:
                following = times.following(schedule, after)
                schedule |= {"_Next": following, "_Done": following is None}
                change.put(SCHEDULE, region, group, name, schedule)
                change.add_delivery(due, self._delivery(region, schedule, due))
            # In the transaction, so that the last change of the schedule also sets its time last.
            self._timers.set(key, schedule.get("_Next") if schedule else None)

    def _delivery(self, region: str, schedule: dict, due: float) -> dict:
        execution = str(uuid.uuid4())
        context = {
            "schedule-arn": schedule["Arn"],
            "scheduled-time": stamp(due),
            "execution-id": execution,
        }
        target = json.loads(_filled(json.dumps(schedule["Target"]), context))
        return {
            "id": execution,
            "caller": SCHEDULER,
            "origin": schedule["Arn"],
            "region": region,
            "target": target,
            "payload": target.get("Input") or self._default_payload(region, schedule, due),
            "event": None,
            "time": stamp(due),
            "first": due,
            "attempts": 0,
        }

    def _default_payload(self, region: str, schedule: dict, due: float) -> str:
        """What a target without Input receives."""
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": self._account,
            "time": stamp(due),
            "region": region,
            "resources": [schedule["Arn"]],
            "detail": "{}",
        }
        return json.dumps(event)

    def _ended(self, change: Change, delivery: dict) -> None:
        """Delete a schedule after its last invocation, if it asks for that."""
        if delivery["caller"] != SCHEDULER:
            return
        region = delivery["region"]
        group, name = delivery["origin"].rpartition(":schedule/")[2].split("/")
        schedule = self._events.store.get(SCHEDULE, region, group, name)
        if schedule and schedule.get("_Done") and schedule["ActionAfterCompletion"] == "DELETE":
            change.delete(SCHEDULE, region, group, name)


def _filled(text: str, context: dict[str, str]) -> str:
    """A text with Scheduler's context attributes, e.g. ``<aws.scheduler.scheduled-time>``."""
    for name, value in context.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text
