"""Partial dependence: the mean prediction when one feature has the same value in all rows.

Source of the members: "Partial Dependence Plots: Analysis Configuration and Output" of the SageMaker developer guide
(doc_source/clarify-partial-dependence-plots.md of awsdocs/amazon-sagemaker-developer-guide, commit 3c4ad83b), read 2026-11-29. A number is
cut into ``grid_resolution`` buckets, whose centers are its values; a category has all its values; a list of predictions belongs to each
output of the model. A feature without a curve has ``error`` in place of values, predictions and distribution.

AWS does not document how the type of a feature is inferred. Here a number with no more different values than ``grid_resolution`` is a
category. A text is free text if most of its values are different and they are more than `MOST_CATEGORIES`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from course.localaws.images.clarify.configuration import Pdp
from course.localaws.images.clarify.shap_values import Predict

NUMERICAL, CATEGORICAL, FREE_TEXT = "numerical", "categorical", "free_text"
MOST_CATEGORIES = 30  # of a text most of whose values are different
UNSUPPORTED = "Detected data type is not supported for PDP. PDP can only be computed for numerical or categorical columns"
EMPTY = "The feature has no values"


def dependence(inputs: pd.DataFrame, features: list[str], settings: Pdp, predict: Predict) -> list[dict[str, Any]]:
    """The member ``pdp`` of ``explanations``: for each feature its values, the mean predictions by output, and the share of rows; or why
    there are none."""
    return [_of_feature(inputs, name, settings.grid_resolution, predict) for name in features]


def _of_feature(inputs: pd.DataFrame, name: str, resolution: int, predict: Predict) -> dict[str, Any]:
    kind, values, shares = grid(inputs[name], resolution)
    if not values:
        return {"feature_name": name, "data_type": kind, "error": UNSUPPORTED if kind == FREE_TEXT else EMPTY}
    changed = inputs.copy()
    means = []
    for value in values:
        changed[name] = value
        means.append(predict(changed).mean(axis=0))
    return {
        "feature_name": name,
        "data_type": kind,
        "feature_values": values,
        "model_predictions": np.array(means).T.tolist(),
        "data_distribution": shares,
    }


def grid(column: pd.Series, resolution: int) -> tuple[str, list[Any], list[float]]:
    """The type of a feature, the values at which it is plotted, and the share of the rows near each, from 0 to 1.

    Free text and a feature without values are not plotted.
    """
    present = column.dropna()
    if present.empty:
        return CATEGORICAL, [], []
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column) and present.nunique() > resolution:
        counts, edges = np.histogram(present.astype(float), bins=resolution)
        return NUMERICAL, ((edges[:-1] + edges[1:]) / 2).tolist(), (counts / len(present)).tolist()
    found = present.value_counts(normalize=True, sort=False)
    if len(found) > max(MOST_CATEGORIES, len(present) / 2) and any(isinstance(value, str) for value in found.index):
        return FREE_TEXT, [], []
    found = found.loc[sorted(found.index, key=lambda value: (isinstance(value, str), value))]
    return CATEGORICAL, [value.item() if isinstance(value, np.generic) else value for value in found.index], found.tolist()
