"""Starts and reads what m12_1 runs on SageMaker: a model, analyses, executions and their metrics."""

import json
import time
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from given import quality_monitors
from given.incoming import FEATURES, lines
from sagemaker.core.processing import Processor
from sagemaker.core.shapes import (
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
)

BASE = "/opt/ml/processing"
NAMESPACE = "aws/sagemaker/Endpoints/data-metrics"
DAY = 86_400  # seconds


def trained(aws: Any, flights: pd.DataFrame, image: str) -> str:
    """Train XGBoost on the flights, and return the address of the model's archive."""
    sagemaker, name = aws.client("sagemaker"), aws.unique("late-flights")
    source = {
        "S3DataType": "S3Prefix",
        "S3Uri": aws.upload(flights[["late", *FEATURES]], "train/train.csv"),
    }
    sagemaker.create_training_job(
        TrainingJobName=name,
        RoleArn=aws.role,
        AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"},
        HyperParameters={
            "objective": "binary:logistic",
            "num_round": "60",
            "max_depth": "5",
            "eta": "0.2",
        },
        InputDataConfig=[
            {
                "ChannelName": "train",
                "ContentType": "text/csv",
                "DataSource": {"S3DataSource": source},
            }
        ],
        OutputDataConfig={"S3OutputPath": f"s3://{aws.bucket}/{aws.prefix}/models"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )
    sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName=name)
    return sagemaker.describe_training_job(TrainingJobName=name)["ModelArtifacts"]["S3ModelArtifacts"]


def asked(aws: Any, endpoint: str, flights: pd.DataFrame) -> list[float]:
    """Ask the endpoint about flights in one request, and return the probabilities that they are late."""
    request = {"EndpointName": endpoint, "ContentType": "text/csv", "Body": lines(flights)}
    answer = aws.client("sagemaker-runtime").invoke_endpoint(**request)["Body"].read().decode()
    return [float(value) for value in answer.replace("\n", ",").split(",") if value]


def next_day(aws: Any) -> datetime:
    """Move the clock of the local AWS to one o'clock (UTC) of the next day, and return that time."""
    now = aws.local.advance(0)
    return datetime.fromtimestamp(aws.local.advance(DAY - now % DAY + DAY / 24)).astimezone()


def objects(aws: Any, folder: str) -> dict[str, str]:
    """The objects below an address: the text of each by its key, in the order of the keys."""
    s3, (bucket, _, prefix) = aws.client("s3"), folder.removeprefix("s3://").partition("/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys}


def until_captured(aws: Any, folder: str, requests: int) -> dict[str, str]:
    """The files below an address, once they hold so many requests. AWS writes them after some minutes.

    Raises
    ------
    TimeoutError
        When that takes more than 15 minutes.
    """
    for _ in range(int(quality_monitors.LONGEST / quality_monitors.LOOK_EVERY)):
        found = objects(aws, folder)
        if sum(len(text.splitlines()) for text in found.values()) >= requests:
            return found
        time.sleep(quality_monitors.LOOK_EVERY)
    raise TimeoutError(f"{len(found)} files below {folder} do not hold {requests} requests.")


def report(aws: Any, folder: str, name: str) -> dict:
    """A report below an address, for example ``"statistics"``."""
    found = objects(aws, folder)
    return next(json.loads(text) for key, text in found.items() if key.endswith(f"/{name}.json"))


def executions(aws: Any, schedule: str) -> list[dict]:
    """The executions of a schedule that have ended, first one first."""
    sagemaker = aws.client("sagemaker")
    order = {"SortBy": "ScheduledTime", "SortOrder": "Ascending", "MaxResults": 100}
    listed = sagemaker.list_monitoring_executions(MonitoringScheduleName=schedule, **order)
    found = listed["MonitoringExecutionSummaries"]
    return [each for each in found if each["MonitoringExecutionStatus"] not in quality_monitors.RUNNING]


def until_ended(aws: Any, schedules: list[str]) -> list[dict]:
    """The first execution of each schedule, once it has ended."""
    return [quality_monitors.executions(aws.client("sagemaker"), schedule)[0] for schedule in schedules]


def found_by(aws: Any, execution: dict) -> dict:
    """The violations that an execution found, the place of its reports, and the lines of its job's log, if it has a job."""
    if "ProcessingJobArn" not in execution:
        return {"reason": execution["FailureReason"]}
    name = execution["ProcessingJobArn"].rpartition("/")[2]
    job = aws.client("sagemaker").describe_processing_job(ProcessingJobName=name)
    place = job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    stream = {"logGroupName": "/aws/sagemaker/ProcessingJobs", "logStreamNamePrefix": f"{name}/"}
    log = [each["message"] for each in aws.client("logs").filter_log_events(**stream)["events"]]
    found = {"inputs": [each["S3Input"]["S3Uri"] for each in job["ProcessingInputs"]], "log": log}
    if job["ProcessingJobStatus"] == "Completed":
        found["violations"] = report(aws, place, "constraint_violations")["violations"]
    return found


def distances(aws: Any, endpoint: str, schedule: str) -> pd.DataFrame:
    """How far each execution found each feature from the baseline: a row for each execution, from CloudWatch."""
    cloudwatch, ended = aws.client("cloudwatch"), executions(aws, schedule)
    if not ended:
        return pd.DataFrame(columns=FEATURES)
    dimensions = [
        {"Name": "Endpoint", "Value": endpoint},
        {"Name": "MonitoringSchedule", "Value": schedule},
    ]
    queries = [
        {
            "Id": f"m{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": NAMESPACE,
                    "MetricName": f"feature_baseline_drift_{feature}",
                    "Dimensions": dimensions,
                },
                "Period": 3600,
                "Stat": "Maximum",
            },
        }
        for number, feature in enumerate(FEATURES)
    ]
    first, last = (ended[number]["ScheduledTime"] for number in (0, -1))
    found = cloudwatch.get_metric_data(
        MetricDataQueries=queries,
        StartTime=first - timedelta(hours=1),
        EndTime=last + timedelta(hours=1),
        ScanBy="TimestampAscending",
    )["MetricDataResults"]
    return pd.DataFrame({feature: each["Values"] for feature, each in zip(FEATURES, found, strict=True)})


def analysed(aws: Any, image: str, flights: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Run the analyzer on a table, in a Processing job of its own, and return the violations.

    ``baseline`` is the address of the folder with ``statistics.json`` and ``constraints.json``.
    """
    name = aws.unique("analysed")
    here = f"s3://{aws.bucket}/{aws.prefix}/{name}"
    aws.upload(flights[FEATURES], f"{name}/data/flights.csv", header=True)
    processor = Processor(
        role=aws.role,
        image_uri=image,
        instance_count=1,
        instance_type="ml.m5.large",
        sagemaker_session=aws.session,
        env={
            "dataset_format": json.dumps({"csv": {"header": True}}),
            "dataset_source": f"{BASE}/data",
            "output_path": f"{BASE}/reports",
            "publish_cloudwatch_metrics": "Disabled",
            "baseline_constraints": f"{BASE}/baseline/constraints.json",
            "baseline_statistics": f"{BASE}/baseline/statistics.json",
        },
    )
    inputs = [_input("data", f"{here}/data"), _input("baseline", baseline)]
    outputs = [_output("reports", f"{here}/reports")]
    processor.run(inputs=inputs, outputs=outputs, wait=True, logs=False, job_name=name)
    return pd.DataFrame(report(aws, f"{here}/reports", "constraint_violations")["violations"])


def _input(name: str, uri: str) -> ProcessingInput:
    source = ProcessingS3Input(
        s3_uri=uri,
        local_path=f"{BASE}/{name}",
        s3_data_type="S3Prefix",
        s3_input_mode="File",
    )
    return ProcessingInput(input_name=name, s3_input=source)


def _output(name: str, uri: str) -> ProcessingOutput:
    target = ProcessingS3Output(
        s3_uri=uri,
        local_path=f"{BASE}/{name}",
        s3_upload_mode="EndOfJob",
    )
    return ProcessingOutput(output_name=name, s3_output=target)
