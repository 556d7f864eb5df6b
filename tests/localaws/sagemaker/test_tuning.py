"""Hyperparameter tuning jobs through boto3: strategies, training jobs, counters, ends."""

from __future__ import annotations

import re

import pytest

from .job_world import World
from .tuning_world import Tuning, objective


@pytest.fixture
def tuning(world: World) -> Tuning:
    return Tuning(world)


def test_random_search_with_a_script(tuning: Tuning) -> None:
    job, trials = tuning.run(3)
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    name = job["HyperParameterTuningJobName"]
    assert [re.fullmatch(rf"{name}-(\d\d\d)-[0-9a-f]{{8}}", trial["TrainingJobName"])[1] for trial in trials] == ["001", "002", "003"]
    for trial in trials:
        x = float(trial["TunedHyperParameters"]["x"])
        assert 0 <= x <= 10 and objective(trial) == pytest.approx((x - 3) ** 2) and trial["ObjectiveStatus"] == "Succeeded"
        child = tuning.client.describe_training_job(TrainingJobName=trial["TrainingJobName"])
        assert child["TuningJobArn"] == job["HyperParameterTuningJobArn"] and child["HyperParameters"]["_tuning_objective_metric"] == "loss"
    assert job["BestTrainingJob"]["TrainingJobName"] == min(trials, key=objective)["TrainingJobName"]
