"""The model of the lesson: XGBoost, trained on the flights of the winter."""

from typing import Any

import pandas as pd

from .schedule import COLUMNS


def trained(aws: Any, winter: pd.DataFrame) -> str:
    """The URI of ``model.tar.gz``, which a training job made.

    Parameters
    ----------
    aws : course.session.Session
    winter : pandas.DataFrame
        Flights, with the columns ``late`` and `COLUMNS`.
    """
    sagemaker, job = aws.client("sagemaker"), aws.unique("winter")
    source = {"S3DataType": "S3Prefix", "S3Uri": aws.upload(winter[["late", *COLUMNS]], "train/winter.csv")}
    channel = {"ChannelName": "train", "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}
    sagemaker.create_training_job(
        TrainingJobName=job,
        RoleArn=aws.role,
        AlgorithmSpecification={"TrainingImage": aws.image("xgboost", "3.0-5"), "TrainingInputMode": "File"},
        HyperParameters={"objective": "binary:logistic", "num_round": "20", "max_depth": "4"},
        InputDataConfig=[channel],
        OutputDataConfig={"S3OutputPath": f"s3://{aws.bucket}/{aws.prefix}/models"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )
    sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName=job)
    return sagemaker.describe_training_job(TrainingJobName=job)["ModelArtifacts"]["S3ModelArtifacts"]
