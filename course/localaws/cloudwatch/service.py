"""The CloudWatch service. It serves metrics and alarms itself and forwards dashboards and all other requests to moto."""

from __future__ import annotations

import base64
import json

from course.localaws.cloudwatch import metering, permissions
from course.localaws.cloudwatch.alarms.operations import AlarmOperations
from course.localaws.cloudwatch.metrics import statistics
from course.localaws.cloudwatch.metrics.publishing import published
from course.localaws.cloudwatch.metrics.queries import metric_data
from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError
from course.localaws.iam.service_authorization.permissions import of_model
from course.localaws.platform import Platform
from course.localaws.protocol.service import Service, Stages, in_thread

MOST_DATAPOINTS = 1440
LIST_PAGE = 500
LISTED_FOR = 14 * statistics.DAY
RECENT = 3 * statistics.HOUR


def create_service(platform: Platform, stages: Stages) -> Service:
    """Returns the `Service` with signing name ``monitoring``. Its handlers run in a thread, since statistics read much data."""
    return Service(
        "cloudwatch",
        platform,
        OPERATIONS | AlarmOperations(platform.alarms).operations,
        fallback=platform.moto,
        falls_back=lambda context, params: ":alarm:" not in params.get("ResourceARN", ":alarm:"),
        run=in_thread,
        invalid=invalid_value,
        resource=lambda operation, params: params.get("Namespace", ""),
        permissions=of_model("cloudwatch", permissions.records(platform.alarms.store)).required,
        stages=stages,
    )


def invalid_value(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message)


def get_metric_data(context: Context, params: dict) -> dict:
    return metric_data(context.platform.metrics, context.region, params)


def put_metric_data(context: Context, params: dict) -> dict:
    store, region, now = context.platform.metrics, context.region, context.platform.clock.now()
    metering.meter_metrics(context.platform.usage, region, store.put_data(region, published(params, now), int(now // statistics.HOUR)), now)
    return {}


def get_metric_statistics(context: Context, params: dict) -> dict:
    store, region = context.platform.metrics, context.region
    names, extended = params.get("Statistics", []), params.get("ExtendedStatistics", [])
    if bool(names) == bool(extended):
        message = "Exactly one of the parameters Statistics and ExtendedStatistics must be specified."
        raise AwsError("InvalidParameterCombination", message)
    for name in (*names, *extended):
        statistics.check_statistic(name)
    period, end = params["Period"], params["EndTime"]
    statistics.check_period(period)
    if params["StartTime"] >= end:
        raise AwsError("InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime.")
    start = statistics.rounded_start(params["StartTime"], period, store.clock.now())
    requested = -int((start - end) // period)
    if requested > MOST_DATAPOINTS:
        message = (
            f"You have requested up to {requested:,} datapoints, which exceeds the limit of {MOST_DATAPOINTS:,}. You may reduce the "
            "datapoints requested by increasing Period, or decreasing the time range."
        )
        raise AwsError("InvalidParameterCombination", message)
    found = statistics.summaries(store, region, params, start, end, period, params.get("Unit"))
    datapoints = []
    for (moment, unit), summary in found.items():
        values = {name: summary.statistic(name) for name in (*names, *extended)}
        known = {name: value for name, value in values.items() if value is not None}
        if known:
            datapoints.append({"Timestamp": moment, "Unit": unit, **({"ExtendedStatistics": known} if extended else known)})
    return {"Label": params["MetricName"], "Datapoints": datapoints}


def list_metrics(context: Context, params: dict) -> dict:
    store, region = context.platform.metrics, context.region
    since = store.clock.now() - (RECENT if params.get("RecentlyActive") else LISTED_FOR)
    wanted = params.get("Dimensions", ())
    after = _decode(params["NextToken"]) if "NextToken" in params else 0
    found: list[dict] = []
    while rows := store.metrics(region, params.get("Namespace"), params.get("MetricName"), since, after, LIST_PAGE):
        for row in rows:
            dimensions = dict(json.loads(row["dimensions"]))
            if not all(
                one["Name"] in dimensions and one.get("Value", dimensions[one["Name"]]) == dimensions[one["Name"]] for one in wanted
            ):
                continue
            if len(found) == LIST_PAGE:
                return {"Metrics": found, "NextToken": _encode(after)}
            shown = [{"Name": name, "Value": value} for name, value in dimensions.items()]
            found.append({"Namespace": row["namespace"], "MetricName": row["name"], "Dimensions": shown})
            after = row["id"]
        after = rows[-1]["id"]
    return {"Metrics": found}


def _encode(after: int) -> str:
    return base64.urlsafe_b64encode(str(after).encode()).decode()


def _decode(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token))
    except ValueError:
        raise AwsError("InvalidParameterValue", "Invalid nextToken") from None


OPERATIONS: dict[str, Operation] = {
    "GetMetricData": get_metric_data,
    "GetMetricStatistics": get_metric_statistics,
    "ListMetrics": list_metrics,
    "PutMetricData": put_metric_data,
}
