"""Routes events: matches each against the rules of its bus and queues the deliveries to their targets. Fires the scheduled rules.

Source: "Events in Amazon EventBridge" and "Creating a scheduled rule" of the User Guide, read 2026-11-28; scheduled events as LocalStack
recorded them on AWS on 2024-05-14 (test_events_schedule.snapshot.json in tests/aws of https://github.com/localstack/localstack).
"""

from __future__ import annotations

import json
import logging
import uuid
from datetime import UTC, datetime
from pathlib import Path

from course.localaws.cloudwatch.metrics.store import MetricStore
from course.localaws.core.schedule_expressions import ScheduleExpression
from course.localaws.core.scheduler import Scheduler
from course.localaws.events import inputs
from course.localaws.events.deliveries import Deliveries
from course.localaws.events.matchers import PatternError
from course.localaws.events.metrics import DeliveryMetrics
from course.localaws.events.patterns import compiled
from course.localaws.events.store import BUS, RULE, Change, EventStore, shown
from course.localaws.events.targets import EVENTS, EventBusTarget, LogGroup, SnsTopic, SqsQueue, TargetKinds
from course.localaws.events.timers import Key, Timers
from course.localaws.iam.identity import Identity
from course.localaws.logs.store import LogStore

DEFAULT = "default"
MOST_HOPS = 5  # from bus to bus, so that buses that are each other's targets do not send an event round for ever
HOPS = "_hops"  # internal member of an event

logger = logging.getLogger(__name__)


class EventBridge:
    """The event buses of the account.

    Attributes
    ----------
    store : EventStore
    deliveries : Deliveries
    targets : TargetKinds
        A package that rules and schedules can invoke adds its kind.
    """

    def __init__(self, path: Path, account: str, scheduler: Scheduler, identity: Identity, logs: LogStore, metrics: MetricStore) -> None:
        self.store, self.targets = EventStore(path), TargetKinds()
        self._account, self._clock = account, scheduler.clock
        self._metrics = DeliveryMetrics(metrics)
        self.deliveries = Deliveries(self.store, scheduler, identity, self.targets, self._metrics)
        self._timers = Timers(scheduler, self._fire)
        for kind in (SqsQueue(identity), SnsTopic(identity), LogGroup(logs), EventBusTarget(self.receive, self.publish)):
            self.targets.add(kind)

    def recover(self) -> None:
        """Go on after a start."""
        self.deliveries.recover()
        rules = self.store.every(RULE)
        self._timers.recover(((region, rule["Name"]), rule["_Next"]) for region, _, rule in rules if rule.get("_Next"))

    def reset(self) -> None:
        self._timers.clear()
        self.deliveries.clear()
        self.store.reset()

    def shutdown(self) -> None:
        self.store.close()

    # ---- events -------------------------------------------------------------------------------------------------------------

    def publish(self, region: str, entry: dict) -> str:
        """Send an event to its bus. Returns its id at once; the deliveries are durable.

        Parameters
        ----------
        entry : dict
            An entry of PutEvents. ``Time`` is in Unix seconds. The detail is a JSON object.
        """
        id, now = str(uuid.uuid4()), self._clock.now()
        event = {
            "version": "0",
            "id": id,
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": self._account,
            "time": stamp(entry.get("Time", now)),
            "region": region,
            "resources": entry.get("Resources", []),
            "detail": json.loads(entry["Detail"]),
        }
        self.receive(region, entry.get("EventBusName", DEFAULT).rpartition("event-bus/")[2], event)
        return id

    def receive(self, region: str, bus: str, event: dict) -> None:
        """Match an event against the rules of a bus. A bus that does not exist drops it, as on AWS."""
        hops = event.get(HOPS, 0)
        if hops > MOST_HOPS:
            logger.warning("the event %s was dropped: it has gone through %s buses", event["id"], MOST_HOPS)
            return
        received = shown(event)
        rules = [rule for _, _, rule in self.store.every(RULE, region, bus) if _is_enabled(rule) and _matches(rule, received)]
        if rules:
            with self.deliveries.change() as change:
                for rule in rules:
                    self._invoke(change, region, rule, received, self._clock.now(), hops)

    def _invoke(self, change: Change, region: str, rule: dict, event: dict, due: float, hops: int = 0) -> None:
        """Queue the delivery of an event to the targets of a rule."""
        self._metrics.triggered(region, rule["Arn"])
        for target in rule["_Targets"]:
            delivery = {
                "id": f"{event['id']}/{rule['Arn']}/{target['Id']}",
                "caller": EVENTS,
                "origin": rule["Arn"],
                "region": region,
                "target": target,
                "payload": inputs.payload(target, rule, event, stamp(self._clock.now())),
                "event": event | ({HOPS: hops + 1} if ":event-bus/" in target["Arn"] else {}),
                "first": due,
                "attempts": 0,
            }
            change.add_delivery(due, delivery)

    # ---- scheduled rules ----------------------------------------------------------------------------------------------------

    def schedule(self, rule: dict) -> dict:
        """The rule with its next time."""
        text = rule.get("ScheduleExpression")
        if not text:
            return {member: value for member, value in rule.items() if member not in ("_Next", "_Begin")}
        now = self._clock.now()
        following = ScheduleExpression(text, begin=now).after(now)
        return rule | {"_Begin": now, "_Next": following if _is_enabled(rule) else None}

    def planned(self, region: str, rule: dict) -> None:
        """Fire a rule at its next time, if it has one. Call it in the transaction that stores the rule."""
        if rule["EventBusName"] == DEFAULT:  # rules of other buses have no schedule
            self._timers.set((region, rule["Name"]), rule.get("_Next"))

    def _fire(self, key: Key, due: float, after: float) -> None:
        region, name = key
        with self.deliveries.change() as change:
            rule = self.store.get(RULE, region, DEFAULT, name)
            if rule and rule.get("_Next") == due:
                rule["_Next"] = ScheduleExpression(rule["ScheduleExpression"], begin=rule["_Begin"]).after(after)
                change.put(RULE, region, DEFAULT, name, rule)
                self._invoke(change, region, rule, self._scheduled_event(region, rule, due), due)
            # In the transaction, so that the last change of the rule also sets its time last.
            self._timers.set(key, rule.get("_Next") if rule else None)

    def _scheduled_event(self, region: str, rule: dict, moment: float) -> dict:
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": self._account,
            "time": stamp(moment),
            "region": region,
            "resources": [rule["Arn"]],
            "detail": {},
        }

    def now(self) -> float:
        return self._clock.now()

    def has_bus(self, region: str, name: str) -> bool:
        return name == DEFAULT or self.store.get(BUS, region, "", name) is not None


def _is_enabled(rule: dict) -> bool:
    return rule["State"] != "DISABLED"


def stamp(moment: float) -> str:
    """A time as events show it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _matches(rule: dict, event: dict) -> bool:
    try:
        return "EventPattern" in rule and compiled(rule["EventPattern"]).matches(event)
    except PatternError:  # a later release refuses a pattern that this one's predecessor accepted
        logger.warning("the pattern of %s is not valid", rule["Arn"])
        return False
