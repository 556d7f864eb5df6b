"""Training jobs: what AWS checks before it takes one, and what it tells about one. `training_run` carries them out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from course.localaws.containers import images
from course.localaws.containers.metrics_regex import MetricScanner
from course.localaws.errors import AwsError
from course.localaws.sagemaker.context import Context, Operation
from course.localaws.sagemaker.engine import Engine, Kind
from course.localaws.sagemaker.job_data import JobData, split
from course.localaws.sagemaker.job_runner import STOPPED_WITH_US, JobRunner, require_role
from course.localaws.sagemaker.training_run import TrainingRun, ended, next_step

if TYPE_CHECKING:
    from course.localaws.platform import Platform

TRAINING_JOB = Kind(
    name="TrainingJob",
    arn="training-job",
    missing="Requested resource not found.",
    exists="Training job names must be unique within an AWS account and region, and a training job with this name already exists ({arn})",
    exists_code="ResourceInUse",
    status="TrainingJobStatus",
    summary=("TrainingEndTime", "SecondaryStatus"),
    filters={"WarmPoolStatusEquals": "WarmPoolStatus.Status", "TrainingPlanArnEquals": "TrainingPlanArn"},
)
RUNNING = ("InProgress", "Stopping")
DEFAULT_SECONDS = 86_400  # of MaxRuntimeInSeconds
FLAGS = ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining")
# What would change a job's result if it were done; nothing is pretended.
REFUSED = ("ServerlessJobConfig", "ModelPackageConfig", "MlflowConfig", "SessionChainingConfig")
OWN_METRICS = (
    "You can't override the metric definitions for Amazon SageMaker algorithms. Please retry the request without specifying metric "
    "definitions."
)


class TrainingJobs:
    kinds = (TRAINING_JOB,)

    def __init__(self, platform: Platform, engine: Engine) -> None:
        self._platform, self._engine = platform, engine
        self._runner = JobRunner(platform, TRAINING_JOB.arn)
        self.operations: dict[str, Operation] = {
            "CreateTrainingJob": self.create,
            "DescribeTrainingJob": self.describe,
            "ListTrainingJobs": self.list,
            "StopTrainingJob": self.stop,
            "DeleteTrainingJob": self.delete,
        }

    async def create(self, context: Context, params: dict) -> dict:
        return await asyncio.to_thread(self._create, context, params)

    def _create(self, context: Context, params: dict) -> dict:
        check_supported(params)
        require_role(self._platform, params["RoleArn"])
        image = images.find(params["AlgorithmSpecification"]["TrainingImage"])
        specification = dict(params["AlgorithmSpecification"])
        if image.algorithm and specification.get("MetricDefinitions"):
            raise AwsError("ValidationException", OWN_METRICS)
        MetricScanner(specification.get("MetricDefinitions", []))
        if metrics := image.metric_definitions():
            specification["MetricDefinitions"] = metrics
        self._check_input(context, params)
        name = params["TrainingJobName"]
        document = dict.fromkeys(FLAGS, False) | params
        document |= {
            "AlgorithmSpecification": {"EnableSageMakerMetricsTimeSeries": False} | specification,
            "StoppingCondition": {"MaxRuntimeInSeconds": DEFAULT_SECONDS} | params.get("StoppingCondition", {}),
            "OutputDataConfig": {"CompressionType": "GZIP"} | params["OutputDataConfig"],
            "ModelArtifacts": {"S3ModelArtifacts": model_uri(params)},
            "TrainingJobStatus": "InProgress",
        }
        document |= next_step(document, self._engine.now(), "Starting", "Starting the training job")
        arn = self._engine.create(context, TRAINING_JOB, name, document, params.get("Tags", ()))
        if context.call is not None:
            context.call.resource = f"{TRAINING_JOB.arn}/{name}"
        self._runner.submit(arn, TrainingRun(self._runner, self._engine, TRAINING_JOB, context, name))
        return {"TrainingJobArn": arn}

    def describe(self, context: Context, params: dict) -> dict:
        return self._engine.get(context, TRAINING_JOB, params["TrainingJobName"])

    def list(self, context: Context, params: dict) -> dict:
        summaries, token = self._engine.page(context, TRAINING_JOB, params)
        return {"TrainingJobSummaries": summaries} | ({"NextToken": token} if token else {})

    def stop(self, context: Context, params: dict) -> None:
        def changes(document: dict) -> dict:
            if document["TrainingJobStatus"] not in RUNNING:
                raise AwsError(
                    "ValidationException",
                    f"The request was rejected because the training job is in status {document['TrainingJobStatus']}.",
                )
            if document["TrainingJobStatus"] == "Stopping":
                return {}
            step = next_step(document, self._engine.now(), "Stopping", "Stopping the training job")
            return {"TrainingJobStatus": "Stopping"} | step

        document = self._engine.update(context, TRAINING_JOB, params["TrainingJobName"], changes)
        self._runner.stop(document["TrainingJobArn"])

    def delete(self, context: Context, params: dict) -> None:
        document = self._engine.get(context, TRAINING_JOB, params["TrainingJobName"])
        if document["TrainingJobStatus"] in RUNNING:
            raise AwsError(
                "ResourceInUse",
                f"The training job {document['TrainingJobName']} is in status {document['TrainingJobStatus']}; "
                "only a job that is Completed, Failed or Stopped can be deleted.",
            )
        self._engine.delete(context, TRAINING_JOB, params["TrainingJobName"])

    def recover(self) -> None:
        """Jobs that ran when the local AWS was killed have failed; their processes and directories are removed."""
        self._runner.recover()
        for context, document in list(self._engine.every(TRAINING_JOB, RUNNING)):
            self._engine.update(
                context, TRAINING_JOB, document["TrainingJobName"], lambda now: ended(now, self._engine.now(), "Failed", STOPPED_WITH_US)
            )

    def shutdown(self) -> None:
        self._runner.shutdown()

    def _check_input(self, context: Context, params: dict) -> None:
        bucket, _ = split(params["OutputDataConfig"]["S3OutputPath"])
        if not self._platform.objects.bucket_exists(bucket):
            raise AwsError(
                "ValidationException",
                f"The S3 bucket '{bucket}' of OutputDataConfig does not exist. Please ensure that it exists in the selected region "
                f"({context.region}).",
            )
        data = JobData(self._platform, f"{TRAINING_JOB.arn}/{params['TrainingJobName']}", params["RoleArn"])
        for channel in params.get("InputDataConfig", []):
            data.require_objects(channel["DataSource"]["S3DataSource"]["S3Uri"], context.region)


def check_supported(params: dict) -> None:
    """Refuse what the local AWS does not do, and requests that contradict themselves. Raises AwsError."""
    for member in REFUSED:
        if member in params:
            raise unsupported(member)
    specification = params.get("AlgorithmSpecification")
    if specification is None or "TrainingImage" not in specification:
        raise unsupported("a training job without AlgorithmSpecification.TrainingImage")
    if "OutputDataConfig" not in params or "ResourceConfig" not in params:
        raise AwsError("ValidationException", "OutputDataConfig and ResourceConfig are required with a training image.")
    resources = params["ResourceConfig"]
    if "InstanceGroups" in resources or resources.get("InstanceCount", 1) != 1:
        raise unsupported("training on several instances")
    if "InstanceType" not in resources:
        raise AwsError("ValidationException", "ResourceConfig.InstanceType is required.")
    names = [channel["ChannelName"] for channel in params.get("InputDataConfig", [])]
    if len(names) != len(set(names)):
        raise AwsError("ValidationException", f"Channel names must be unique; got {', '.join(names)}.")
    for channel in params.get("InputDataConfig", []):
        check_channel(channel, specification["TrainingInputMode"])
    condition = params.get("StoppingCondition", {})
    longest = condition.get("MaxWaitTimeInSeconds")
    if longest is not None and not params.get("EnableManagedSpotTraining"):
        raise AwsError("ValidationException", "MaxWaitTimeInSeconds is only allowed when EnableManagedSpotTraining is true.")
    if params.get("EnableManagedSpotTraining") and (longest or 0) < condition.get("MaxRuntimeInSeconds", DEFAULT_SECONDS):
        raise AwsError("ValidationException", "MaxWaitTimeInSeconds must be at least MaxRuntimeInSeconds with managed spot training.")


def check_channel(channel: dict, job_mode: str) -> None:
    name, source = channel["ChannelName"], channel["DataSource"]
    if "S3DataSource" not in source:
        raise unsupported(f"the data source of channel {name}: {', '.join(source) or 'none'}")
    mode = channel.get("InputMode", job_mode)
    if mode == "Pipe":
        raise unsupported(f"input mode Pipe (channel {name}); use File or FastFile")
    if source["S3DataSource"]["S3DataType"] not in ("S3Prefix", "ManifestFile"):
        raise unsupported(f"S3DataType {source['S3DataSource']['S3DataType']} (channel {name})")
    if channel.get("CompressionType", "None") != "None":
        raise AwsError("ValidationException", f"CompressionType is used only in Pipe input mode; channel {name} has input mode {mode}.")
    if channel.get("RecordWrapperType", "None") != "None":
        raise AwsError("ValidationException", f"RecordWrapperType is used only in Pipe input mode; channel {name} has input mode {mode}.")


def unsupported(what: str) -> AwsError:
    return AwsError("NotSupportedByLocalAws", f"The local AWS does not support {what}. It exists on AWS; here nothing was done.")


def model_uri(params: dict) -> str:
    """Where the model will be: an archive, or a prefix when it is to stay uncompressed."""
    output = params["OutputDataConfig"]
    file = "model/" if output.get("CompressionType") == "NONE" else "model.tar.gz"
    return f"{output['S3OutputPath'].rstrip('/')}/{params['TrainingJobName']}/output/{file}"
