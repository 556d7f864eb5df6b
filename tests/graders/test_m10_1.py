"""Tests the figures of m10_1: on which months a new model is better, worse, or better by AUC alone."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.metrics import roc_auc_score

from course import datasets
from graders.m10_pipelines.m10_1_late_flights import FEATURES, table

pytestmark = pytest.mark.nightly  # each case trains models on whole months
MISSED, FALSE = 120, 25  # dollars, as in given/evaluate.py
ROWS, TEST_ROWS, ROUNDS = 10_000, 12_000, 40
SEED = 2  # of given/prepare.py
LIVE_SEEDS = range(6)


@cache
def flights() -> pd.DataFrame:
    return table(datasets.folder() / "flights.parquet", datasets.folder() / "weather.parquet")


def gains(month: int, window: str, seeds: Iterable[int] = LIVE_SEEDS) -> tuple[list[float], list[float]]:
    """AUC that the new model gains over live models of January to March, and dollars that a flight costs more; one for each live model."""
    test = flights()[flights().month == month].sample(TEST_ROWS, random_state=SEED)
    auc, dollars = measured(trained(before(month, window), SEED), test)
    lives = [measured(trained(flights()[flights().month <= 3], seed), test) for seed in seeds]
    return [auc - other for other, _ in lives], [dollars - other for _, other in lives]


def before(month: int, window: str) -> pd.DataFrame:
    return flights()[flights().month < month if window == "all" else flights().month == month - 1]


def trained(rows: pd.DataFrame, seed: int) -> xgboost.Booster:
    some = rows.sample(ROWS, random_state=seed)
    settings = {"objective": "binary:logistic", "eta": 0.15, "max_depth": 5, "nthread": 1}
    return xgboost.train(settings, xgboost.DMatrix(some[FEATURES], label=some.late), ROUNDS)


def measured(model: xgboost.Booster, test: pd.DataFrame) -> tuple[float, float]:
    probability = model.predict(xgboost.DMatrix(test[FEATURES]))
    warned = probability > FALSE / (MISSED + FALSE)
    return roc_auc_score(test.late, probability), np.where(warned, FALSE * (test.late == 0), MISSED * (test.late == 1)).mean()


@pytest.mark.parametrize("month", [6, 7])
def test_all_months_before_are_better_in_summer(month):
    auc, dollars = gains(month, "all")
    assert min(auc) > 0.01 and max(dollars) < -1


@pytest.mark.parametrize("month", [11, 12])
def test_the_month_before_is_worse_in_winter(month):
    auc, dollars = gains(month, "last")
    assert max(auc) < 0.005 and min(dollars) > 0.5


def test_in_september_auc_and_dollars_disagree_for_the_live_model_of_the_lesson():
    [auc], [dollars] = gains(9, "all", [SEED])
    assert auc > 0.03 and dollars > 0.5


@pytest.mark.parametrize(("month", "window"), [(4, "last"), (5, "last"), (6, "all")])
def test_any_model_is_better_than_no_warning(month, window):
    test = flights()[flights().month == month].sample(TEST_ROWS, random_state=SEED)
    _, dollars = measured(trained(before(month, window), SEED), test)
    assert dollars < MISSED * test.late.mean() - 1
