"""Runs one processing job on a local AWS in a box, and prints the lines of its log as JSON. The job writes to /usr."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import boto3

from course.localaws.server import boxed
from course.sandbox.limits import Limits

ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
GROUP = "/aws/sagemaker/ProcessingJobs"


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="bx-") as folder,
        boxed.start_forkserver() as forks,
        boxed.boxed(Path(folder), forks, Limits(), Limits(), 1 << 30) as handle,
    ):
        environment = handle.environment()
        keys = {name: environment[name.upper()] for name in ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")}
        print(json.dumps(lines(boto3.Session(**keys, region_name="us-east-1"), handle.endpoint)))


def lines(session: boto3.Session, endpoint: str) -> list[str]:
    sagemaker, logs = (session.client(service, endpoint_url=endpoint) for service in ("sagemaker", "logs"))
    sagemaker.create_processing_job(
        ProcessingJobName="writes",
        RoleArn=ROLE,
        AppSpecification={"ImageUri": IMAGE, "ContainerEntrypoint": ["sh", "-c", "touch /usr/bin/mine && echo written || echo refused"]},
        ProcessingResources={"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}},
    )
    while sagemaker.describe_processing_job(ProcessingJobName="writes")["ProcessingJobStatus"] == "InProgress":
        time.sleep(0.1)
    [stream] = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    events = logs.get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"])["events"]
    return [event["message"] for event in events]


if __name__ == "__main__":
    main()
