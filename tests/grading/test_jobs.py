"""A check gets the description of a job that failed, and what the job wrote to its log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from course.grading.jobs import ended, log_streams
from course.grading.judging.learners_aws import LearnersAws
from course.localaws.server import launch


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LearnersAws]:
    monkeypatch.setenv("COURSE_LOCALAWS_STATE", str(tmp_path / "aws"))
    yield LearnersAws()
    if handle := launch.find(tmp_path / "aws"):
        handle.stop()


def test_a_failed_job_is_described_and_its_log_is_read(aws: LearnersAws) -> None:
    sagemaker, s3, logs = aws.client("sagemaker"), aws.client("s3"), aws.client("logs")
    s3.create_bucket(Bucket="of-a-check")
    sagemaker.create_training_job(
        TrainingJobName="without-a-channel",
        RoleArn="arn:aws:iam::123456789012:role/SageMakerRole",
        AlgorithmSpecification={
            "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5",
            "TrainingInputMode": "File",
        },
        HyperParameters={"num_round": "1"},
        OutputDataConfig={"S3OutputPath": "s3://of-a-check/models"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )
    assert ended(sagemaker, "training", "without-a-channel")["TrainingJobStatus"] == "Failed"
    [(stream, lines)] = log_streams(logs, "training", "without-a-channel").items()
    assert stream.startswith("without-a-channel/algo-1-")
    assert any("Missing required channel: train" in line for line in lines)
    assert log_streams(logs, "training", "without-a") == {}
