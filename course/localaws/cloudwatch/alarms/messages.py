"""The messages about an alarm's change of state: to SNS topics, to EventBridge and in its own history.

Source: CloudWatch User Guide, "Alarm events and EventBridge"; messages of real alarms that public tests quote, e.g. those of
https://github.com/aws/aws-sdk-js/issues and of the SNS-to-Slack functions of https://github.com/guardian, read 2026-11-25.
"""

from __future__ import annotations

import json
import uuid
from functools import cache

import botocore.session

from course.localaws.cloudwatch.alarms.reasons import stamp


def subject(alarm: dict, region: str) -> str:
    return f'{alarm["StateValue"]}: "{alarm["AlarmName"]}" in {region_name(region)}'[:100]


def message(before: dict, after: dict, region: str, account: str) -> str:
    """Returns the JSON message that a topic's subscribers receive."""
    members = {
        "AlarmName": after["AlarmName"],
        "AlarmDescription": after.get("AlarmDescription"),
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": stamp(after["AlarmConfigurationUpdatedTimestamp"]),
        "NewStateValue": after["StateValue"],
        "NewStateReason": after["StateReason"],
        "StateChangeTime": stamp(after["StateTransitionedTimestamp"]),
        "Region": region_name(region),
        "AlarmArn": after["AlarmArn"],
        "OldStateValue": before["StateValue"],
        "OKActions": after["OKActions"],
        "AlarmActions": after["AlarmActions"],
        "InsufficientDataActions": after["InsufficientDataActions"],
    }
    if "AlarmRule" in after:
        return json.dumps(members | {"AlarmRule": after["AlarmRule"]})
    return json.dumps(members | {"Trigger": _trigger(after)})


def _trigger(alarm: dict) -> dict:
    rule = {
        "Period": alarm.get("Period", 0),
        "EvaluationPeriods": alarm["EvaluationPeriods"],
        **({"DatapointsToAlarm": alarm["DatapointsToAlarm"]} if "DatapointsToAlarm" in alarm else {}),
        "ComparisonOperator": alarm["ComparisonOperator"],
        "Threshold": alarm["Threshold"],
        "TreatMissingData": alarm.get("TreatMissingData", "missing"),
        "EvaluateLowSampleCountPercentile": alarm.get("EvaluateLowSampleCountPercentile", ""),
    }
    if "Metrics" in alarm:
        return rule | {"Metrics": [_query(query) for query in alarm["Metrics"]]}
    kind = "Statistic" if "Statistic" in alarm else "ExtendedStatistic"
    statistic = alarm["Statistic"].upper() if kind == "Statistic" else alarm[kind]
    return {
        "MetricName": alarm["MetricName"],
        "Namespace": alarm["Namespace"],
        "StatisticType": kind,
        kind: statistic,
        "Unit": alarm.get("Unit"),
        "Dimensions": _dimensions(alarm),
        **rule,
    }


def _query(query: dict) -> dict:
    if "MetricStat" not in query:
        return query
    stat = query["MetricStat"]
    return query | {"MetricStat": stat | {"Metric": stat["Metric"] | {"Dimensions": _dimensions(stat["Metric"])}}}


def _dimensions(metric: dict) -> list[dict]:
    return [{"value": dimension["Value"], "name": dimension["Name"]} for dimension in metric.get("Dimensions", ())]


def event(before: dict, after: dict) -> dict:
    """Returns the event as an entry of PutEvents."""
    configuration: dict = {"description": after["AlarmDescription"]} if "AlarmDescription" in after else {}
    configuration |= {"alarmRule": after["AlarmRule"]} if "AlarmRule" in after else {"metrics": _event_metrics(after)}
    detail = {"alarmName": after["AlarmName"], "state": _state(after), "previousState": _state(before), "configuration": configuration}
    return {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Resources": [after["AlarmArn"]],
        "Time": after["StateTransitionedTimestamp"],
        "Detail": json.dumps(detail),
    }


def _state(alarm: dict) -> dict:
    state = {"value": alarm["StateValue"], "reason": alarm["StateReason"], "timestamp": stamp(alarm["StateUpdatedTimestamp"])}
    return state | ({"reasonData": alarm["StateReasonData"]} if "StateReasonData" in alarm else {})


def _event_metrics(alarm: dict) -> list[dict]:
    if "Metrics" in alarm:
        return [_event_query(query) for query in alarm["Metrics"]]
    stat = {"Metric": alarm, "Period": alarm["Period"], "Stat": alarm.get("Statistic") or alarm["ExtendedStatistic"]}
    return [_event_query({"Id": str(uuid.uuid5(uuid.NAMESPACE_URL, alarm["AlarmArn"])), "MetricStat": stat, "ReturnData": True})]


def _event_query(query: dict) -> dict:
    described = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
    described |= {name.lower(): query[name] for name in ("Label", "Expression") if name in query}
    if "MetricStat" not in query:
        return described
    stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", ())}
    named = {"namespace": metric["Namespace"], "name": metric["MetricName"], "dimensions": dimensions}
    return described | {"metricStat": {"metric": named, "period": stat["Period"], "stat": stat["Stat"]}}


def state_update(before: dict, after: dict) -> dict:
    """Returns the history data of a change of state."""
    return {"version": "1.0", "oldState": _remembered(before), "newState": _remembered(after)}


def _remembered(alarm: dict) -> dict:
    state = {"stateValue": alarm["StateValue"], "stateReason": alarm["StateReason"]}
    return state | ({"stateReasonData": json.loads(alarm["StateReasonData"])} if "StateReasonData" in alarm else {})


@cache
def region_name(region: str) -> str:
    """Returns a region's name in CloudWatch's messages, e.g. ``US East (N. Virginia)``."""
    for partition in botocore.session.get_session().get_data("endpoints")["partitions"]:
        if region in partition["regions"]:
            return partition["regions"][region]["description"]
    return region
