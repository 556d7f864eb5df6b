"""A monitor of model quality that a check makes: an endpoint with captured traffic, and executions over it. All is deleted afterwards."""

from __future__ import annotations

import contextlib
import io
import json
import math
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from course.cleanup import delete_bucket
from course.grading import Answer, AnswerError
from course.grading.jobs import log_streams

REGISTRIES = {"analyzer": "156813124566", "xgboost": "683313688378"}  # of AWS, in us-east-1
ANALYZER = f"{REGISTRIES['analyzer']}.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
XGBOOST = f"{REGISTRIES['xgboost']}.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5"
RUNNING = ("Pending", "InProgress", "Stopping")
COMPLETED = ("Completed", "CompletedWithViolations")
LONGEST, PAUSE = 120, 0.1  # seconds: the longest wait for an execution, and the time between two looks
SENT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Ended:
    """An execution that has ended.

    Attributes
    ----------
    scheduled : datetime
        When it was scheduled, by AWS's clock.
    status, reason : str
        Its status and failure reason; ``""`` if it did not fail.
    texts : list of str
        What it left to read: failure reason, exit message, logs, violations, and the environment of its last job.
    statistics : dict
        Its metrics of the model's quality; empty if it did not complete.
    merged : list of dict
        The captured requests to which the merge gave a label.
    """

    scheduled: datetime
    status: str
    reason: str = ""
    texts: list[str] = field(default_factory=list)
    statistics: dict[str, Any] = field(default_factory=dict)
    merged: list[dict[str, Any]] = field(default_factory=list)

    @property
    def said(self) -> str:
        """Its status, and the reason if it failed, as a part of a sentence."""
        return f"{self.status}: {self.reason}" if self.reason else self.status


@dataclass(frozen=True)
class Place:
    """The names of a bucket and of an endpoint, the role of both, and the time of AWS's clock."""

    bucket: str
    endpoint: str
    role: str
    now: datetime


@contextlib.contextmanager
def place(answer: Answer, name: str) -> Iterator[Place]:
    """A bucket, called ``name``, for an endpoint of that name, which is not there yet."""
    s3 = answer.client("s3")
    role = next(each["Arn"] for each in answer.client("iam").list_roles()["Roles"] if "SageMaker" in each["RoleName"])
    s3.create_bucket(Bucket=name)
    try:
        s3.put_object(Bucket=name, Key="model.tar.gz", Body=_archive())
        yield Place(name, name, role, s3.head_object(Bucket=name, Key="model.tar.gz")["LastModified"])
    finally:
        delete_bucket(s3, name)


@contextlib.contextmanager
def served(answer: Answer, place: Place) -> Iterator[None]:
    """The endpoint of a place, whose captured data goes below ``captured/`` of the bucket."""
    sagemaker, name = answer.client("sagemaker"), place.endpoint
    with contextlib.ExitStack() as made:
        container = {"Image": XGBOOST, "ModelDataUrl": f"s3://{place.bucket}/model.tar.gz"}
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=place.role, PrimaryContainer=container)
        made.callback(sagemaker.delete_model, ModelName=name)
        sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[{"VariantName": "Live", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}],
            DataCaptureConfig={
                "EnableCapture": True,
                "InitialSamplingPercentage": 100,
                "DestinationS3Uri": f"s3://{place.bucket}/captured",
                "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
                "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
            },
        )
        made.callback(sagemaker.delete_endpoint_config, EndpointConfigName=name)
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        made.callback(_delete_endpoint, sagemaker, name)
        sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": LONGEST})
        yield


def _archive() -> bytes:
    """``model.tar.gz`` of a small model. Nobody asks it: the check writes the captured data itself."""
    import numpy as np
    import xgboost

    data = xgboost.DMatrix(np.array([[0.0], [1.0]]), label=np.array([0.0, 1.0]))
    content = bytes(xgboost.train({"objective": "binary:logistic", "nthread": 1}, data, num_boost_round=1).save_raw("json"))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("xgboost-model")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _delete_endpoint(sagemaker: Any, name: str) -> None:
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": LONGEST})


def captured(inference_id: str, moment: datetime, features: str, score: float) -> str:
    """A line of a capture file, as an endpoint writes it."""
    sides = {"endpointInput": ("INPUT", features), "endpointOutput": ("OUTPUT", f"{score}")}
    return json.dumps(
        {
            "captureData": {
                side: {"observedContentType": "text/csv", "mode": mode, "data": data, "encoding": "CSV"}
                for side, (mode, data) in sides.items()
            },
            "eventMetadata": {"eventId": f"event-{inference_id}", "inferenceId": inference_id, "inferenceTime": f"{moment:{SENT}}"},
            "eventVersion": "0",
        }
    )


def definition(place: Place, labels: str) -> dict[str, Any]:
    """A request of CreateModelQualityJobDefinition without a name, for labels below the URI ``labels``."""
    reports = {"S3Uri": f"s3://{place.bucket}/reports", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}
    source = {"EndpointName": place.endpoint, "LocalPath": "/opt/ml/processing/input/endpoint", "ProbabilityAttribute": "0"}
    return {
        "ModelQualityAppSpecification": {"ImageUri": ANALYZER, "ProblemType": "BinaryClassification"},
        "ModelQualityJobInput": {"EndpointInput": source, "GroundTruthS3Input": {"S3Uri": labels}},
        "ModelQualityJobOutputConfig": {"MonitoringOutputs": [{"S3Output": reports}]},
        "JobResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}},
        "RoleArn": place.role,
    }


def run_once(answer: Answer, name: str, request: dict[str, Any], since: datetime, until: datetime | None = None) -> Ended:
    """Create a definition and a schedule that runs once, now, over the traffic between two times; both are deleted.

    Parameters
    ----------
    answer : Answer
    name : str
        Of the definition and of the schedule.
    request : dict
        Of CreateModelQualityJobDefinition, without a name.
    since, until : datetime
        By AWS's clock, at most 24 hours apart. Without ``until``, all traffic until now.

    Raises
    ------
    ClientError, ParamValidationError
        AWS refuses the request.
    AnswerError
        The execution does not end.
    """
    sagemaker = answer.client("sagemaker")
    with contextlib.ExitStack() as made:
        sagemaker.create_model_quality_job_definition(JobDefinitionName=name, **request)
        made.callback(sagemaker.delete_model_quality_job_definition, JobDefinitionName=name)
        now = sagemaker.describe_model_quality_job_definition(JobDefinitionName=name)["CreationTime"]
        sagemaker.create_monitoring_schedule(
            MonitoringScheduleName=name,
            MonitoringScheduleConfig={
                "ScheduleConfig": {
                    "ScheduleExpression": "NOW",
                    "DataAnalysisStartTime": _offset(now, since),
                    "DataAnalysisEndTime": _offset(now, until or now),
                },
                "MonitoringJobDefinitionName": name,
                "MonitoringType": "ModelQuality",
            },
        )
        made.callback(sagemaker.delete_monitoring_schedule, MonitoringScheduleName=name)
        return ended(answer, name)


def _offset(now: datetime, moment: datetime) -> str:
    return f"-PT{math.ceil((now - moment).total_seconds())}S"


def ended(answer: Answer, schedule: str) -> Ended:
    """The last execution of a schedule, once it has ended. Raises AnswerError if it has not after `LONGEST` seconds."""
    sagemaker = answer.client("sagemaker")
    for _ in range(round(LONGEST / PAUSE)):
        found = sagemaker.list_monitoring_executions(MonitoringScheduleName=schedule, SortBy="ScheduledTime", SortOrder="Descending")
        executions = found["MonitoringExecutionSummaries"]
        if executions and executions[0]["MonitoringExecutionStatus"] not in RUNNING:
            return _ended(answer, executions[0])
        time.sleep(PAUSE)
    raise AnswerError(f"The execution of the schedule {schedule} has not ended after {LONGEST} seconds.")


def _ended(answer: Answer, execution: dict[str, Any]) -> Ended:
    outcome = execution["ScheduledTime"], execution["MonitoringExecutionStatus"], execution.get("FailureReason", "")
    _, status, reason = outcome
    if "ProcessingJobArn" not in execution:
        return Ended(*outcome, [reason])
    job = answer.client("sagemaker").describe_processing_job(ProcessingJobName=execution["ProcessingJobArn"].rpartition("/")[2])
    texts = [reason, job.get("ExitMessage", "")]
    for lines in log_streams(answer.client("logs"), "processing", job["ProcessingJobName"]).values():
        texts += lines
    texts += [f"{name}={value}" for name, value in job["Environment"].items()]
    if status not in COMPLETED:
        return Ended(*outcome, texts)
    reports = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    found = read(answer, f"{reports}/constraint_violations.json")
    texts += [each["description"] for each in (found or {}).get("violations", [])]
    metrics = next((value for name, value in read(answer, f"{reports}/statistics.json").items() if name.endswith("_metrics")), {})
    sources = [each["S3Input"]["S3Uri"] for each in job["ProcessingInputs"] if each["InputName"].startswith("endpoint_input")]
    return Ended(*outcome, texts, metrics, [record for uri in sources for record in objects(answer, uri)])


def read(answer: Answer, uri: str) -> Any:
    """A JSON object in S3; None if it is not there."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        return json.loads(answer.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    except ClientError:
        return None


def objects(answer: Answer, uri: str) -> list[dict[str, Any]]:
    """The JSON lines of all objects below a URI."""
    return [json.loads(line) for _, text in texts_below(answer, uri) for line in text.splitlines() if line.strip()]


def texts_below(answer: Answer, uri: str) -> list[tuple[str, str]]:
    """Key, within the folder, and text of all objects below a URI. The first 200 objects and 1 MB of each are read."""
    s3 = answer.client("s3")
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    prefix = f"{prefix.rstrip('/')}/"
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=200).get("Contents", [])]
    bodies = (s3.get_object(Bucket=bucket, Key=key)["Body"].read(1 << 20) for key in keys)
    return [(key.removeprefix(prefix), body.decode(errors="replace")) for key, body in zip(keys, bodies, strict=True)]
