"""The settings of one analysis: ``analysis_config.json``, and what the environment of a monitoring execution adds."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from course.localaws.core.data_files import table

CSV, JSON_LINES, JSON, PARQUET = "text/csv", "application/jsonlines", "application/json", "application/x-parquet"
SCHEMA = Path(__file__).with_name("analysis_config.schema.yaml")
LONGEST = 200  # characters of a value in a message
# What AWS's Clarify can do and this one cannot, by the member that asks for it.
NOT_HERE = {
    "segment_config": "metrics for segments of the data",
    "time_series_data_config": "time series",
    "methods.asymmetric_shapley_value": "asymmetric Shapley values of time series",
    "methods.shap.text_config": "explanations of text",
    "methods.shap.image_config": "explanations of images",
    "methods.shap.features_to_explain": "SHAP values of a part of the features",
    "predictor.time_series_predictor_config": "time series",
    "predictor.accelerator_type": "Elastic Inference, which AWS has closed,",
}
IMAGES = ("application/x-image", "image/jpeg", "image/jpg", "image/png", "application/x-npy")
Column = str | int
Value = str | int | float | bool


class ConfigError(Exception):
    """A setting that the analysis cannot use. The text names its member, its value and what is allowed."""


@dataclass(frozen=True)
class Facet:
    """A sensitive attribute: its column, and the values or the threshold of the group. ``None``: each value in its turn."""

    name_or_index: Column
    value_or_threshold: list[Value] | None = None


@dataclass(frozen=True)
class Shap:
    """The settings of Kernel SHAP. Without ``baseline`` the job computes one by clusters."""

    baseline: str | list[Any] | dict[str, Any] | None = None
    num_clusters: int | None = None
    num_samples: int | None = None
    use_logit: bool = False
    agg_method: str = "mean_abs"
    save_local_shap_values: bool = True
    seed: int | None = None


@dataclass(frozen=True)
class Pdp:
    """The settings of partial dependence. Without ``features``: those with the largest global SHAP values."""

    features: list[Column] | None = None
    grid_resolution: int = 15
    top_k_features: int = 10


@dataclass(frozen=True)
class Predictor:
    """The model's endpoint, its requests, and where its answers have the label and the scores."""

    endpoint_name: str = ""
    endpoint_name_prefix: str = ""
    model_name: str = ""
    target_model: str = ""
    instance_type: str = ""
    initial_instance_count: int = 1
    content_type: str = CSV
    accept_type: str = CSV
    label: Column | None = None
    probability: Column | None = None
    label_headers: list[Value] = field(default_factory=list)
    content_template: str = ""
    record_template: str = ""
    custom_attributes: str = ""


@dataclass(frozen=True)
class Analysis:
    """What one job computes.

    Attributes
    ----------
    pre_training, post_training : list of str or None
        The metrics: their names, ``["all"]``, or None for no such analysis.
    """

    dataset_type: str
    dataset_uri: str
    headers: list[str] | None
    label: Column | None
    predicted_label: Column | None
    features: str
    label_values_or_threshold: list[Value]
    probability_threshold: float | None
    facets: list[Facet]
    facet_dataset_uri: str
    facet_headers: list[str] | None
    predicted_label_dataset_uri: str
    predicted_label_headers: list[str] | None
    excluded_columns: list[Column]
    joinsource: Column | None
    group_variable: Column | None
    pre_training: list[str] | None
    post_training: list[str] | None
    shap: Shap | None
    pdp: Pdp | None
    predictor: Predictor | None
    report_name: str
    report_title: str

    @property
    def bias(self) -> bool:
        return self.pre_training is not None or self.post_training is not None

    @property
    def explains(self) -> bool:
        return self.shap is not None or self.pdp is not None


@dataclass(frozen=True)
class Places:
    """The folders of one job: ``config``, ``data`` and ``output``."""

    config: Path
    data: Path
    output: Path

    @classmethod
    def of(cls, base: Path, variables: Mapping[str, str] = os.environ) -> Places:
        """The folders that the job's inputs and outputs name. ``base`` is /opt/ml."""
        try:
            job = json.loads((base / "config/processingjobconfig.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            job = {}
        inputs = {each.get("InputName"): each.get("S3Input", {}) for each in job.get("ProcessingInputs") or []}
        outputs = {
            each.get("OutputName"): each.get("S3Output", {}) for each in (job.get("ProcessingOutputConfig") or {}).get("Outputs", [])
        }

        def place(of: Mapping[str, Any], name: str, usual: str) -> Path:
            path = Path(of.get(name, {}).get("LocalPath") or f"/opt/ml/{usual}")
            return base / path.relative_to("/opt/ml") if path.is_relative_to("/opt/ml") else path

        data, output = place(inputs, "dataset", "processing/input/data"), place(outputs, "analysis_result", "processing/output")
        return cls(
            place(inputs, "analysis_config", "processing/input/config"),
            Path(variables.get("dataset_source") or data),
            Path(variables.get("output_path") or output),
        )


def read(folder: Path) -> str:
    """The text of ``analysis_config.json`` in a folder, of the only file in it, or of the file itself. Raises `ConfigError`.

    The developer guide names the file, "Configure a SageMaker Clarify Processing Job"; AWS's own runs take an object of another name, too.
    """
    path = _file(folder) if folder.is_dir() else folder
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        raise ConfigError(
            f"There is no analysis_config.json in {folder}, nor one file of another name: the input analysis_config is one object."
        ) from None
    except ValueError:
        raise ConfigError("analysis_config.json is not text in UTF-8.") from None


def _file(folder: Path) -> Path:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return files[0] if len(files) == 1 else folder / "analysis_config.json"


def parse(text: str, monitoring: bool = False) -> Analysis:
    """The analysis that a JSON text describes.

    Parameters
    ----------
    text : str
        The content of ``analysis_config.json``.
    monitoring : bool
        Whether it is that of a monitoring execution, in which members may be missing.

    Raises
    ------
    ConfigError
        It is no such JSON, or asks for what is not here.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"analysis_config.json is not JSON: {str(error)[:LONGEST]}") from None
    if not isinstance(content, dict):
        raise ConfigError("analysis_config.json must be a JSON object.")
    _refuse(content)
    content = _lowered(content)
    _validate(content)
    analysis = _analysis(content, monitoring)
    _check(analysis, content, monitoring)
    return analysis


def _refuse(content: dict[str, Any]) -> None:
    for member, title in NOT_HERE.items():
        found: Any = content
        for name in member.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        if found is not None:
            raise ConfigError(f"{member} asks for {title}, which the local AWS does not support. Clarify of AWS does.")
    predictor = content.get("predictor")
    for member, value in (
        ("dataset_type", content.get("dataset_type")),
        ("predictor.content_type", predictor.get("content_type") if isinstance(predictor, dict) else None),
    ):
        if isinstance(value, str) and value.lower() in IMAGES:
            raise ConfigError(f"{member} is {_shown(value)}: the local AWS does not explain models of images. Clarify of AWS does.")


def _lowered(content: dict[str, Any]) -> dict[str, Any]:
    """The content, with the members in small letters whose case AWS ignores."""
    content = dict(content)
    if str(content.get("dataset_type")).lower() == "application/sagemakercapturejson":  # a monitor's
        del content["dataset_type"]
    places = [(content, ("dataset_type",))]
    if isinstance(content.get("predictor"), dict):
        content["predictor"] = dict(content["predictor"])
        places.append((content["predictor"], ("content_type", "accept_type")))
    methods = content.get("methods")
    if isinstance(methods, dict) and isinstance(methods.get("shap"), dict):
        content["methods"] = methods | {"shap": dict(methods["shap"])}
        places.append((content["methods"]["shap"], ("agg_method",)))
    for place, names in places:
        place |= {name: place[name].lower() for name in names if isinstance(place.get(name), str)}
    return content


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(table(SCHEMA))


def _validate(content: dict[str, Any]) -> None:
    errors = sorted(_validator().iter_errors(content), key=lambda each: ([str(part) for part in each.absolute_path], each.validator))
    for error in errors[:1]:
        raise ConfigError(f"analysis_config.json: {_sentence(error)}")


def _sentence(error: Any) -> str:
    """What is wrong, in words: the member, its value, what is allowed."""
    member = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".") or "it"
    wanted, schema = error.validator_value, error.schema
    if error.validator == "additionalProperties":
        unknown = sorted(set(error.instance) - set(schema["properties"]))
        return f"{member} has the unknown member {_shown(unknown[0])}; allowed are {', '.join(schema['properties'])}."
    if error.validator == "required":
        return f"{member} has no {', '.join(sorted(set(wanted) - set(error.instance)))}."
    if error.validator == "anyOf":
        allowed = f"must be 'all' or a list of some of {', '.join(wanted[1]['items']['enum'])}"
    elif error.validator == "enum":
        allowed = f"must be one of {', '.join(map(str, wanted))}"
    elif error.validator == "type":
        allowed = f"must be of type {' or '.join([wanted] if isinstance(wanted, str) else wanted)}"
    elif error.validator == "pattern":
        allowed = f"must match {wanted}"
    else:
        limits = {
            "minimum": "must be at least {}",
            "maximum": "must be at most {}",
            "minItems": "must have at least {} element",
            "minLength": "must have at least {} character",
            "maxLength": "must have at most {} characters",
        }
        allowed = limits[error.validator].format(wanted)
    return f"{member} is {_shown(error.instance)}, but {allowed}."


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _analysis(content: dict[str, Any], monitoring: bool) -> Analysis:
    methods, report = content.get("methods", {}), content.get("methods", {}).get("report", {})
    wanted = {name: _metrics(methods[name]["methods"]) if name in methods else None for name in ("pre_training_bias", "post_training_bias")}
    if monitoring and "facet" in content and not methods:
        wanted = dict.fromkeys(wanted, ["all"])
    kind = content.get("dataset_type", "")
    predictor = content.get("predictor")
    if predictor is not None:
        usual = kind if kind in (JSON_LINES, JSON) else CSV
        given = {"content_type": usual, "accept_type": predictor.get("content_type", usual)} | predictor
        predictor = Predictor(**given)
    return Analysis(
        kind,
        content.get("dataset_uri", ""),
        content.get("headers") or None,
        content.get("label"),
        content.get("predicted_label"),
        content.get("features", ""),
        content.get("label_values_or_threshold", []),
        content.get("probability_threshold"),
        [Facet(**each) for each in content.get("facet", [])],
        content.get("facet_dataset_uri", ""),
        content.get("facet_headers") or None,
        content.get("predicted_label_dataset_uri", ""),
        content.get("predicted_label_headers") or None,
        content.get("excluded_columns", []),
        content.get("joinsource_name_or_index"),
        content.get("group_variable"),
        wanted["pre_training_bias"],
        wanted["post_training_bias"],
        Shap(**methods["shap"]) if "shap" in methods else None,
        Pdp(**methods["pdp"]) if "pdp" in methods else None,
        predictor,
        report.get("name", "report"),
        report.get("title") or "SageMaker Analysis Report",
    )


def _metrics(methods: str | list[str]) -> list[str]:
    return [methods] if isinstance(methods, str) else methods


def _check(analysis: Analysis, content: dict[str, Any], monitoring: bool) -> None:
    """Raise `ConfigError` for the first member that another one needs."""
    for broken, words in _rules(analysis, content, monitoring):
        if broken:
            raise ConfigError(f"analysis_config.json: {words}.")


def _rules(analysis: Analysis, content: dict[str, Any], monitoring: bool) -> Iterable[tuple[bool, str]]:
    shap, pdp, predictor = analysis.shap, analysis.pdp, analysis.predictor
    if not monitoring:
        yield (
            not analysis.dataset_type,
            "dataset_type is missing; it must be one of text/csv, application/jsonlines, application/json, application/x-parquet",
        )
        yield (
            analysis.dataset_type == JSON and not analysis.features,
            "features is missing; with application/json it is the JMESPath of a table of features",
        )
        predicted = predictor or analysis.predicted_label is not None or analysis.predicted_label_dataset_uri
        yield (
            analysis.post_training is not None and not predicted,
            "methods.post_training_bias needs predictor, predicted_label or predicted_label_dataset_uri",
        )
    yield (
        not analysis.bias and not analysis.explains,
        "methods asks for nothing; it must have one of pre_training_bias, post_training_bias, shap, pdp",
    )
    for member in ("label", "label_values_or_threshold", "facet") if analysis.bias else ():
        missing = member not in content and not (monitoring and member == "label")
        yield missing, f"{member} is missing; metrics of bias need it"
    yield analysis.explains and predictor is None, "predictor is missing; methods.shap and methods.pdp ask the model"
    yield (
        bool(shap and shap.baseline is not None and shap.num_clusters),
        "methods.shap has both baseline and num_clusters, but may have one",
    )
    yield (
        bool(pdp and not pdp.features and not shap),
        "methods.pdp.features is missing; without methods.shap it says which features to plot",
    )
    for member in ("facet_dataset_uri", "facet_headers", "predicted_label_dataset_uri", "predicted_label_headers"):
        yield member in content and analysis.dataset_type != CSV, f"{member} is for dataset_type text/csv only"
    if predictor:
        yield from _predictor_rules(predictor, content["predictor"])


def _predictor_rules(predictor: Predictor, content: dict[str, Any]) -> Iterable[tuple[bool, str]]:
    yield bool(predictor.endpoint_name) == bool(predictor.model_name), "predictor must have one of model_name and endpoint_name"
    for member in ("instance_type", "initial_instance_count"):
        yield bool(predictor.model_name) and member not in content, f"predictor.{member} is missing; an endpoint for the model needs it"
        yield (
            bool(predictor.endpoint_name) and member in content,
            f"predictor.{member} is for an endpoint that the job makes, not with endpoint_name",
        )
    yield bool(predictor.endpoint_name and predictor.endpoint_name_prefix), "predictor has both endpoint_name and endpoint_name_prefix"
    template, record = predictor.content_template, predictor.record_template
    if predictor.content_type == JSON_LINES:
        yield (
            template.count("$features") != 1,
            f"predictor.content_template is {template!r}, but must have $features once for application/jsonlines",
        )
    elif predictor.content_type == JSON:
        yield (
            "$record" not in template,
            f"predictor.content_template is {template!r}, but must have $records or $record for application/json",
        )
        yield not record, "predictor.record_template is missing; application/json needs it"
