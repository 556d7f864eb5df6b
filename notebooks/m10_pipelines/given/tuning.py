"""Step `Tune`: a tuning job of two training jobs."""

from typing import Any

from sagemaker.core.parameter import IntegerParameter
from sagemaker.core.shapes import Channel, DataSource, S3DataSource
from sagemaker.mlops.workflow.retry import SageMakerJobExceptionTypeEnum, SageMakerJobStepRetryPolicy
from sagemaker.mlops.workflow.steps import TuningStep
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, OutputDataConfig
from sagemaker.train.tuner import HyperparameterTuner


def tune_step(aws: Any, session: Any, rows: str, models: str) -> TuningStep:
    """Two depths of the trees. If no instance is free, the step waits a minute and tries again.

    ``rows`` is the URI of a CSV file. The archives are stored below the key prefix ``models`` of the lesson's bucket.
    """
    trainer = ModelTrainer(
        training_image=aws.image("xgboost", "3.0-5"),
        role=aws.role,
        compute=Compute(instance_type="ml.m5.large", instance_count=1),
        hyperparameters={"objective": "binary:logistic", "eval_metric": "auc", "num_round": 20},
        output_data_config=OutputDataConfig(s3_output_path=f"s3://{aws.bucket}/{models}"),
        sagemaker_session=session,
    )
    depths = {"max_depth": IntegerParameter(2, 8)}
    tuner = HyperparameterTuner(trainer, "validation:auc", depths, max_jobs=2, max_parallel_jobs=2)
    # No InputData: `tune` of SDK 3.12, the version in SageMaker Studio, loses its content type.
    source = DataSource(s3_data_source=S3DataSource(s3_data_type="S3Prefix", s3_uri=rows))
    channels = [Channel(channel_name=name, data_source=source, content_type="text/csv") for name in ("train", "validation")]
    no_instance = [SageMakerJobExceptionTypeEnum.RESOURCE_LIMIT]
    policy = SageMakerJobStepRetryPolicy(no_instance, interval_seconds=60, max_attempts=5)
    return TuningStep("Tune", step_args=tuner.tune(inputs=channels), retry_policies=[policy])
