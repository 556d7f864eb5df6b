"""Writes the reason for an alarm's state in CloudWatch's words.

Source: reasons in messages and histories of real alarms, e.g. https://github.com/guardian/support-service-lambdas (one data point, and more
than four), https://github.com/aws/aws-cli/blob/develop/awscli/examples/cloudwatch/describe-alarm-history.rst, read 2026-11-25. An alarm
with ``DatapointsToAlarm`` has "out of the last" in its reasons.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from course.localaws.cloudwatch.alarms.states import ALARM, COMPARISONS, INSUFFICIENT_DATA, OK, DataPoint, Verdict, breaching

MOST_SHOWN = 5


def reason(alarm: dict, verdict: Verdict) -> str:
    """Returns the ``StateReason``."""
    wanted, points = alarm["EvaluationPeriods"], verdict.points
    if verdict.state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {counted(wanted)} {'was' if wanted == 1 else 'were'} unknown."
    if verdict.filled:
        known = f"{counted(len(points))} {'was' if len(points) == 1 else 'were'}" if points else "no datapoints were"
        treated = "Breaching" if alarm["TreatMissingData"] == "breaching" else "NonBreaching"
        return (
            f"Threshold Crossed: {known} received for {wanted} period{'s' * (wanted > 1)} and {verdict.filled} missing "
            f"datapoint{'s were' if verdict.filled > 1 else ' was'} treated as [{treated}]."
        )
    crosses, words = breaching(alarm), COMPARISONS[alarm["ComparisonOperator"]][1]
    crossed = [point for point in points if crosses(point.value)]
    relevant = crossed if verdict.state == ALARM else [point for point in points if point not in crossed]
    return f"Threshold Crossed: {_which(alarm, verdict, relevant, words)}{_minimum(alarm, verdict.state)}."


def _which(alarm: dict, verdict: Verdict, relevant: Sequence[DataPoint], words: str) -> str:
    number = len(relevant)
    named = f"{number} out of the last {len(verdict.points)} datapoints" if "DatapointsToAlarm" in alarm else counted(number)
    were = f"{'was' if number == 1 else 'were'}{' not' if verdict.state == OK else ''} {words} the threshold ({alarm['Threshold']})"
    shown = "[" + ", ".join(f"{point.value} ({_short(point.moment)})" for point in reversed(relevant[-MOST_SHOWN:])) + "]"
    if number < MOST_SHOWN:
        return f"{named} {shown} {were}"
    which = "crossed" if verdict.state == ALARM else "did not cross"
    return f"{named} {were}. The most recent datapoints which {which} the threshold: {shown}"


def _minimum(alarm: dict, state: str) -> str:
    if "DatapointsToAlarm" not in alarm:
        return ""
    needed = alarm["DatapointsToAlarm"] if state == ALARM else alarm["EvaluationPeriods"] - alarm["DatapointsToAlarm"] + 1
    way = "OK -> ALARM" if state == ALARM else "ALARM -> OK"
    return f" (minimum {counted(needed)} for {way} transition)"


def reason_data(alarm: dict, verdict: Verdict, points: Sequence[DataPoint], moment: float) -> str:
    """Returns the ``StateReasonData`` as JSON text."""
    shown = verdict.points or points[-alarm["EvaluationPeriods"] :]
    statistic = alarm.get("Statistic") or alarm.get("ExtendedStatistic")
    data = {
        "version": "1.0",
        "queryDate": stamp(moment),
        **({"startDate": stamp(verdict.points[0].moment)} if verdict.points else {}),
        **({"unit": alarm["Unit"]} if "Unit" in alarm else {}),
        **({"statistic": statistic} if statistic else {}),
        "period": period(alarm),
        "recentDatapoints": [point.value for point in verdict.points],
        "threshold": alarm["Threshold"],
        "evaluatedDatapoints": [_evaluated(point) for point in reversed(shown[-30:])],
    }
    return json.dumps(data, separators=(",", ":"))


def _evaluated(point: DataPoint) -> dict:
    known = {"sampleCount": point.count, "value": point.value}
    return {"timestamp": stamp(point.moment)} | {name: value for name, value in known.items() if value is not None}


def period(alarm: dict) -> int:
    """Returns the period of a metric alarm in seconds."""
    if "Period" in alarm:
        return alarm["Period"]
    return min(query["MetricStat"]["Period"] for query in alarm["Metrics"] if "MetricStat" in query)


def counted(number: int) -> str:
    return f"{number} datapoint{'' if number == 1 else 's'}"


def stamp(moment: float) -> str:
    """Returns a time in the format of CloudWatch's JSON, e.g. ``2026-11-25T20:15:00.000+0000``."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")


def _short(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%d/%m/%y %H:%M:%S")
