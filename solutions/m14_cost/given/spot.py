"""The training job of m14_2 on Spot instances: its rows, and what becomes of it."""

import time
from typing import Any

import numpy as np
import pandas as pd

IMAGE = "1.4-2"  # of scikit-learn
OUTAGE = 300  # seconds without capacity after an interruption
LOOK_EVERY = 0.2  # seconds


def upload(aws: Any, seed: int) -> str:
    """Store two hundred rows of five columns, the label first, in the folder ``rows/`` of the S3 URI that is returned."""
    rng, prefix = np.random.default_rng(seed), f"m14_2/{aws.unique('spot')}"
    features = rng.normal(size=(200, 4))
    label = (features[:, 0] - features[:, 1] + rng.normal(size=200) > 0).astype(int)
    rows = pd.DataFrame(np.column_stack([label, features])).to_csv(index=False, header=False)
    aws.client("s3").put_object(Bucket=aws.bucket, Key=f"{prefix}/rows/rows.csv", Body=rows)
    return f"s3://{aws.bucket}/{prefix}"


def latest(aws: Any, prefix: str) -> str:
    """The name of the newest training job whose name begins with a prefix."""
    asked = {"NameContains": prefix, "SortBy": "CreationTime", "SortOrder": "Descending"}
    return aws.client("sagemaker").list_training_jobs(**asked)["TrainingJobSummaries"][0]["TrainingJobName"]


def await_checkpoint(aws: Any, folder: str) -> None:
    """Wait until there is an object in a folder, an S3 URI. Raises TimeoutError after two minutes."""
    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    end = time.monotonic() + 120
    while not aws.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)["KeyCount"]:
        if time.monotonic() > end:
            raise TimeoutError(f"no checkpoint came to {folder} in two minutes")
        time.sleep(LOOK_EVERY)


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
