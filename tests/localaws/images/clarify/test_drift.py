"""Drift of bias and of attributions against a baseline, and the metrics for CloudWatch."""

from __future__ import annotations

import json
import math
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.images.clarify import cloudwatch, drift
from course.localaws.images.clarify.drift import BaselineError


def bias(value: Any, name: str = "DPPL", group: str = "1", section: str = "post_training_bias_metrics") -> dict[str, Any]:
    metric = {"name": name, "description": "", "value": value}
    facets = {"sex": [{"value_or_threshold": group, "metrics": [metric]}]}
    return {"version": "1.0", section: {"label": "y", "label_value_or_threshold": "1", "facets": facets}}


def shap(values: dict[str, float], label: str = "label0") -> dict[str, Any]:
    return {"version": "1.0", "explanations": {"kernel_shap": {label: {"global_shap_values": values, "expected_value": 0.5}}}}


@pytest.mark.parametrize(
    ("name", "before", "now", "worse"),
    [
        ("DPPL", 0.2, 0.1, False),  # the example of the guide
        ("DPPL", 0.2, -0.3, True),  # the example of the guide
        ("DPPL", -0.2, 0.2, False),
        ("DI", 0.8, 0.95, False),
        ("DI", 0.8, 0.7, True),
        ("DI", 0.8, "Infinity", True),
        ("TE", "Infinity", 3.0, False),
        ("DPPL", None, 3.0, False),
        ("DPPL", 0.2, None, False),
    ],
)
def test_bias_is_worse_if_it_is_farther_from_fair(name: str, before: Any, now: Any, worse: bool) -> None:
    found = drift.violations(bias(now, name), bias(before, name))
    expected = {
        "facet": "sex",
        "facet_value": "1",
        "metric_name": name,
        "constraint_check_type": "bias_drift_check",
        "description": f"Value {now} does not meet the constraint requirement",
    }
    assert found == ([expected] if worse else [])


def test_a_group_above_a_threshold_is_the_same_group_when_the_largest_value_is_another() -> None:
    assert drift.violations(bias(0.5, group="(40.0, 77.0]"), bias(0.1, group="(40.0, 75.0]"))
    assert not drift.violations(bias(0.5, group="(50.0, 77.0]"), bias(0.1, group="(40.0, 75.0]"))


def test_attributions_that_change_their_order_drift() -> None:
    """The example of the guide: SAT score, GPA and class rank."""
    before, now = {"sat": 0.70, "gpa": 0.50, "rank": 0.05}, {"sat": 0.10, "gpa": 0.20, "rank": 0.70}
    score = (0.05 + 0.50 / math.log2(3) + 0.70 / 2) / (0.70 + 0.50 / math.log2(3) + 0.05 / 2)
    [found] = drift.violations(shap(now), shap(before))
    assert (found["label"], found["metric_name"], found["constraint_check_type"]) == ("label0", "shap", "feature_attribution_drift_check")
    assert found["description"].startswith(f"Feature attribution drift {score:.10}"[:30]) and found["description"].endswith("threshold 0.9")
    assert drift.violations(shap(before), shap(before)) == []


WEIGHTS = st.lists(st.floats(0, 100), min_size=1, max_size=5)


@given(WEIGHTS, st.data())
def test_ndcg_is_by_its_definition(before: list[float], data: st.DataObject) -> None:
    now = data.draw(st.lists(st.floats(-100, 100), min_size=len(before), max_size=len(before), unique_by=abs))
    order = np.argsort(-np.abs(now), kind="stable")

    def gain(places: Any) -> float:
        return sum(before[place] / math.log2(position + 1) for position, place in enumerate(places, 1))

    best = max(gain(places) for places in permutations(range(len(before))))
    found = drift.ndcg(before, now)
    assert found == pytest.approx(gain(order) / best if best else 1.0)
    assert 0 <= found <= 1 + 1e-12


def test_ndcg_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import ndcg_score

    random = np.random.default_rng(0)
    for _ in range(50):
        before, now = random.random(6), random.random(6)
        assert drift.ndcg(before.tolist(), now.tolist()) == pytest.approx(ndcg_score([before], [now]))


@pytest.mark.parametrize(
    ("content", "baseline", "words"),
    [
        (shap({"a": 1.0}), shap({"b": 1.0}), "other features: a, b"),
        (shap({"a": 1.0}, "yes"), shap({"a": 1.0}), "no SHAP values of yes"),
        (shap({"a": 1.0}), bias(1), "no SHAP values of label0"),
        (bias(1), shap({"a": 1.0}), "no metrics of bias"),
        (bias(1), {"post_training_bias_metrics": {"facets": {"sex": [{}]}}}, "not the form of analysis.json"),
        (shap({"a": 1.0}), {"explanations": {"kernel_shap": {"label0": []}}}, "not the form of analysis.json"),
    ],
)
def test_a_baseline_that_does_not_fit_says_why(content: dict[str, Any], baseline: dict[str, Any], words: str) -> None:
    with pytest.raises(BaselineError) as error:
        drift.violations(content, baseline)
    assert words in str(error.value)


@pytest.mark.parametrize("body", ["{", "[]", '{"version": 0.0, "features": []}'])
def test_a_file_that_is_no_baseline_says_so(tmp_path: Path, body: str) -> None:
    path = tmp_path / "analysis.json"
    path.write_text(body)
    for place in (path, tmp_path):
        with pytest.raises(BaselineError, match="of the baseline"):
            drift.read(place)
    path.write_text(json.dumps(bias(1)))
    assert drift.read(tmp_path) == drift.read(path) == bias(1)


def test_metrics_have_aws_s_names_and_dimensions() -> None:
    lines = [
        *cloudwatch.metrics(bias(0.25) | bias("-Infinity", "CI", section="pre_training_bias_metrics")),
        *cloudwatch.metrics(shap({"age": 0.1})),
    ]
    found = {line["MetricName"]: (line["Value"], {each["Name"]: each["Value"] for each in line["Dimensions"]}) for line in lines}
    common = {"Label": "y", "LabelValue": "1", "Facet": "sex", "FacetValue": "1"}
    assert found["bias_metric_DPPL"] == (0.25, common | {"BiasStage": "Post-Training"})
    assert found["bias_metric_CI"] == (-2.348543e108, common | {"BiasStage": "Pre-training"})
    explained = {"ExplainabilityMethod": "KernelShap", "Label": "label0"}
    assert found["feature_age"] == (0.1, explained | {"ValueType": "GlobalShapValues"})
    assert found["ExpectedValue"] == (0.5, explained | {"ValueType": "ExpectedValue"})
    assert not list(cloudwatch.metrics(bias(None)))
