"""Suggested constraints, as in ``constraints.json``, and the checks of a dataset against them.

Source: "Schema for Constraints" and "Schema for Violations" of the SageMaker developer guide, and what the analyzer wrote on AWS:
SageMaker-ModelMonitoring_outputs.ipynb of amazon-sagemaker-examples and tests/data/monitor of sagemaker-python-sdk. Read 2026-11-28. The
texts of violations are from there, but those of baseline_drift_check, missing_column_check and extra_column_check are ours.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.localaws.images.model_monitor import drift
from course.localaws.images.model_monitor.data_types import NUMERIC, STRING
from course.localaws.images.model_monitor.statistics import ColumnStatistics

ENABLED = "Enabled"
MONITORING = {
    "evaluate_constraints": ENABLED,
    "emit_metrics": ENABLED,
    "datatype_check_threshold": 1.0,
    "domain_content_threshold": 1.0,
    "distribution_constraints": {"perform_comparison": ENABLED, "comparison_threshold": 0.1, "comparison_method": drift.ROBUST},
}
OVERRIDES = ("monitoringConfigOverrides", "monitoring_config_overrides")  # the guide's name, and that of the SDK's tests


class ConstraintError(Exception):
    """A baseline that cannot be compared with."""


@dataclass(frozen=True)
class Violation:
    """An entry of ``violations``."""

    feature: str
    check: str
    description: str

    def as_json(self) -> dict[str, str]:
        return {"feature_name": self.feature, "constraint_check_type": self.check, "description": self.description}


def suggested(columns: Mapping[str, ColumnStatistics], categorical_drift_method: str = "") -> dict[str, Any]:
    """The content of ``constraints.json`` for a baseline."""
    monitoring = copy.deepcopy(MONITORING)
    if categorical_drift_method:
        monitoring["distribution_constraints"]["categorical_drift_method"] = categorical_drift_method
    return {"version": 0.0, "features": [_suggested(column) for column in columns.values()], "monitoring_config": monitoring}


def _suggested(column: ColumnStatistics) -> dict[str, Any]:
    kind, types = column.types.inferred, column.types
    feature = {"name": column.name, "inferred_type": kind, "completeness": types.present / types.total if types.total else 0.0}
    if kind in NUMERIC:
        feature["num_constraints"] = {"is_non_negative": column.minimum >= 0}
    elif kind == STRING and column.distinct.counts:
        feature["string_constraints"] = {"domains": list(column.distinct.counts)}
    return feature


def violations(
    columns: Mapping[str, ColumnStatistics], constraints: Mapping[str, Any], baseline: Mapping[str, Any] | None
) -> list[Violation]:
    """What of a dataset does not satisfy the constraints.

    Parameters
    ----------
    columns : dict
        Of the dataset, by name.
    constraints : dict
        The content of the baseline's ``constraints.json``.
    baseline : dict, optional
        The content of its ``statistics.json``. Without it no distributions are compared.

    Raises
    ------
    ConstraintError
        The baseline has another form.
    """
    try:
        return _violations(columns, constraints, baseline)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ConstraintError(f"The baseline has another form than this analyzer writes: {type(error).__name__}: {error}") from error


def _violations(
    columns: Mapping[str, ColumnStatistics], constraints: Mapping[str, Any], baseline: Mapping[str, Any] | None
) -> list[Violation]:
    features = {feature["name"]: feature for feature in constraints.get("features", [])}
    general = constraints.get("monitoring_config", {})
    known = {feature["name"]: feature for feature in (baseline or {}).get("features", [])}
    found = list(_of_columns(len(columns), len(features))) if general.get("evaluate_constraints", ENABLED) == ENABLED else []
    for name, feature in features.items():
        monitoring = monitoring_of(feature, general)
        if name in columns and monitoring.get("evaluate_constraints", ENABLED) == ENABLED:
            found += _of_feature(columns[name], feature, monitoring)
            found += drifted(columns[name], known.get(name), monitoring)
    return found


def monitoring_of(feature: Mapping[str, Any], general: Mapping[str, Any]) -> dict[str, Any]:
    """The monitoring configuration of a feature: its overrides, then the general one, then the defaults."""
    return _merged(general, next((feature[key] for key in OVERRIDES if key in feature), {}))


def _merged(general: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    merged = copy.deepcopy(MONITORING)
    for changes in (general, overrides):
        distribution = merged["distribution_constraints"] | changes.get("distribution_constraints", {})
        merged |= dict(changes) | {"distribution_constraints": distribution}
    return merged


def _of_columns(number: int, expected: int) -> Iterator[Violation]:
    counts = f"Number of columns in current dataset: {number}, Number of columns in baseline constraints: {expected}"
    if number < expected:
        yield Violation("Missing columns", "missing_column_check", f"There are missing columns in current dataset. {counts}")
    elif number > expected:
        yield Violation("Extra columns", "extra_column_check", f"There are extra columns in current dataset. {counts}")


def _of_feature(column: ColumnStatistics, feature: Mapping[str, Any], monitoring: Mapping[str, Any]) -> Iterator[Violation]:
    expected, needed = feature.get("inferred_type"), monitoring["datatype_check_threshold"]
    share = column.types.share(expected)
    if share < needed:
        description = (
            f"Data type match requirement is not met. Expected data type: {expected}, Expected match: {needed * 100}%. "
            f"Observed: Only {share * 100}% of data is {expected}."
        )
        yield Violation(column.name, "data_type_check", description)
    completeness = column.types.present / column.types.total if column.types.total else 0.0
    if completeness < feature.get("completeness", 0.0):
        yield Violation(column.name, "completeness_check", f"Value: {completeness} does not meet the constraint requirement! ")
    domains = feature.get("string_constraints", {}).get("domains")
    if domains and column.types.present:
        inside = sum((column.counts or {}).get(value, 0) for value in domains) / column.types.present
        if inside < monitoring["domain_content_threshold"]:
            yield Violation(column.name, "categorical_values_check", f"Value: {inside} does not meet the constraint requirement! ")


def drifted(column: ColumnStatistics, baseline: Mapping[str, Any] | None, monitoring: Mapping[str, Any]) -> list[Violation]:
    """The violation of a column whose distribution is too far from the baseline's, if it is."""
    settings = monitoring["distribution_constraints"]
    measured = distance(column, baseline, settings)
    if settings.get("perform_comparison", ENABLED) != ENABLED or measured is None or math.isnan(measured):
        return []
    categorical = "string_statistics" in baseline
    limit = (
        settings.get("categorical_comparison_threshold", settings["comparison_threshold"])
        if categorical
        else settings["comparison_threshold"]
    )
    if categorical and settings.get("categorical_drift_method") == drift.CHI_SQUARED:
        text = f"Baseline drift p-value: {measured} is below threshold: {limit}" if measured < limit else ""
    else:
        text = f"Baseline drift distance: {measured} exceeds threshold: {limit}" if measured > limit else ""
    return [Violation(column.name, "baseline_drift_check", text)] if text else []


def distance(column: ColumnStatistics, baseline: Mapping[str, Any] | None, settings: Mapping[str, Any]) -> float | None:
    """How far a column is from its baseline, a p-value for the chi-squared method. None if they cannot be compared."""
    method = settings.get("comparison_method", drift.ROBUST)
    if baseline and "numerical_statistics" in baseline and column.types.inferred in NUMERIC:
        sketch = baseline["numerical_statistics"].get("distribution", {}).get("kll", {}).get("sketch")
        return drift.numerical_distance(column.sketch.levels, [np.array(level) for level in sketch["data"]], method) if sketch else None
    if baseline and "string_statistics" in baseline and column.counts:
        listed = baseline["string_statistics"].get("distribution", {}).get("categorical", {}).get("buckets")
        expected = {each["value"]: each["count"] for each in listed or []}
        if expected and settings.get("categorical_drift_method") == drift.CHI_SQUARED:
            return drift.chi_squared_p_value(column.counts, expected)
        return drift.categorical_distance(column.counts, expected, method) if expected else None
    return None
