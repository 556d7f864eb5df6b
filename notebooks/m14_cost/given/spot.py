"""Spot instances: how long they last, what a job is billed on them, and the request of a job that can be interrupted."""

import math
import time
from pathlib import Path
from typing import Any

import numpy as np

BILLED = 0.3  # of the price on demand: the share that the local AWS bills. On AWS it differs by type, zone and hour
IMAGE = "1.4-2"  # of scikit-learn
OUTAGE = 300  # seconds without capacity after an interruption
LOOK_EVERY = 0.2  # seconds


def lifetimes(seed: int, mean: float, count: int = 2_000) -> np.ndarray:
    """Seconds that Spot instances last, one after the other: exponential, with this mean."""
    return np.random.default_rng(seed).exponential(mean, count)


def billed_seconds(lifetimes: np.ndarray, work: float, every: float, save: float) -> float:
    """Seconds that a job is billed for, until all its work is done.

    Parameters
    ----------
    lifetimes : array
        Seconds that its instances last.
    work, every, save : float
        Seconds of the work without interruptions; of work between two checkpoints; and for which the work stops for a checkpoint.

    Returns
    -------
    float
        Infinite if the job does not end on these instances.
    """
    billed = done = 0.0
    for seconds in lifetimes:
        left = work - done
        needed = left + (math.ceil(left / every) - 1) * save  # no checkpoint at the end
        if needed <= seconds:
            return billed + needed
        billed += seconds
        done += seconds // (every + save) * every  # what was done since the last checkpoint is lost
    return math.inf


def upload(aws: Any, rows: Any) -> str:
    """Store the training script and rows of numbers, the label first. Returns the S3 URI of their folder."""
    prefix, s3 = f"m14_2/{aws.unique('spot')}", aws.client("s3")
    script = Path(__file__).with_name("train.py").read_bytes()
    s3.put_object(Bucket=aws.bucket, Key=f"{prefix}/code/train.py", Body=script)
    s3.put_object(Bucket=aws.bucket, Key=f"{prefix}/rows/rows.csv", Body=rows.to_csv(index=False, header=False))
    return f"s3://{aws.bucket}/{prefix}"


def request(aws: Any, name: str, folder: str, rounds: int) -> dict:
    """The request of a training job on demand that runs the script of `upload`, without checkpoints."""
    return {
        "TrainingJobName": name,
        "RoleArn": aws.role,
        "AlgorithmSpecification": {
            "TrainingImage": aws.image("sklearn", IMAGE),
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["python3", "/opt/ml/input/data/code/train.py"],
        },
        "HyperParameters": {"rounds": str(rounds), "save_every": str(rounds)},
        "InputDataConfig": [_channel("code", folder), _channel("rows", folder)],
        "OutputDataConfig": {"S3OutputPath": f"{folder}/output"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }


def _channel(name: str, folder: str) -> dict:
    source = {"S3DataType": "S3Prefix", "S3Uri": f"{folder}/{name}/"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def latest(aws: Any, prefix: str) -> str:
    """The name of the newest training job whose name begins with a prefix."""
    asked = {"NameContains": prefix, "SortBy": "CreationTime", "SortOrder": "Descending"}
    return aws.client("sagemaker").list_training_jobs(**asked)["TrainingJobSummaries"][0]["TrainingJobName"]


def wait(aws: Any, job: str) -> dict:
    """Wait until a training job has ended, and describe it."""
    sagemaker = aws.client("sagemaker")
    while (described := sagemaker.describe_training_job(TrainingJobName=job))["TrainingJobStatus"] == "InProgress":
        if aws.local and described["SecondaryStatus"] == "Interrupted":
            aws.local.advance(OUTAGE)  # the clock need not wait for the capacity
        time.sleep(LOOK_EVERY)
    return described


def printed(aws: Any, job: str) -> str:
    """What the script of a job printed."""
    asked = {"logGroupName": "/aws/sagemaker/TrainingJobs", "logStreamNamePrefix": f"{job}/"}
    events = aws.client("logs").filter_log_events(**asked)["events"]
    return "\n".join(each["message"] for each in events if " after round " in each["message"])
