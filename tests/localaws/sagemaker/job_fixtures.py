"""A local AWS with a bucket, and helpers to run jobs on it through boto3."""

from __future__ import annotations

import importlib.util
import io
import itertools
import json
import tarfile
import time
from collections.abc import Callable

import psutil
import pytest
from botocore.config import Config

from course.localaws.core import credentials
from course.localaws.server import launch
from tests.localaws.boto_clients import session_with_keys

BUCKET = "course-data"
ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
NOTES = ("[local AWS] The image ", "[local AWS] This image ")  # how `libraries.note` begins
ENDED = ("Completed", "Failed", "Stopped")
NUMBERS = itertools.count()
needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch is not installed: make extra-torch adds it, until 2027-05-24"
)
needs_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed: make extra-tensorflow adds it, until 2027-05-24"
)
needs_clarify = pytest.mark.skipif(
    importlib.util.find_spec("smclarify") is None or importlib.util.find_spec("shap") is None,
    reason="Clarify's libraries are not installed: make extra-clarify adds them, until 2027-05-24",
)


class JobFixtures:
    """One local AWS, in one of the two modes of /opt/ml."""

    def __init__(self, handle: launch.Handle, mode: str, fresh: bool = True) -> None:
        self.handle, self.mode = handle, mode
        credential = credentials.issued(handle.state)
        self.session = session_with_keys(credential.principal.access_key, credential.secret, credential.token)
        self.s3, self.sagemaker, self.logs = map(self.client, ("s3", "sagemaker", "logs"))
        if fresh:
            self.s3.create_bucket(Bucket=BUCKET)

    def client(self, service: str):
        config = Config(retries={"total_max_attempts": 1}, read_timeout=120)
        return self.session.client(service, endpoint_url=self.handle.endpoint, config=config)

    def put(self, key: str, body: bytes | str) -> str:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def get(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def keys(self, prefix: str) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]

    def archive(self, uri: str) -> dict[str, bytes]:
        """The files of a tar.gz in S3 by name."""
        with tarfile.open(fileobj=io.BytesIO(self.get(uri)), mode="r:gz") as tar:
            return {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}

    def name(self, stem: str) -> str:
        return f"{stem}-{next(NUMBERS)}"

    # Training

    def train(self, name: str, image: str = SKLEARN, **changes: object) -> str:
        """CreateTrainingJob; ``changes`` replace members, and ``entrypoint`` is a command, ``metrics`` are definitions."""
        specification = {"TrainingImage": image, "TrainingInputMode": "File"}
        if "entrypoint" in changes:
            specification["ContainerEntrypoint"] = changes.pop("entrypoint")
        if "metrics" in changes:
            specification["MetricDefinitions"] = changes.pop("metrics")
        request = {
            "TrainingJobName": name,
            "RoleArn": ROLE,
            "AlgorithmSpecification": specification,
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/out"},
            "ResourceConfig": cluster(1),
            "StoppingCondition": {"MaxRuntimeInSeconds": 120},
        }
        self.sagemaker.create_training_job(**(request | changes))
        return name

    def script(
        self, code: str, hyperparameters: dict[str, str] | None = None, files: dict[str, str] | None = None, **changes: object
    ) -> str:
        """Create a training job in script mode as SDK v2 does; returns its name."""
        name = self.name("script")
        source = self.put(f"code/{name}/sourcedir.tar.gz", targz({"train.py": code, **(files or {})}))
        hyperparameters = {"sagemaker_program": '"train.py"', "sagemaker_submit_directory": f'"{source}"', **(hyperparameters or {})}
        return self.train(name, HyperParameters=hyperparameters, **changes)

    def trained(self, name: str) -> dict:
        """The description of a training job, once it has ended."""
        return self.until(lambda: self.sagemaker.describe_training_job(TrainingJobName=name), lambda job: job["TrainingJobStatus"] in ENDED)

    # Processing

    def process(self, code: str, **changes: object) -> str:
        """Create a processing job that runs ``code``; returns its name."""
        name = self.name("process")
        source = self.put(f"code/{name}/process.py", code)
        inputs = [processing_input("code", source, "/opt/ml/processing/input/code"), *changes.pop("ProcessingInputs", [])]
        specification = {"ImageUri": SKLEARN, "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/process.py"]}
        request = {
            "ProcessingJobName": name,
            "RoleArn": ROLE,
            "AppSpecification": without_none(specification | changes.pop("AppSpecification", {})),
            "ProcessingInputs": inputs,
            "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}},
            "StoppingCondition": {"MaxRuntimeInSeconds": 120},
        }
        request |= changes
        self.sagemaker.create_processing_job(**request)
        return request["ProcessingJobName"]

    def processed(self, name: str) -> dict:
        return self.until(
            lambda: self.sagemaker.describe_processing_job(ProcessingJobName=name), lambda job: job["ProcessingJobStatus"] in ENDED
        )

    # Results

    def lines(self, name: str, group: str = "TrainingJobs", host: str = "algo-1", notes: bool = False) -> list[str]:
        """The lines of a job's log on one host; with ``notes``, also those about the image's libraries."""
        logs = self.logs
        group = f"/aws/sagemaker/{group}"
        try:
            streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/{host}-")["logStreams"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        lines: list[str] = []
        for stream in streams:
            request = {"logGroupName": group, "logStreamName": stream["logStreamName"], "startFromHead": True}
            while True:
                answer = logs.get_log_events(**request)
                lines += [event["message"] for event in answer["events"]]
                if answer["nextForwardToken"] == request.get("nextToken"):
                    break
                request["nextToken"] = answer["nextForwardToken"]
        return [line for line in lines if notes or not line.startswith(NOTES)]

    def done_in_s3(self, caller: str) -> list[tuple[str, str]]:
        """A job's S3 calls: ``(operation, bucket/key)``."""
        found, since = [], 0
        while events := self.handle.events(since):
            found += [(event["operation"], event["resource"]) for event in events if event["caller"] == caller]
            since = events[-1]["id"]
        return found

    def boxes(self) -> list[str]:
        return [path.name for path in (self.handle.state / "boxes").iterdir()]

    def processes(self) -> list[psutil.Process]:
        """All processes of jobs of this local AWS."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("COURSE_BOX", "").startswith(str(self.handle.state)) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def until(self, ask: Callable[[], object], good: Callable[[object], object] = bool, seconds: float = 90) -> object:
        """Call ``ask`` until its answer is ``good``; returns the answer."""
        limit = time.monotonic() + seconds
        while not good(answer := ask()):
            assert time.monotonic() < limit, f"still {answer!r} after {seconds} s"
            time.sleep(0.03)
        return answer


def without_none(members: dict) -> dict:
    return {name: value for name, value in members.items() if value is not None}


def trust(service: str) -> str:
    """The trust policy of a role for one service."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def targz(files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def cluster(count: int) -> dict:
    """The ``ResourceConfig`` of a job on ``count`` instances."""
    return {"InstanceType": "ml.m5.large", "InstanceCount": count, "VolumeSizeInGB": 5}


def channel(name: str, uri: str, content_type: str | None = None, kind: str = "S3Prefix", **members: object) -> dict:
    made = {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": kind, "S3Uri": uri}}, **members}
    return made | ({"ContentType": content_type} if content_type else {})


def processing_input(name: str, uri: str, path: str) -> dict:
    return {"InputName": name, "S3Input": {"S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix", "S3InputMode": "File"}}


def processing_output(name: str, uri: str, path: str) -> dict:
    return {"OutputName": name, "S3Output": {"S3Uri": uri, "LocalPath": path, "S3UploadMode": "EndOfJob"}}
