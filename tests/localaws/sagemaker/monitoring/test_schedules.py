"""Monitoring schedules of data quality and model quality: their operations, and executions over captured data as the clock moves."""

from __future__ import annotations

import json
from datetime import UTC, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET
from tests.localaws.sagemaker.monitoring.monitoring_fixtures import HOURLY, Monitored, job_definition, label, next_hour


def test_each_hour_is_analyzed(monitored: Monitored) -> None:
    next_hour(monitored)
    name = monitored.schedule("hourly")
    monitored.send("UA")
    monitored.advance(hours=1)
    monitored.send("XX")
    monitored.advance(hours=2, minutes=20)
    good, bad, empty = monitored.ended(name, 3)
    assert good["MonitoringExecutionStatus"] == "Completed", good
    assert bad["MonitoringExecutionStatus"] == "CompletedWithViolations"
    assert empty["MonitoringExecutionStatus"] == "Failed" and empty["FailureReason"] == "Job inputs had no data"
    assert [each["ScheduledTime"].minute for each in (good, bad, empty)] == [0, 0, 0]
    assert bad["ScheduledTime"] - good["ScheduledTime"] == timedelta(hours=1)
    job = monitored.aws.sagemaker.describe_processing_job(ProcessingJobName=bad["ProcessingJobArn"].rpartition("/")[2])
    schedule = monitored.aws.sagemaker.describe_monitoring_schedule(MonitoringScheduleName=name)
    assert job["MonitoringScheduleArn"] == schedule["MonitoringScheduleArn"]
    assert job["ExitMessage"] == "CompletedWithViolations: Job completed successfully with 1 violations."
    environment = job["Environment"]
    assert (environment["start_time"], environment["end_time"]) == tuple(
        f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        for moment in (bad["ScheduledTime"].astimezone(UTC) - timedelta(hours=1), bad["ScheduledTime"].astimezone(UTC))
    )
    [output] = job["ProcessingOutputConfig"]["Outputs"]
    folder = output["S3Output"]["S3Uri"]
    assert folder == f"s3://{BUCKET}/baseline/reports/delays/{name}/{bad['ScheduledTime'].astimezone(UTC):%Y/%m/%d/%H}"
    [violation] = json.loads(monitored.aws.get(f"{folder}/constraint_violations.json"))["violations"]
    assert (violation["feature_name"], violation["constraint_check_type"]) == ("carrier", "categorical_values_check")
    assert json.loads(monitored.aws.get(f"{folder}/statistics.json"))["dataset"] == {"item_count": 20}


def test_metrics_reach_cloudwatch(monitored: Monitored) -> None:
    """After the executions of the test before."""
    cloudwatch, now = monitored.aws.client("cloudwatch"), monitored.now()
    dimensions = [{"Name": "Endpoint", "Value": "delays"}, {"Name": "MonitoringSchedule", "Value": "hourly"}]

    def values(metric: str, statistic: str) -> list[float]:
        points = cloudwatch.get_metric_statistics(
            Namespace="aws/sagemaker/Endpoints/data-metrics",
            MetricName=metric,
            Dimensions=dimensions,
            StartTime=now - timedelta(hours=6),
            EndTime=now,
            Period=3600,
            Statistics=[statistic],
        )["Datapoints"]
        return [point[statistic] for point in sorted(points, key=lambda point: point["Timestamp"])]

    assert values("feature_non_null_delay", "Sum") == [1.0, 1.0]
    assert values("feature_data_delay", "Average") == [10.0, 10.0] and values("feature_data_delay", "Maximum") == [19.5, 19.5]


def test_once_now(monitored: Monitored) -> None:
    monitored.send("DL", 5)
    monitored.advance(seconds=90)
    name = monitored.schedule("once", "NOW", DataAnalysisStartTime="-PT1H", DataAnalysisEndTime="PT0S")
    [execution] = monitored.ended(name, 1)
    assert execution["MonitoringExecutionStatus"] == "Completed", execution
    monitored.advance(hours=3)
    assert len(monitored.executions(name)) == 1


def test_model_quality_waits_for_labels(monitored: Monitored) -> None:
    """Labels come an hour after the predictions. The window of the schedule ends an hour earlier, too."""
    aws = monitored.aws
    constraints = {"binary_classification_constraints": {"recall": {"threshold": 0.9, "comparison_operator": "LessThanThreshold"}}}
    aws.put("quality/constraints.json", json.dumps(constraints))
    next_hour(monitored)
    hour = monitored.now()
    for number in range(20):
        monitored.runtime.invoke_endpoint(
            EndpointName="delays", ContentType="text/csv", Body=f"{number}.5,UA", InferenceId=f"flight-{number}"
        )
    monitored.send("UA", 3)  # without labels
    definition = monitored.quality_definition("labels", StartTimeOffset="-PT2H", EndTimeOffset="-PT1H")
    config = {
        "ScheduleConfig": {"ScheduleExpression": HOURLY},
        "MonitoringJobDefinitionName": definition,
        "MonitoringType": "ModelQuality",
    }
    monitored.advance(hours=1)
    labels = [label(f"flight-{number}", int(number > 4)) for number in range(20)]
    aws.put(f"labels/{hour + timedelta(hours=1):%Y/%m/%d/%H}/labels.jsonl", "\n".join([label("flight-19", 0), *labels]))
    aws.sagemaker.create_monitoring_schedule(MonitoringScheduleName="quality", MonitoringScheduleConfig=config)
    monitored.advance(hours=1, minutes=20)
    [execution] = monitored.ended("quality", 1)
    assert execution["MonitoringExecutionStatus"] == "CompletedWithViolations", execution
    job = aws.sagemaker.describe_processing_job(ProcessingJobName=execution["ProcessingJobArn"].rpartition("/")[2])
    folder = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    [violation] = json.loads(aws.get(f"{folder}/constraint_violations.json"))["violations"]
    assert violation["metric_name"] == "recall" and violation["constraint_check_type"] == "LessThanThreshold"
    statistics = json.loads(aws.get(f"{folder}/statistics.json"))
    assert statistics["dataset"]["item_count"] == 20  # the requests without labels are left out
    assert statistics["binary_classification_metrics"]["confusion_matrix"] == {"0": {"0": 5, "1": 0}, "1": {"0": 5, "1": 10}}
    found = aws.client("cloudwatch").list_metrics(Namespace="aws/sagemaker/Endpoints/model-metrics", MetricName="recall")["Metrics"]
    dimensions = {each["Name"]: each["Value"] for metric in found for each in metric["Dimensions"]}
    assert dimensions == {"Endpoint": "delays", "MonitoringSchedule": "quality"}
    monitored.advance(hours=1)  # no requests an hour later, and no labels
    last = monitored.ended("quality", 2)[-1]
    assert last["MonitoringExecutionStatus"] == "Failed"
    aws.sagemaker.delete_monitoring_schedule(MonitoringScheduleName="quality")


def test_without_labels_the_merge_says_so(monitored: Monitored) -> None:
    monitored.send("UA", 3)
    monitored.advance(seconds=5)
    schedule = {"ScheduleExpression": "NOW", "DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "PT0S"}
    config = {
        "ScheduleConfig": schedule,
        "MonitoringJobDefinitionName": monitored.quality_definition("nowhere"),
        "MonitoringType": "ModelQuality",
    }
    monitored.aws.sagemaker.create_monitoring_schedule(MonitoringScheduleName="unlabelled", MonitoringScheduleConfig=config)
    [execution] = monitored.ended("unlabelled", 1)
    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert execution["FailureReason"] == "Error: There are no ground truth labels for the time of this execution."


def test_a_stopped_schedule_rests(monitored: Monitored) -> None:
    sagemaker, name = monitored.aws.sagemaker, monitored.schedule("resting")
    sagemaker.stop_monitoring_schedule(MonitoringScheduleName=name)
    monitored.advance(hours=3)
    assert not monitored.executions(name)
    assert sagemaker.describe_monitoring_schedule(MonitoringScheduleName=name)["MonitoringScheduleStatus"] == "Stopped"
    for _ in range(2):  # the second finds it started
        sagemaker.start_monitoring_schedule(MonitoringScheduleName=name)
    monitored.advance(hours=1, minutes=20)
    assert len(monitored.ended(name, 1)) in (1, 2)
    sagemaker.delete_monitoring_schedule(MonitoringScheduleName=name)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        sagemaker.describe_monitoring_schedule(MonitoringScheduleName=name)


def test_lists_and_updates(monitored: Monitored) -> None:
    sagemaker, name = monitored.aws.sagemaker, monitored.schedule("changing")
    [shown] = [
        each for each in sagemaker.list_monitoring_schedules(EndpointName="delays", NameContains="changing")["MonitoringScheduleSummaries"]
    ]
    definition = shown["MonitoringJobDefinitionName"]
    assert shown["MonitoringType"] == "DataQuality"
    definitions = sagemaker.list_data_quality_job_definitions(EndpointName="delays")["JobDefinitionSummaries"]
    assert definition in {each["MonitoringJobDefinitionName"] for each in definitions}
    described = sagemaker.describe_data_quality_job_definition(JobDefinitionName=definition)
    assert described["DataQualityJobInput"]["EndpointInput"]["EndpointName"] == "delays"
    config = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=name)["MonitoringScheduleConfig"]
    hour = (monitored.now().hour + 12) % 24  # half a day from now, so that a day and an hour have it once
    daily = config | {"ScheduleConfig": {"ScheduleExpression": f"cron(0 {hour} ? * * *)"}}
    sagemaker.update_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig=daily)
    monitored.advance(hours=25)
    [execution] = monitored.ended(name, 1)
    assert execution["ScheduledTime"].astimezone(UTC).hour == hour
    sagemaker.delete_monitoring_schedule(MonitoringScheduleName=name)
    sagemaker.delete_data_quality_job_definition(JobDefinitionName=definition)
    with pytest.raises(ClientError, match="Could not find JobDefinition"):
        sagemaker.describe_data_quality_job_definition(JobDefinitionName=definition)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ScheduleConfig": {"ScheduleExpression": "cron(*/5 * ? * * *)"}}, "Invalid schedule expression"),
        ({"ScheduleConfig": {"ScheduleExpression": "rate(1 hour)"}}, "Invalid schedule expression"),
        (
            {"ScheduleConfig": {"ScheduleExpression": "NOW", "DataAnalysisStartTime": "an hour ago", "DataAnalysisEndTime": "PT0S"}},
            "Invalid duration",
        ),
        ({"ScheduleConfig": {"ScheduleExpression": "NOW", "DataAnalysisStartTime": "-PT1H"}}, "must be provided if ScheduleExpression is"),
        (
            {"ScheduleConfig": {"ScheduleExpression": "NOW", "DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "-PT1H"}},
            "must start before it ends",
        ),
        (
            {"ScheduleConfig": {"ScheduleExpression": "NOW", "DataAnalysisStartTime": "-PT25H", "DataAnalysisEndTime": "PT0S"}},
            "at most 24 hours",
        ),
        ({"MonitoringJobDefinitionName": "nowhere"}, "Could not find JobDefinition with name: nowhere"),
        ({"MonitoringJobDefinitionName": None}, "Exactly one of MonitoringJobDefinition"),
        ({"MonitoringType": "ModelBias"}, "Could not find JobDefinition with name: definition"),
        ({"ScheduleConfig": None}, "ScheduleConfig must be provided"),
    ],
)
def test_what_is_refused(monitored: Monitored, changes: dict, words: str) -> None:
    sagemaker, definition = monitored.aws.sagemaker, monitored.aws.name("definition")
    sagemaker.create_data_quality_job_definition(JobDefinitionName=definition, **job_definition("delays", "baseline"))
    config = {"ScheduleConfig": {"ScheduleExpression": HOURLY}, "MonitoringJobDefinitionName": definition, "MonitoringType": "DataQuality"}
    config = {name: value for name, value in (config | changes).items() if value is not None}
    _, message = refused(sagemaker.create_monitoring_schedule, MonitoringScheduleName="refused", MonitoringScheduleConfig=config)
    assert words in message
    assert not sagemaker.list_monitoring_schedules(NameContains="refused")["MonitoringScheduleSummaries"]
