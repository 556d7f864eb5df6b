"""The capacities that policies want, with the examples of the Application Auto Scaling user guide."""

from __future__ import annotations

import math

import pytest

from course.localaws.autoscaling.adjustments import step_scaling_capacity, target_tracking_capacity

OUT = [
    {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 0},
    {"MetricIntervalLowerBound": 10.0, "MetricIntervalUpperBound": 20.0, "ScalingAdjustment": 10},
    {"MetricIntervalLowerBound": 20.0, "ScalingAdjustment": 30},
]
IN = [
    {"MetricIntervalLowerBound": -10.0, "MetricIntervalUpperBound": 0.0, "ScalingAdjustment": 0},
    {"MetricIntervalLowerBound": -20.0, "MetricIntervalUpperBound": -10.0, "ScalingAdjustment": -10},
    {"MetricIntervalUpperBound": -20.0, "ScalingAdjustment": -30},
]


@pytest.mark.parametrize(("value", "expected"), [(55, 10), (60, 11), (65, 11), (70, 13), (90, 13), (math.nan, 10)])
def test_a_step_out_by_percent(value, expected):
    assert step_scaling_capacity({"AdjustmentType": "PercentChangeInCapacity", "StepAdjustments": OUT}, 10, 50.0, value) == expected


@pytest.mark.parametrize(("value", "expected"), [(45, 10), (40, 9), (35, 9), (30, 7), (5, 7)])
def test_a_step_in_by_percent(value, expected):
    assert step_scaling_capacity({"AdjustmentType": "PercentChangeInCapacity", "StepAdjustments": IN}, 10, 50.0, value) == expected


def test_the_other_adjustments():
    up = [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 3}]
    assert step_scaling_capacity({"AdjustmentType": "ChangeInCapacity", "StepAdjustments": up}, 2, 1.0, 5.0) == 5
    assert step_scaling_capacity({"AdjustmentType": "ExactCapacity", "StepAdjustments": up}, 2, 1.0, 5.0) == 3
    assert step_scaling_capacity({"AdjustmentType": "ChangeInCapacity", "StepAdjustments": up}, 2, 1.0, 0.5) is None
    percent = {
        "AdjustmentType": "PercentChangeInCapacity",
        "StepAdjustments": [up[0] | {"ScalingAdjustment": 25}],
        "MinAdjustmentMagnitude": 2,
    }
    assert step_scaling_capacity(percent, 4, 1.0, 5.0) == 6


@pytest.mark.parametrize(
    ("capacity", "value", "expected"), [(1, 210, 3), (2, 71, 3), (2, 70, 2), (3, 0, 0), (10, 63, 9), (0, 140, 2), (0, 0, 0)]
)
def test_target_tracking_follows_the_metric(capacity, value, expected):
    assert target_tracking_capacity(capacity, value, 70) == expected
