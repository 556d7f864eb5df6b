"""A training job for a model of late flights."""

from typing import Any

import pandas as pd


def start_training(aws: Any, image: str, rounds: int, table: pd.DataFrame, key: str) -> str:
    """Start a job that learns from the table, whose first column is the label. Returns the job's name."""
    name = aws.unique(f"late-flights-{key}")
    source = {"S3DataType": "S3Prefix", "S3Uri": aws.upload(table, f"train/{key}.csv")}
    aws.client("sagemaker").create_training_job(
        TrainingJobName=name,
        RoleArn=aws.role,
        AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"},
        HyperParameters={"objective": "binary:logistic", "num_round": str(rounds), "max_depth": "4", "eta": "0.3"},
        InputDataConfig=[{"ChannelName": "train", "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}],
        OutputDataConfig={"S3OutputPath": f"s3://{aws.bucket}/{aws.prefix}/models"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )
    return name
