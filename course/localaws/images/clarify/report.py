"""The report of an analysis: what of ``analysis.json`` a person reads. ``report.html``, ``.ipynb`` and ``.pdf`` all show this."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from course.localaws.images.clarify.bias import POST, PRE
from course.localaws.images.clarify.blocks import Bars, Block, Curves, Heading, Listing, Paragraph, Report, Table

TITLES = {PRE: "Bias in the data, before training", POST: "Bias in the predictions, after training"}
MOST_BARS = 15


def report(title: str, content: Mapping[str, Any], config: str, rows: int) -> Report:
    """The report.

    Parameters
    ----------
    content : dict
        Of ``analysis.json``.
    config : str
        The text of ``analysis_config.json``.
    rows : int
        The number of rows of the dataset.
    """
    return Report(title, list(_blocks(content, config, rows)))


def _blocks(content: Mapping[str, Any], config: str, rows: int) -> Iterator[Block]:
    yield Paragraph(f"The dataset has {rows:,} rows.")
    for section in (section for section in TITLES if section in content):
        yield Heading(TITLES[section])
        yield from _bias(content[section])
    explanations = content.get("explanations", {})
    if "kernel_shap" in explanations:
        yield Heading("What the predictions depend on")
        yield from _attributions(explanations["kernel_shap"])
    if "pdp" in explanations:
        yield Heading("Partial dependence")
        yield from _dependence(explanations["pdp"], _label_headers(config))
    yield Heading("Settings")
    yield Listing("analysis_config.json", _indented(config))


def _bias(section: Mapping[str, Any]) -> Iterator[Block]:
    positive = section.get("label_value_or_threshold", "")
    yield Paragraph(
        f"The label is {section['label']}, and its positive value is {positive}. A group has the value of the facet; the metrics compare "
        "it with all other rows. Most metrics are 0 without bias, and DI is 1."
    )
    for facet, groups in section["facets"].items():
        for group in groups:
            name = f"{facet} = {group['value_or_threshold']}"
            values = {each["name"]: float(each["value"]) for each in group["metrics"] if each["value"] is not None}
            finite = {key: value for key, value in values.items() if abs(value) < float("inf")}
            if finite:
                yield Bars(finite, f"Metrics of bias for the group {name}. {_listed(finite)}")
            yield Table(f"Metrics for the group {name}", ("metric", "meaning", "value"), [_row(each) for each in group["metrics"]])


def _row(metric: Mapping[str, Any]) -> tuple[str, str, str]:
    value = f"none: {metric.get('error', 'it cannot be computed')}" if metric["value"] is None else f"{float(metric['value']):.4g}"
    return metric["name"], metric["description"], value


def _attributions(labels: Mapping[str, Any]) -> Iterator[Block]:
    for label, found in labels.items():
        values = dict(sorted(found["global_shap_values"].items(), key=lambda each: -abs(each[1])))
        top = dict(list(values.items())[:MOST_BARS])
        yield Paragraph(f"Output {label}: the mean prediction of the baseline is {found['expected_value']:.4g}.")
        yield Bars(top, f"Global SHAP values of {label}, the largest first. {_listed(top)}")
        rows = [(name, f"{value:.4g}") for name, value in values.items()]
        yield Table(f"Global SHAP values of {label}", ("feature", "global SHAP value"), rows, f"All {len(rows)} features of {label}")


def _label_headers(config: str) -> list[str]:
    """The names that the configuration gives to the outputs of the model; ``analysis.json`` has none for partial dependence."""
    try:
        return [str(name) for name in json.loads(config)["predictor"]["label_headers"]]
    except (ValueError, KeyError, TypeError):
        return []


def _dependence(curves: list[Mapping[str, Any]], names: list[str]) -> Iterator[Block]:
    for found in curves:
        feature = found["feature_name"]
        if "error" in found:
            yield Paragraph(f"There is no curve of {feature}. {found['error']}")
            continue
        outputs = {
            (names[number] if number < len(names) else f"label{number}"): each for number, each in enumerate(found["model_predictions"])
        }
        said = "; ".join(f"{name} from {min(each):.4g} to {max(each):.4g}" for name, each in outputs.items())
        yield Curves(
            found["feature_values"],
            outputs,
            found["data_distribution"],
            found["data_type"] == "numerical",
            f"Mean prediction when {feature} has one value in all rows: {said}. The bars show the share of the rows.",
        )


def _listed(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in values.items()) + "."


def _indented(config: str) -> str:
    try:
        return json.dumps(json.loads(config), indent=2, ensure_ascii=False)
    except ValueError:
        return config
