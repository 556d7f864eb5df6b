"""The tables of "Configuring how CloudWatch alarms treat missing data": X breaches, 0 does not, - is missing. The newest is last."""

from __future__ import annotations

import pytest

from course.localaws.cloudwatch.alarms.states import DataPoint, verdict

OK, ALARM, UNKNOWN, RETAINED = "OK", "ALARM", "INSUFFICIENT_DATA", "retained"
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
THREE_OF_THREE = {
    "0-X-X": (OK, OK, OK, OK),
    "0----": (OK, OK, OK, OK),
    "-----": (UNKNOWN, RETAINED, ALARM, OK),
    "0XX-X": (ALARM, ALARM, ALARM, ALARM),
    "--X--": (ALARM, RETAINED, ALARM, OK),
    "----X": (RETAINED, RETAINED, ALARM, OK),
}
TWO_OF_THREE = {
    "0-X-X": (ALARM, ALARM, ALARM, ALARM),
    "00X0X": (ALARM, ALARM, ALARM, ALARM),
    "0-X--": (OK, OK, ALARM, OK),
    "----0": (OK, OK, ALARM, OK),
    "---X-": (ALARM, RETAINED, ALARM, OK),
}
CASES = [
    (needed, points, treatment, expected)
    for needed, table in ((3, THREE_OF_THREE), (2, TWO_OF_THREE))
    for points, row in table.items()
    for treatment, expected in zip(TREATMENTS, row, strict=True)
]


@pytest.mark.parametrize(("needed", "points", "treatment", "expected"), CASES)
def test_missing_data(needed, points, treatment, expected):
    values = {"X": 11.0, "0": 1.0, "-": None}
    evaluated = [DataPoint(60.0 * place, values[sign]) for place, sign in enumerate(points)]
    alarm = {"EvaluationPeriods": 3, "DatapointsToAlarm": needed, "TreatMissingData": treatment, "StateValue": RETAINED}
    assert verdict(alarm, evaluated, lambda value: value > 10).state == expected
