"""Tests that what a judge's checks create in the learner's AWS is gone afterwards, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from course.grading.judging.learners_aws import LearnersAws
from course.localaws.server import launch


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LearnersAws]:
    monkeypatch.setenv("COURSE_LOCALAWS_STATE", str(tmp_path / "aws"))
    yield LearnersAws()
    if handle := launch.find(tmp_path / "aws"):
        handle.stop()


def test_only_what_has_one_of_its_names_is_deleted(aws: LearnersAws) -> None:
    s3, sagemaker = aws.client("s3"), aws.client("sagemaker")
    for name in (f"graded-{aws.token()}", "of-the-learner"):
        s3.create_bucket(Bucket=name)
        s3.put_object(Bucket=name, Key="a/file", Body=b"x")
        container = {"Image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"}
        sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn="arn:aws:iam::123456789012:role/SageMakerRole")
    aws.clean_up()
    assert "of-the-learner" in (buckets := [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]])
    assert not [name for name in buckets if name.startswith("graded-")]
    assert [model["ModelName"] for model in sagemaker.list_models()["Models"]] == ["of-the-learner"]


def test_without_aws_nothing_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_LOCALAWS_STATE", str(tmp_path / "aws"))
    LearnersAws().clean_up()
    assert launch.find(tmp_path / "aws") is None
