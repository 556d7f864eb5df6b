"""Requests of the real tuning jobs of this notebook, and short ways to look at searches."""

import math
from collections.abc import Iterable
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from .tuning_jobs import channel

IMAGE = ("xgboost", "3.0-5")
STATIC = {"objective": "binary:logistic", "num_round": "300"}
OBJECTIVE = "FinalHyperParameterTuningJobObjectiveMetric"


def configuration(jobs: int) -> dict:
    """A Bayesian search of three hyperparameters, two jobs at a time."""
    ranges = [("eta", "0.01", "1"), ("min_child_weight", "1", "300")]
    return {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 2},
        "ParameterRanges": {
            "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "2", "MaxValue": "10"}],
            "ContinuousParameterRanges": [
                {"Name": name, "MinValue": low, "MaxValue": high, "ScalingType": "Logarithmic"} for name, low, high in ranges
            ],
        },
        "TrainingJobEarlyStoppingType": "Off",
    }


def definition(aws: Any, train: str, validation: str) -> dict:
    """What the training jobs of a search share; ``train`` and ``validation`` are S3 URIs of CSV files."""
    return {
        "RoleArn": aws.role,
        "AlgorithmSpecification": {"TrainingImage": aws.image(*IMAGE), "TrainingInputMode": "File"},
        "StaticHyperParameters": STATIC,
        "InputDataConfig": [channel("train", train), channel("validation", validation)],
        "OutputDataConfig": {"S3OutputPath": f"s3://{aws.bucket}/{aws.prefix}"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }


def begin(aws: Any, name: str, train: str, validation: str, warm: dict) -> str:
    """Make a tuning job of three training jobs with a `WarmStartConfig`; its name."""
    unique = aws.unique(name)
    aws.client("sagemaker").create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=unique,
        HyperParameterTuningJobConfig=configuration(3),
        TrainingJobDefinition=definition(aws, train, validation),
        WarmStartConfig=warm,
    )
    return unique


def named(job: dict | None) -> str:
    """A training job of a tuning job's description with its objective value."""
    return f"{job['TrainingJobName']}: {job[OBJECTIVE]['Value']:.4f}" if job else "is not named"


def best_after(found: pd.DataFrame, rounds: np.ndarray) -> np.ndarray:
    """The best AUC of a replayed search when so many rounds were trained."""
    spent, best = found.rounds.cumsum().to_numpy(), found.auc.cummax().to_numpy()
    return np.array([best[spent <= each][-1] if (spent <= each).any() else np.nan for each in rounds])


def summary(pool: Any, searches: dict[str, list[pd.DataFrame]]) -> pd.DataFrame:
    """Of each strategy's replayed searches: their best AUC, its luck, and the AUC of their winners on flights that chose nothing."""
    rows = {}
    for strategy, several in searches.items():
        best = [found.auc.max() for found in several]
        others = [_elsewhere(pool, found) for found in several]
        rows[strategy] = {"best AUC, mean": fmean(best), "standard deviation": stdev(best), "on other flights": fmean(others)}
    return pd.DataFrame(rows).T


def _elsewhere(pool: Any, found: pd.DataFrame) -> float:
    """The AUC of a replayed search's winner on other flights of July."""
    winner = found.loc[found.auc.idxmax()]
    return pool.trials.test_auc[int(winner.trial)][int(winner.rounds) // 5 - 1]


def verdict(differences: Iterable[float], matters: float) -> str:
    """What the differences of two strategies show, one for each seed: their mean lies in the interval of 95 % of Student's distribution.

    ``matters`` is the smallest difference that anybody would pay for.

    Returns
    -------
    str
        ``same`` if the interval lies between ``-matters`` and ``matters``; ``first`` or ``second``, which is better, if it lies on one
        side of 0; otherwise ``cannot tell``.
    """
    found = [float(each) for each in differences]
    middle, half = fmean(found), student.ppf(0.975, len(found) - 1) * stdev(found) / math.sqrt(len(found))
    if -matters < middle - half and middle + half < matters:
        return "same"
    if middle - half > 0:
        return "first"
    return "second" if middle + half < 0 else "cannot tell"
