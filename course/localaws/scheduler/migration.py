"""Migrates the buses, rules and schedules of a state folder of an earlier release, in which moto kept them.

This happens once, in the background, when moto has replayed its journal. A target that nothing here runs stays in its rule or schedule; its
deliveries fail.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from course.localaws.core.errors import AwsError
from course.localaws.core.schedule_expressions import ScheduleExpressionError
from course.localaws.events.bus import DEFAULT, EventBridge
from course.localaws.events.store import BUS, GROUP, MIGRATION, RULE, SCHEDULE, Change
from course.localaws.iam.identity import Identity
from course.localaws.scheduler import times
from course.localaws.scheduler.schedules import Schedules

logger = logging.getLogger(__name__)


class Migration:
    """Copies buses, rules and schedules from moto into the store, and plans their next times."""

    def __init__(self, events: EventBridge, schedules: Schedules, identity: Identity) -> None:
        self._events, self._schedules, self._identity = events, schedules, identity

    def begin(self) -> None:
        """Start, unless there is nothing to migrate. Returns at once."""
        if self._events.store.get(MIGRATION, "", "", "") is not None:
            threading.Thread(target=self._run, name="migrate rules", daemon=True).start()

    def _run(self) -> None:
        try:
            rules, schedules = self._identity.moto.run(lambda: (_rules(self._identity.account), _schedules(self._identity.account)))
            with self._events.store.change() as change:
                for region, bus, found in rules:
                    self._keep_rules(change, region, bus, found)
                for region, group, found in schedules:
                    self._keep_schedules(change, region, group, found)
                change.delete(MIGRATION, "", "", "")
        except (AwsError, RuntimeError):  # the local AWS is stopping; the next start does it
            logger.warning("the rules and schedules of the earlier release were not migrated yet", exc_info=True)

    def _keep_rules(self, change: Change, region: str, bus: dict, rules: list[dict]) -> None:
        if bus["Name"] != DEFAULT:
            change.put(BUS, region, "", bus["Name"], bus)
        for rule in rules:
            try:
                kept = self._events.schedule(rule | {"EventBusName": bus["Name"]})
            except ScheduleExpressionError as error:  # moto accepts any text
                logger.warning("the rule %s was not migrated: %s", rule["Name"], error)
                continue
            change.put(RULE, region, bus["Name"], rule["Name"], kept)
            self._events.planned(region, kept)

    def _keep_schedules(self, change: Change, region: str, group: dict, schedules: list[dict]) -> None:
        if group["Name"] != DEFAULT:
            change.put(GROUP, region, "", group["Name"], group | {"_Token": ""})
        for schedule in schedules:
            try:
                begun = times.begun({"ActionAfterCompletion": "NONE", "_Token": ""} | schedule, self._events.now())
            except ScheduleExpressionError as error:
                logger.warning("the schedule %s was not migrated: %s", schedule["Name"], error)
                continue
            change.put(SCHEDULE, region, group["Name"], schedule["Name"], begun)
            self._schedules.planned((region, group["Name"], schedule["Name"]), begun["_Next"])


# ---- moto's records, in its thread ------------------------------------------------------------------------------------------


def _rules(account: str) -> list[tuple[str, dict, list[dict]]]:
    """Region, bus and rules, as documents."""
    from moto.events.models import events_backends

    found = []
    for region, backend in events_backends[account].items():
        for bus in backend.event_buses.values():
            dates = {"CreationTime": bus.creation_time, "LastModifiedTime": bus.last_modified_time}
            document = {"Name": bus.name, "Arn": bus.arn, "Description": bus.description, "_Tags": _tags(backend, bus.arn)} | dates
            rules = [_rule(backend, rule) for rule in bus.rules.values() if rule.managed_by is None]
            found.append((region, _without_none(document), rules))
    return found


def _rule(backend: Any, rule: Any) -> dict:
    members = {
        "Name": rule.name,
        "Arn": rule.arn,
        "EventPattern": rule.event_pattern.dump(),
        "ScheduleExpression": rule.scheduled_expression or None,
        "State": rule.state,
        "Description": rule.description or None,
        "RoleArn": rule.role_arn or None,
    }
    return _without_none(members) | {"_Targets": list(rule.targets), "_Tags": _tags(backend, rule.arn)}


def _schedules(account: str) -> list[tuple[str, dict, list[dict]]]:
    """Region, group and schedules, as documents."""
    from moto.scheduler.models import scheduler_backends

    found = []
    for region, backend in scheduler_backends[account].items():
        for group in backend.schedule_groups.values():
            schedules = [_without_none(schedule.to_dict()) for schedule in group.schedules.values()]
            found.append((region, _without_none(group.to_dict()) | {"_Tags": _tags(backend, group.arn)}, schedules))
    return found


def _tags(backend: Any, arn: str) -> list[dict]:
    return backend.tagger.list_tags_for_resource(arn)["Tags"]


def _without_none(members: dict) -> dict:
    return {member: value for member, value in members.items() if value is not None}
