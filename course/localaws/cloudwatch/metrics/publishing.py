"""Checks the parameters of PutMetricData and converts them to data."""

from __future__ import annotations

import math

from course.localaws.cloudwatch.metrics.store import MetricDatum, observed
from course.localaws.core.errors import AwsError, not_supported

MOST_METRICS = 1000
MOST_VALUES = 150
LARGEST = 2.0**360
TWO_WEEKS, TWO_HOURS = 14 * 86_400, 7200


def published(params: dict, now: float) -> list[MetricDatum]:
    """Returns the data of a request.

    Raises
    ------
    AwsError
        ``MissingParameter``, ``InvalidParameterValue``, ``InvalidParameterCombination``. Nothing is stored in this case.
    """
    if params.get("EntityMetricData"):
        raise not_supported("cloudwatch", "PutMetricData with EntityMetricData")
    namespace, data = params["Namespace"], params.get("MetricData", [])
    if namespace.startswith("AWS/"):
        raise AwsError("InvalidParameterValue", f"The value {namespace} for parameter Namespace is invalid.")
    if not data:
        raise AwsError("MissingParameter", "The parameter MetricData is required.")
    if len(data) > MOST_METRICS:
        raise AwsError("InvalidParameterValue", f"The collection MetricData must not have a size greater than {MOST_METRICS}.")
    return [_datum(namespace, entry, f"MetricData.member.{number}", now) for number, entry in enumerate(data, start=1)]


def _datum(namespace: str, entry: dict, path: str, now: float) -> MetricDatum:
    timestamp = entry.get("Timestamp", now)
    if timestamp < now - TWO_WEEKS:
        raise AwsError("InvalidParameterValue", f"The parameter {path}.Timestamp must specify a time no more than two weeks in the past.")
    if timestamp > now + TWO_HOURS:
        raise AwsError("InvalidParameterValue", f"The parameter {path}.Timestamp must specify a time within two hours of the current time.")
    resolution = entry.get("StorageResolution", 60)
    if resolution not in (1, 60):
        raise AwsError("InvalidParameterValue", f"The parameter {path}.StorageResolution must be 1 or 60.")
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in entry.get("Dimensions", ())}
    if len(dimensions) < len(entry.get("Dimensions", ())):
        raise AwsError("InvalidParameterValue", f"The parameter {path}.Dimensions must not name a dimension twice.")
    name, unit = entry["MetricName"], entry.get("Unit", "None")
    given = [member for member in ("Value", "Values", "StatisticValues") if entry.get(member) is not None]
    if not given:
        raise AwsError(
            "InvalidParameterCombination", f"At least one of the parameters {path}.Value and {path}.StatisticValues is required."
        )
    if len(given) > 1:
        message = f"The parameters {path}.{given[0]} and {path}.{given[1]} are mutually exclusive and you have specified both."
        raise AwsError("InvalidParameterCombination", message)
    if given == ["StatisticValues"]:
        return _statistic_set(namespace, name, entry["StatisticValues"], dimensions, unit, timestamp, resolution, path)
    pairs = [(entry["Value"], 1.0)] if given == ["Value"] else _pairs(entry, path)
    for value, _ in pairs:
        _check_number(value, f"{path}.{given[0]}")
    return observed(namespace, name, pairs, dimensions, unit, timestamp, resolution)


def _pairs(entry: dict, path: str) -> list[tuple[float, float]]:
    values = entry["Values"]
    counts = entry.get("Counts", [1.0] * len(values))
    if len(values) != len(counts):
        raise AwsError("InvalidParameterValue", f"The parameters {path}.Values and {path}.Counts must be of the same size.")
    if not 1 <= len(values) <= MOST_VALUES:
        raise AwsError("InvalidParameterValue", f"The collection {path}.Values must have between 1 and {MOST_VALUES} values.")
    for count in counts:
        _check_number(count, f"{path}.Counts")
        if count <= 0:
            raise AwsError("InvalidParameterValue", f"The value {count} for parameter {path}.Counts is invalid.")
    return list(zip(values, counts, strict=True))


def _statistic_set(
    namespace: str, name: str, values: dict, dimensions: dict[str, str], unit: str, timestamp: float, resolution: int, path: str
) -> MetricDatum:
    for member, value in values.items():
        _check_number(value, f"{path}.StatisticValues.{member}")
    count, total, least, most = (values[member] for member in ("SampleCount", "Sum", "Minimum", "Maximum"))
    if count <= 0 or least > most:
        raise AwsError("InvalidParameterValue", f"The value for parameter {path}.StatisticValues is invalid.")
    return MetricDatum(namespace, name, timestamp, unit, count, total, least, most, None, dimensions, resolution)


def _check_number(value: float, path: str) -> None:
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise AwsError("InvalidParameterValue", f"The value {value} for parameter {path} is invalid.")
