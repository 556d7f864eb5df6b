"""How many instances a policy wants, given the alarm that invokes it. Nothing here changes anything.

Source: Application Auto Scaling user guide, "How target tracking scaling works", "How step scaling works" (scaling adjustment types) and
"Define cooldown periods", read 2026-11-25. AWS does not publish how target tracking calculates; here capacity goes with the metric.
"""

from __future__ import annotations

import math

COOLDOWN = 300  # seconds; the default for SageMaker's variants, and for step scaling


def target_tracking_capacity(capacity: int, value: float, target: float) -> int:
    """The capacity at which the metric would be at its target. Where there is none, the metric is what one would have."""
    return math.ceil(round(max(capacity, 1) * value / target, 9))


def step_scaling_capacity(configuration: dict, capacity: int, threshold: float, value: float) -> int | None:
    """The capacity after the step that fits; None when none does."""
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
    """The step in whose interval the metric is, which belongs to the bound that is nearer to the threshold."""
    for step in steps:
        low, high = step.get("MetricIntervalLowerBound", -math.inf), step.get("MetricIntervalUpperBound", math.inf)
        if (low <= beyond < high) if beyond > 0 or (beyond == 0 and low >= 0) else (low < beyond <= high):
            return step
    return None


def _rounded(change: float) -> int:
    """Towards 0 beyond 1, away from it else: 6.67 is 6, 0.67 is 1."""
    if abs(change) >= 1 or change == 0:
        return int(change)
    return 1 if change > 0 else -1


def _magnified(change: int, least: int) -> int:
    if change == 0:
        return 0
    return max(change, least) if change > 0 else min(change, -least)


def in_cooldown(note: dict | None, seconds: int, moment: float) -> bool:
    """Whether a scaling activity that ``note`` remembers is less than ``seconds`` ago."""
    return note is not None and moment < note["moment"] + seconds
