"""CloudWatch's operations on alarms."""

from __future__ import annotations

import math
from collections.abc import Callable

from course.localaws.cloudwatch.alarms import rules
from course.localaws.cloudwatch.alarms.alarms import Alarms
from course.localaws.cloudwatch.alarms.checks import check_actions, check_metric_alarm
from course.localaws.context import Operation, by_region
from course.localaws.core import json_text, tag_rules
from course.localaws.core.errors import AwsError, not_supported, validation_error

PAGE = 100
ACTIONS = {"ActionsEnabled": True, "OKActions": [], "AlarmActions": [], "InsufficientDataActions": []}
SUPPRESSION = ("ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod", "ActionConfiguration")


class AlarmOperations:
    """The operations. Each takes a region and parameters.

    Attributes
    ----------
    operations : dict
        Name -> handler.
    """

    def __init__(self, alarms: Alarms) -> None:
        self._alarms, self._store = alarms, alarms.store
        self.operations: dict[str, Operation] = {name: by_region(function) for name, function in self._functions().items()}

    def _functions(self) -> dict[str, Callable[[str, dict], dict]]:
        return {
            "PutMetricAlarm": self.put_metric_alarm,
            "PutCompositeAlarm": self.put_composite_alarm,
            "DescribeAlarms": self.describe_alarms,
            "DescribeAlarmsForMetric": self.describe_alarms_for_metric,
            "DescribeAlarmHistory": self.describe_alarm_history,
            "DeleteAlarms": self.delete_alarms,
            "SetAlarmState": self.set_alarm_state,
            "EnableAlarmActions": lambda region, params: self._enable(region, params, True),
            "DisableAlarmActions": lambda region, params: self._enable(region, params, False),
            "ListTagsForResource": lambda region, params: {"Tags": self._store.tags(region, self._tagged(region, params))},
            "TagResource": self.tag_resource,
            "UntagResource": self.untag_resource,
        }

    def check(self, region: str, params: dict) -> None:
        """Raises the AwsError that PutMetricAlarm would raise for these parameters."""
        check_metric_alarm(params)
        self._alarms.check(region, params)

    def put_metric_alarm(self, region: str, params: dict) -> dict:
        self.check(region, params)
        dimensions = {} if params.get("Metrics") else {"Dimensions": []}
        alarm = ACTIONS | dimensions | _given(params) | {"Threshold": float(params["Threshold"])}
        self._put(region, alarm, params)
        return {}

    def put_composite_alarm(self, region: str, params: dict) -> dict:
        for member in SUPPRESSION:
            if params.get(member):
                raise not_supported("cloudwatch", f"PutCompositeAlarm with {member}")
        check_actions(params, "PutCompositeAlarm")
        _, names = rules.parse(params["AlarmRule"])
        for name in names:
            if name != params["AlarmName"] and self._store.get(region, name) is None:
                raise validation_error(f"Could not find alarm {name} that AlarmRule names.")
        if params["AlarmName"] in self._behind(region, names):
            raise validation_error(f"AlarmRule of {params['AlarmName']} would make the alarm depend on itself.")
        self._put(region, ACTIONS | _given(params), params)
        return {}

    def describe_alarms(self, region: str, params: dict) -> dict:
        for member in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
            if member in params:
                raise not_supported("cloudwatch", f"DescribeAlarms with {member}")
        if "AlarmNames" in params and "AlarmNamePrefix" in params:
            raise AwsError("InvalidParameterCombination", "AlarmNames and AlarmNamePrefix are mutually exclusive.")
        types = params.get("AlarmTypes") or ["MetricAlarm"]
        found = [alarm for _, alarm in self._store.every(region) if _type(alarm) in types and _asked_for(alarm, params)]
        page, token = _paged(found, params)
        return {
            "MetricAlarms": [alarm for alarm in page if "AlarmRule" not in alarm],
            "CompositeAlarms": [alarm for alarm in page if "AlarmRule" in alarm],
            "NextToken": token,
        }

    def describe_alarms_for_metric(self, region: str, params: dict) -> dict:
        wanted = {
            name: params[name] for name in ("Namespace", "MetricName", "Statistic", "ExtendedStatistic", "Period", "Unit") if name in params
        }
        dimensions = _dimensions(params)
        found = [alarm for _, alarm in self._store.every(region) if wanted.items() <= alarm.items() and _dimensions(alarm) == dimensions]
        return {"MetricAlarms": found}

    def describe_alarm_history(self, region: str, params: dict) -> dict:
        if "AlarmContributorId" in params:
            raise not_supported("cloudwatch", "DescribeAlarmHistory with AlarmContributorId")
        span = params.get("StartDate", -math.inf), params.get("EndDate", math.inf)
        ascending = params.get("ScanBy") == "TimestampAscending"
        types = params.get("AlarmTypes") or ["MetricAlarm"]
        items = self._store.history(region, params.get("AlarmName"), params.get("HistoryItemType"), *span, ascending)
        page, token = _paged([item for item in items if item["AlarmType"] in types], params)
        return {"AlarmHistoryItems": page, "NextToken": token}

    def delete_alarms(self, region: str, params: dict) -> dict:
        alarms = [self._existing(region, name) for name in dict.fromkeys(params["AlarmNames"])]
        leaving = {alarm["AlarmName"] for alarm in alarms}
        for _, other in self._store.every(region):
            used = leaving.intersection(rules.parse(other["AlarmRule"])[1]) if "AlarmRule" in other else ()
            if used and other["AlarmName"] not in leaving:
                raise validation_error(f"Cannot delete {', '.join(sorted(used))}: the composite alarm {other['AlarmName']} depends on it.")
        for alarm in alarms:
            self._store.delete(region, alarm["AlarmName"])
            self._alarms.forget(region, alarm["AlarmName"])
            self._note(region, alarm, "deleted", "Delete", "deletedAlarm")
            self._alarms.changed(region, alarm["AlarmArn"])
        return {}

    def set_alarm_state(self, region: str, params: dict) -> dict:
        alarm, data = self._existing(region, params["AlarmName"]), params.get("StateReasonData")
        try:
            json_text.load(data or "{}")
        except ValueError:
            raise AwsError("InvalidFormat", "StateReasonData is not valid JSON.") from None
        self._alarms.change(region, alarm, params["StateValue"], params["StateReason"], data, self._now())
        return {}

    def tag_resource(self, region: str, params: dict) -> dict:
        name = self._tagged(region, params)
        self._store.tag(region, name, tag_rules.merged(self._store.tags(region, name), params["Tags"]))
        self._alarms.changed(region, params["ResourceARN"])
        return {}

    def untag_resource(self, region: str, params: dict) -> dict:
        name = self._tagged(region, params)
        self._store.tag(region, name, [tag for tag in self._store.tags(region, name) if tag["Key"] not in params["TagKeys"]])
        self._alarms.changed(region, params["ResourceARN"])
        return {}

    # ---- parts --------------------------------------------------------------------------------------------------------------

    def _put(self, region: str, alarm: dict, params: dict) -> None:
        now, name = self._now(), alarm["AlarmName"]
        before = self._store.get(region, name)
        if before is not None and _type(before) != _type(alarm):
            raise validation_error(f"An alarm named {name} of another type exists already.")
        alarm |= {"AlarmArn": f"arn:aws:cloudwatch:{region}:{self._alarms.account}:alarm:{name}", "AlarmConfigurationUpdatedTimestamp": now}
        if before is None:
            alarm |= {"StateValue": "INSUFFICIENT_DATA", "StateReason": "Unchecked: Initial alarm creation"}
            alarm |= {"StateUpdatedTimestamp": now, "StateTransitionedTimestamp": now}
        else:
            kept = ("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp")
            alarm |= {member: before[member] for member in kept if member in before}
        self._store.put(region, alarm, tag_rules.merged((), params.get("Tags", ())))
        self._note(region, alarm, *(("updated", "Update", "updatedAlarm") if before else ("created", "Create", "createdAlarm")))
        self._alarms.schedule(region, alarm)
        self._alarms.changed(region, alarm["AlarmArn"])

    def _note(self, region: str, alarm: dict, done: str, kind: str, member: str) -> None:
        shown = {name[0].lower() + name[1:]: value for name, value in alarm.items() if not name.startswith("State")}
        data = {"version": "1.0", "type": kind, member: shown}
        self._store.note(region, alarm, self._now(), "ConfigurationUpdate", f'Alarm "{alarm["AlarmName"]}" {done}', data)

    def _enable(self, region: str, params: dict, enabled: bool) -> dict:
        for alarm in [self._existing(region, name) for name in params["AlarmNames"]]:
            self._store.put(region, alarm | {"ActionsEnabled": enabled})
            self._note(region, alarm, "updated", "Update", "updatedAlarm")
        return {}

    def _existing(self, region: str, name: str) -> dict:
        alarm = self._store.get(region, name)
        if alarm is None:
            raise AwsError("ResourceNotFound", f"Alarm {name} does not exist.", 404)
        return alarm

    def _behind(self, region: str, names: list[str]) -> set[str]:
        """Returns the alarms that ``names`` depend on, ``names`` included."""
        found: set[str] = set()
        left = list(names)
        while left:
            name = left.pop()
            alarm = self._store.get(region, name) or {}
            if name not in found and "AlarmRule" in alarm:
                left += rules.parse(alarm["AlarmRule"])[1]
            found.add(name)
        return found

    def _tagged(self, region: str, params: dict) -> str:
        name = rules.name_of(params["ResourceARN"])
        if self._store.get(region, name) is None:
            raise AwsError("ResourceNotFoundException", f"Unknown alarm {params['ResourceARN']}.", 404)
        return name

    def _now(self) -> float:
        return self._alarms.scheduler.clock.now()


def _given(params: dict) -> dict:
    """Returns the alarm's members in a request."""
    return {name: value for name, value in params.items() if name != "Tags" and value is not None}


def _type(alarm: dict) -> str:
    return "CompositeAlarm" if "AlarmRule" in alarm else "MetricAlarm"


def _asked_for(alarm: dict, params: dict) -> bool:
    actions = [*alarm["OKActions"], *alarm["AlarmActions"], *alarm["InsufficientDataActions"]]
    return (
        ("AlarmNames" not in params or alarm["AlarmName"] in params["AlarmNames"])
        and alarm["AlarmName"].startswith(params.get("AlarmNamePrefix", ""))
        and params.get("StateValue", alarm["StateValue"]) == alarm["StateValue"]
        and ("ActionPrefix" not in params or any(action.startswith(params["ActionPrefix"]) for action in actions))
    )


def _dimensions(metric: dict) -> dict[str, str]:
    return {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", ())}


def _paged(items: list[dict], params: dict) -> tuple[list[dict], str | None]:
    token = params.get("NextToken", "0")
    if not token.isdecimal():
        raise AwsError("InvalidNextToken", "Invalid nextToken")
    end = int(token) + params.get("MaxRecords", PAGE)
    return items[int(token) : end], str(end) if end < len(items) else None
