"""The operations on schedules and schedule groups. Each takes a region and parameters."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from course.localaws.core import tag_rules
from course.localaws.core.errors import AwsError, invalid
from course.localaws.events.bus import EventBridge
from course.localaws.events.checks import LIMITS
from course.localaws.events.deliveries import MOST_ATTEMPTS, MOST_SECONDS
from course.localaws.events.paging import page
from course.localaws.events.store import GROUP, SCHEDULE, shown
from course.localaws.iam.identity import Identity
from course.localaws.scheduler import checks, times
from course.localaws.scheduler.schedules import Schedules

DEFAULT = "default"
MEMBERS = ("ScheduleExpression", "StartDate", "EndDate", "Description", "KmsKeyArn", "FlexibleTimeWindow")
SUMMARY = ("Arn", "Name", "GroupName", "State", "CreationDate", "LastModificationDate")
RETRY_POLICY = {"MaximumEventAgeInSeconds": MOST_SECONDS, "MaximumRetryAttempts": MOST_ATTEMPTS}


@dataclass(frozen=True, slots=True)
class SchedulerOperations:
    """EventBridge Scheduler's operations."""

    events: EventBridge
    identity: Identity
    schedules: Schedules

    def every(self) -> dict[str, Callable[[str, dict], dict]]:
        """The operations by name."""
        return {
            "CreateSchedule": self.create_schedule,
            "CreateScheduleGroup": self.create_schedule_group,
            "DeleteSchedule": self.delete_schedule,
            "DeleteScheduleGroup": self.delete_schedule_group,
            "GetSchedule": self.get_schedule,
            "GetScheduleGroup": self.get_schedule_group,
            "ListScheduleGroups": self.list_schedule_groups,
            "ListSchedules": self.list_schedules,
            "ListTagsForResource": self.list_tags_for_resource,
            "TagResource": self.tag_resource,
            "UntagResource": self.untag_resource,
            "UpdateSchedule": self.update_schedule,
        }

    # ---- schedules ----------------------------------------------------------------------------------------------------------

    def create_schedule(self, region: str, params: dict) -> dict:
        group, name = params.get("GroupName", DEFAULT), params["Name"]
        self._check(region, group, params)
        with self.events.store.change() as change:
            self._group(region, group)
            present = self.events.store.get(SCHEDULE, region, group, name)
            if present and present["_Token"] == params.get("ClientToken", ""):
                return {"ScheduleArn": present["Arn"]}
            if present:
                raise AwsError("ConflictException", f"Schedule {name} already exists.", 409)
            schedule = self._made(region, group, params, None)
            change.put(SCHEDULE, region, group, name, schedule)
            self.schedules.planned((region, group, name), schedule["_Next"])
        return {"ScheduleArn": schedule["Arn"]}

    def update_schedule(self, region: str, params: dict) -> dict:
        """Replaces the whole schedule: what the request leaves out gets its default."""
        group, name = params.get("GroupName", DEFAULT), params["Name"]
        self._schedule(region, group, name)
        self._check(region, group, params)
        with self.events.store.change() as change:
            schedule = self._made(region, group, params, self._schedule(region, group, name))
            change.put(SCHEDULE, region, group, name, schedule)
            self.schedules.planned((region, group, name), schedule["_Next"])
        return {"ScheduleArn": schedule["Arn"]}

    def _check(self, region: str, group: str, params: dict) -> None:
        self._group(region, group)
        checks.schedule(params, time.time())
        checks.target(self.events.targets, self.identity, region, self._group_arn(region, group), params["Target"])

    def _made(self, region: str, group: str, params: dict, present: dict | None) -> dict:
        """The document of a schedule. An update that leaves the times as they are does not begin them anew."""
        now = self.events.now()
        schedule = {
            "Arn": f"arn:aws:scheduler:{region}:{self.identity.account}:schedule/{group}/{params['Name']}",
            "Name": params["Name"],
            "GroupName": group,
            "State": params.get("State", "ENABLED"),
            "ScheduleExpressionTimezone": params.get("ScheduleExpressionTimezone", "UTC"),
            "ActionAfterCompletion": params.get("ActionAfterCompletion", "NONE"),
            "Target": {"RetryPolicy": RETRY_POLICY} | params["Target"],
            "CreationDate": present["CreationDate"] if present else now,
            "LastModificationDate": now,
            "_Token": params.get("ClientToken", ""),
        }
        schedule |= {member: params[member] for member in MEMBERS if member in params}
        schedule["Target"]["RetryPolicy"] = RETRY_POLICY | schedule["Target"]["RetryPolicy"]
        unchanged = ("ScheduleExpression", "ScheduleExpressionTimezone", "StartDate")
        if present and all(present.get(member) == schedule.get(member) for member in unchanged):
            schedule["_Begin"] = present["_Begin"]
            return schedule | {"_Next": times.following(schedule, now)}
        return times.begun(schedule, now)

    def get_schedule(self, region: str, params: dict) -> dict:
        return shown(self._schedule(region, params.get("GroupName", DEFAULT), params["Name"]))

    def list_schedules(self, region: str, params: dict) -> dict:
        group = params.get("GroupName")
        if group is not None:
            self._group(region, group)
        found = [schedule for _, _, schedule in self.events.store.every(SCHEDULE, region, group) if _is_wanted(schedule, params)]
        summaries = [{name: schedule[name] for name in SUMMARY} | {"Target": {"Arn": schedule["Target"]["Arn"]}} for schedule in found]
        return page("Schedules", summaries, params, "MaxResults")

    def delete_schedule(self, region: str, params: dict) -> dict:
        group, name = params.get("GroupName", DEFAULT), params["Name"]
        with self.events.store.change() as change:
            self._schedule(region, group, name)
            change.delete(SCHEDULE, region, group, name)
            self.schedules.planned((region, group, name), None)
        return {}

    # ---- groups -------------------------------------------------------------------------------------------------------------

    def create_schedule_group(self, region: str, params: dict) -> dict:
        name, now = params["Name"], self.events.now()
        with self.events.store.change() as change:
            present = self.events.store.get(GROUP, region, "", name)
            if present and present["_Token"] == params.get("ClientToken", ""):
                return {"ScheduleGroupArn": present["Arn"]}
            if present or name == DEFAULT:
                raise AwsError("ConflictException", f"Schedule group {name} already exists.", 409)
            if len(self.events.store.every(GROUP, region)) + 1 >= LIMITS["schedule_groups"]:
                raise AwsError("ServiceQuotaExceededException", "The request exceeds a service quota: schedule groups.", 402)
            group = {"Name": name, "Arn": self._group_arn(region, name), "State": "ACTIVE"}
            group |= {"CreationDate": now, "LastModificationDate": now, "_Token": params.get("ClientToken", "")}
            change.put(GROUP, region, "", name, group | {"_Tags": tag_rules.merged([], params.get("Tags", []))})
        return {"ScheduleGroupArn": group["Arn"]}

    def get_schedule_group(self, region: str, params: dict) -> dict:
        return shown(self._group(region, params["Name"]))

    def list_schedule_groups(self, region: str, params: dict) -> dict:
        groups = [self._group(region, DEFAULT), *(group for _, _, group in self.events.store.every(GROUP, region))]
        found = [shown(group) for group in groups if group["Name"].startswith(params.get("NamePrefix", ""))]
        return page("ScheduleGroups", found, params, "MaxResults")

    def delete_schedule_group(self, region: str, params: dict) -> dict:
        """Deletes a group with its schedules."""
        name = params["Name"]
        if name == DEFAULT:
            raise invalid("The default schedule group cannot be deleted.")
        with self.events.store.change() as change:
            self._group(region, name)
            inside = [schedule["Name"] for _, _, schedule in self.events.store.every(SCHEDULE, region, name)]
            for schedule in inside:
                change.delete(SCHEDULE, region, name, schedule)
                self.schedules.planned((region, name, schedule), None)
            change.delete(GROUP, region, "", name)
        return {}

    # ---- tags ---------------------------------------------------------------------------------------------------------------

    def list_tags_for_resource(self, region: str, params: dict) -> dict:
        return {"Tags": self._group(region, _name(params)).get("_Tags", [])}

    def tag_resource(self, region: str, params: dict) -> dict:
        return self._retag(region, _name(params), lambda tags: tag_rules.merged(tags, params["Tags"]))

    def untag_resource(self, region: str, params: dict) -> dict:
        return self._retag(region, _name(params), lambda tags: [tag for tag in tags if tag["Key"] not in params["TagKeys"]])

    def _retag(self, region: str, name: str, changed: Callable[[list], list]) -> dict:
        if name == DEFAULT:
            raise invalid("The default schedule group cannot be tagged.")
        with self.events.store.change() as change:
            group = self._group(region, name)
            change.put(GROUP, region, "", name, group | {"_Tags": changed(group["_Tags"])})
        return {}

    # ---- parts --------------------------------------------------------------------------------------------------------------

    def _group_arn(self, region: str, name: str) -> str:
        return f"arn:aws:scheduler:{region}:{self.identity.account}:schedule-group/{name}"

    def _group(self, region: str, name: str) -> dict:
        if name == DEFAULT:  # every account has it
            return {"Name": name, "Arn": self._group_arn(region, name), "State": "ACTIVE"}
        group = self.events.store.get(GROUP, region, "", name)
        if group is None:
            raise AwsError("ResourceNotFoundException", f"Schedule group {name} does not exist.", 404)
        return group

    def _schedule(self, region: str, group: str, name: str) -> dict:
        self._group(region, group)
        schedule = self.events.store.get(SCHEDULE, region, group, name)
        if schedule is None:
            raise AwsError("ResourceNotFoundException", f"Schedule {name} does not exist.", 404)
        return schedule


def _is_wanted(schedule: dict, params: dict) -> bool:
    return schedule["Name"].startswith(params.get("NamePrefix", "")) and schedule["State"] == params.get("State", schedule["State"])


def _name(params: dict) -> str:
    return params["ResourceArn"].rpartition("schedule-group/")[2]
