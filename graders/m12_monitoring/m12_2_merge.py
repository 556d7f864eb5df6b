"""The first job of each execution, which adds labels to captured requests. A check runs it alone, on files of its own."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from course.cleanup import delete_bucket
from course.grading import Answer
from course.grading.jobs import ended, sagemaker_role

from .m12_1_analyses import job_input

IMAGE = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-groundtruth-merger"
BASE = "/opt/ml/processing"
LABELS, CAPTURED, MERGED = "service/labels", "captured", "merged"  # folders of the bucket
INPUTS = {CAPTURED: "captured", LABELS: "labels"}  # folders of the bucket, and the job's folders for them
BESIDE = f"{LABELS}-of-another-service/2013/11/01/12/labels.jsonl"  # an object that is not below the folder of labels
LONGEST = 300  # seconds that a busy machine may need for the job
SENT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Place:
    """The name of a bucket, and the time of AWS's clock."""

    bucket: str
    now: datetime

    @property
    def labels(self) -> str:
        """The S3 URI of the folder of labels."""
        return f"s3://{self.bucket}/{LABELS}"


@contextlib.contextmanager
def place(answer: Answer, name: str) -> Iterator[Place]:
    """A bucket of that name, which is deleted afterwards."""
    s3 = answer.client("s3")
    s3.create_bucket(Bucket=name)
    try:
        s3.put_object(Bucket=name, Key=BESIDE)
        yield Place(name, s3.head_object(Bucket=name, Key=BESIDE)["LastModified"])
    finally:
        delete_bucket(s3, name)


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


def merged(answer: Answer, place: Place) -> tuple[list[dict[str, Any]], str]:
    """The captured requests of a place to which the job gave a label, or none and the reason why it failed."""
    sagemaker = answer.client("sagemaker")
    role = sagemaker_role(answer.client("iam"))
    folders = {"dataset_source": INPUTS[CAPTURED], "ground_truth_source": INPUTS[LABELS], "output_path": MERGED}
    output = {"S3Uri": f"s3://{place.bucket}/{MERGED}", "LocalPath": f"{BASE}/{MERGED}", "S3UploadMode": "EndOfJob"}
    sagemaker.create_processing_job(
        ProcessingJobName=place.bucket,
        RoleArn=role,
        AppSpecification={"ImageUri": IMAGE},
        Environment={variable: f"{BASE}/{folder}" for variable, folder in folders.items()},
        ProcessingInputs=[job_input(name, f"s3://{place.bucket}/{folder}") for folder, name in INPUTS.items()],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "result", "S3Output": output}]},
        ProcessingResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}},
    )
    job = ended(sagemaker, "processing", place.bucket, LONGEST)
    if job["ProcessingJobStatus"] != "Completed":
        return [], job.get("ExitMessage") or job.get("FailureReason") or job["ProcessingJobStatus"]
    lines = (line for _, text in texts_below(answer, output["S3Uri"]) for line in text.splitlines())
    return [json.loads(line) for line in lines if line.strip()], ""


def keys_of(answer: Answer, bucket: str) -> list[str]:
    """The first 1,000 keys of a bucket."""
    return [each["Key"] for each in answer.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def texts_below(answer: Answer, uri: str) -> list[tuple[str, str]]:
    """Key, within the folder, and text of all objects below a URI. The first 200 objects and 1 MB of each are read."""
    s3 = answer.client("s3")
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    prefix = f"{prefix.rstrip('/')}/"
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=200).get("Contents", [])]
    bodies = (s3.get_object(Bucket=bucket, Key=key)["Body"].read(1 << 20) for key in keys)
    return [(key.removeprefix(prefix), body.decode(errors="replace")) for key, body in zip(keys, bodies, strict=True)]
