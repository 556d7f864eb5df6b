"""``analysis_config.json``: what the SDK writes is read, and whatever else is refused with its member, its value and what is allowed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.localaws.images.clarify import configuration
from course.localaws.images.clarify.configuration import ConfigError, Places, parse

FACET = [{"name_or_index": "sex", "value_or_threshold": [0]}]
BIAS = {
    "dataset_type": "text/csv",
    "headers": ["target", "sex", "age"],
    "label": "target",
    "label_values_or_threshold": [1],
    "facet": FACET,
    "methods": {"report": {"name": "report", "title": "Analysis Report"}, "pre_training_bias": {"methods": "all"}},
}
PREDICTOR = {"model_name": "m", "instance_type": "ml.m5.large", "initial_instance_count": 1}


def changed(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in (BIAS | members).items() if value is not None}


def refusal(content: Any) -> str:
    with pytest.raises(ConfigError) as error:
        parse(json.dumps(content))
    return str(error.value)


def test_members_have_the_guides_defaults() -> None:
    found = parse(json.dumps(changed(methods={"shap": {}, "pdp": {}}, predictor=PREDICTOR | {"content_type": "Text/CSV"})))
    assert found.shap == configuration.Shap(None, None, None, False, "mean_abs", True, None)
    assert (found.pdp.grid_resolution, found.pdp.top_k_features) == (15, 10)
    assert (found.predictor.content_type, found.predictor.accept_type) == ("text/csv", "text/csv")
    assert found.pre_training is None and found.post_training is None and found.explains
    assert (found.report_name, found.report_title) == ("report", "SageMaker Analysis Report")


def test_a_request_of_json_lines_is_answered_in_json_lines_unless_the_settings_say_otherwise() -> None:
    lines = PREDICTOR | {"content_type": "application/jsonlines", "content_template": '{"features": $features}'}
    config = changed(methods={"shap": {}}, predictor=lines)
    assert parse(json.dumps(config)).predictor.accept_type == "application/jsonlines"
    assert parse(json.dumps(config | {"predictor": lines | {"accept_type": "text/csv"}})).predictor.accept_type == "text/csv"


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"dataset_type": "text/xml"}, "dataset_type is 'text/xml', but must be one of text/csv"),
        ({"dataset_type": None}, "dataset_type is missing"),
        ({"label": 1.5}, "label is 1.5, but must be of type string or integer"),
        ({"labels": "x"}, "unknown member 'labels'; allowed are version"),
        ({"facet": []}, "facet is [], but must have at least 1 element"),
        ({"facet": [{"value_or_threshold": [1]}]}, "facet[0] has no name_or_index"),
        ({"facet": None}, "facet is missing; metrics of bias need it"),
        ({"label_values_or_threshold": None}, "label_values_or_threshold is missing"),
        ({"probability_threshold": 2}, "probability_threshold is 2, but must be at most 1"),
        ({"methods": {}}, "methods asks for nothing"),
        ({"methods": {"pre_training_bias": {"methods": ["CI", "XX"]}}}, "must be 'all' or a list of some of CI, DPL"),
        ({"methods": {"pre_training_bias": {"methods": "some"}}}, "must be 'all' or a list of some of CI, DPL"),
        ({"methods": {"post_training_bias": {"methods": "all"}}}, "needs predictor, predicted_label or"),
        ({"methods": {"shap": {}}}, "predictor is missing"),
        ({"methods": {"shap": {"agg_method": "max"}}}, "methods.shap.agg_method is 'max', but must be one of mean_abs"),
        ({"methods": {"shap": {"seed": -1}}}, "methods.shap.seed is -1"),
        ({"methods": {"shap": {"baseline": [[1]], "num_clusters": 2}}, "predictor": PREDICTOR}, "both baseline and num_clusters"),
        ({"methods": {"pdp": {}}, "predictor": PREDICTOR}, "methods.pdp.features is missing"),
        ({"methods": {"report": {"name": "../x"}}}, "methods.report.name is '../x', but must match"),
        ({"methods": {"shap": {}}, "predictor": {"model_name": "m"}}, "predictor.instance_type is missing"),
        ({"methods": {"shap": {}}, "predictor": PREDICTOR | {"endpoint_name": "e"}}, "one of model_name and endpoint_name"),
        ({"methods": {"shap": {}}, "predictor": {"endpoint_name": "e", "endpoint_name_prefix": "p"}}, "both endpoint_name and"),
        ({"methods": {"shap": {}}, "predictor": PREDICTOR | {"content_type": "application/jsonlines"}}, "must have $features once"),
        ({"methods": {"shap": {}}, "predictor": PREDICTOR | {"content_type": "application/json"}}, "must have $records or $record"),
        ({"dataset_type": "application/json"}, "features is missing"),
        ({"dataset_type": "application/x-parquet", "facet_dataset_uri": "s3://b/f"}, "for dataset_type text/csv only"),
    ],
)
def test_a_fault_is_named(members: dict[str, Any], words: str) -> None:
    assert words in refusal(changed(**members))


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"methods": {"shap": {"text_config": {"granularity": "token", "language": "en"}}}}, "explanations of text"),
        ({"methods": {"shap": {"image_config": {}}}}, "explanations of images"),
        ({"methods": {"asymmetric_shapley_value": {}}}, "asymmetric Shapley values"),
        ({"methods": {"shap": {"features_to_explain": ["a"]}}}, "a part of the features"),
        ({"time_series_data_config": {}}, "time series"),
        ({"segment_config": []}, "segments"),
        ({"dataset_type": "application/x-image"}, "images"),
        ({"predictor": PREDICTOR | {"content_type": "image/png"}}, "images"),
    ],
)
def test_what_only_aws_has_is_refused_by_name(members: dict[str, Any], words: str) -> None:
    said = refusal(changed(**members))
    assert words in said and "Clarify of AWS does" in said


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = list(configuration.table(configuration.SCHEMA)["properties"])


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*MEMBERS, "time_series_data_config"]), JSON_VALUES, max_size=5), st.booleans())
def test_a_wrong_member_is_never_another_error(members: dict[str, Any], monitoring: bool) -> None:
    try:
        parse(json.dumps(BIAS | {"predictor": PREDICTOR} | members), monitoring)
    except ConfigError as error:
        assert str(error)


@settings(deadline=None)
@given(
    st.sampled_from(["shap", "pdp", "report", "pre_training_bias", "post_training_bias"]),
    st.dictionaries(
        st.sampled_from(["baseline", "num_clusters", "seed", "methods", "features", "name", "grid_resolution", "agg_method"]),
        JSON_VALUES,
        max_size=3,
    )
    | JSON_VALUES,
)
def test_a_wrong_method_is_never_another_error(name: str, content: Any) -> None:
    try:
        parse(json.dumps(BIAS | {"predictor": PREDICTOR, "methods": {name: content}}))
    except ConfigError as error:
        assert str(error)


@given(st.text() | st.binary().map(lambda data: data.decode("utf-8", "replace")))
def test_any_text_is_an_analysis_or_a_fault(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(text)


@pytest.mark.parametrize("body", [b"\xff", b"[" * 100_000, b"{", None])
def test_any_file_is_an_analysis_or_a_fault(tmp_path: Path, body: bytes | None) -> None:
    if body is not None:
        (tmp_path / "analysis_config.json").write_bytes(body)
    with pytest.raises(ConfigError, match="analysis_config.json"):
        configuration.parse(configuration.read(tmp_path))


def test_the_sdks_own_schema_takes_what_is_taken_here() -> None:
    """And each value that the SDK allows for a choice is taken here or refused by name."""
    from sagemaker.core.clarify import ANALYSIS_CONFIG_SCHEMA_V1_0

    config = changed(
        methods=BIAS["methods"] | {"shap": {"num_samples": 5, "agg_method": "median"}, "pdp": {"grid_resolution": 5}},
        predictor=PREDICTOR | {"label": 0, "label_headers": ["yes"]},
        probability_threshold=0.8,
        group_variable="age",
        excluded_columns=["age"],
        joinsource_name_or_index=0,
    )
    assert ANALYSIS_CONFIG_SCHEMA_V1_0.validate(config) and parse(json.dumps(config)).pdp.grid_resolution == 5


def test_the_places_are_those_of_the_job(tmp_path: Path) -> None:
    assert Places.of(tmp_path, {}) == Places(
        tmp_path / "processing/input/config", tmp_path / "processing/input/data", tmp_path / "processing/output"
    )
    job = {
        "ProcessingInputs": [{"InputName": "dataset", "S3Input": {"LocalPath": "/opt/ml/processing/rows"}}, {"InputName": "more"}],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "analysis_result", "S3Output": {"LocalPath": "/opt/ml/processing/found"}}]},
    }
    (tmp_path / "config").mkdir()
    (tmp_path / "config/processingjobconfig.json").write_text(json.dumps(job))
    found = Places.of(tmp_path, {})
    assert (found.data, found.output) == (tmp_path / "processing/rows", tmp_path / "processing/found")
    assert Places.of(tmp_path, {"dataset_source": "/a", "output_path": "/b"}).data == Path("/a")
