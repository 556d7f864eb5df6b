"""Answers that have the right idea in another form get a message, where a check once raised an error and a human had to look."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from course.grading import Report, catalogue
from course.grading.exercise.members import member_at

GRADERS = Path(__file__).parents[2] / "graders"


def module(lesson: str, name: str) -> ModuleType:
    return catalogue.load_module(GRADERS / lesson / f"{name}.py")


def message(exercise_id: str, part: str, found: Any) -> str:
    """What a report says about a part after ``found(report)``."""
    report = Report(catalogue.find(exercise_id, GRADERS))
    found(report)
    return next(one.message for one in report.parts if one.name == part)


def test_a_data_source_that_is_a_uri() -> None:
    channels = [{"ChannelName": name, "ContentType": "text/csv", "DataSource": "s3://a"} for name in ("train", "validation")]
    uris = {"train": "s3://a", "validation": "s3://b"}
    check = module("m04_training", "m04_1")._check_channels
    assert "reads None by its S3DataSource" in message("m04_1_ex1", "channels", lambda report: check(report, channels, uris))


@pytest.mark.parametrize("member", ["S3Output", "S3Input", "AppSpecification", "ContainerArguments"])
def test_a_member_of_a_processing_job_that_is_a_text(member: str) -> None:
    request: dict[str, Any] = {
        "ProcessingJobName": "job",
        "ProcessingInputs": [{"S3Input": {"S3Uri": "s3://a"}}],
        "ProcessingOutputConfig": {"Outputs": [{"S3Output": {"S3Uri": "s3://b"}}]},
        "AppSpecification": {"ContainerArguments": ["--a"]},
        "ProcessingResources": {},
        "RoleArn": "role",
    }
    place = {
        "S3Output": request["ProcessingOutputConfig"]["Outputs"][0],
        "S3Input": request["ProcessingInputs"][0],
        "ContainerArguments": request["AppSpecification"],
    }.get(member, request)
    place[member] = "s3://text"
    check = module("m02_data_preparation", "m02_1_split").check_request
    said = message("m02_1_ex3", "request", lambda report: check(report, request, "job", "s3://a", "s3://a", "s3://out"))
    assert said.startswith("`split_request(...)`")


def test_no_bodies_at_all() -> None:
    lines = module("m08_realtime", "m08_1")
    cases = [dict.fromkeys(lines.COLUMNS, 1.0)]
    assert "has 0 lines" in message("m08_1_ex1", "lines", lambda report: lines._check_lines(report, "`bodies(...)`", [], cases))
    assert message("m08_1_ex1", "limit", lambda report: lines._check_limit(report, "`bodies(...)`", [], 100)) == ""


@pytest.mark.parametrize("name", ["Period", "EvaluationPeriods", "DatapointsToAlarm", "Threshold", "Dimensions"])
@pytest.mark.parametrize("value", [None, "60", True, [], [5], {"Name": "EndpointName"}])
def test_an_alarm_with_a_member_of_another_type(name: str, value: Any) -> None:
    alarm = {
        "AlarmName": "a",
        "Namespace": "AWS/SageMaker",
        "MetricName": "ModelLatency",
        "Statistic": "Average",
        "Dimensions": [{"Name": "EndpointName", "Value": "e"}],
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 0.5,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    refusal = module("m08_realtime", "m08_2_release").refusal
    assert refusal(alarm) == ""
    if (name, value) != ("Dimensions", []):
        assert f"has the {name} {value!r}" in refusal(alarm | {name: value})


@pytest.mark.parametrize("request_", [None, 5, "s3://a", [], {}, {"a": None}, {"a": "text"}, {"a": {"c": 1}}])
def test_a_member_that_is_not_there(request_: Any) -> None:
    assert member_at(request_, "a", "b") is None


def test_a_member_that_is_there() -> None:
    assert member_at({"a": {"b": 5}}, "a", "b") == 5
