"""Metrics of bias before and after training, by AWS's own library ``smclarify``, as in ``analysis.json``.

A metric that cannot be computed has its error in place of a value.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import pandas as pd

from course.localaws.images.clarify.configuration import Analysis, Value
from course.localaws.images.clarify.datasets import Dataset
from course.sandbox import forkserver

PRE, POST = "pre_training_bias_metrics", "post_training_bias_metrics"
SECTIONS = (PRE, POST)


class BiasError(Exception):
    """Data of which no metric can be computed. The text is for the person whose data it is."""


def continuous(dataset: Dataset, analysis: Analysis) -> bool:
    """Whether ``label_values_or_threshold`` is a threshold of the label, by the rules of ``smclarify``."""
    with forkserver.imports():
        from smclarify.bias.metrics import common

    labels = dataset.table[dataset.label]
    kind = common.series_datatype(labels, list(analysis.label_values_or_threshold))
    return kind == common.DataType.CONTINUOUS and labels.nunique() > 2


def metrics(dataset: Dataset, analysis: Analysis) -> dict[str, Any]:
    """The sections of ``analysis.json``. `Dataset.predicted` must be a column if metrics after training are wanted.

    Raises
    ------
    BiasError
        Label, facet, or their values do not fit the data.
    """
    logging.getLogger("smclarify").setLevel(logging.CRITICAL)  # it logs each metric that fails; the report has them
    wanted = {PRE: analysis.pre_training, POST: analysis.post_training}
    return {section: _section(dataset, analysis, section, names) for section, names in wanted.items() if names is not None}


def _section(dataset: Dataset, analysis: Analysis, section: str, names: list[str]) -> dict[str, Any]:
    from smclarify.bias import report

    table, positive = dataset.table, analysis.label_values_or_threshold
    post = section == POST
    stage = report.StageType.POST_TRAINING if post else report.StageType.PRE_TRAINING
    left_out = {dataset.predicted, dataset.join} - {""}
    content: dict[str, Any] = {"label": dataset.label, "facets": {}}
    group = table[dataset.group] if dataset.group else None
    for name, facet in zip(dataset.facets, analysis.facets, strict=True):
        try:
            found = report.bias_report(
                table.drop(columns=[each for each in left_out if each != name]),
                report.FacetColumn(name, _copy(facet.value_or_threshold)),
                report.LabelColumn(dataset.label, table[dataset.label], _copy(positive)),
                stage,
                report.LabelColumn(dataset.predicted, table[dataset.predicted]) if post else None,
                metrics=list(names),
                group_variable=group,
            )
            content["facets"][name] = found
            content["label_value_or_threshold"] = report.label_value_or_threshold(table[dataset.label], _copy(positive))
        except Exception as error:  # whatever smclarify raises is about the data
            raise BiasError(f"The metrics of bias for the facet {name!r} cannot be computed: {error}") from error
    return content


def _copy(values: list[Value] | None) -> list[Value] | None:
    """``smclarify`` changes the lists that it gets."""
    return None if values is None else list(values)


def as_column(labels: Iterable[Any], like: pd.Series) -> pd.Series:
    """Predicted labels as a column of the type that the labels of the dataset have, where that is possible."""
    column = pd.Series(list(labels), index=like.index)
    if pd.api.types.is_numeric_dtype(like) and not pd.api.types.is_numeric_dtype(column):
        column = pd.to_numeric(column, errors="coerce").fillna(column) if column.dtype == object else column
    try:
        same = column.astype(like.dtype)
    except (ValueError, TypeError):
        return column
    return same if bool((same == column).all()) else column
