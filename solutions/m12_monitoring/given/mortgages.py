"""Mortgage applications of 1990 with the bank's model of them, months that are drawn from them, and what somebody may change.

The months are synthetic: applications of the table, drawn with replacement. The table has no dates.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from xgboost import DMatrix, XGBClassifier

RATIOS = ["pirat", "hirat", "lvrat"]
HISTORY = ["chist", "mhist", "phist"]
FEATURES = [*RATIOS, *HISTORY, "unemp", "selfemp", "condomin", "single", "hschool"]
COLUMNS = [*FEATURES, "black"]  # of a request: the facet comes last


def applications(path: Path) -> pd.DataFrame:
    """`COLUMNS` and ``denied`` of each application, all of them numbers: 1 is yes.

    ``insurance`` is left out: it was decided about when the mortgage was.

    Parameters
    ----------
    path : Path
        The course's Parquet file, ``aws.data("hmda")``.
    """
    table = pd.read_parquet(path).rename(columns={"afam": "black", "deny": "denied"})
    texts = [name for name in [*COLUMNS, "denied"] if not pd.api.types.is_numeric_dtype(table[name])]
    return table[[*COLUMNS, "denied"]].assign(**{name: (table[name] == "yes").astype(int) for name in texts})


def trained(rows: pd.DataFrame, features: list[str] = FEATURES, trees: int = 60) -> XGBClassifier:
    """A model of ``denied``. All columns but ``features`` have one value in its training, so that no tree asks for them."""
    blind = rows[COLUMNS].assign(**{name: 0 for name in COLUMNS if name not in features}).astype(float)
    model = XGBClassifier(n_estimators=trees, max_depth=2, learning_rate=0.15, random_state=0, n_jobs=1)
    return model.fit(blind, rows.denied)


def scores(model: XGBClassifier, rows: pd.DataFrame) -> np.ndarray:
    """The probability that each application is denied."""
    return model.predict_proba(rows[COLUMNS].astype(float))[:, 1]


def attributions(model: XGBClassifier, rows: pd.DataFrame) -> pd.DataFrame:
    """SHAP values of a model of XGBoost: a row for each row, a column for each of the model's features, in log odds."""
    columns = model.get_booster().feature_names
    values = model.get_booster().predict(DMatrix(rows[columns].astype(float)), pred_contribs=True)
    return pd.DataFrame(values[:, :-1], columns=columns)  # the last one is the expected value


def month(rows: pd.DataFrame, size: int, seed: int, black: float | None = None) -> pd.DataFrame:
    """A month of ``size`` applications, drawn with replacement.

    ``black`` is the share of Black applicants, by default about that of the table.
    """
    rng = np.random.default_rng(seed)
    if black is None:
        return rows.iloc[rng.integers(len(rows), size=size)].reset_index(drop=True)
    parts = [(rows[rows.black == 1], round(size * black)), (rows[rows.black == 0], size - round(size * black))]
    drawn = [part.iloc[rng.integers(len(part), size=count)] for part, count in parts]
    return pd.concat(drawn).sample(frac=1, random_state=rng).reset_index(drop=True)


def dearer(rows: pd.DataFrame, more: float) -> pd.DataFrame:
    """A change of the inputs: payments to income, higher by ``more``, for Black applicants alone."""
    return rows.assign(pirat=rows.pirat + more * rows.black)


def stricter(probabilities: np.ndarray, black: pd.Series, logit: float) -> np.ndarray:
    """A change of the scores: higher by ``logit`` (log odds) for Black applicants alone."""
    odds = np.log(probabilities) - np.log1p(-probabilities) + logit * black.to_numpy()
    return 1 / (1 + np.exp(-odds))
