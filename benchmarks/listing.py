"""Measures DescribeTrainingJob, and ListTrainingJobs of 100 jobs, against moto.

Each is measured twice: the server's time for the same signed request, which has the target, and a whole call through boto3. With 100
jobs, boto3 spends most of that call parsing 300 time stamps, whichever server answers.
"""

from __future__ import annotations

from typing import Any

from benchmarks import systems
from benchmarks.rows import Row
from course.localaws.server import launch

JOBS = 100


def measure() -> list[Row]:
    with launch.temporary() as handle, systems.moto_server() as endpoint:
        ours, theirs = _filled(systems.client_of(handle)), _filled(systems.moto_client(endpoint))
        described = systems.beside("DescribeTrainingJob", _describe, ours, theirs, 1 / 3)
        return [*described, *systems.beside(f"ListTrainingJobs of {JOBS}", _list, ours, theirs, 1 / 3)]


def _describe(sagemaker: Any) -> None:
    sagemaker.describe_training_job(TrainingJobName="job-50")


def _list(sagemaker: Any) -> None:
    found = sagemaker.list_training_jobs(MaxResults=100)["TrainingJobSummaries"]
    if len(found) != JOBS:
        raise RuntimeError(f"ListTrainingJobs listed {len(found)} of {JOBS} jobs")


def _filled(client: systems.Client) -> Any:
    """A SageMaker client, after all jobs were created and have ended."""
    s3, sagemaker = client("s3"), client("sagemaker")
    s3.create_bucket(Bucket=systems.BUCKET)
    s3.put_object(Bucket=systems.BUCKET, Key="rows/train.csv", Body="1,2\n3,4\n")
    for number in range(JOBS):  # one after the other: a new account's quotas allow few at a time
        name = f"job-{number}"
        request = systems.training_request(name, {"num_round": "1"}, f"s3://{systems.BUCKET}/rows/")
        request["AlgorithmSpecification"]["ContainerEntrypoint"] = ["/bin/true"]  # only Describe and List are measured
        sagemaker.create_training_job(**request)
        systems.trained(sagemaker, name)
    return sagemaker
