"""The alert of a monitoring schedule, whose only action is a sign in the model dashboard. Every schedule has one from the start.

Source: "View and edit alerts" of the SageMaker developer guide, read 2026-11-28: after each execution, those of the last
``EvaluationPeriod`` that found violations are counted. The schedule is in alert while they are at least ``DatapointsToAlert``, also before
there are so many executions. AWS does not document the name and the defaults of an alert; here it has the name of its schedule, and both
numbers are 1, as in the tests of AWS's SDK.
"""

from __future__ import annotations

from course.localaws.context import Context
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.monitoring.executions import STATUS, WITH_VIOLATIONS
from course.localaws.sagemaker.monitoring.kinds import ALERT_CHANGE

OK, IN_ALERT = "OK", "InAlert"
ACTIONS = {"ModelDashboardIndicator": {"Enabled": True}}
MOST = 100  # of EvaluationPeriod


def alert_of(schedule: Document) -> dict:
    """The alert of a schedule, as ListMonitoringAlerts shows it."""
    return {
        "MonitoringAlertName": schedule["MonitoringScheduleName"],
        "CreationTime": schedule["CreationTime"],
        "LastModifiedTime": schedule["CreationTime"],
        "AlertStatus": OK,
        "DatapointsToAlert": 1,
        "EvaluationPeriod": 1,
        "Actions": ACTIONS,
        **schedule.get("_Alert", {}),
    }


def updated(engine: ResourceEngine, schedule: Document, params: dict) -> dict:
    """The members of a schedule that UpdateMonitoringAlert changes. Raises AwsError. The status changes with the next execution."""
    if params["MonitoringAlertName"] != alert_of(schedule)["MonitoringAlertName"]:
        raise AwsError("ResourceNotFound", f"Could not find MonitoringAlert {params['MonitoringAlertName']} of this schedule.")
    numbers = {name: params[name] for name in ("DatapointsToAlert", "EvaluationPeriod")}
    if numbers["DatapointsToAlert"] > numbers["EvaluationPeriod"]:
        raise invalid("DatapointsToAlert must be at most EvaluationPeriod.")
    return {"_Alert": schedule.get("_Alert", {}) | numbers | {"LastModifiedTime": engine.now()}}


def counted(engine: ResourceEngine, schedule: Document, execution: Document) -> dict:
    """The members of a schedule that change when an execution ends."""
    results = schedule.get("_Results", {}) | {execution["MonitoringExecutionName"]: execution[STATUS] == WITH_VIOLATIONS}
    results = dict(list(results.items())[-MOST:])
    alert = alert_of(schedule)
    found = sum(list(results.values())[-alert["EvaluationPeriod"] :])
    status = IN_ALERT if found >= alert["DatapointsToAlert"] else OK
    changes = {"_Results": results}
    if status != alert["AlertStatus"]:
        changes["_Alert"] = schedule.get("_Alert", {}) | {"AlertStatus": status, "LastModifiedTime": engine.now()}
    return changes


def note(engine: ResourceEngine, context: Context, schedule: Document) -> None:
    """Record in the history that an alert's status has changed."""
    alert = alert_of(schedule)
    members = ("MonitoringAlertName", "AlertStatus")
    document = {"MonitoringScheduleName": schedule["MonitoringScheduleName"]} | {member: alert[member] for member in members}
    engine.create(context, ALERT_CHANGE, f"{schedule['MonitoringScheduleName']}/{len(schedule['_Results'])}/{engine.now()}", document)


def history(engine: ResourceEngine, context: Context, params: dict) -> dict:
    """ListMonitoringAlertHistory."""
    summaries, token = engine.page(context, ALERT_CHANGE, params)
    internal = (ALERT_CHANGE.name_member, ALERT_CHANGE.arn_member)
    shown = [{member: value for member, value in each.items() if member not in internal} for each in summaries]
    return {"MonitoringAlertHistory": shown, "NextToken": token}
