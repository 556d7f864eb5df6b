"""A small model of late flights, trained here and at once: to see what one hyperparameter does."""

import pandas as pd
import xgboost
from given.schedule import COLUMNS
from sklearn.metrics import roc_auc_score

USUAL = {"objective": "binary:logistic", "eta": 0.1, "max_depth": 5, "subsample": 0.7, "nthread": 1}


def auc_in_july(flights: dict[str, pd.DataFrame], rounds: int, seed: int, **changed: float) -> float:
    """AUC on the validation flights of a model with some hyperparameters other than `USUAL`."""
    matrices = {part: xgboost.DMatrix(flights[part][COLUMNS], flights[part].late) for part in ("train", "validation")}
    model = xgboost.train(USUAL | changed | {"seed": seed}, matrices["train"], rounds)
    return float(roc_auc_score(flights["validation"].late, model.predict(matrices["validation"])))
