"""DescribeTrainingJob, and ListTrainingJobs of 100 jobs, beside moto's."""

from __future__ import annotations

from typing import Any

from benchmarks import world
from benchmarks.rows import Row, p50_in_turns
from course.localaws import server

JOBS = 100


def measure() -> list[Row]:
    with server.temporary() as handle, world.moto_server() as endpoint:
        ours, theirs = _filled(world.client_of(handle)), _filled(world.moto_client(endpoint))
        describe, list_all = (
            p50_in_turns(lambda ask=ask: ask(ours), lambda ask=ask: ask(theirs))
            for ask in (lambda sagemaker: sagemaker.describe_training_job(TrainingJobName="job-50"), _list)
        )
    return [
        Row("DescribeTrainingJob, p50", "ms", *describe, "moto", "ratio", 1 / 3),
        Row(f"ListTrainingJobs of {JOBS}, p50", "ms", *list_all, "moto", "ratio", 1 / 3),
    ]


def _list(sagemaker: Any) -> None:
    found = sagemaker.list_training_jobs(MaxResults=100)["TrainingJobSummaries"]
    if len(found) != JOBS:
        raise RuntimeError(f"ListTrainingJobs listed {len(found)} of {JOBS} jobs")


def _filled(client: world.Client) -> Any:
    """A client of SageMaker with all jobs made and ended."""
    s3, sagemaker = client("s3"), client("sagemaker")
    s3.create_bucket(Bucket=world.BUCKET)
    s3.put_object(Bucket=world.BUCKET, Key="rows/train.csv", Body="1,2\n3,4\n")
    for number in range(JOBS):  # one after the other: a new account's quotas allow few at a time
        name = f"job-{number}"
        request = world.training_request(name, {"num_round": "1"}, f"s3://{world.BUCKET}/rows/")
        request["AlgorithmSpecification"]["ContainerEntrypoint"] = ["/bin/true"]  # what is measured is how it is told of
        sagemaker.create_training_job(**request)
        world.trained(sagemaker, name)
    return sagemaker
