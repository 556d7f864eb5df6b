"""Checks the parameters of PutMetricAlarm and PutCompositeAlarm.

Source: CloudWatch API Reference, PutMetricAlarm (periods, combinations of parameters) and botocore's model, read 2026-11-25.
"""

from __future__ import annotations

from course.localaws.cloudwatch.alarms.reasons import period
from course.localaws.cloudwatch.alarms.states import ALARM, COMPARISONS, INSUFFICIENT_DATA, OK
from course.localaws.cloudwatch.metrics import statistics
from course.localaws.cloudwatch.metrics.queries import ALARM as ALARM_QUERIES
from course.localaws.cloudwatch.metrics.queries import by_id
from course.localaws.core.errors import AwsError, not_supported, validation_error

SHORT_PERIODS = (10, 20, 30)
LONGEST, LONGEST_HOURLY = 86_400, 7 * 86_400
UNSUPPORTED = ("EvaluationWindow", "WarmUpConfiguration", "EvaluationCriteria", "EvaluationInterval", "ActionConfiguration")
ACTIONS_OF = {ALARM: "AlarmActions", OK: "OKActions", INSUFFICIENT_DATA: "InsufficientDataActions"}
TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")


def check_metric_alarm(params: dict) -> None:
    """Check a metric alarm.

    Raises
    ------
    AwsError
        ``ValidationError``, ``InvalidParameterValue``, ``InvalidParameterCombination``, ``NotSupportedByLocalAws``.
    """
    for member in UNSUPPORTED:
        if params.get(member):
            raise not_supported("cloudwatch", f"PutMetricAlarm with {member}")
    for member in ("EvaluationPeriods", "ComparisonOperator"):
        if member not in params:
            raise validation_error(f"The parameter {member} is required.")
    if "ThresholdMetricId" in params or params["ComparisonOperator"] not in COMPARISONS:
        raise not_supported("cloudwatch", "PutMetricAlarm with an anomaly detection band")
    if "Threshold" not in params:
        raise validation_error("The parameter Threshold is required.")
    if params.get("TreatMissingData", "missing") not in TREATMENTS:
        raise validation_error(f"TreatMissingData must be one of {', '.join(TREATMENTS)}; got {params['TreatMissingData']!r}.")
    if params.get("DatapointsToAlarm", 1) > params["EvaluationPeriods"]:
        raise validation_error("DatapointsToAlarm must be less than or equal to EvaluationPeriods.")
    if params.get("Metrics"):
        _check_metrics(params)
    else:
        _check_metric(params)
    _check_length(params)
    check_actions(params, "PutMetricAlarm")


def _check_metric(params: dict) -> None:
    for member in ("MetricName", "Namespace", "Period"):
        if member not in params:
            raise validation_error(f"The parameter {member} is required.")
    if ("Statistic" in params) == ("ExtendedStatistic" in params):
        raise AwsError("InvalidParameterCombination", "Exactly one of the parameters Statistic and ExtendedStatistic must be specified.")
    if params.get("EvaluateLowSampleCountPercentile", "evaluate") not in ("evaluate", "ignore"):
        raise validation_error("EvaluateLowSampleCountPercentile must be evaluate or ignore.")
    statistics.check_statistic(params.get("Statistic") or params["ExtendedStatistic"])


def _check_metrics(params: dict) -> None:
    for member in ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic"):
        if params.get(member):
            raise AwsError("InvalidParameterCombination", f"The parameters Metrics and {member} are mutually exclusive.")
    queries = by_id(params["Metrics"], ALARM_QUERIES)
    if sum(query.get("ReturnData", True) for query in queries.values()) != 1:
        raise validation_error("Exactly one element of the metrics list should return data.")
    if not any("MetricStat" in query for query in queries.values()):
        raise validation_error("The parameter Metrics must hold at least one MetricStat.")
    if any(query.get("AccountId") for query in queries.values()):
        raise not_supported("cloudwatch", "PutMetricAlarm with metrics of another account")


def _check_length(params: dict) -> None:
    seconds = period(params)
    if seconds not in SHORT_PERIODS and seconds % 60:
        raise validation_error("Period must be 10, 20, 30 or a multiple of 60.")
    most = LONGEST if seconds < 3600 else LONGEST_HOURLY
    if seconds * params["EvaluationPeriods"] > most:
        raise validation_error(
            f"Metrics cannot be checked across more than {most // 86_400} day(s) (EvaluationPeriods * Period must be <= {most})."
        )


def check_actions(params: dict, operation: str) -> None:
    for member in ACTIONS_OF.values():
        for action in params.get(member, ()):
            if not is_topic(action) and not is_policy(action):
                raise not_supported("cloudwatch", f"{operation} with the action {action}: only SNS topics and scaling policies")


def is_topic(action: str) -> bool:
    return action.startswith("arn:aws:sns:")


def is_policy(action: str) -> bool:
    """Returns whether an action is a policy of Application Auto Scaling."""
    return action.startswith("arn:aws:autoscaling:") and ":resource/" in action
