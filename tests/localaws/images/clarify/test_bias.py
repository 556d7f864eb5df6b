"""Metrics of bias equal those of a direct call of ``smclarify`` on the same rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course.localaws.images.clarify import bias, datasets
from course.localaws.images.clarify.configuration import parse
from tests.localaws.sagemaker.job_fixtures import needs_clarify

pytestmark = needs_clarify
FEW = settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])


def config(**members: Any) -> str:
    methods = {"pre_training_bias": {"methods": "all"}, "post_training_bias": {"methods": "all"}}
    common = {"dataset_type": "text/csv", "label": "y", "predicted_label": "p", "label_values_or_threshold": [1], "methods": methods}
    return json.dumps(common | members)


def analyzed(folder: Path, table: pd.DataFrame, text: str) -> dict[str, Any]:
    (folder / "rows.csv").write_text(table.to_csv(index=False))
    analysis = parse(text)
    return bias.metrics(datasets.read(folder, analysis, lambda uri: folder), analysis)


def direct(table: pd.DataFrame, facet: str, values: list[Any] | None, post: bool, group: str) -> list[dict]:
    from smclarify.bias import report

    return report.bias_report(
        table.drop(columns="p"),
        report.FacetColumn(facet, values),
        report.LabelColumn("y", table["y"], [1]),
        report.StageType.POST_TRAINING if post else report.StageType.PRE_TRAINING,
        report.LabelColumn("p", table["p"]) if post else None,
        group_variable=table[group],
    )


@FEW
@given(st.integers(0, 10_000), st.integers(50, 200))
def test_metrics_of_random_tables_equal_those_of_smclarify(tmp_path: Path, seed: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "age": random.normal(40, 12, rows).round(2),
            "sex": random.choice(["f", "m", "x"], rows),
            "region": random.integers(0, 2, rows),
            "y": random.integers(0, 2, rows),
            "p": random.integers(0, 2, rows),
        }
    )
    facets = [("sex", None), ("sex", ["f", "x"]), ("age", [40.0])]
    for name, values in facets:
        facet = {"name_or_index": name} | ({"value_or_threshold": values} if values else {})
        found = analyzed(tmp_path, table, config(facet=[facet], group_variable="region"))
        for section, post in ((bias.PRE, False), (bias.POST, True)):
            expected = direct(table, name, None if values is None else list(values), post, "region")
            assert json.dumps(found[section]["facets"][name]) == json.dumps(expected)
            assert (found[section]["label"], found[section]["label_value_or_threshold"]) == ("y", "1")


def test_the_sections_have_aws_s_members(tmp_path: Path) -> None:
    table = pd.DataFrame({"sex": [0, 0, 1, 1] * 30, "y": [1, 1, 0, 1] * 30, "p": [1, 0, 0, 1] * 30})
    found = analyzed(tmp_path, table, config(facet=[{"name_or_index": "sex", "value_or_threshold": [0]}]))
    assert set(found) == {"pre_training_bias_metrics", "post_training_bias_metrics"}
    [group] = found["pre_training_bias_metrics"]["facets"]["sex"]
    assert group["value_or_threshold"] == "0"
    metrics = {metric["name"]: metric for metric in group["metrics"]}
    assert list(metrics) == ["CDDL", "CI", "DPL", "JS", "KL", "KS", "LP", "TVD"]
    assert metrics["CI"] == {"name": "CI", "description": "Class Imbalance (CI)", "value": 0.0}
    assert metrics["DPL"]["value"] == -0.5  # half of the others have a positive label, and all of this group


def test_a_metric_that_cannot_be_computed_has_its_error(tmp_path: Path) -> None:
    table = pd.DataFrame({"sex": [0, 1] * 40, "y": [1, 0] * 40, "p": [1, 1, 0, 0] * 20})
    found = analyzed(tmp_path, table, config(facet=[{"name_or_index": "sex", "value_or_threshold": [0]}]))
    [group] = found["pre_training_bias_metrics"]["facets"]["sex"]
    [cddl] = [metric for metric in group["metrics"] if metric["name"] == "CDDL"]
    assert cddl["value"] is None and "Group variable is empty or not provided" in cddl["error"]


def test_only_the_wanted_metrics_are_computed(tmp_path: Path) -> None:
    table = pd.DataFrame({"sex": [0, 1] * 40, "y": [1, 0] * 40, "p": [1, 1, 0, 0] * 20})
    methods = {"pre_training_bias": {"methods": ["DPL", "CI"]}}
    found = analyzed(tmp_path, table, config(facet=[{"name_or_index": 0, "value_or_threshold": [1]}], methods=methods))
    assert set(found) == {"pre_training_bias_metrics"}
    [group] = found["pre_training_bias_metrics"]["facets"]["sex"]
    assert [metric["name"] for metric in group["metrics"]] == ["CI", "DPL"]


@pytest.mark.parametrize(
    ("table", "facet"),
    [
        (pd.DataFrame({"age": np.linspace(20, 60, 80), "y": [0, 1] * 40, "p": [0, 1] * 40}), {"name_or_index": "age"}),
        (pd.DataFrame({"sex": [0, 1] * 40, "y": [0, 1] * 40, "p": [0, 0] * 40}), {"name_or_index": "sex"}),
    ],
    ids=["a threshold is missing", "no positive prediction"],
)
def test_data_without_metrics_is_a_fault_of_the_data(tmp_path: Path, table: pd.DataFrame, facet: dict[str, Any]) -> None:
    with pytest.raises(bias.BiasError, match="cannot be computed"):
        analyzed(tmp_path, table, config(facet=[facet]))


@pytest.mark.parametrize(
    ("labels", "known", "same"),
    [([1.0, 0.0], [0, 1], True), (["1", "0"], [0, 1], True), ([1, 0], [0.5, 2.0], True), ([0.5, 1.0], [0, 1], False)],
)
def test_predicted_labels_have_the_type_of_labels_if_nothing_is_lost(labels: list[Any], known: list[Any], same: bool) -> None:
    found = bias.as_column(labels, pd.Series(known))
    assert [float(value) for value in found] == [float(value) for value in labels]
    assert (found.dtype == pd.Series(known).dtype) == same
