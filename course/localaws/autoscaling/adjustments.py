"""Calculates the capacity that a policy wants when an alarm invokes it. These functions change no state.

Source: Application Auto Scaling user guide, "How target tracking scaling works", "How step scaling works" (scaling adjustment types) and
"Define cooldown periods", read 2026-11-25. AWS does not publish the formula of target tracking. Here
capacity is proportional to the metric.
"""

from __future__ import annotations

import math

COOLDOWN = 300  # seconds; the default for SageMaker's variants, and for step scaling


def target_tracking_capacity(capacity: int, value: float, target: float) -> int:
    """Returns the capacity at which the metric would meet its target. A capacity of 0 counts as 1."""
    return math.ceil(round(max(capacity, 1) * value / target, 9))


def step_scaling_capacity(configuration: dict, capacity: int, threshold: float, value: float) -> int | None:
    """Returns the capacity after the matching step adjustment; None when no step matches."""
    step = _step(configuration["StepAdjustments"], 0.0 if math.isnan(value) else value - threshold)
    if step is None:
        return None
    amount = step["ScalingAdjustment"]
    match configuration["AdjustmentType"]:
        case "ExactCapacity":
            return amount
        case "PercentChangeInCapacity":
            return capacity + _magnified(_rounded(capacity * amount / 100), configuration.get("MinAdjustmentMagnitude", 1))
    return capacity + amount


def _step(steps: list[dict], beyond: float) -> dict | None:
    """Returns the step whose interval contains the metric. The bound nearer to the threshold is inclusive, the other one exclusive."""
    for step in steps:
        low, high = step.get("MetricIntervalLowerBound", -math.inf), step.get("MetricIntervalUpperBound", math.inf)
        if (low <= beyond < high) if beyond > 0 or (beyond == 0 and low >= 0) else (low < beyond <= high):
            return step
    return None


def _rounded(change: float) -> int:
    """Rounds towards 0 when the absolute value is at least 1, else away from 0: 6.67 becomes 6, 0.67 becomes 1."""
    if abs(change) >= 1 or change == 0:
        return int(change)
    return 1 if change > 0 else -1


def _magnified(change: int, least: int) -> int:
    if change == 0:
        return 0
    return max(change, least) if change > 0 else min(change, -least)


def in_cooldown(note: dict | None, seconds: int, moment: float) -> bool:
    """Returns whether the scaling activity recorded in ``note`` began less than ``seconds`` ago."""
    return note is not None and moment < note["moment"] + seconds
