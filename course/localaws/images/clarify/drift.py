"""Compares an analysis with that of a baseline, as in ``constraint_violations.json``.

Source: "Bias Drift Violations", "Model Feature Attribution Drift Violations" and "Feature attribution drift for models in production" of
the SageMaker developer guide, read 2026-11-28.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from course.localaws.images.clarify.bias import SECTIONS

LOWEST = 0.9  # of nDCG
FAIR = {"DI": 1.0}  # the value of a metric without bias; 0 for all others. The guide says 0 for all, of which a ratio makes no sense.
INTERVAL = re.compile(r"\(([^,()]+), [^\]]+\]")


class BaselineError(Exception):
    """A baseline that cannot be compared with."""


def read(path: Path) -> dict[str, Any]:
    """The content of a baseline's ``analysis.json``; ``path`` may be its folder. Raises `BaselineError`."""
    files = [each for each in sorted(path.rglob("*.json")) if each.is_file()] if path.is_dir() else [path]
    try:
        content = json.loads(files[0].read_text(encoding="utf-8"))
    except (OSError, ValueError, IndexError) as error:
        raise BaselineError(f"{path.name} of the baseline cannot be read: {error}") from None
    if not isinstance(content, dict) or not (set(content) & {*SECTIONS, "explanations"}):
        raise BaselineError(f"{path.name} of the baseline must be the analysis.json of a Clarify job.")
    return content


def violations(content: Mapping[str, Any], baseline: Mapping[str, Any]) -> list[dict[str, str]]:
    """The entries of ``violations``. Raises `BaselineError` if the baseline lacks what was analyzed, or has another form."""
    try:
        return [*_bias(content, baseline), *_attributions(content, baseline)]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BaselineError(f"The form of the baseline is not the form of analysis.json: {type(error).__name__} {error}") from None


def bias_metrics(content: Mapping[str, Any]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Each metric of bias in an ``analysis.json``, with its section, its facet and the facet's value."""
    for section in SECTIONS:
        for facet, groups in content.get(section, {}).get("facets", {}).items():
            for group in groups:
                for metric in group["metrics"]:
                    yield section, facet, group["value_or_threshold"], metric


def _bias(content: Mapping[str, Any], baseline: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    known = {(section, facet, _group(value), metric["name"]): metric["value"] for section, facet, value, metric in bias_metrics(baseline)}
    if not known and any(True for _ in bias_metrics(content)):
        raise BaselineError("The baseline has no metrics of bias.")
    for section, facet, value, metric in bias_metrics(content):
        limit, measured, fair = known.get((section, facet, _group(value), metric["name"])), metric["value"], FAIR.get(metric["name"], 0.0)
        if limit is not None and measured is not None and abs(float(measured) - fair) > abs(float(limit) - fair):
            yield {
                "facet": facet,
                "facet_value": value,
                "metric_name": metric["name"],
                "constraint_check_type": "bias_drift_check",
                "description": f"Value {measured} does not meet the constraint requirement",
            }


def _group(value: str) -> str:
    """A facet's value, without the upper bounds of intervals, which are the largest values of the data."""
    return INTERVAL.sub(r"(\1", value)


def _attributions(content: Mapping[str, Any], baseline: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    known = baseline.get("explanations", {}).get("kernel_shap", {})
    for label, found in content.get("explanations", {}).get("kernel_shap", {}).items():
        if label not in known:
            raise BaselineError(f"The baseline has no SHAP values of {label}.")
        before, now = known[label]["global_shap_values"], found["global_shap_values"]
        if set(before) != set(now):
            raise BaselineError(f"The baseline has other features: {', '.join(sorted(set(before) ^ set(now)))}.")
        score = ndcg([before[name] for name in before], [now[name] for name in before])
        if score < LOWEST:
            yield {
                "label": label,
                "metric_name": "shap",
                "constraint_check_type": "feature_attribution_drift_check",
                "description": f"Feature attribution drift {score} exceeds threshold {LOWEST}",
            }


def ndcg(before: Sequence[float], now: Sequence[float]) -> float:
    """How well the order of features now keeps the weights of before: 1 for the same order. Signs do not count."""
    weights = [abs(value) for value in before]
    ideal = _gain(sorted(weights, reverse=True))
    order = sorted(range(len(now)), key=lambda place: -abs(now[place]))
    return _gain([weights[place] for place in order]) / ideal if ideal else 1.0


def _gain(weights: Sequence[float]) -> float:
    return math.fsum(weight / math.log2(place + 2) for place, weight in enumerate(weights))
