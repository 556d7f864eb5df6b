"""Executions: their lists, their end when they are stopped or the local AWS is killed, and the times of a schedule."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.sagemaker.monitoring import timing
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.chaos import KillableAws
from tests.localaws.sagemaker.job_fixtures import BUCKET, SKLEARN, JobFixtures
from tests.localaws.sagemaker.monitoring.monitoring_fixtures import (
    LAST_HOUR,
    Monitored,
    definition_request,
    inline_definition,
    label,
    quiet_hour,
)

RUNNING = ("Pending", "InProgress", "Stopping")
CAPTURED = f"s3://{BUCKET}/kept/captured"
BATCH = {
    "BatchTransformInput": {
        "DataCapturedDestinationS3Uri": CAPTURED,
        "DatasetFormat": {"Csv": {}},
        "LocalPath": "/opt/ml/processing/input/data",
    }
}
LONG = ["/bin/sh", "-c", "trap 'sleep 2; exit 1' TERM; sleep 600 & wait"]


def captured(aws: JobFixtures, moment: datetime) -> None:
    """Put what a transform job would have captured in an hour."""
    aws.put("kept/rows.csv", "1,UA\n")
    aws.put(f"kept/captured/input/{moment:%Y/%m/%d/%H}/manifest.jsonl", json.dumps([{"prefix": f"s3://{BUCKET}/kept/"}, "rows.csv"]))


def long_schedule(aws: JobFixtures, name: str) -> None:
    """Create a schedule whose job does not end by itself."""
    specification = {"ImageUri": SKLEARN, "ContainerEntrypoint": LONG}
    config = {
        "ScheduleConfig": {"ScheduleExpression": "NOW", **LAST_HOUR},
        "MonitoringJobDefinition": inline_definition(BATCH, MonitoringAppSpecification=specification),
    }
    aws.sagemaker.create_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig=config)


def executions(aws: JobFixtures, **filters: object) -> list[dict]:
    return aws.sagemaker.list_monitoring_executions(**filters)["MonitoringExecutionSummaries"]


def last(aws: JobFixtures, name: str) -> dict:
    return aws.sagemaker.describe_monitoring_schedule(MonitoringScheduleName=name).get("LastMonitoringExecutionSummary", {})


def in_progress(aws: JobFixtures, name: str) -> dict:
    """The execution of a schedule, once its job runs."""

    def found() -> dict | None:
        return next((each for each in executions(aws, MonitoringScheduleName=name) if "ProcessingJobArn" in each), None)

    execution = aws.until(found)
    job = execution["ProcessingJobArn"].rpartition("/")[2]
    aws.until(lambda: "ProcessingStartTime" in aws.sagemaker.describe_processing_job(ProcessingJobName=job))
    return execution


def test_a_stopped_job_stops_its_execution(monitored: Monitored) -> None:
    aws, name = monitored.aws, monitored.aws.name("stopping")
    captured(aws, monitored.now())
    monitored.advance(seconds=2)
    long_schedule(aws, name)
    execution = in_progress(aws, name)
    assert execution["MonitoringExecutionStatus"] == "InProgress" and last(aws, name) == execution
    _, message = refused(aws.sagemaker.delete_monitoring_schedule, MonitoringScheduleName=name)
    assert "has an execution in progress" in message
    aws.sagemaker.stop_monitoring_schedule(MonitoringScheduleName=name)  # the execution goes on
    assert last(aws, name)["MonitoringExecutionStatus"] == "InProgress"
    aws.sagemaker.stop_processing_job(ProcessingJobName=execution["ProcessingJobArn"].rpartition("/")[2])
    assert last(aws, name)["MonitoringExecutionStatus"] in ("Stopping", "Stopped")
    [ended] = monitored.ended(name, 1)
    assert ended["MonitoringExecutionStatus"] == "Stopped" and last(aws, name) == ended
    [alert] = aws.sagemaker.list_monitoring_alerts(MonitoringScheduleName=name)["MonitoringAlertSummaries"]
    assert alert["AlertStatus"] == "OK"
    aws.sagemaker.delete_monitoring_schedule(MonitoringScheduleName=name)
    assert executions(aws, MonitoringScheduleName=name) == [ended]  # the history stays


def test_executions_are_listed(monitored: Monitored) -> None:
    """Three hours of one schedule: data, a fault, nothing."""
    aws = monitored.aws
    quiet_hour(monitored)
    name = monitored.schedule(aws.name("listed"))
    monitored.send("UA", 2)
    monitored.advance(hours=1)
    monitored.send("XX", 2)
    monitored.advance(hours=2, minutes=20)
    monitored.ended(name, 3)

    def listed(**filters: object) -> list[str]:
        return [each["MonitoringExecutionStatus"] for each in executions(aws, MonitoringScheduleName=name, **filters)]

    good, bad, empty = "Completed", "CompletedWithViolations", "Failed"
    assert listed() == listed(SortBy="ScheduledTime") == [empty, bad, good]
    assert listed(SortBy="ScheduledTime", SortOrder="Ascending") == listed(SortOrder="Ascending") == [good, bad, empty]
    assert listed(SortBy="Status", SortOrder="Ascending") == [good, bad, empty]
    assert listed(StatusEquals=bad) == [bad] and listed(StatusEquals="Stopped") == []
    found = {each["MonitoringExecutionStatus"]: each for each in executions(aws, MonitoringScheduleName=name)}
    middle = found[bad]["ScheduledTime"]
    assert listed(ScheduledTimeBefore=middle) == [good] and listed(ScheduledTimeAfter=middle) == [empty, bad]
    assert listed(ScheduledTimeAfter=middle, ScheduledTimeBefore=middle + timedelta(seconds=1)) == [bad]
    assert listed(CreationTimeBefore=found[bad]["CreationTime"]) == [good]
    assert listed(LastModifiedTimeAfter=found[empty]["LastModifiedTime"]) == [empty]
    assert listed(EndpointName="delays", MonitoringTypeEquals="DataQuality") == [empty, bad, good]
    assert listed(EndpointName="other") == listed(MonitoringTypeEquals="ModelBias") == []
    assert listed(MonitoringJobDefinitionName=found[bad]["MonitoringJobDefinitionName"]) == [empty, bad, good]
    page = aws.sagemaker.list_monitoring_executions(MonitoringScheduleName=name, MaxResults=2)
    token = page["NextToken"]
    more = aws.sagemaker.list_monitoring_executions(MonitoringScheduleName=name, MaxResults=2, NextToken=token)
    shown = [each["MonitoringExecutionStatus"] for each in more["MonitoringExecutionSummaries"]]
    assert (len(page["MonitoringExecutionSummaries"]), shown, "NextToken" in more) == (2, [good], False)
    assert found[empty]["FailureReason"] == "Job inputs had no data" and "ProcessingJobArn" not in found[empty]
    by_status = aws.sagemaker.list_monitoring_schedules(NameContains=name, StatusEquals="Scheduled", SortBy="Status")
    assert [each["MonitoringScheduleName"] for each in by_status["MonitoringScheduleSummaries"]] == [name]


def test_an_update_replaces_what_a_schedule_runs(monitored: Monitored) -> None:
    """From a definition by name to one of its own, and back."""
    aws, name = monitored.aws, monitored.schedule(monitored.aws.name("updated"))
    [before] = aws.sagemaker.list_monitoring_schedules(NameContains=name)["MonitoringScheduleSummaries"]
    hourly = {"ScheduleExpression": "cron(0 */1 ? * * *)"}
    config = {"ScheduleConfig": hourly, "MonitoringJobDefinition": inline_definition(BATCH)}
    _, message = refused(aws.sagemaker.update_monitoring_schedule, MonitoringScheduleName=name, MonitoringScheduleConfig=config)
    assert "Invalid schedule expression" in message
    config["ScheduleConfig"] = {"ScheduleExpression": "cron(0 0/6 ? * * *)"}
    aws.sagemaker.update_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig=config)
    [after] = aws.sagemaker.list_monitoring_schedules(NameContains=name)["MonitoringScheduleSummaries"]
    assert set(before) - set(after) == {"EndpointName", "MonitoringJobDefinitionName"}
    aws.sagemaker.delete_data_quality_job_definition(JobDefinitionName=before["MonitoringJobDefinitionName"])
    too_long = config | {"MonitoringJobDefinition": inline_definition(BATCH, StoppingCondition={"MaxRuntimeInSeconds": 21_601})}
    _, message = refused(aws.sagemaker.update_monitoring_schedule, MonitoringScheduleName=name, MonitoringScheduleConfig=too_long)
    assert "MaxRuntimeInSeconds of the job is 21601 and can be at most 21600" in message


def test_a_deleted_definition_and_an_unknown_image_are_reasons(monitored: Monitored) -> None:
    aws, name = monitored.aws, monitored.aws.name("unknown")
    captured(aws, monitored.now())
    monitored.advance(seconds=2)
    specification = {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/nothing:latest"}
    config = {
        "ScheduleConfig": {"ScheduleExpression": "NOW", **LAST_HOUR},
        "MonitoringJobDefinition": inline_definition(BATCH, MonitoringAppSpecification=specification),
    }
    aws.sagemaker.create_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig=config)
    [execution] = monitored.ended(name, 1)
    assert execution["MonitoringExecutionStatus"] == "Failed" and "nothing" in execution["FailureReason"]
    assert last(aws, name) == execution


def check_all_ended(aws: JobFixtures, name: str, number: int) -> list[dict]:
    """Wait until every execution has ended, and check that none ran twice and nothing is stuck."""
    found = aws.until(
        lambda: executions(aws, MonitoringScheduleName=name, SortBy="ScheduledTime", SortOrder="Ascending", MaxResults=100),
        lambda found: len(found) >= number and not any(each["MonitoringExecutionStatus"] in RUNNING for each in found),
    )
    assert len({each["ScheduledTime"] for each in found}) == len(found) == number
    assert last(aws, name)["MonitoringExecutionStatus"] not in RUNNING
    pages = aws.sagemaker.get_paginator("list_processing_jobs").paginate()
    jobs = [each["ProcessingJobName"] for page in pages for each in page["ProcessingJobSummaries"]]
    assert len({job.rsplit("-", 1)[1] for job in jobs}) <= number  # the jobs of one execution have the same end of their names
    return found


def test_a_kill_neither_repeats_nor_blocks_an_execution(tmp_path: Path) -> None:
    killable = KillableAws(tmp_path / "state", 0)
    try:
        now = datetime.fromtimestamp(killable.aws.handle.advance(2), UTC)
        captured(killable.aws, now)
        long_schedule(killable.aws, "killed")
        begun = in_progress(killable.aws, "killed")
        killable.kill_gateway()
        [found] = check_all_ended(killable.aws, "killed", 1)
        assert found["ProcessingJobArn"] == begun["ProcessingJobArn"]
        assert found["MonitoringExecutionStatus"] == "Failed" and found["FailureReason"].startswith("InternalServerError")
        killable.aws.sagemaker.delete_monitoring_schedule(MonitoringScheduleName="killed")
    finally:
        killable.aws.handle.stop()


@pytest.mark.nightly  # a kill at each of many moments; the test above kills by day at one
@pytest.mark.timeout(600)
def test_kills_at_any_moment_lose_and_repeat_nothing(tmp_path: Path) -> None:
    """A schedule with a merge and an analysis in each execution."""
    killable = KillableAws(tmp_path / "state", 1)
    try:
        now = datetime.fromtimestamp(killable.aws.handle.advance(2), UTC)
        killable.aws.put("kept/rows.csv.out", f"1,a,{now:%Y-%m-%dT%H:%M:%SZ}\n")
        manifest = json.dumps([{"prefix": f"s3://{BUCKET}/kept/"}, "rows.csv.out"])
        killable.aws.put(f"kept/captured/output/{now:%Y/%m/%d/%H}/manifest.jsonl", manifest)
        killable.aws.put(f"kept/labels/{now:%Y/%m/%d/%H}/labels.jsonl", label("a", 1))
        killable.aws.put("baseline/constraints.json", json.dumps({"binary_classification_constraints": {}}))
        source = {"BatchTransformInput": BATCH["BatchTransformInput"] | {"InferenceAttribute": "0"}}
        request = definition_request("ModelQuality", source, labels=f"s3://{BUCKET}/kept/labels")
        killable.aws.sagemaker.create_model_quality_job_definition(JobDefinitionName="quality", **request)
        config = {
            "ScheduleConfig": {"ScheduleExpression": "NOW", **LAST_HOUR},
            "MonitoringJobDefinitionName": "quality",
            "MonitoringType": "ModelQuality",
        }
        statuses = set()
        for number in range(1, 13):
            call = killable.aws.sagemaker.create_monitoring_schedule if number == 1 else killable.aws.sagemaker.update_monitoring_schedule
            call(MonitoringScheduleName="chaos", MonitoringScheduleConfig=config)
            time.sleep(killable.random.uniform(0, 2.5))  # a random moment; no test relies on its length
            killable.kill_gateway()
            found = check_all_ended(killable.aws, "chaos", number)
            statuses.add(found[-1]["MonitoringExecutionStatus"])
            assert found[-1].get("FailureReason", "InternalServerError").startswith("InternalServerError"), found[-1]
        assert statuses <= {"Completed", "CompletedWithViolations", "Failed"}
        killable.nothing_is_left()
    finally:
        killable.aws.handle.stop()


# The times of a schedule

EXPRESSIONS = st.one_of(
    st.just("cron(0 * ? * * *)"),
    st.builds("cron(0 {} ? * * *)".format, st.integers(0, 23)),
    st.builds("cron(0 {}/{} ? * * *)".format, st.integers(0, 23), st.integers(1, 24)),
)


@given(EXPRESSIONS, st.floats(0, 4e9))
def test_times_follow_each_other(expression: str, moment: float) -> None:
    following = timing.following(expression, moment)
    assert moment < following <= moment + timing.DAY and following % timing.HOUR == 0
    assert timing.previous(expression, following) <= moment
    assert timing.following(expression, timing.previous(expression, following)) == following
    window = timing.window({"ScheduleExpression": expression}, following, {})
    assert (window.start, window.end) == (timing.previous(expression, following), following)
    assert timing.period(expression) <= window.end - window.start <= timing.DAY


@pytest.mark.parametrize(
    ("expression", "hours"),
    [
        ("cron(0 17/12 ? * * *)", [5, 17]),  # the guide: every 12 hours, from 5 in the afternoon on
        ("cron(0 0/2 ? * * *)", list(range(0, 24, 2))),
        ("cron(0 00/06 ? * * *)", [0, 6, 12, 18]),
        ("cron(0 3/7 ? * * *)", [3, 10, 17]),
        ("cron(0 12 ? * * *)", [12]),
    ],
)
def test_hours_of_a_day(expression: str, hours: list[int]) -> None:
    timing.check(expression)
    assert timing.hours_of_day(expression) == hours


@pytest.mark.parametrize(
    ("source", "start", "end"),
    [
        ({"StartTimeOffset": "-P8D", "EndTimeOffset": "-P1D"}, "2020-01-01T13:00", "2020-01-08T13:00"),  # the guide's example
        ({"StartTimeOffset": "-PT6H", "EndTimeOffset": "-PT0H"}, "2020-01-09T07:00", "2020-01-09T13:00"),
        ({}, "2020-01-09T12:00", "2020-01-09T13:00"),
    ],
)
def test_offsets_move_the_window(source: dict, start: str, end: str) -> None:
    scheduled = datetime(2020, 1, 9, 13, tzinfo=UTC).timestamp()
    window = timing.window({"ScheduleExpression": "cron(0 * ? * * *)"}, scheduled, source)
    assert [f"{datetime.fromtimestamp(each, UTC):%Y-%m-%dT%H:%M}" for each in (window.start, window.end)] == [start, end]
