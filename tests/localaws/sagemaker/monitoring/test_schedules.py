"""Monitoring schedules: their operations, and executions over captured data as the clock moves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, SKLEARN, JobFixtures, targz

ANALYZER = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
HOURLY = "cron(0 * ? * * *)"
SCRIPT = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
INFERENCE = """
def model_fn(folder): return None
def input_fn(body, content_type): return [float(row.split(",")[0]) for row in body.strip().splitlines()]
def predict_fn(data, model): return data
def output_fn(data, accept): return "\\n".join(str(int(value > 10)) for value in data)
"""


def job_definition(endpoint: str, folder: str, **changes: object) -> dict:
    specification = {"ImageUri": ANALYZER, "Environment": {"publish_cloudwatch_metrics": "Enabled"}}
    definition = {
        "DataQualityAppSpecification": specification,
        "DataQualityBaselineConfig": {
            f"{name.capitalize()}Resource": {"S3Uri": f"s3://{BUCKET}/{folder}/{name}.json"} for name in ("constraints", "statistics")
        },
        "DataQualityJobInput": {"EndpointInput": {"EndpointName": endpoint, "LocalPath": "/opt/ml/processing/input/endpoint"}},
        "DataQualityJobOutputConfig": {
            "MonitoringOutputs": [{"S3Output": {"S3Uri": f"s3://{BUCKET}/{folder}/reports", "LocalPath": "/opt/ml/processing/output"}}]
        },
        "JobResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}},
        "RoleArn": ROLE,
    }
    return definition | changes


class Monitored:
    """A local AWS of its own, whose clock a test moves, with an endpoint that captures its data."""

    def __init__(self, aws: JobFixtures) -> None:
        self.aws, self.endpoint = aws, "delays"
        model = aws.put("model/model.tar.gz", targz({"code/inference.py": INFERENCE}))
        container = {"Image": SKLEARN, "ModelDataUrl": model, "Environment": SCRIPT}
        aws.sagemaker.create_model(ModelName="delays", PrimaryContainer=container, ExecutionRoleArn=ROLE)
        variant = {"VariantName": "AllTraffic", "ModelName": "delays", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        capture = {
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{BUCKET}/captured",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
        }
        aws.sagemaker.create_endpoint_config(EndpointConfigName="delays", ProductionVariants=[variant], DataCaptureConfig=capture)
        aws.sagemaker.create_endpoint(EndpointName="delays", EndpointConfigName="delays")
        aws.sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="delays", WaiterConfig={"Delay": 1})
        self.runtime = aws.client("sagemaker-runtime")
        baseline = {
            "version": 0,
            "features": [
                {"name": "late", "inferred_type": "Integral", "completeness": 1.0},
                {"name": "delay", "inferred_type": "Fractional", "completeness": 1.0},
                {"name": "carrier", "inferred_type": "String", "completeness": 1.0, "string_constraints": {"domains": ["UA", "DL"]}},
            ],
            "monitoring_config": {"evaluate_constraints": "Enabled", "emit_metrics": "Enabled"},
        }
        aws.put("baseline/constraints.json", json.dumps(baseline))
        aws.put("baseline/statistics.json", json.dumps({"version": 0, "dataset": {"item_count": 0}, "features": []}))

    def send(self, carrier: str, number: int = 20) -> None:
        for delay in range(number):
            self.runtime.invoke_endpoint(EndpointName=self.endpoint, ContentType="text/csv", Body=f"{delay}.5,{carrier}")

    def advance(self, **time: float) -> None:
        self.aws.handle.advance(timedelta(**time).total_seconds())

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.aws.handle.advance(0), UTC)

    def executions(self, schedule: str) -> list[dict]:
        found = self.aws.sagemaker.list_monitoring_executions(
            MonitoringScheduleName=schedule, SortOrder="Ascending", SortBy="ScheduledTime"
        )
        return found["MonitoringExecutionSummaries"]

    def ended(self, schedule: str, number: int) -> list[dict]:
        """The executions of a schedule, once so many have ended."""
        running = ("Pending", "InProgress", "Stopping")

        def all_ended(found: list[dict]) -> bool:
            return len(found) >= number and not any(each["MonitoringExecutionStatus"] in running for each in found)

        return self.aws.until(lambda: self.executions(schedule), all_ended)

    def quality_definition(self, labels: str, **source: object) -> str:
        """The name of a new definition for model quality, whose labels are below a folder."""
        name, given = self.aws.name("quality"), job_definition(self.endpoint, "quality")
        application = given.pop("DataQualityAppSpecification") | {"ProblemType": "BinaryClassification"}
        captured = given.pop("DataQualityJobInput")["EndpointInput"] | {"InferenceAttribute": "0"} | source
        constraints = given.pop("DataQualityBaselineConfig")["ConstraintsResource"]
        self.aws.sagemaker.create_model_quality_job_definition(
            JobDefinitionName=name,
            ModelQualityAppSpecification=application,
            ModelQualityBaselineConfig={"ConstraintsResource": constraints},
            ModelQualityJobInput={"EndpointInput": captured, "GroundTruthS3Input": {"S3Uri": f"s3://{BUCKET}/{labels}"}},
            ModelQualityJobOutputConfig=given.pop("DataQualityJobOutputConfig"),
            **given,
        )
        return name

    def schedule(self, name: str, expression: str = HOURLY, **config: object) -> str:
        definition = self.aws.name("definition")
        self.aws.sagemaker.create_data_quality_job_definition(JobDefinitionName=definition, **job_definition(self.endpoint, "baseline"))
        config = {
            "ScheduleConfig": {"ScheduleExpression": expression, **config},
            "MonitoringJobDefinitionName": definition,
            "MonitoringType": "DataQuality",
        }
        self.aws.sagemaker.create_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig=config)
        return name


@pytest.fixture(scope="module")
def monitored(tmp_path_factory: pytest.TempPathFactory) -> Monitored:
    handle = launch.start(tmp_path_factory.mktemp("monitored") / "state")
    yield Monitored(JobFixtures(handle, "any"))
    handle.stop()


def next_hour(monitored: Monitored) -> None:
    """Move the clock to a minute after the hour."""
    now = monitored.now()
    monitored.advance(seconds=3660 - (now.minute * 60 + now.second))


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


def label(identity: str, value: int) -> str:
    return json.dumps(
        {"groundTruthData": {"data": str(value), "encoding": "CSV"}, "eventMetadata": {"eventId": identity}, "eventVersion": "0"}
    )


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
    daily = config | {"ScheduleConfig": {"ScheduleExpression": "cron(0 5 ? * * *)"}}
    sagemaker.update_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig=daily)
    monitored.advance(hours=25)
    [execution] = monitored.ended(name, 1)
    assert execution["ScheduledTime"].astimezone(UTC).hour == 5
    sagemaker.delete_monitoring_schedule(MonitoringScheduleName=name)
    sagemaker.delete_data_quality_job_definition(JobDefinitionName=definition)
    with pytest.raises(ClientError, match="Could not find JobDefinition"):
        sagemaker.describe_data_quality_job_definition(JobDefinitionName=definition)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ScheduleConfig": {"ScheduleExpression": "cron(*/5 * ? * * *)"}}, "Invalid schedule expression"),
        ({"ScheduleConfig": {"ScheduleExpression": "rate(1 hour)"}}, "Invalid schedule expression"),
        ({"ScheduleConfig": {"ScheduleExpression": "NOW", "DataAnalysisStartTime": "an hour ago"}}, "Invalid duration"),
        ({"MonitoringJobDefinitionName": "nowhere"}, "Could not find JobDefinition with name: nowhere"),
        ({"MonitoringJobDefinitionName": None}, "Exactly one of MonitoringJobDefinition"),
        ({"MonitoringType": "ModelBias"}, "does not support monitoring schedules of type ModelBias"),
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


def test_batch_transform_is_refused_by_name(monitored: Monitored) -> None:
    given = {
        "BatchTransformInput": {
            "DataCapturedDestinationS3Uri": f"s3://{BUCKET}/captured",
            "DatasetFormat": {"Csv": {"Header": True}},
            "LocalPath": "/opt/ml/processing/input",
        }
    }
    definition = job_definition("delays", "baseline", DataQualityJobInput=given)
    code, message = refused(monitored.aws.sagemaker.create_data_quality_job_definition, JobDefinitionName="batch", **definition)
    assert code == "NotSupportedByLocalAws" and "BatchTransformInput" in message
