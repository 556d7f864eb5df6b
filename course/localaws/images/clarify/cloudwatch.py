"""Metrics for CloudWatch: of bias, and global SHAP values.

Source: "CloudWatch Metrics for Bias Drift Analysis" and "CloudWatch Metrics for Feature Drift Analysis" of the SageMaker developer guide,
read 2026-11-28.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from course.localaws.images.clarify.bias import POST, PRE
from course.localaws.images.clarify.drift import bias_metrics

STAGES = {PRE: "Pre-training", POST: "Post-Training"}
INFINITE = 2.348543e108  # what stands for infinity


def metrics(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The lines of the metrics file for an ``analysis.json``. A metric without a value has none."""
    for section, facet, value, metric in bias_metrics(content):
        if metric["value"] is not None:
            dimensions = {
                "BiasStage": STAGES[section],
                "Label": content[section]["label"],
                "LabelValue": content[section]["label_value_or_threshold"],
                "Facet": facet,
                "FacetValue": value,
            }
            yield _line(f"bias_metric_{metric['name']}", float(metric["value"]), dimensions)
    for label, found in content.get("explanations", {}).get("kernel_shap", {}).items():
        dimensions = {"ExplainabilityMethod": "KernelShap", "Label": label}
        for feature, value in found["global_shap_values"].items():
            yield _line(f"feature_{feature}", value, dimensions | {"ValueType": "GlobalShapValues"})
        yield _line("ExpectedValue", found["expected_value"], dimensions | {"ValueType": "ExpectedValue"})


def _line(name: str, value: float, dimensions: Mapping[str, str]) -> dict[str, Any]:
    number = math.copysign(INFINITE, value) if math.isinf(value) else value
    return {"MetricName": name, "Value": number, "Dimensions": [{"Name": key, "Value": each} for key, each in dimensions.items()]}
