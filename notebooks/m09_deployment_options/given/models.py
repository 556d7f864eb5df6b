"""Small XGBoost models of raw flights."""

import numpy as np
import pandas as pd
import xgboost
from raw import features

SETTINGS = {"objective": "binary:logistic", "max_depth": 3, "eta": 0.3, "nthread": 1}


def train(flights: pd.DataFrame, encoder: dict, rows: int, rounds: int, seed: int) -> xgboost.Booster:
    """A model that learned from so many of these flights, or from all if they are fewer."""
    part = flights.sample(min(len(flights), rows), random_state=seed)
    return xgboost.train(SETTINGS, xgboost.DMatrix(features(part, encoder), part.late), rounds)


def predicted(model: xgboost.Booster, rows: pd.DataFrame) -> np.ndarray:
    """Its probabilities of late, for rows of features."""
    return model.predict(xgboost.DMatrix(rows))
