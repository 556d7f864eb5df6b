"""Helpers of the tests of endpoints: create models from real files, configurations and endpoints, and wait for them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import xgboost

from course.localaws.server import launch
from tests.localaws.boto_clients import client_factory

XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/SageMakerRole"
LIMIT = 60.0  # seconds
SCRIPT = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
ROWS = np.random.default_rng(3).random((100, 3))


def booster(constant: float = 0.0) -> xgboost.Booster:
    """A model of three features; with ``constant`` it predicts about that number for all features."""
    labels = ROWS.sum(axis=1) if not constant else np.full(len(ROWS), constant)
    return xgboost.train({"max_depth": 3, "base_score": constant}, xgboost.DMatrix(ROWS, label=labels), 5)


def booster_file(constant: float = 0.0) -> dict[str, bytes]:
    return {"xgboost-model": bytes(booster(constant).save_raw("ubj"))}


def script(code: str) -> dict[str, bytes]:
    """The files of a model with an inference script."""
    return {"code/inference.py": code.encode()}


def echo(answer: str) -> dict[str, bytes]:
    """A script that answers every request with ``answer``."""
    return script(f"def model_fn(d): return 0\ndef transform_fn(model, data, content_type, accept): return {answer!r}, 'text/plain'")


def archive(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def until(condition: Callable[[], Any], what: str, limit: float = LIMIT) -> Any:
    """The first true value of ``condition``."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise TimeoutError(f"after {limit} s still not: {what}")


W = TypeVar("W", bound="EndpointFixtures")


class EndpointFixtures:
    """Clients, and helpers that create resources with unique names, so that tests can share a local AWS.

    With a ``handle``, the local AWS belongs to the tests, which may advance its clock.
    """

    def __init__(self, client: Callable[..., Any], handle: launch.Handle | None = None) -> None:
        self.handle = handle
        self.sagemaker, self.runtime, self.s3 = client("sagemaker"), client("sagemaker-runtime"), client("s3")
        self.logs, self.cloudwatch = client("logs"), client("cloudwatch")
        self.bucket = self.name("models")
        self.s3.create_bucket(Bucket=self.bucket)
        self.endpoints: list[str] = []

    def to_the_minute(self) -> None:
        """Advance the clock to just after the start of a minute."""
        now = self.handle.advance(0)
        self.handle.advance(60 - now % 60 + 1)

    def name(self, stem: str) -> str:
        return f"{stem}-{uuid.uuid4().hex[:8]}"

    def model(self, files: dict[str, bytes] | bytes, image: str = XGBOOST, environment: dict[str, str] | None = None) -> str:
        """A model of files, or of raw bytes that are no model archive. With ``code/inference.py`` it serves by that script."""
        name = self.name("model")
        self.s3.put_object(Bucket=self.bucket, Key=f"{name}.tar.gz", Body=files if isinstance(files, bytes) else archive(files))
        scripted = "code/inference.py" in files if isinstance(files, dict) else False
        container = {
            "Image": image,
            "ModelDataUrl": f"s3://{self.bucket}/{name}.tar.gz",
            "Environment": (SCRIPT if scripted else {}) | (environment or {}),
        }
        self.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        return name

    def config(self, *variants: dict, **more: Any) -> str:
        """A configuration of variants, each with a ``ModelName`` and other members."""
        name = self.name("config")
        defaults = {"VariantName": "AllTraffic", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[defaults | variant for variant in variants], **more
        )
        return name

    def create(self, config: str) -> str:
        name = self.name("endpoint")
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        self.endpoints.append(name)
        return name

    def deploy(self, files: dict[str, bytes] | bytes, image: str = XGBOOST, environment: dict[str, str] | None = None) -> str:
        """An endpoint in service."""
        name = self.create(self.config({"ModelName": self.model(files, image, environment)}))
        described = self.settled(name)
        assert described["EndpointStatus"] == "InService", described.get("FailureReason")
        return name

    def settled(self, name: str, limit: float = LIMIT) -> dict:
        """The endpoint, once no change is under way."""
        return until(lambda: self._settled(name), f"{name} is settled", limit)

    def _settled(self, name: str) -> dict | None:
        described = self.sagemaker.describe_endpoint(EndpointName=name)
        return None if described["EndpointStatus"] in ("Creating", "Updating", "RollingBack", "Deleting") else described

    def invoke(self, name: str, body: bytes | str = "1,2,3", content_type: str = "text/csv", **more: Any) -> str:
        answer = self.runtime.invoke_endpoint(EndpointName=name, Body=body, ContentType=content_type, **more)
        return answer["Body"].read().decode()

    def log(self, name: str, family: str = "Endpoints") -> str:
        """All log lines of an endpoint, or of an inference component."""
        events = self.logs.filter_log_events(logGroupName=f"/aws/sagemaker/{family}/{name}")["events"]
        return "\n".join(event["message"] for event in events)

    def close(self) -> None:
        for name in self.endpoints:
            until(lambda name=name: self._deleted(name), f"{name} is deleted")

    def _deleted(self, name: str) -> bool:
        try:
            self.sagemaker.delete_endpoint(EndpointName=name)
            return True
        except self.sagemaker.exceptions.ClientError as error:
            return "Could not find endpoint" in str(error)


def answers_of(handle: launch.Handle, folder: Path, program: str, *arguments: str) -> str:
    """The output after ``ANSWERS`` of a program in its own process, with only the environment of `Handle.environment`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAGEMAKER_"))}
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, env=kept | handle.environment(), cwd=folder, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return done.stdout.partition("ANSWERS ")[2].splitlines()[0]


def fixtures_of(handle: launch.Handle, kind: type[W] = EndpointFixtures) -> W:
    """The helpers of a local AWS that belongs to the tests."""
    return kind(client_factory(handle), handle)
