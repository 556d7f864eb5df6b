"""Questions in S3, how transform jobs ended, what they left, and their requests with a change."""

import contextlib
import copy
from typing import Any

from botocore.exceptions import WaiterError

GROUP = "/aws/sagemaker/TransformJobs"


def store(aws: Any, text: str, key: str) -> str:
    """Store a text under the lesson's prefix; its S3 URI."""
    aws.client("s3").put_object(Bucket=aws.bucket, Key=f"{aws.prefix}/{key}", Body=text.encode())
    return f"s3://{aws.bucket}/{aws.prefix}/{key}"


def wait(aws: Any, job: str) -> dict:
    """The description of a transform job, once it has ended, well or not."""
    sagemaker = aws.client("sagemaker")
    with contextlib.suppress(WaiterError):  # how it ended stands in the description
        sagemaker.get_waiter("transform_job_completed_or_stopped").wait(TransformJobName=job)
    return sagemaker.describe_transform_job(TransformJobName=job)


def lines_of(aws: Any, uri: str) -> list[str]:
    """The lines of all objects below an S3 URI."""
    s3, (bucket, _, prefix) = aws.client("s3"), uri.removeprefix("s3://").partition("/")
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    texts = [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read().decode() for each in found]
    return [line for text in texts for line in text.splitlines()]


def data_log(aws: Any, job: str) -> list[str]:
    """What a transform job says of its data: which object failed, with which status, and what the model said."""
    logs = aws.client("logs")
    streams = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{job}/")["logStreams"]
    names = [each["logStreamName"] for each in streams if each["logStreamName"].endswith("/data-log")]
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, logStreamNames=names)
    return [event["message"] for page in pages for event in page["events"]]


def repaired(request: dict, change: dict) -> dict:
    """A request with other values at some paths, such as ``{"TransformInput.SplitType": "Line"}``.

    Raises
    ------
    KeyError
        When there is no such place; a field that was left out may be added at a place that is there.
    """
    request = copy.deepcopy(request)
    for path, value in change.items():
        *way, last = path.split(".")
        place = request
        for step in way:
            place = place[step]
        place[last] = value
    return request
