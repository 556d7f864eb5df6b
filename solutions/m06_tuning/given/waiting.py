"""A waiter for tuning jobs: boto3 has one for training jobs, and none for these."""

from typing import Any

from botocore.waiter import WaiterModel, create_waiter_with_client

NAME, STATUS = "TuningJobEnded", "HyperParameterTuningJobStatus"
ENDS = ("Completed", "Failed", "Stopped")  # a tuning job that failed has ended, too: how, its description says
EVERY, TIMES = 15, 240  # seconds, and how often: it gives up after an hour


def wait_for_tuning(sagemaker: Any, name: str) -> dict:
    """The description of the tuning job ``name``, once it has ended.

    Raises
    ------
    botocore.exceptions.WaiterError
        When it has not after an hour, or there is none of this name.
    """
    acceptors = [{"state": "success", "matcher": "path", "argument": STATUS, "expected": end} for end in ENDS]
    waiter = {"operation": "DescribeHyperParameterTuningJob", "delay": EVERY, "maxAttempts": TIMES, "acceptors": acceptors}
    create_waiter_with_client(NAME, WaiterModel({"version": 2, "waiters": {NAME: waiter}}), sagemaker).wait(
        HyperParameterTuningJobName=name
    )
    return sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


def children(sagemaker: Any, name: str) -> list[dict]:
    """The summaries of a tuning job's training jobs, in the order in which they began."""
    pages = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
    found = pages.paginate(HyperParameterTuningJobName=name, SortBy="CreationTime", SortOrder="Ascending")
    return [summary for page in found for summary in page["TrainingJobSummaries"]]
