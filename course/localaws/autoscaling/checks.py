"""Checks limits and policies for what the API's model cannot express."""

from __future__ import annotations

from course.localaws.autoscaling.scalable import Scalable
from course.localaws.autoscaling.target_tracking import metric_of
from course.localaws.core.errors import invalid, not_supported


def check_limits(scalable: Scalable, region: str, target: dict) -> None:
    """Check a target's minimum and maximum capacity. Raises AwsError ``ValidationException``."""
    least, most = target.get("MinCapacity"), target.get("MaxCapacity")
    if least is None or most is None:
        raise invalid("MinCapacity and MaxCapacity are required when a scalable target is registered for the first time.")
    if least > most:
        raise invalid(f"Maximum capacity cannot be less than minimum capacity: {most} < {least}")
    smallest = scalable.least(region, target["ResourceId"], target["ScalableDimension"])
    if least < smallest:
        raise invalid(f"Minimum capacity cannot be less than {smallest} for the resource {target['ResourceId']}.")


def check_policy(policy: dict) -> None:
    """Check a scaling policy. Raises AwsError ``ValidationException``, ``NotSupportedByLocalAws``."""
    kind = policy["PolicyType"]
    if kind not in ("StepScaling", "TargetTrackingScaling"):
        raise not_supported("application-autoscaling", f"PutScalingPolicy with PolicyType {kind}")
    if f"{kind}PolicyConfiguration" not in policy:
        raise invalid(f"{kind}PolicyConfiguration is required for the policy type {kind}.")
    if kind == "TargetTrackingScaling":
        if policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] <= 0:
            raise invalid("TargetValue must be greater than 0.")
        metric_of(policy)
        return
    configuration = policy["StepScalingPolicyConfiguration"]
    if "AdjustmentType" not in configuration or not configuration.get("StepAdjustments"):
        raise invalid("StepScalingPolicyConfiguration needs an AdjustmentType and StepAdjustments.")
