"""The page with the results of an analysis, ``report.html``: tables and plots, without a network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from course import pages
from course.localaws.images.clarify import charts
from course.localaws.images.clarify.bias import POST, PRE

TITLES = {PRE: "Bias in the data, before training", POST: "Bias in the predictions, after training"}
MOST_BARS = 15


def write(path: Path, title: str, content: Mapping[str, Any], config: str, rows: int) -> None:
    """Write the page.

    Parameters
    ----------
    content : dict
        Of ``analysis.json``.
    config : str
        The text of ``analysis_config.json``.
    rows : int
        The number of rows of the dataset.
    """
    headings = [TITLES[section] for section in TITLES if section in content]
    explanations = content.get("explanations", {})
    headings += ["What the predictions depend on"] if "kernel_shap" in explanations else []
    headings += ["Partial dependence"] if "pdp" in explanations else []
    headings.append("Settings")
    parts = [pages.paragraph(f"The dataset has {rows:,} rows."), pages.contents(headings)]
    for section in (section for section in TITLES if section in content):
        parts += [pages.heading(TITLES[section]), *_bias(content[section])]
    if "kernel_shap" in explanations:
        parts += [pages.heading("What the predictions depend on"), *_attributions(explanations["kernel_shap"])]
    if "pdp" in explanations:
        parts += [pages.heading("Partial dependence"), *_dependence(explanations)]
    parts += [pages.heading("Settings"), pages.fold("analysis_config.json", [pages.block(_indented(config), "analysis_config.json")])]
    pages.write(path, title, parts)


def _bias(section: Mapping[str, Any]) -> Iterator[str]:
    positive = section.get("label_value_or_threshold", "")
    yield pages.paragraph(
        f"The label is {section['label']}, and its positive value is {positive}. A group has the value of the facet; the metrics compare "
        "it with all other rows. Most metrics are 0 without bias, and DI is 1."
    )
    for facet, groups in section["facets"].items():
        for group in groups:
            name = f"{facet} = {group['value_or_threshold']}"
            values = {each["name"]: float(each["value"]) for each in group["metrics"] if each["value"] is not None}
            finite = {key: value for key, value in values.items() if abs(value) < float("inf")}
            if finite:
                yield pages.drawing(charts.bars(finite), f"Metrics of bias for the group {name}. {_listed(finite)}")
            yield pages.table(f"Metrics for the group {name}", ("metric", "meaning", "value"), [_row(each) for each in group["metrics"]])


def _row(metric: Mapping[str, Any]) -> tuple[str, str, str]:
    value = f"none: {metric.get('error', 'it cannot be computed')}" if metric["value"] is None else f"{float(metric['value']):.4g}"
    return metric["name"], metric["description"], value


def _attributions(labels: Mapping[str, Any]) -> Iterator[str]:
    for label, found in labels.items():
        values = dict(sorted(found["global_shap_values"].items(), key=lambda each: -abs(each[1])))
        top = dict(list(values.items())[:MOST_BARS])
        yield pages.paragraph(f"Output {label}: the mean prediction of the baseline is {found['expected_value']:.4g}.")
        yield pages.drawing(charts.bars(top), f"Global SHAP values of {label}, the largest first. {_listed(top)}")
        rows = [(name, f"{value:.4g}") for name, value in values.items()]
        yield pages.fold(
            f"All {len(rows)} features of {label}", [pages.table(f"Global SHAP values of {label}", ("feature", "global SHAP value"), rows)]
        )


def _dependence(explanations: Mapping[str, Any]) -> Iterator[str]:
    names = list(explanations.get("kernel_shap", {}))
    for found in explanations["pdp"]:
        outputs = {
            (names[number] if number < len(names) else f"label{number}"): each for number, each in enumerate(found["model_predictions"])
        }
        feature = found["feature_name"]
        if not found["feature_values"]:
            yield pages.paragraph(f"{feature} has no values.")
            continue
        said = "; ".join(f"{name} from {min(each):.4g} to {max(each):.4g}" for name, each in outputs.items())
        numerical = found["data_type"] == "numerical"
        yield pages.drawing(
            charts.curves(found["feature_values"], outputs, found["data_distribution"], numerical),
            f"Mean prediction when {feature} has one value in all rows: {said}. The bars show the share of the rows.",
        )


def _listed(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in values.items()) + "."


def _indented(config: str) -> str:
    try:
        return json.dumps(json.loads(config), indent=2, ensure_ascii=False)
    except ValueError:
        return config
