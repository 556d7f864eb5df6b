"""A local AWS whose clock a test moves, with an endpoint and a model whose data is captured, and what its monitors need."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, SKLEARN, JobFixtures, targz

ANALYZER = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
HOURLY = "cron(0 * ? * * *)"
LAST_HOUR = {"DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "PT0S"}
RESOURCES = {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}}
OPERATIONS = {
    "DataQuality": "data_quality_job_definition",
    "ModelQuality": "model_quality_job_definition",
    "ModelBias": "model_bias_job_definition",
    "ModelExplainability": "model_explainability_job_definition",
}
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
        "JobResources": RESOURCES,
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
        aws.put("baseline/analysis_config.json", json.dumps({"label": "late", "label_values_or_threshold": [1]}))
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

    def definition(
        self,
        monitoring_type: str,
        source: dict,
        constraints: str = f"s3://{BUCKET}/baseline/constraints.json",
        labels: str = "",
        **application: object,
    ) -> str:
        """The name of a new definition. ``source`` is its input without labels, whose URI is ``labels``."""
        name = self.aws.name(monitoring_type)
        request = definition_request(monitoring_type, source, constraints, labels, **application)
        getattr(self.aws.sagemaker, f"create_{OPERATIONS[monitoring_type]}")(JobDefinitionName=name, **request)
        return name

    def monitor(self, monitoring_type: str, definition: str, expression: str = "NOW", **changes: object) -> str:
        """The name of a new schedule."""
        name = self.aws.name("monitor")
        config = {
            "ScheduleConfig": {"ScheduleExpression": expression, **(LAST_HOUR if expression == "NOW" else {})},
            "MonitoringJobDefinitionName": definition,
            "MonitoringType": monitoring_type,
        }
        self.aws.sagemaker.create_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig=config | changes)
        return name

    def job(self, execution: dict) -> dict:
        """The processing job of an execution."""
        return self.aws.sagemaker.describe_processing_job(ProcessingJobName=execution["ProcessingJobArn"].rpartition("/")[2])

    def label(self, labels: dict[str, int], folder: str) -> str:
        """Put ground truth labels of inference ids into the folder of the present hour, and return the URI of ``folder``."""
        lines = "\n".join(label(identity, value) for identity, value in labels.items())
        self.aws.put(f"{folder}/{self.now():%Y/%m/%d/%H}/labels.jsonl", lines)
        return f"s3://{BUCKET}/{folder}"

    def rest(self) -> None:
        """Stop all schedules, so that later tests can move the clock."""
        found = self.aws.sagemaker.list_monitoring_schedules(StatusEquals="Scheduled", MaxResults=100)["MonitoringScheduleSummaries"]
        for schedule in found:
            self.aws.sagemaker.stop_monitoring_schedule(MonitoringScheduleName=schedule["MonitoringScheduleName"])


def definition_request(
    monitoring_type: str,
    source: dict,
    constraints: str = f"s3://{BUCKET}/baseline/constraints.json",
    labels: str = "",
    **application: object,
) -> dict:
    """The members of a request that creates a definition."""
    labelled = {"GroundTruthS3Input": {"S3Uri": labels}} if labels else {}
    specification = {"ImageUri": ANALYZER} | ({"ProblemType": "BinaryClassification"} if monitoring_type == "ModelQuality" else {})
    if monitoring_type in ("ModelBias", "ModelExplainability"):
        specification["ConfigUri"] = f"s3://{BUCKET}/baseline/analysis_config.json"
    reports = {"S3Uri": f"s3://{BUCKET}/reports/{monitoring_type}", "LocalPath": "/opt/ml/processing/output"}
    return {
        f"{monitoring_type}AppSpecification": specification | application,
        **({f"{monitoring_type}BaselineConfig": {"ConstraintsResource": {"S3Uri": constraints}}} if constraints else {}),
        f"{monitoring_type}JobInput": source | labelled,
        f"{monitoring_type}JobOutputConfig": {"MonitoringOutputs": [{"S3Output": reports}]},
        "JobResources": RESOURCES,
        "RoleArn": ROLE,
    }


def inline_definition(source: dict | None = None, **changes: object) -> dict:
    """A ``MonitoringJobDefinition`` for data quality."""
    reports = {"S3Uri": f"s3://{BUCKET}/reports/inline", "LocalPath": "/opt/ml/processing/output"}
    definition = {
        "MonitoringInputs": [source or endpoint_input()],
        "MonitoringOutputConfig": {"MonitoringOutputs": [{"S3Output": reports}]},
        "MonitoringResources": RESOURCES,
        "MonitoringAppSpecification": {"ImageUri": ANALYZER},
        "RoleArn": ROLE,
    }
    return definition | changes


def endpoint_input(**members: object) -> dict:
    return {"EndpointInput": {"EndpointName": "delays", "LocalPath": "/opt/ml/processing/input/endpoint"} | members}


def label(identity: str, value: int) -> str:
    """A line of a file of ground truth labels."""
    return json.dumps(
        {"groundTruthData": {"data": str(value), "encoding": "CSV"}, "eventMetadata": {"eventId": identity}, "eventVersion": "0"}
    )


def next_hour(monitored: Monitored) -> None:
    """Move the clock to a minute after the hour."""
    now = monitored.now()
    monitored.advance(seconds=3660 - (now.minute * 60 + now.second))


def quiet_hour(monitored: Monitored) -> None:
    """Move the clock to an hour before which nothing was captured for an hour."""
    next_hour(monitored)
    monitored.advance(hours=1)


# With Clarify's own image

CLARIFY = "205585389593.dkr.ecr.us-east-1.amazonaws.com/sagemaker-clarify-processing:1.0"


EXPLAINED = {
    "headers": ["delay", "carrier"],
    "methods": {"shap": {"baseline": [[0.0, 1.0]], "num_samples": 10, "agg_method": "mean_abs"}},
    "predictor": {"model_name": "delays", "instance_type": "ml.m5.large", "initial_instance_count": 1, "content_type": "text/csv"},
}


def clarified(monitored: Monitored, kind: str, config: dict, source: dict, labels: str = "") -> dict:
    """Run Clarify's image once for a schedule. Returns its ``analysis.json``."""
    uri = monitored.aws.put(f"{monitored.aws.name('clarify')}/analysis_config.json", json.dumps(config))
    definition = monitored.definition(kind, source, "", labels, ImageUri=CLARIFY, ConfigUri=uri)
    [execution] = monitored.ended(monitored.monitor(kind, definition), 1)
    assert (execution["MonitoringExecutionStatus"], execution.get("FailureReason")) == ("Completed", None)
    output = monitored.job(execution)["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    return json.loads(monitored.aws.get(f"{output}/analysis.json"))
