"""Metrics for CloudWatch: of the data a description of each number, completeness and drift; of a model its quality.

Source: "CloudWatch Metrics" and "Model Quality CloudWatch Metrics" of Model Monitor in the SageMaker developer guide, read 2026-11-28.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from course.localaws.images.model_monitor import constraints
from course.localaws.images.model_monitor.data_types import NUMERIC
from course.localaws.images.model_monitor.statistics import ColumnStatistics


def data_metrics(
    columns: Mapping[str, ColumnStatistics], baseline: Mapping[str, Any], known: Mapping[str, Any] | None
) -> Iterator[dict[str, Any]]:
    """One line of the metrics file for each metric of the columns whose ``emit_metrics`` is not disabled.

    Parameters
    ----------
    baseline, known : dict
        The baseline's constraints and statistics.
    """
    features = {feature["name"]: feature for feature in baseline.get("features", [])}
    statistics = {feature["name"]: feature for feature in (known or {}).get("features", [])}
    for name, column in columns.items():
        monitoring = constraints.monitoring_of(features.get(name, {}), baseline.get("monitoring_config", {}))
        if monitoring["emit_metrics"] != constraints.ENABLED:
            continue
        if column.types.inferred in NUMERIC:
            yield {"MetricName": f"feature_data_{name}", "StatisticValues": column.statistic_set()}
        if column.types.total:
            yield {"MetricName": f"feature_non_null_{name}", "Value": column.types.present / column.types.total}
        distance = constraints.distance(column, statistics.get(name), monitoring["distribution_constraints"])
        if distance is not None and not math.isnan(distance):
            yield {"MetricName": f"feature_baseline_drift_{name}", "Value": distance}


def quality_metrics(metrics: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One line of the metrics file for each metric of a model's quality that has a value."""
    for name, measured in metrics.items():
        if isinstance(measured, Mapping) and isinstance(measured.get("value"), float):
            yield {"MetricName": name, "Value": measured["value"]}
