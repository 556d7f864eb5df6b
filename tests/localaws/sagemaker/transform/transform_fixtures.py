"""Helpers of the tests of transform jobs: models with scripts, jobs, and their outputs and logs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tests.localaws.sagemaker.job_fixtures import BUCKET, ENDED, ROLE, SKLEARN, JobFixtures, targz

SERVING = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
GROUP = "/aws/sagemaker/TransformJobs"
CSV = {"ContentType": "text/csv", "SplitType": "Line"}
CSV_OUT = {"Accept": "text/csv", "AssembleWith": "Line"}

# A model that answers every line with the sum of its numbers.
SUM = """
def model_fn(folder): return 0
def input_fn(data, content_type): return data if isinstance(data, str) else data.decode()
def predict_fn(text, model): return [sum(map(float, line.split(","))) for line in text.splitlines()]
def output_fn(sums, accept): return "".join(f"{each:g}\\n" for each in sums), "text/csv"
"""
# A model that answers with its request in brackets.
ECHO = """
def model_fn(folder): return 0
def transform_fn(model, data, content_type, accept):
    text = data if isinstance(data, str) else data.decode("latin-1")
    return "[" + text + "]", accept or "text/plain"
"""


def model(aws: JobFixtures, code: str, **environment: str) -> str:
    """Create a model with an inference script; returns its name."""
    name = aws.name("transformed")
    data = aws.put(f"models/{name}.tar.gz", targz({"code/inference.py": code}))
    container = {"Image": SKLEARN, "ModelDataUrl": data, "Environment": SERVING | environment}
    aws.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    return name


def request(aws: JobFixtures, model_name: str, uri: str, **changes: object) -> dict:
    """The members of CreateTransformJob; ``Input``, ``Output`` and ``Resources`` add members to the parts of that name."""
    name = aws.name("transform")
    made = {
        "TransformJobName": name,
        "ModelName": model_name,
        "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}, **changes.pop("Input", {})},
        "TransformOutput": {"S3OutputPath": f"s3://{BUCKET}/transformed/{name}", **changes.pop("Output", {})},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1, **changes.pop("Resources", {})},
    }
    return made | changes


def start(aws: JobFixtures, model_name: str, uri: str, **changes: object) -> str:
    """Create a job; returns its name."""
    made = request(aws, model_name, uri, **changes)
    aws.sagemaker.create_transform_job(**made)
    return made["TransformJobName"]


def ended(aws: JobFixtures, name: str) -> dict:
    return aws.until(lambda: aws.sagemaker.describe_transform_job(TransformJobName=name), lambda job: job["TransformJobStatus"] in ENDED)


def completed(aws: JobFixtures, model_name: str, uri: str, **changes: object) -> dict[str, str]:
    """Run a job that completes; returns its outputs by their names below the output path."""
    job = ended(aws, start(aws, model_name, uri, **changes))
    assert job["TransformJobStatus"] == "Completed", (job.get("FailureReason"), data_log(aws, job["TransformJobName"]))
    return outputs(aws, job["TransformJobName"])


def failed(aws: JobFixtures, model_name: str, uri: str, **changes: object) -> tuple[str, list[str], dict[str, str]]:
    """Run a job that fails; returns its reason, its data log's lines about objects, and its outputs."""
    job = ended(aws, start(aws, model_name, uri, **changes))
    assert job["TransformJobStatus"] == "Failed"
    return job["FailureReason"], data_log(aws, job["TransformJobName"])[1:], outputs(aws, job["TransformJobName"])


def outputs(aws: JobFixtures, name: str) -> dict[str, str]:
    prefix = f"transformed/{name}/"
    return {key.removeprefix(prefix): aws.get(f"s3://{BUCKET}/{key}").decode("latin-1") for key in aws.keys(prefix)}


def streams(aws: JobFixtures, name: str) -> list[str]:
    with contextlib.suppress(aws.logs.exceptions.ResourceNotFoundException):
        found = aws.logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{name}/")["logStreams"]
        return [stream["logStreamName"] for stream in found]
    return []


def messages(aws: JobFixtures, name: str, data: bool) -> Iterator[str]:
    """The lines of a job's container logs or data logs."""
    for stream in streams(aws, name):
        if stream.endswith("/data-log") == data:
            events = aws.logs.get_log_events(logGroupName=GROUP, logStreamName=stream, startFromHead=True)["events"]
            yield from (event["message"] for event in events)


def data_log(aws: JobFixtures, name: str) -> list[str]:
    """The lines of the data log, without the times."""
    return [line.partition(":[sagemaker logs]: ")[2] for line in messages(aws, name, data=True)]
