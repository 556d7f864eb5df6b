"""Feature attributions by Kernel SHAP: the library ``shap``, which asks the model for rows of instance and baseline mixed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from course.localaws.images.clarify.configuration import JSON, JSON_LINES, Analysis, ConfigError, Shap
from course.localaws.images.clarify.datasets import DatasetError, Fetch, csv_table, files_of, query

MOST_CLUSTERS = 12  # of a baseline that the job computes; the guide: "an optimal number of clusters between 1 and 12"
MOST_ASKED = 50_000  # rows that the model is asked about in one batch
SAYS = 10.0  # seconds between two lines about progress
SAMPLE = 2_000  # rows on which numbers of clusters are compared
AGGREGATES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mean_abs": lambda values: np.abs(values).mean(axis=0),
    "median": lambda values: np.median(values, axis=0),
    "mean_sq": lambda values: np.square(values).mean(axis=0),
}
Predict = Callable[[pd.DataFrame], np.ndarray]
"""Rows of features to scores (rows, outputs)."""


@dataclass
class Attributions:
    """SHAP values.

    Attributes
    ----------
    labels, features : list of str
        The model's outputs and the columns.
    local : ndarray
        Shape (rows, features, outputs). A row's values add up to its prediction minus the expected value.
    expected : ndarray
        The mean prediction of the baseline by output, after the link function.
    combined : ndarray
        The global values, shape (features, outputs).
    """

    labels: list[str]
    features: list[str]
    local: np.ndarray
    expected: np.ndarray
    combined: np.ndarray

    def as_json(self) -> dict[str, Any]:
        """The member ``kernel_shap`` of ``explanations``."""
        return {
            label: {
                "global_shap_values": dict(zip(self.features, self.combined[:, number].tolist(), strict=True)),
                "expected_value": float(self.expected[number]),
            }
            for number, label in enumerate(self.labels)
        }

    def table(self) -> pd.DataFrame:
        """The local values, as in ``out.csv``: a column for each feature and output."""
        columns = {
            f"{feature}_{label}": self.local[:, place, number]
            for number, label in enumerate(self.labels)
            for place, feature in enumerate(self.features)
        }
        return pd.DataFrame(columns)

    def largest(self, count: int) -> list[str]:
        """The features with the largest global values, over all outputs."""
        order = np.argsort(-np.abs(self.combined).max(axis=1), kind="stable")
        return [self.features[place] for place in order[:count]]


class Codes:
    """Numbers in place of the values of a table, so that ``shap``, which mixes rows, needs no numbers, and the model gets values as they
    are in the data: 1 stays 1, and no text or missing value is touched.
    """

    def __init__(self, inputs: pd.DataFrame, baseline: pd.DataFrame) -> None:
        whole = pd.concat([inputs.astype(object), baseline.astype(object)], ignore_index=True)
        self._names = list(whole.columns)
        self._values: list[np.ndarray] = []
        columns = []
        for name in self._names:
            codes, values = pd.factorize(whole[name], use_na_sentinel=False)
            # shap compares with a relative tolerance, so the codes of the baseline are small.
            order = np.unique(np.concatenate([codes[len(inputs) :], codes]), return_index=True)[1].argsort().argsort()
            columns.append(order[codes])
            self._values.append(np.asarray(values, dtype=object)[order.argsort()])
        self.encoded = np.split(np.column_stack(columns).astype(float), [len(inputs)])

    def decode(self, numbers: np.ndarray) -> pd.DataFrame:
        """The values of rows of codes."""
        places = numbers.astype(int)
        return pd.DataFrame(
            {name: values[places[:, number]] for number, (name, values) in enumerate(zip(self._names, self._values, strict=True))}
        )


def explain(inputs: pd.DataFrame, baseline: pd.DataFrame, settings: Shap, predict: Predict, label_headers: list[Any]) -> Attributions:
    """The attributions of all rows.

    Parameters
    ----------
    inputs, baseline : DataFrame
        The rows that are explained, and those whose values stand for missing features.
    predict : callable
        The model.
    label_headers : list
        Names of its outputs; ``label0``, ``label1`` and so on if there are none.

    Raises
    ------
    ConfigError
        There are not as many ``label_headers`` as outputs, or ``use_logit`` does not fit the scores.
    """
    import shap

    codes = Codes(inputs, baseline)
    rows, background = codes.encoded
    logit = settings.use_logit

    def asked_model(numbers: np.ndarray) -> np.ndarray:
        scores = predict(codes.decode(numbers))
        if logit and not ((scores > 0) & (scores < 1)).all():
            raise ConfigError("use_logit is true, but the model answers scores that are not between 0 and 1.")
        return scores

    if settings.seed is not None:
        np.random.seed(settings.seed)  # shap draws from NumPy's global generator
    model = _Model(asked_model)
    explainer = shap.KernelExplainer(model, background, link="logit" if logit else "identity")
    samples = "auto" if settings.num_samples is None else settings.num_samples
    each = 2 * rows.shape[1] + 2048 if samples == "auto" else samples
    asked = len(background) * min(each, 2 ** rows.shape[1])  # the most rows that shap asks about to explain one
    local = _in_batches(explainer, model, rows, max(1, MOST_ASKED // asked), {"nsamples": samples, "l1_reg": 0, "silent": True})
    expected = np.atleast_1d(explainer.expected_value).astype(float)
    labels = labels_of(local.shape[2], label_headers)
    combined = np.column_stack([AGGREGATES[settings.agg_method](local[:, :, number]) for number in range(local.shape[2])])
    return Attributions(labels, [str(name) for name in inputs.columns], local, expected, combined)


class _Model:
    """The model as shap asks it. shap explains one row at a time; with `note` and `replay` many rows are asked about in few requests."""

    def __init__(self, ask: Callable[[np.ndarray], np.ndarray]) -> None:
        self._ask = ask
        self._noted: list[np.ndarray] = []
        self._answer = ask

    def __call__(self, numbers: np.ndarray) -> np.ndarray:
        return self._answer(numbers)

    def ask(self) -> None:
        """From now on answer what the model does."""
        self._answer = self._ask

    def note(self, meanwhile: np.ndarray) -> None:
        """From now on note what is asked, and answer ``meanwhile``, an array (outputs,)."""

        def answer(numbers: np.ndarray) -> np.ndarray:
            self._noted.append(numbers.copy())  # shap uses the array again
            return np.tile(meanwhile, (len(numbers), 1))

        self._answer = answer

    def replay(self) -> None:
        """Ask all that was noted at once. From now on answer the same questions, in the same order, from that."""
        ends = np.cumsum([len(each) for each in self._noted])
        answers = iter(np.split(self._ask(np.concatenate(self._noted)), ends[:-1]))
        self._noted, self._answer = [], lambda numbers: next(answers)


def _in_batches(explainer: Any, model: _Model, rows: np.ndarray, count: int, options: Mapping[str, Any]) -> np.ndarray:
    """The values of all rows (rows, features, outputs), ``count`` rows at a time.

    What shap asks depends on its random numbers, not on the answers (without ``l1_reg``). So it explains each batch twice from the same
    numbers: the first time its questions are noted, the second time it gets their answers.
    """
    parts, began, said = [], time.monotonic(), time.monotonic()
    for start in range(0, len(rows), count):
        batch, state = rows[start : start + count], np.random.get_state()
        model.ask()
        if len(batch) > 1:  # a row alone would be asked about in as many requests
            model.note(np.atleast_1d(explainer.fnull))
            explainer.shap_values(batch, **options)
            model.replay()
            np.random.set_state(state)
        part = explainer.shap_values(batch, **options)
        parts.append(part if part.ndim == 3 else part[:, :, None])
        done, now = start + len(batch), time.monotonic()
        if now - said >= SAYS and done < len(rows):
            left, said = (now - began) / done * (len(rows) - done), now
            print(f"Explained {done:,} of {len(rows):,} rows; about {left:.0f} s are left.", flush=True)
    return np.concatenate(parts)


def labels_of(count: int, headers: list[Any]) -> list[str]:
    """The names of a model's outputs. Raises `ConfigError`."""
    if headers and len(headers) != count:
        raise ConfigError(f"predictor.label_headers has {len(headers)} elements, but the model answers {count} scores.")
    return [str(header) for header in headers] if headers else [f"label{number}" for number in range(count)]


def given_baseline(analysis: Analysis, names: list[str], fetch: Fetch) -> pd.DataFrame | None:
    """The baseline of the settings, with the features ``names``. None if there is none. Raises `ConfigError` and `DatasetError`."""
    baseline = analysis.shap.baseline if analysis.shap else None
    if baseline is None:
        return None
    rows: Any = baseline
    if isinstance(baseline, str):
        [path, *_] = files_of(fetch(baseline))
        if analysis.dataset_type not in (JSON_LINES, JSON):
            return _checked(csv_table(path, None), names)
        text = path.read_text(encoding="utf-8")
        try:
            rows = (
                [json.loads(line) for line in text.splitlines() if line.strip()]
                if analysis.dataset_type == JSON_LINES
                else json.loads(text)
            )
        except ValueError as error:
            raise DatasetError(f"The baseline {baseline} is not JSON: {error}") from None
    return _checked(_baseline_table(rows, analysis, names), names)


def _baseline_table(rows: Any, analysis: Analysis, names: list[str]) -> pd.DataFrame:
    if isinstance(rows, dict):  # one JSON document in the form of the dataset
        rows = query(analysis.features, rows, "methods.shap.baseline") if analysis.features else [rows]
    elif analysis.features and all(isinstance(row, dict) for row in rows):
        found = [query(analysis.features, row, "methods.shap.baseline") for row in rows]
        rows = found if analysis.dataset_type == JSON_LINES else [row for each in found for row in each]
    if not isinstance(rows, list) or not rows or not all(isinstance(row, (list, dict)) for row in rows):
        raise ConfigError("methods.shap.baseline must be a list of rows, or the URI of such data.")
    values = [[row.get(name) for name in names] if isinstance(row, dict) else row for row in rows]
    if len({len(row) for row in values}) > 1:
        raise ConfigError("methods.shap.baseline has rows of different lengths.")
    return pd.DataFrame(values, dtype=object)


def _checked(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    if len(table.columns) != len(names):
        raise ConfigError(
            f"methods.shap.baseline has {len(table.columns)} values in a row, but the model gets {len(names)} features: {', '.join(names)}."
        )
    if set(map(str, table.columns)) == set(names):
        return table[names]
    return table.set_axis(names, axis=1)


def clustered_baseline(inputs: pd.DataFrame, count: int | None, seed: int | None) -> pd.DataFrame:
    """A baseline of cluster centres: means of numbers, the most common one of texts.

    AWS uses k-means, or k-prototypes if there are texts. Here k-means works on scaled numbers and on indicators of texts. The number of
    clusters is the one with the best silhouette, if ``count`` is None.
    """
    from sklearn.cluster import KMeans

    points = _points(inputs)
    different = len(np.unique(points, axis=0))
    clusters = _best_count(points, different, seed or 0) if count is None else min(count, different)
    groups = KMeans(clusters, n_init=3, random_state=seed or 0).fit_predict(points)
    return pd.DataFrame(
        [{name: _centre(column) for name, column in part.items()} for _, part in inputs.groupby(groups)], columns=inputs.columns
    )


def _points(inputs: pd.DataFrame) -> np.ndarray:
    parts = []
    for name in inputs.columns:
        column = inputs[name]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            numbers = column.astype(float).fillna(column.astype(float).mean()).fillna(0.0).to_numpy()
            spread = numbers.std()
            parts.append((numbers - numbers.mean()) / (spread or 1.0))
        else:
            parts += list(pd.get_dummies(column.astype(str)).to_numpy(float).T)
    return np.column_stack(parts)


def _best_count(points: np.ndarray, different: int, seed: int) -> int:
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    sample = points[np.random.default_rng(seed).permutation(len(points))[:SAMPLE]]
    most = min(MOST_CLUSTERS, len(np.unique(sample, axis=0)) - 1, different)
    found = {
        count: silhouette_score(sample, KMeans(count, n_init=3, random_state=seed).fit_predict(sample)) for count in range(2, most + 1)
    }
    return max(found, key=found.__getitem__) if found else 1


def _centre(column: pd.Series) -> Any:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return float(column.mean())
    common = column.mode(dropna=False)
    return common.iloc[0]


def write(folder: Path, attributions: Attributions, baseline: pd.DataFrame | None, local: bool, join: pd.Series | None = None) -> None:
    """Write ``out.csv`` (if ``local``) and ``baseline.csv`` (if the job computed one) into ``explanations_shap``."""
    place = folder / "explanations_shap"
    if local or baseline is not None:
        place.mkdir(parents=True, exist_ok=True)
    if local:
        table = attributions.table()
        if join is not None:
            table.insert(0, str(join.name), join.to_numpy())
        table.to_csv(place / "out.csv", index=False)
    if baseline is not None:
        baseline.to_csv(place / "baseline.csv", index=False)
