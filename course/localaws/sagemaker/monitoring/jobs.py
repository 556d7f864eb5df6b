"""The processing jobs of one execution of a schedule: the analysis, and for types with labels first the merge of predictions and labels.

Sources, read 2026-11-28: "Container Contract Inputs", "Parameters to Monitor Bias Drift" and "Ingest Ground Truth Labels and Merge Them
With Predictions" of the SageMaker developer guide; the jobs that SDK v2's ``MonitoringExecution`` reads back; a merge and an analysis of
model quality on AWS in May 2021, as the public project "The MLOps Pipeline MKV (Python)" logged them (names of jobs and inputs, variables,
where merged data is). AWS does not document the variables of Clarify's jobs: here they are those of model quality, and ``analysis_config``
for the path of the configuration.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.images import catalogue
from course.localaws.jobs.s3_data import JobData
from course.localaws.platform import Platform
from course.localaws.sagemaker.monitoring.captured_data import CapturedData, processing_input
from course.localaws.sagemaker.monitoring.monitoring_job import (
    CLARIFY,
    DATA_QUALITY,
    MODEL_BIAS,
    MODEL_EXPLAINABILITY,
    MODEL_QUALITY,
    MonitoringJob,
)
from course.localaws.sagemaker.monitoring.timing import Window
from course.localaws.sagemaker.processing.operations import PROCESSING_JOB

BASELINE = "/opt/ml/processing/baseline"
CODE = "/opt/ml/processing/code"
CONFIG = "/opt/ml/processing/analysis_config"  # not below /opt/ml/processing/input, which is the dataset in examples of the guide
GROUND_TRUTH = "/opt/ml/processing/groundtruth"
MERGED = "/opt/ml/processing/output"
OUTPUT = "endpointOutput"
SIDES = ["endpointInput", OUTPUT]
MERGER, MERGER_TAG = "sagemaker-model-monitor-groundtruth-merger", "latest"
LONGEST_NAME = 63
MERGE = "groundtruth-merge"
STEMS = {
    DATA_QUALITY: "model-monitoring",
    MODEL_QUALITY: "model-quality-monitoring",
    MODEL_BIAS: "model-bias-monitoring",
    MODEL_EXPLAINABILITY: "model-explainability-monitoring",
}
ANALYSES = {MODEL_QUALITY: "MODEL_QUALITY", MODEL_BIAS: "MODEL_BIAS", MODEL_EXPLAINABILITY: "MODEL_EXPLAINABILITY"}
ATTRIBUTES = {
    "FeaturesAttribute": "features_attribute",
    "ExcludeFeaturesAttribute": "exclude_features_attribute",
    "InferenceAttribute": "inference_attribute",
    "ProbabilityAttribute": "probability_attribute",
    "ProbabilityThresholdAttribute": "probability_threshold_attribute",
}


def is_merge(job: str) -> bool:
    """Whether a processing job of this name is the first of two of its execution."""
    return job.startswith(f"{MERGE}-")


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
        """The folders of its reports below a prefix."""
        endpoint = f"{self.job.endpoint}/" if self.job.endpoint else ""
        return f"{endpoint}{self.name}/{datetime.fromtimestamp(self.scheduled, UTC):%Y/%m/%d/%H}"


class ExecutionJobs:
    """Makes the requests of CreateProcessingJob for one execution."""

    def __init__(self, platform: Platform, engine: ResourceEngine, context: Context, execution: Execution) -> None:
        self._engine, self._context, self._execution = engine, context, execution
        self._job = execution.job
        reading = JobData(platform, f"monitoring-schedule/{execution.name}", self._job.role)
        self._data = CapturedData(engine, context, reading, self._job)
        self._reports = self._job.reports["S3Uri"].rstrip("/")
        # A batch transform's merged data has no endpoint's folder, so it has one of its schedule.
        self._merged = f"{self._reports}/merge" if self._job.endpoint else f"{self._reports}/merge/{execution.name}"
        self._id = uuid.uuid4().hex[:24]

    def merge(self) -> dict[str, Any]:
        """The job that adds labels to captured requests. Raises `NoData`, and AwsError or DataError if S3 cannot be read."""
        window = self._execution.window
        labels = self._data.labels(Window(window.start, self._execution.scheduled), GROUND_TRUTH)
        merger = catalogue.uri(catalogue.entry(MERGER), MERGER_TAG, self._context.region)
        variables = {"dataset_source": self._job.source["LocalPath"], "ground_truth_source": GROUND_TRUTH, "output_path": MERGED}
        if not self._job.endpoint:
            variables["dataset_format"] = self._batch_format()
        return self._request(
            MERGE,
            {"ImageUri": merger.removesuffix(f":{MERGER_TAG}")},
            variables,
            [*labels, *self._data.captured(window)],
            {"LocalPath": MERGED, "S3Uri": self._merged},
        )

    def analysis(self) -> dict[str, Any]:
        """The job that analyzes captured or merged data. Raises as `merge` does."""
        job, execution = self._job, self._execution
        data = self._data.merged(self._merged, execution.window) if job.labelled else self._data.captured(execution.window)
        start, end = _iso(execution.window.start), _iso(execution.window.end)
        variables = {
            "dataset_format": self._format(),
            "dataset_source": job.source["LocalPath"],
            "output_path": job.reports["LocalPath"],
            "publish_cloudwatch_metrics": "Enabled",
            "sagemaker_monitoring_schedule_name": execution.name,
            "start_time": start,
            "end_time": end,
        }
        if job.endpoint:
            variables |= {"sagemaker_endpoint_name": job.endpoint, "sagemaker_endpoint_datacapture_prefix": self._data.prefix}
        if job.type in ANALYSES:
            variables |= {"analysis_type": ANALYSES[job.type], "metric_time": start}
        if job.type == MODEL_QUALITY:
            variables["problem_type"] = job.application.get("ProblemType", "")
        variables |= {name: str(job.source[member]) for member, name in ATTRIBUTES.items() if member in job.source}
        inputs = [*data]
        for more, named in (self._baseline(), self._files()):
            inputs += more
            variables |= named
        names = ("ImageUri", "ContainerEntrypoint", "ContainerArguments")
        application = {name: job.application[name] for name in names if name in job.application}
        reports = job.reports | {"S3Uri": f"{self._reports}/{execution.place}"}
        return self._request(STEMS[job.type], application, variables | job.environment, inputs, reports)

    def _request(
        self, stem: str, application: dict[str, Any], variables: dict[str, str], inputs: list[dict], output: dict[str, Any]
    ) -> dict[str, Any]:
        job, scheduled = self._job, datetime.fromtimestamp(self._execution.scheduled, UTC)
        encrypted = {"KmsKeyId": job.output["KmsKeyId"]} if job.output.get("KmsKeyId") else {}
        request = {
            "ProcessingJobName": f"{stem}-{scheduled:%Y%m%d%H%M}-{self._id}"[:LONGEST_NAME],
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

    def _format(self) -> str:
        """The variable ``dataset_format`` of the analysis. Merged data of batch transform jobs has the form of an endpoint's."""
        if not self._job.labelled and not self._job.endpoint:
            return self._batch_format()
        sides = [OUTPUT] if self._job.type == MODEL_QUALITY else SIDES
        return json.dumps({"sagemakerMergeJson" if self._job.labelled else "sagemakerCaptureJson": {"captureIndexNames": sides}})

    def _batch_format(self) -> str:
        given = self._job.source["DatasetFormat"]
        if "Csv" in given:
            return json.dumps({"csv": {"header": given["Csv"].get("Header", False)}})
        return json.dumps({"json": {"line": given["Json"].get("Line", False)}} if "Json" in given else {"parquet": {}})

    def _baseline(self) -> tuple[list[dict], dict[str, str]]:
        """The inputs of a baseline, and the variables with their paths."""
        given = self._job.baseline
        uris = {name: given.get(f"{name.capitalize()}Resource", {}).get("S3Uri") for name in ("statistics", "constraints")}
        if "BaseliningJobName" in given:
            made = self._engine.get(self._context, PROCESSING_JOB, given["BaseliningJobName"])["ProcessingOutputConfig"]["Outputs"][0]
            folder = made["S3Output"]["S3Uri"].rstrip("/")
            files = {name: f"{name}.json" for name in ("statistics", "constraints")[self._job.type != DATA_QUALITY :]}
            if self._job.type in CLARIFY:
                files = {"constraints": "analysis.json"}  # the results of Clarify's baseline are the constraints
            uris |= {name: uris[name] or f"{folder}/{file}" for name, file in files.items()}
        places = {"statistics": ("baseline", f"{BASELINE}/stats"), "constraints": ("constraints", f"{BASELINE}/constraints")}
        inputs = [processing_input(places[name][0], uri, places[name][1]) for name, uri in uris.items() if uri]
        return inputs, {f"baseline_{name}": f"{places[name][1]}/{_file(uri)}" for name, uri in uris.items() if uri}

    def _files(self) -> tuple[list[dict], dict[str, str]]:
        """The inputs of scripts and of Clarify's configuration, and the variables with their paths."""
        members = {
            "record_preprocessor_script": ("RecordPreprocessorSourceUri", "pre_processor_script", f"{CODE}/preprocessing"),
            "post_analytics_processor_script": ("PostAnalyticsProcessorSourceUri", "post_processor_script", f"{CODE}/postprocessing"),
            "analysis_config": ("ConfigUri", "analysis_config", CONFIG),
        }
        inputs, variables = [], {}
        for variable, (member, name, place) in members.items():
            if uri := self._job.application.get(member):
                inputs.append(processing_input(name, uri, place))
                variables[variable] = f"{place}/{_file(uri)}"
        return inputs, variables


def _file(uri: str) -> str:
    return uri.rpartition("/")[2]


def _iso(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
