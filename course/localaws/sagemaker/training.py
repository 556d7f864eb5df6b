"""Training jobs: what AWS checks before it takes one. `training_run` carries them out."""

from __future__ import annotations

from course.localaws.containers import images
from course.localaws.containers.metrics_regex import MetricScanner
from course.localaws.errors import AwsError
from course.localaws.sagemaker import channels, cluster, quotas
from course.localaws.sagemaker.context import Context
from course.localaws.sagemaker.engine import Document, Kind
from course.localaws.sagemaker.job_data import JobData, split
from course.localaws.sagemaker.jobs import DEFAULT_SECONDS, LOST, Jobs, check_isolation, unsupported
from course.localaws.sagemaker.training_run import TrainingRun, ended, next_step

TRAINING_JOB = Kind(
    name="TrainingJob",
    arn="training-job",
    missing="Requested resource not found.",
    exists="Training job names must be unique within an AWS account and region, and a training job with this name already exists ({arn})",
    exists_code="ResourceInUse",
    status="TrainingJobStatus",
    summary=("TrainingEndTime", "SecondaryStatus"),
    filters={"WarmPoolStatusEquals": "WarmPoolStatus.Status", "TrainingPlanArnEquals": "TrainingPlanArn"},
    status_last=True,
    usage="training job usage",
    instances=lambda document: cluster.instances(document["ResourceConfig"]),
    holding=("InProgress", "Stopping"),
)
FLAGS = ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining")
# What would change a job's result if it were done; nothing is pretended.
REFUSED = ("ServerlessJobConfig", "ModelPackageConfig", "MlflowConfig", "SessionChainingConfig")
OWN_METRICS = (
    "You can't override the metric definitions for Amazon SageMaker algorithms. Please retry the request without specifying metric "
    "definitions."
)


class TrainingJobs(Jobs):
    kind, noun, run = TRAINING_JOB, "training job", TrainingRun

    def prepare(self, context: Context, params: dict) -> Document:
        check_supported(params)
        specification = dict(params["AlgorithmSpecification"])
        image = images.find(specification["TrainingImage"])
        if image.algorithm and specification.get("MetricDefinitions"):
            raise AwsError("ValidationException", OWN_METRICS)
        MetricScanner(specification.get("MetricDefinitions", []))
        if metrics := image.metric_definitions():
            specification["MetricDefinitions"] = metrics
        self._check_buckets(context, params)
        document = dict.fromkeys(FLAGS, False) | params
        document |= {
            "AlgorithmSpecification": {"EnableSageMakerMetricsTimeSeries": False} | specification,
            "StoppingCondition": {"MaxRuntimeInSeconds": DEFAULT_SECONDS} | params.get("StoppingCondition", {}),
            "OutputDataConfig": {"CompressionType": "GZIP"} | params["OutputDataConfig"],
            "ModelArtifacts": {"S3ModelArtifacts": model_uri(params)},
            "TrainingJobStatus": "InProgress",
        }
        return document | next_step(document, self.engine.now(), "Starting", "Starting the training job")

    def stopping(self, document: Document) -> dict:
        step = next_step(document, self.engine.now(), "Stopping", "Stopping the training job")
        return super().stopping(document) | step

    def lost(self, document: Document) -> dict:
        return ended(document, self.engine.now(), "Failed", LOST)

    def _check_buckets(self, context: Context, params: dict) -> None:
        bucket, _ = split(params["OutputDataConfig"]["S3OutputPath"])
        if not self.platform.objects.bucket_exists(bucket):
            raise AwsError(
                "ValidationException",
                f"The S3 bucket '{bucket}' of OutputDataConfig does not exist. Please ensure that it exists in the selected region "
                f"({context.region}).",
            )
        data = JobData(self.platform, f"{TRAINING_JOB.arn}/{params['TrainingJobName']}", params["RoleArn"])
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
    if "InstancePreferences" in resources:
        raise unsupported("ResourceConfig.InstancePreferences")
    cluster.check(resources)
    names = [channel["ChannelName"] for channel in params.get("InputDataConfig", [])]
    if len(names) != len(set(names)):
        raise AwsError("ValidationException", f"Channel names must be unique; got {', '.join(names)}.")
    for channel in params.get("InputDataConfig", []):
        channels.check(channel, specification["TrainingInputMode"], {host.group for host in cluster.hosts(resources)})
    check_isolation(params.get("EnableNetworkIsolation", False))
    check_time(params.get("StoppingCondition", {}), params.get("EnableManagedSpotTraining", False))


def check_time(condition: dict, spot: bool) -> None:
    quotas.check("Longest run time for a training job", condition.get("MaxRuntimeInSeconds", DEFAULT_SECONDS))
    longest = condition.get("MaxWaitTimeInSeconds")
    if longest is not None and not spot:
        raise AwsError("ValidationException", "MaxWaitTimeInSeconds is only allowed when EnableManagedSpotTraining is true.")
    if spot and (longest or 0) < condition.get("MaxRuntimeInSeconds", DEFAULT_SECONDS):
        raise AwsError("ValidationException", "MaxWaitTimeInSeconds must be at least MaxRuntimeInSeconds with managed spot training.")


def model_uri(params: dict) -> str:
    """Where the model will be: an archive, or a prefix when it is to stay uncompressed."""
    output = params["OutputDataConfig"]
    file = "model/" if output.get("CompressionType") == "NONE" else "model.tar.gz"
    return f"{output['S3OutputPath'].rstrip('/')}/{params['TrainingJobName']}/output/{file}"
