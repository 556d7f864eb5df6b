"""Pipelines through the SageMaker Python SDK v3, in the process of the tests."""

from __future__ import annotations

import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from course.localaws.core.sdk_environment import PLUGIN_FOLDER
from course.localaws.server import launch
from tests.localaws.sagemaker.job_fixtures import ROLE

CLUSTER = {"role": ROLE, "instance_count": 1, "instance_type": "ml.m5.large"}


@dataclass(frozen=True)
class SdkPipelines:
    """The SDK's pipeline session, its bucket, and a folder for programs."""

    session: Any
    bucket: str
    folder: Path

    def write(self, name: str, text: str) -> str:
        """Write a program; returns its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def put(self, key: str, text: str) -> str:
        """Store an object; returns its URI."""
        return self.session.upload_string_as_file_body(text, self.bucket, key)

    def pipeline(self, name: str, steps: list, **more: Any) -> Any:
        """Create a pipeline, or a new version of it."""
        from sagemaker.mlops.workflow.pipeline import Pipeline

        made = Pipeline(name=name, steps=steps, sagemaker_session=self.session, **more)
        made.upsert(role_arn=ROLE)
        return made

    def run(self, pipeline: Any, **parameters: Any) -> Any:
        """Run an execution to its end; returns it."""
        execution = pipeline.start(parameters=parameters)
        ended(execution)
        return execution


def ended(execution: Any) -> dict:
    """The description of an execution, once it has ended. The SDK's own waiter does not know that a stopped one has."""
    while (described := execution.describe())["PipelineExecutionStatus"] in ("Executing", "Stopping"):
        time.sleep(0.1)
    return described


def outcome(execution: Any) -> dict[str, str]:
    """Step -> status, in the order in which the steps started; ``""`` -> the execution's status."""
    steps = {step["StepName"]: step["StepStatus"] for step in reversed(execution.list_steps())}
    return {"": execution.describe()["PipelineExecutionStatus"]} | steps


def steps(execution: Any) -> dict[str, dict]:
    """The steps of an execution by name."""
    return {step["StepName"]: step for step in execution.list_steps()}


def given(name: str, uri: Any) -> Any:
    """An input that the program finds in ``/opt/ml/processing/<name>``."""
    from sagemaker.core.shapes import ProcessingInput, ProcessingS3Input

    path = f"/opt/ml/processing/{name}"
    source = ProcessingS3Input(s3_uri=uri, local_path=path, s3_data_type="S3Prefix", s3_input_mode="File")
    return ProcessingInput(input_name=name, s3_input=source)


def made(name: str, uri: Any) -> Any:
    """An output that the program writes to ``/opt/ml/processing/<name>``."""
    from sagemaker.core.shapes import ProcessingOutput, ProcessingS3Output

    target = ProcessingS3Output(s3_uri=uri, local_path=f"/opt/ml/processing/{name}", s3_upload_mode="EndOfJob")
    return ProcessingOutput(output_name=name, s3_output=target)


@contextmanager
def sdk_pipelines(handle: launch.Handle, bucket: str, folder: Path) -> Iterator[SdkPipelines]:
    """Pipelines of a local AWS, in a process whose environment names no other account, with short waits."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in handle.environment().items():
            patch.setenv(name, value)
        patch.syspath_prepend(str(PLUGIN_FOLDER))
        patch.chdir(folder)
        from sagemaker.core import resources
        from sagemaker.core.utils import utils
        from sagemaker.core.workflow.pipeline_context import PipelineSession

        for cache in (utils.SingletonMeta, utils._ClientCacheMeta):  # the SDK keeps one client for the whole process
            patch.setattr(cache, "_instances", {})
        patch.setattr(resources, "time", types.SimpleNamespace(time=time.time, sleep=lambda seconds: time.sleep(min(seconds, 0.1))))
        boto = boto3.Session()
        boto.client("s3").create_bucket(Bucket=bucket)
        yield SdkPipelines(PipelineSession(boto_session=boto, default_bucket=bucket), bucket, folder)
