"""Evaluates alarms on schedule and runs their actions when their state changes."""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.cloudwatch.alarms import messages, rules
from course.localaws.cloudwatch.alarms.checks import ACTIONS_OF, is_policy, is_topic
from course.localaws.cloudwatch.alarms.evaluation import check, evaluate, next_data, step
from course.localaws.cloudwatch.alarms.reasons import reason, reason_data, stamp
from course.localaws.cloudwatch.alarms.states import ALARM, OK
from course.localaws.cloudwatch.alarms.store import AlarmStore
from course.localaws.core.errors import AwsError
from course.localaws.core.scheduler import Scheduler

if TYPE_CHECKING:
    from course.localaws.cloudwatch.metrics.store import MetricStore
    from course.localaws.events.bus import EventBridge
    from course.localaws.iam.identity import Identity

Key = tuple[str, str]

logger = logging.getLogger(__name__)


class Alarms:
    """All alarms of the account.

    Attributes
    ----------
    store : AlarmStore
    policies : callable
        Runs a scaling policy. Called with the policy's ARN, the alarm, the last value of its metric, and the moment.
    listeners : list of callables
        Called after each change of an alarm's state with the region, the alarm and the moment.
    changed : callable
        Called with the region and the ARN of an alarm after it was put, tagged or deleted.
    """

    def __init__(
        self, path: Path, account: str, scheduler: Scheduler, metrics: MetricStore, identity: Identity, events: EventBridge
    ) -> None:
        self.store = AlarmStore(path)
        self.account, self.scheduler = account, scheduler
        self.policies: Callable[[str, dict, float, float], None] | None = None
        self.listeners: list[Callable[[str, dict, float], None]] = []
        self.changed: Callable[[str, str], None] = lambda region, arn: None
        self._metrics, self._identity, self._events = metrics, identity, events
        self._lock = threading.RLock()
        self._due: dict[Key, float] = {}
        scheduler.add(self._earliest, self._evaluate_due)

    def recover(self) -> None:
        """Schedule the stored alarms after a start."""
        for region, alarm in self.store.every():
            self.schedule(region, alarm)

    def reset(self) -> None:
        with self._lock:
            self._due.clear()
            self.store.reset()

    def shutdown(self) -> None:
        self._due.clear()
        self.store.close()

    def in_alarm(self, region: str, names: Iterable[str]) -> list[str]:
        """Returns those of ``names`` that are in ALARM."""
        return [name for name in names if self._state(region, name) == ALARM]

    def _state(self, region: str, name: str) -> str:
        """Returns an alarm's state; ``""`` when there is no such alarm."""
        return (self.store.get(region, name) or {}).get("StateValue", "")

    # ---- evaluation ---------------------------------------------------------------------------------------------------------

    def check(self, region: str, alarm: dict) -> None:
        """Raises AwsError when a metric alarm could never be evaluated."""
        check(self._metrics, region, alarm, self.scheduler.clock.now())

    def schedule(self, region: str, alarm: dict) -> None:
        """Schedule the evaluation of a new or changed metric alarm. A composite alarm is evaluated at once."""
        if "AlarmRule" in alarm:
            self._evaluate_composite(region, alarm, self.scheduler.clock.now(), None)
            return
        self._due[region, alarm["AlarmName"]] = _boundary(self.scheduler.clock.now(), step(alarm))
        self.scheduler.wake()

    def forget(self, region: str, name: str) -> None:
        self._due.pop((region, name), None)

    def _earliest(self) -> float | None:
        return min(self._due.copy().values(), default=None)

    def _evaluate_due(self, moment: float) -> None:
        for (region, name), due in sorted(self._due.copy().items()):
            if due > moment:
                continue
            alarm = self.store.get(region, name)
            if alarm is None:
                self.forget(region, name)
                continue
            self._due[region, name] = moment + step(alarm)
            try:
                self._evaluate(region, alarm, moment)
            except AwsError as error:  # e.g. expressions that refer to each other
                logger.info("alarm %s cannot be evaluated: %s", name, error)

    def _evaluate(self, region: str, alarm: dict, moment: float) -> None:
        found, points = evaluate(self._metrics, region, alarm, moment)
        value = found.points[-1].value if found.points else math.nan
        if found.state != alarm["StateValue"]:
            self.change(region, alarm, found.state, reason(alarm, found), reason_data(alarm, found, points, moment), moment, value)
            return
        # An alarm invokes its scaling policies once a minute for as long as it is in ALARM.
        policies = [action for action in alarm["AlarmActions"] if is_policy(action)] if found.state == ALARM else []
        if policies and alarm["ActionsEnabled"]:
            self._act(region, alarm, policies, alarm, moment, value)
        elif not any(point.value is not None for point in points):
            self._skip(region, alarm, moment)

    def _skip(self, region: str, alarm: dict, moment: float) -> None:
        """Skip evaluations over a long time without data: go on at the next data point, or now when there is none."""
        ahead = next_data(self._metrics, region, alarm, moment)
        following = _boundary(self.scheduler.clock.now() if ahead is None else ahead, step(alarm))
        self._due[region, alarm["AlarmName"]] = max(self._due[region, alarm["AlarmName"]], following)

    # ---- changes of state ---------------------------------------------------------------------------------------------------

    def change(self, region: str, alarm: dict, state: str, why: str, data: str | None, moment: float, value: float = math.nan) -> None:
        """Change an alarm's state, record the change and run the alarm's actions."""
        with self._lock:
            before = self.store.get(region, alarm["AlarmName"])
            if before is None or before["StateValue"] == state:
                return
            after = before | {"StateValue": state, "StateReason": why[:1023], "StateUpdatedTimestamp": moment}
            after |= {"StateReasonData": data, "StateTransitionedTimestamp": moment}
            if data is None:
                del after["StateReasonData"]
            self.store.put(region, after)
        summary = f"Alarm updated from {before['StateValue']} to {state}"
        self.store.note(region, after, moment, "StateUpdate", summary, messages.state_update(before, after))
        self._events.publish(region, messages.event(before, after))
        if after["ActionsEnabled"]:
            self._act(region, after, after[ACTIONS_OF[state]], before, moment, value)
        for listener in list(self.listeners):
            listener(region, after, moment)
        self._evaluate_composites(region, after, moment)

    def _act(self, region: str, alarm: dict, actions: list[str], before: dict, moment: float, value: float) -> None:
        for action in actions:
            try:
                if is_topic(action):
                    self._publish(region, alarm, before, action)
                elif self.policies is not None:
                    self.policies(action, alarm, value, moment)
            except AwsError as error:
                summary = f"Failed to execute action {action}. {error.message}"
                self._note_action(region, alarm, action, moment, "Failed", summary)
            else:
                if before is not alarm:
                    self._note_action(region, alarm, action, moment, "Succeeded", f"Successfully executed action {action}")

    def _note_action(self, region: str, alarm: dict, action: str, moment: float, state: str, summary: str) -> None:
        data = {"actionState": state, "stateUpdateTimestamp": int(alarm["StateUpdatedTimestamp"] * 1000), "notificationResource": action}
        self.store.note(region, alarm, moment, "Action", summary, data)

    def _publish(self, region: str, alarm: dict, before: dict, topic: str) -> None:
        message = messages.message(before, alarm, region, self.account)
        place = topic.split(":")[3]
        self._identity.moto.ask("sns", "Publish", region=place, TopicArn=topic, Subject=messages.subject(alarm, region), Message=message)

    def _evaluate_composites(self, region: str, changed: dict, moment: float) -> None:
        for _, alarm in self.store.every(region):
            if "AlarmRule" in alarm:
                self._evaluate_composite(region, alarm, moment, changed)

    def _evaluate_composite(self, region: str, alarm: dict, moment: float, changed: dict | None) -> None:
        rule, names = rules.parse(alarm["AlarmRule"])
        if changed is not None and changed["AlarmName"] not in names:
            return
        state = ALARM if rule(lambda name: self._state(region, name)) else OK
        if changed is None:
            self.change(region, alarm, state, f"{alarm['AlarmArn']} was created and its alarm rule evaluates to {state}", None, moment)
            return
        when = datetime.fromtimestamp(moment, UTC).strftime("%A %d %B, %Y %H:%M:%S UTC")
        new_state = {"value": changed["StateValue"], "timestamp": stamp(moment)}
        data = json.dumps({"triggeringAlarms": [{"arn": changed["AlarmArn"], "state": new_state}]})
        self.change(region, alarm, state, f"{changed['AlarmArn']} transitioned to {changed['StateValue']} at {when}", data, moment)


def _boundary(moment: float, seconds: int) -> float:
    """Returns the first multiple of ``seconds`` after a moment."""
    return (moment // seconds + 1) * seconds
