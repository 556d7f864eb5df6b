"""The processing jobs of one execution of a schedule: the analysis, and for model quality first the merge of predictions and labels.

Source: "Container Contract Inputs" and "Ingest Ground Truth Labels and Merge Them With Predictions" of the SageMaker developer guide, and
the jobs that SDK v2's ``MonitoringExecution`` reads back: names of inputs, places in the container, folders of reports. Read 2026-11-28.
AWS does not document where it puts merged data, nor the variables of the merge job.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.jobs.s3_data import JobData
from course.localaws.platform import Platform
from course.localaws.sagemaker.hosting.endpoint_configs import ENDPOINT_CONFIG
from course.localaws.sagemaker.hosting.endpoints import ENDPOINT
from course.localaws.sagemaker.monitoring.job_definitions import MODEL_QUALITY, MonitoringJob
from course.localaws.sagemaker.monitoring.timing import Window
from course.localaws.sagemaker.processing.operations import PROCESSING_JOB

BASELINE = "/opt/ml/processing/baseline"
CODE = "/opt/ml/processing/code"
GROUND_TRUTH = "/opt/ml/processing/groundtruth"
MERGED = "/opt/ml/processing/output"
SIDES = ["endpointInput", "endpointOutput"]
ANALYZER, MERGER = "sagemaker-model-monitor-analyzer", "sagemaker-model-monitor-groundtruth-merger"
ATTRIBUTES = {
    "InferenceAttribute": "inference_attribute",
    "ProbabilityAttribute": "probability_attribute",
    "ProbabilityThresholdAttribute": "probability_threshold_attribute",
}


class NoData(Exception):
    """There is no captured data in the window."""


@dataclass(frozen=True)
class Execution:
    """One execution: which schedule, for which window, at which scheduled time (Unix seconds)."""

    schedule: Document
    job: MonitoringJob
    window: Window
    scheduled: float

    @property
    def name(self) -> str:
        """The name of the schedule."""
        return self.schedule["MonitoringScheduleName"]

    @property
    def place(self) -> str:
        """The folders of its files below a prefix."""
        return f"{self.job.endpoint}/{self.name}/{datetime.fromtimestamp(self.scheduled, UTC):%Y/%m/%d/%H}"


class ExecutionJobs:
    """Makes the requests of CreateProcessingJob for one execution."""

    def __init__(self, platform: Platform, engine: ResourceEngine, context: Context, execution: Execution) -> None:
        self._engine, self._context, self._execution = engine, context, execution
        self._job = execution.job
        self._reading = JobData(platform, f"monitoring-schedule/{execution.name}", self._job.role)
        [self._output] = [each["S3Output"] for each in self._job.output["MonitoringOutputs"]]
        self._merged = f"{self._output['S3Uri'].rstrip('/')}/merge/{execution.place}"

    @property
    def merges(self) -> bool:
        """Whether `merge` comes before `analysis`."""
        return self._job.kind == MODEL_QUALITY

    def merge(self) -> dict[str, Any]:
        """The job that adds labels to captured requests. Raises `NoData`, and AwsError if S3 cannot be read."""
        labels = self._hourly(
            self._job.ground_truth, GROUND_TRUTH, "ground_truth_input", Window(self._execution.window.start, self._execution.scheduled)
        )
        application = {"ImageUri": self._job.application["ImageUri"].replace(ANALYZER, MERGER)}
        variables = {
            "dataset_source": self._job.input["LocalPath"],
            "ground_truth_source": GROUND_TRUTH,
            "output_path": MERGED,
            **self._window(),
        }
        return self._request(
            "groundtruth-merge", application, variables, [*self._captured(), *labels], {"LocalPath": MERGED, "S3Uri": self._merged}
        )

    def analysis(self) -> dict[str, Any]:
        """The job that analyzes captured or merged data. Raises as `merge` does."""
        job = self._job
        data = [_input("merged_input", self._merged, job.input["LocalPath"])] if self.merges else self._captured()
        baseline, variables = self._baseline()
        scripts, more = self._scripts()
        variables |= more | {
            "dataset_format": json.dumps({"sagemakerMergeJson" if self.merges else "sagemakerCaptureJson": {"captureIndexNames": SIDES}}),
            "dataset_source": job.input["LocalPath"],
            "output_path": self._output["LocalPath"],
            "publish_cloudwatch_metrics": "Disabled",
            "sagemaker_endpoint_name": job.endpoint,
            "sagemaker_monitoring_schedule_name": self._execution.name,
            **self._window(),
        }
        if self.merges:
            variables |= {"analysis_type": "MODEL_QUALITY", "problem_type": job.application.get("ProblemType", "")}
            variables |= {name: str(job.input[member]) for member, name in ATTRIBUTES.items() if member in job.input}
        names = ("ImageUri", "ContainerEntrypoint", "ContainerArguments")
        application = {name: job.application[name] for name in names if name in job.application}
        reports = self._output | {"S3Uri": f"{self._output['S3Uri'].rstrip('/')}/{self._execution.place}"}
        stem = "model-quality-monitoring" if self.merges else "model-monitoring"
        return self._request(stem, application, variables | job.environment, [*data, *baseline, *scripts], reports)

    def _request(
        self, stem: str, application: dict[str, Any], variables: dict[str, str], inputs: list[dict], output: dict[str, Any]
    ) -> dict[str, Any]:
        job, scheduled = self._job, datetime.fromtimestamp(self._execution.scheduled, UTC)
        encrypted = {"KmsKeyId": job.output["KmsKeyId"]} if job.output.get("KmsKeyId") else {}
        request = {
            "ProcessingJobName": f"{stem}-{scheduled:%Y%m%d%H%M}-{uuid.uuid4().hex[:24]}",
            "RoleArn": job.role,
            "AppSpecification": application,
            "Environment": variables,
            "ProcessingInputs": inputs,
            "ProcessingOutputConfig": {"Outputs": [{"OutputName": "result", "S3Output": {"S3UploadMode": "EndOfJob"} | output}]}
            | encrypted,
            "ProcessingResources": job.resources,
            "StoppingCondition": job.stopping,
            "MonitoringScheduleArn": self._execution.schedule["MonitoringScheduleArn"],
        }
        return request | ({"NetworkConfig": job.network} if job.network else {})

    def _window(self) -> dict[str, str]:
        return {"start_time": _iso(self._execution.window.start), "end_time": _iso(self._execution.window.end)}

    def _captured(self) -> list[dict]:
        """The inputs with the data that the endpoint captured in the window. Raises `NoData`."""
        inputs = []
        for folder, prefix in self._destinations().items():
            inputs += self._hourly(
                prefix, f"{self._job.input['LocalPath'].rstrip('/')}/{folder}", "endpoint_input", self._execution.window, len(inputs)
            )
        if not inputs:
            raise NoData
        return inputs

    def _hourly(self, prefix: str, place: str, name: str, window: Window, known: int = 0) -> list[dict]:
        """An input for each hour of a window in which there are objects."""
        options = {member: self._job.input[member] for member in ("S3InputMode", "S3DataDistributionType") if member in self._job.input}
        hours = [f"{hour:%Y/%m/%d/%H}" for hour in window.hours]
        found = [hour for hour in hours if self._reading.below(f"{prefix.rstrip('/')}/{hour}/")]
        return [
            _input(f"{name}_{number}", f"{prefix.rstrip('/')}/{hour}", f"{place}/{hour}", **options)
            for number, hour in enumerate(found, known + 1)
        ]

    def _destinations(self) -> dict[str, str]:
        """The folders of the endpoint's captured data, one for each variant, with their URIs."""
        endpoint = self._job.endpoint
        found = self._engine.find(self._context, ENDPOINT, endpoint)
        config = self._engine.find(self._context, ENDPOINT_CONFIG, found["EndpointConfigName"]) if found else None
        if not config or "DataCaptureConfig" not in config:
            raise NoData
        destination = config["DataCaptureConfig"]["DestinationS3Uri"].rstrip("/")
        folders = [f"{endpoint}/{variant['VariantName']}" for variant in config["ProductionVariants"]]
        return {folder: f"{destination}/{folder}" for folder in folders}

    def _baseline(self) -> tuple[list[dict], dict[str, str]]:
        given = self._job.baseline
        uris = {name: given.get(f"{name.capitalize()}Resource", {}).get("S3Uri") for name in ("statistics", "constraints")}
        if "BaseliningJobName" in given:
            made = self._engine.get(self._context, PROCESSING_JOB, given["BaseliningJobName"])["ProcessingOutputConfig"]["Outputs"][0]
            folder = made["S3Output"]["S3Uri"].rstrip("/")
            uris = {name: uri or f"{folder}/{name}.json" for name, uri in uris.items()}
        places = {"statistics": ("baseline", f"{BASELINE}/stats"), "constraints": ("constraints", f"{BASELINE}/constraints")}
        inputs = [_input(places[name][0], uri, places[name][1]) for name, uri in uris.items() if uri]
        return inputs, {f"baseline_{name}": f"{places[name][1]}/{_file(uri)}" for name, uri in uris.items() if uri}

    def _scripts(self) -> tuple[list[dict], dict[str, str]]:
        members = {
            "record_preprocessor_script": ("RecordPreprocessorSourceUri", "pre_processor_script", f"{CODE}/preprocessing"),
            "post_analytics_processor_script": ("PostAnalyticsProcessorSourceUri", "post_processor_script", f"{CODE}/postprocessing"),
        }
        inputs, variables = [], {}
        for variable, (member, name, place) in members.items():
            if uri := self._job.application.get(member):
                inputs.append(_input(name, uri, place))
                variables[variable] = f"{place}/{_file(uri)}"
        return inputs, variables


def _input(name: str, uri: str, place: str, **options: str) -> dict[str, Any]:
    defaults = {"S3DataType": "S3Prefix", "S3InputMode": "File", "S3DataDistributionType": "FullyReplicated", "S3CompressionType": "None"}
    return {"InputName": name, "S3Input": {"S3Uri": uri, "LocalPath": place, **defaults, **options}}


def _file(uri: str) -> str:
    return uri.rpartition("/")[2]


def _iso(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
