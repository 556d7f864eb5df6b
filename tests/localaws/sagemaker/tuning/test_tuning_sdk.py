"""Tuning jobs through the SageMaker Python SDK v3."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, SKLEARN, XGBOOST, JobFixtures
from tests.localaws.sagemaker.training.test_training_sdk import session, write  # noqa: F401 - session is a fixture

pytestmark = pytest.mark.parametrize("aws", ["rewrite"], indirect=True)
TRAIN = """
    import argparse
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float)
    parser.add_argument("--depth", type=int)
    parser.add_argument("--kind")
    parser.add_argument("--rows", type=int)
    given = parser.parse_args()
    assert given.rows == 100 and given.kind in ("a", "b")
    print(f"validation loss: {(given.rate - 0.1) ** 2 + given.depth}")
"""


def compute() -> object:
    from sagemaker.train.configs import Compute

    return Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=5)


@pytest.mark.nightly  # the SDK imports slowly
def test_tuner_with_a_script(aws: JobFixtures, session: object, tmp_path: Path) -> None:  # noqa: F811
    from sagemaker.core.parameter import CategoricalParameter, ContinuousParameter, IntegerParameter
    from sagemaker.train import ModelTrainer
    from sagemaker.train.configs import SourceCode
    from sagemaker.train.tuner import HyperparameterTuner

    trainer = ModelTrainer(
        training_image=SKLEARN,
        role=ROLE,
        sagemaker_session=session,
        base_job_name=aws.name("sdk"),
        source_code=SourceCode(source_dir=write(tmp_path / "source", {"train.py": TRAIN}), entry_script="train.py"),
        compute=compute(),
        hyperparameters={"rows": 100},
    )
    tuner = HyperparameterTuner(
        model_trainer=trainer,
        objective_metric_name="loss",
        objective_type="Minimize",
        metric_definitions=[{"Name": "loss", "Regex": "validation loss: ([0-9.]+)"}],
        hyperparameter_ranges={
            "rate": ContinuousParameter(0.01, 1.0, scaling_type="Logarithmic"),
            "depth": IntegerParameter(1, 3),
            "kind": CategoricalParameter(["a", "b"]),
        },
        strategy="Random",
        max_jobs=3,
        max_parallel_jobs=2,
        random_seed=7,
    )
    aws.put("sdk/tune/a.csv", "1,2\n")
    tuner.tune(inputs={"train": f"s3://{BUCKET}/sdk/tune"}, job_name=aws.name("sdk-tune"), wait=True)
    frame = tuner.analytics().dataframe()
    assert len(frame) == 3 and set(frame["TrainingJobStatus"]) == {"Completed"} and {"rate", "depth", "kind"} <= set(frame.columns)
    assert tuner.best_training_job() == frame.sort_values("FinalObjectiveValue")["TrainingJobName"].iloc[0]
    assert tuner.describe().objective_status_counters.succeeded == 3


@pytest.mark.nightly  # test_tuning.py covers it by day without the SDK
def test_tuner_with_the_built_in_xgboost(aws: JobFixtures, session: object) -> None:  # noqa: F811
    from sagemaker.core.parameter import ContinuousParameter, IntegerParameter
    from sagemaker.train import ModelTrainer
    from sagemaker.train.configs import InputData
    from sagemaker.train.tuner import HyperparameterTuner

    rows = "".join(f"{row % 2},{row},{row % 2 + row % 3}\n" for row in range(100))
    data = [
        InputData(channel_name=part, data_source=aws.put(f"sdk/tune/{part}.csv", rows), content_type="text/csv")
        for part in ("train", "validation")
    ]
    trainer = ModelTrainer(
        training_image=XGBOOST,
        role=ROLE,
        sagemaker_session=session,
        base_job_name=aws.name("sdk"),
        compute=compute(),
        hyperparameters={"num_round": 3, "objective": "binary:logistic"},
    )
    tuner = HyperparameterTuner(
        model_trainer=trainer,
        objective_metric_name="validation:auc",
        hyperparameter_ranges={"eta": ContinuousParameter(0.1, 0.5), "max_depth": IntegerParameter(1, 4)},
        max_jobs=2,
        max_parallel_jobs=2,
        early_stopping_type="Auto",
    )
    tuner.tune(inputs=data, job_name=aws.name("sdk-tune"), wait=False)
    tuner.latest_tuning_job.wait(poll=1)
    assert tuner.best_training_job().startswith(tuner.latest_tuning_job.hyper_parameter_tuning_job_name)
    assert tuner.analytics().dataframe()["FinalObjectiveValue"].between(0.5, 1).all()
