"""Endpoints of m14_2: a recorded week of one, the instance types for it, and one that auto scaling has made larger."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from course.grading.model_archives import constant

IMAGE = "3.0-5"  # of XGBoost
# vCPUs, gigabytes of memory, and US dollars an hour in us-east-1, of 2026-10-08.
TYPES = {
    "ml.m5.large": {"vcpus": 2, "gigabytes": 8, "hour": 0.115},
    "ml.m5.xlarge": {"vcpus": 4, "gigabytes": 16, "hour": 0.23},
    "ml.m5.2xlarge": {"vcpus": 8, "gigabytes": 32, "hour": 0.461},
    "ml.c5.large": {"vcpus": 2, "gigabytes": 4, "hour": 0.102},
    "ml.c5.xlarge": {"vcpus": 4, "gigabytes": 8, "hour": 0.204},
    "ml.c5.2xlarge": {"vcpus": 8, "gigabytes": 16, "hour": 0.408},
    "ml.r5.large": {"vcpus": 2, "gigabytes": 16, "hour": 0.151},
    "ml.r5.xlarge": {"vcpus": 4, "gigabytes": 32, "hour": 0.302},
}
_made: list[str] = []


def week(seed: int) -> pd.DataFrame:
    """A week of an endpoint on an ml.m5.2xlarge, a row for each minute: ``CPUUtilization`` and ``MemoryUtilization``."""
    rng, minutes = np.random.default_rng(seed), pd.date_range("2026-11-02", periods=7 * 24 * 60, freq="min")
    day = np.clip(np.sin((np.asarray(minutes.hour) - 6) / 24 * 2 * np.pi), 0, None)
    cpu = 15 + 120 * day * rng.gamma(20, 1 / 20, len(minutes))
    return pd.DataFrame({"CPUUtilization": cpu, "MemoryUtilization": rng.normal(18, 0.3, len(minutes))}, index=minutes)


def plot(week: pd.DataFrame) -> plt.Figure:
    """The two metrics of a week."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3))
    week.CPUUtilization.resample("h").max().plot(ax=left, title="CPUUtilization, the hour's highest")
    week.MemoryUtilization.resample("h").max().plot(ax=right, title="MemoryUtilization", ylim=(0, 100))
    return figure


def scaled(aws: Any, name: str) -> str:
    """An endpoint with one instance in its configuration, and two by now. It captures its data. Returns ``name``."""
    sagemaker, prefix = aws.client("sagemaker"), f"m14_2/{name}"
    aws.client("s3").put_object(Bucket=aws.bucket, Key=f"{prefix}/model.tar.gz", Body=constant(0.3))
    container = {"Image": aws.image("xgboost", IMAGE), "ModelDataUrl": f"s3://{aws.bucket}/{prefix}/model.tar.gz"}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=aws.role, PrimaryContainer=container)
    running = {"VariantName": "Live", "ModelName": name, "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    captured = {"EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": f"s3://{aws.bucket}/{prefix}/captured"}
    captured["CaptureOptions"] = [{"CaptureMode": mode} for mode in ("Input", "Output")]
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[running], DataCaptureConfig=captured)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    _made.append(name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 900})
    wanted = [{"VariantName": "Live", "DesiredInstanceCount": 2}]  # what auto scaling does
    sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=wanted)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 900})
    return name


def remove(aws: Any) -> None:
    """Delete the endpoints of this module, with their configurations and models."""
    sagemaker = aws.client("sagemaker")
    for name in _made:
        used = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
        sagemaker.delete_endpoint(EndpointName=name)
        for config in {name, used}:
            sagemaker.delete_endpoint_config(EndpointConfigName=config)
        sagemaker.delete_model(ModelName=name)
    _made.clear()
