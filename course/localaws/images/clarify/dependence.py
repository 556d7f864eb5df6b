"""Partial dependence: the mean prediction when one feature has the same value in all rows.

Source: "Partial dependence plots (PDPs) analysis" of the SageMaker developer guide, for the members. A number with no more different values
than ``grid_resolution`` keeps them instead of being cut into buckets.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from course.localaws.images.clarify.configuration import Pdp
from course.localaws.images.clarify.shap_values import Predict

NUMERICAL, CATEGORICAL = "numerical", "categorical"


def dependence(inputs: pd.DataFrame, features: list[str], settings: Pdp, predict: Predict) -> list[dict[str, Any]]:
    """The member ``pdp`` of ``explanations``: for each feature its values, the mean predictions by output, and the share of rows."""
    return [_of_feature(inputs, name, settings.grid_resolution, predict) for name in features]


def _of_feature(inputs: pd.DataFrame, name: str, resolution: int, predict: Predict) -> dict[str, Any]:
    kind, values, shares = grid(inputs[name], resolution)
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
    """The kind of a feature, the values at which it is plotted, and the share of the rows near each, from 0 to 1."""
    present = column.dropna()
    if present.empty:
        return CATEGORICAL, [], []
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column) and present.nunique() > resolution:
        counts, edges = np.histogram(present.astype(float), bins=resolution)
        return NUMERICAL, ((edges[:-1] + edges[1:]) / 2).tolist(), (counts / len(present)).tolist()
    found = present.value_counts(normalize=True, sort=False)
    found = found.loc[sorted(found.index, key=lambda value: (isinstance(value, str), value))]
    return CATEGORICAL, [value.item() if isinstance(value, np.generic) else value for value in found.index], found.tolist()
