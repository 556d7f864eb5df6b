"""Target tracking: the metric of a policy and its two alarms.

The high alarm needs three periods above the target. The low alarm needs fifteen minutes below 90 % of the target.

Source: the predefined metrics and their alarms in the SageMaker developer guide ("Auto scaling policy overview"), and alarms of real
policies (https://github.com/aws/aws-cdk/issues/27342 and alarms that Terraform imported), read 2026-11-25.
"""

from __future__ import annotations

import uuid

from course.localaws.autoscaling.dimensions import COPIES, DIMENSIONS, INSTANCES, PROVISIONED
from course.localaws.core.errors import invalid, not_supported

HIGH_PERIODS, LOW_SECONDS, LOW_SHARE = 3, 900, 0.9
PREDEFINED = {
    "SageMakerVariantInvocationsPerInstance": (INSTANCES, "InvocationsPerInstance", "Sum", 60),
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": (INSTANCES, "ConcurrentRequestsPerModel", "Maximum", 10),
    "SageMakerVariantProvisionedConcurrencyUtilization": (PROVISIONED, "ServerlessProvisionedConcurrencyUtilization", "Average", 60),
    "SageMakerInferenceComponentInvocationsPerCopy": (COPIES, "InvocationsPerCopy", "Sum", 60),
    "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution": (COPIES, "ConcurrentRequestsPerCopy", "Maximum", 10),
}


def metric_of(policy: dict) -> dict:
    """Returns the members of an alarm that name the policy's metric.

    Raises
    ------
    AwsError
        ``ValidationException``, ``NotSupportedByLocalAws``.
    """
    configuration = policy["TargetTrackingScalingPolicyConfiguration"]
    predefined, customized = configuration.get("PredefinedMetricSpecification"), configuration.get("CustomizedMetricSpecification")
    if (predefined is None) == (customized is None):
        raise invalid("Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified.")
    if predefined is not None:
        return _predefined(predefined["PredefinedMetricType"], policy)
    if customized.get("Metrics"):
        return {"Metrics": [_query(query) for query in customized["Metrics"]]}
    for member in ("MetricName", "Namespace", "Statistic"):
        if member not in customized:
            raise invalid(f"CustomizedMetricSpecification needs {member}, or Metrics.")
    return customized | {"Period": 60}


def _predefined(kind: str, policy: dict) -> dict:
    if kind not in PREDEFINED and kind.startswith("SageMaker"):
        raise not_supported("application-autoscaling", f"PutScalingPolicy with {kind}")
    dimension, metric, statistic, period = PREDEFINED.get(kind, ("", "", "", 0))
    if dimension != policy["ScalableDimension"]:
        raise invalid(f"The predefined metric {kind} is not one of the scalable dimension {policy['ScalableDimension']}.")
    dimensions = DIMENSIONS[dimension].metric_dimensions(policy["ResourceId"])
    return {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": dimensions, "Statistic": statistic, "Period": period}


def _query(query: dict) -> dict:
    if "MetricStat" not in query:
        return query
    return query | {"MetricStat": query["MetricStat"] | {"Period": 60}}


def alarms_of(policy: dict) -> tuple[dict, dict]:
    """Returns PutMetricAlarm's parameters for the high and the low alarm, with new names."""
    target = policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]
    metric, action = metric_of(policy), f"{policy['PolicyARN']}:createdBy/{policy['_CreatedBy']}"
    common = {"AlarmActions": [action], "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {action}."}
    high = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": target, "EvaluationPeriods": HIGH_PERIODS}
    low = {
        "ComparisonOperator": "LessThanThreshold",
        "Threshold": round(target * LOW_SHARE, 9),
        "EvaluationPeriods": LOW_SECONDS // metric.get("Period", 60),
    }
    named = f"TargetTracking-{policy['ResourceId']}-Alarm"
    return (
        common | metric | high | {"AlarmName": f"{named}High-{uuid.uuid4()}"},
        common | metric | low | {"AlarmName": f"{named}Low-{uuid.uuid4()}"},
    )


def is_low(alarm: dict) -> bool:
    return alarm["ComparisonOperator"] == "LessThanThreshold"
