"""Training jobs: what AWS checks before it takes one. `training_run` carries them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from course.localaws import images
from course.localaws.core.context import Context
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.jobs.folder_sync import check_below_ml
from course.localaws.jobs.s3_data import JobData, described_data, split
from course.localaws.sagemaker.core import cluster, protection, quotas
from course.localaws.sagemaker.core.job_family import DEFAULT_SECONDS, LOST, JobFamily, check_isolation, unsupported
from course.localaws.sagemaker.training import channels, debugger, warm_pools
from course.localaws.sagemaker.training.host import CHECKPOINTS
from course.localaws.sagemaker.training.metric_definitions import MetricScanner
from course.localaws.sagemaker.training.run import TrainingRun
from course.localaws.sagemaker.training.spot import Interruption
from course.localaws.sagemaker.training.steps import ended, next_step, restarting
from course.localaws.sagemaker.training.warm_pools import WarmPools

if TYPE_CHECKING:
    from course.localaws.platform import Platform

TRAINING_JOB = ResourceKind(
    name="TrainingJob",
    arn="training-job",
    missing="Requested resource not found.",
    exists="Training job names must be unique within an AWS account and region, and a training job with this name already exists ({arn})",
    exists_code="ResourceInUse",
    status="TrainingJobStatus",
    summary=("TrainingEndTime", "SecondaryStatus", "WarmPoolStatus"),
    filters={"WarmPoolStatusEquals": "WarmPoolStatus.Status", "TrainingPlanArnEquals": "TrainingPlanArn"},
    status_last=True,
    usage="training job usage",
    instances=lambda document: cluster.instances(document["ResourceConfig"]),
    holding_statuses=("InProgress", "Stopping"),
    event="SageMaker Training Job State Change",
    retains_instances=warm_pools.is_available,
)
FLAGS = ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining")
# What would change a job's result if it were done; nothing is pretended.
REFUSED = ("ServerlessJobConfig", "ModelPackageConfig", "MlflowConfig", "SessionChainingConfig")
CHANGING = ("ProfilerConfig", "ProfilerRuleConfigurations", "RemoteDebugConfig")  # while a job runs, by UpdateTrainingJob
OWN_METRICS = (
    "You can't override the metric definitions for Amazon SageMaker algorithms. Please retry the request without specifying metric "
    "definitions."
)


class TrainingJobs(JobFamily):
    kind, noun = TRAINING_JOB, "training job"

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        super().__init__(platform, engine)
        self._pools = WarmPools(engine, TRAINING_JOB, platform.state / "warm-pools")
        self.operations["UpdateTrainingJob"] = self.update

    def new_run(self, context: Context, name: str) -> TrainingRun:
        return TrainingRun(self._pools, self._runner, self.engine, TRAINING_JOB, context, name)

    def expire(self) -> None:
        """Terminate warm pools whose time has come."""
        self._pools.expire()

    def describe(self, context: Context, params: dict) -> dict:
        self.expire()
        return super().describe(context, params)

    def list(self, context: Context, params: dict) -> dict:
        self.expire()
        return super().list(context, params)

    def update(self, context: Context, params: dict) -> dict:
        """Change what of a job may change: its profiling and remote debugging while it runs, its warm pool afterwards."""
        name, resources = params["TrainingJobName"], params.get("ResourceConfig")
        job = self.engine.get(context, TRAINING_JOB, name)
        if resources:
            warm_pools.check(params)
            self._pools.extend(context, job["TrainingJobName"], resources["KeepAlivePeriodInSeconds"])
        debugger.check(params)

        def changes(present: Document) -> dict:
            while_running = {member: params[member] for member in CHANGING if member in params}
            if while_running and present["TrainingJobStatus"] != "InProgress":
                status = present["TrainingJobStatus"]
                message = f"{' and '.join(while_running)} of {name} cannot change: the training job is in status {status}."
                raise AwsError("ValidationException", message)
            changed = {member: {**present.get(member, {}), **value} for member, value in while_running.items() if isinstance(value, dict)}
            if resources:
                changed["ResourceConfig"] = present["ResourceConfig"] | resources
            return while_running | changed | debugger.described(params, self.engine.now())

        self.engine.update(context, TRAINING_JOB, name, changes)
        return {"TrainingJobArn": job["TrainingJobArn"]}

    def prepare(self, context: Context, params: dict) -> Document:
        check_supported(params)
        specification = dict(params["AlgorithmSpecification"])
        image = images.find(specification["TrainingImage"], params["RoleArn"])
        if image.algorithm and specification.get("MetricDefinitions"):
            raise AwsError("ValidationException", OWN_METRICS)
        MetricScanner(specification.get("MetricDefinitions", []))
        if metrics := image.metric_definitions():
            specification["MetricDefinitions"] = metrics
        self._check_buckets(context, params)
        keys = (params["OutputDataConfig"].get("KmsKeyId"), params["ResourceConfig"].get("VolumeKmsKeyId"))
        protection.check(self.platform, context, keys, params.get("VpcConfig"))
        document = dict.fromkeys(FLAGS, False) | params
        document |= {
            "AlgorithmSpecification": {"EnableSageMakerMetricsTimeSeries": False} | specification,
            "StoppingCondition": {"MaxRuntimeInSeconds": DEFAULT_SECONDS} | params.get("StoppingCondition", {}),
            **described_data(params),
            "ModelArtifacts": {"S3ModelArtifacts": model_uri(params)},
            "TrainingJobStatus": "InProgress",
        }
        document |= debugger.described(params, self.engine.now())
        if warm_pools.keep_alive(params):
            document["WarmPoolStatus"] = {"Status": "InUse"}
        return document | next_step(document, self.engine.now(), "Starting", "Starting the training job")

    def stopping(self, document: Document) -> dict:
        step = next_step(document, self.engine.now(), "Stopping", "Stopping the training job")
        return super().stopping(document) | step

    def interrupt(self, name: str, interruption: Interruption) -> None:
        """Take a Spot job's instance away. Raises ValueError for a job that is not in progress, or not on Spot instances."""
        found = [document for _, document in self.engine.every(TRAINING_JOB, ("InProgress",)) if document["TrainingJobName"] == name]
        if not found:
            raise ValueError(f"no training job {name} is in progress")
        for document in found:
            if not document["EnableManagedSpotTraining"]:
                raise ValueError(f"the training job {name} is not on Spot instances (EnableManagedSpotTraining): nothing interrupts it")
            self._runner.interrupt(document["TrainingJobArn"], interruption)

    def lost(self, document: Document) -> dict:
        return ended(document, self.engine.now(), "Failed", LOST)

    def retried(self, document: Document, failure: str) -> dict:
        changes = restarting(document, self.engine.now(), failure)
        return changes | ({"WarmPoolStatus": {"Status": "InUse"}} if changes and warm_pools.keep_alive(document) else {})

    def recover(self) -> None:
        self._pools.recover()
        super().recover()

    def shutdown(self) -> None:
        super().shutdown()
        self._pools.reset()

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
    warm_pools.check(params)
    debugger.check(params)
    for member in ("CheckpointConfig", *debugger.WRITTEN):
        check_below_ml(params.get(member, {}).get("LocalPath", CHECKPOINTS))
    check_isolation(params.get("EnableNetworkIsolation", False))
    check_time(params.get("StoppingCondition", {}), params.get("EnableManagedSpotTraining", False), "RetryStrategy" in params)


def check_time(condition: dict, spot: bool, retried: bool) -> None:
    """Source of ``MaxWaitTimeInSeconds`` with a RetryStrategy: https://github.com/aws/sagemaker-python-sdk/pull/2316. Raises AwsError."""
    quotas.check("Longest run time for a training job", condition.get("MaxRuntimeInSeconds", DEFAULT_SECONDS))
    longest = condition.get("MaxWaitTimeInSeconds")
    if longest is not None and not (spot or retried):
        raise AwsError("ValidationException", "MaxWaitTimeInSeconds is only allowed when EnableManagedSpotTraining is true.")
    if (spot or longest is not None) and (longest or 0) < condition.get("MaxRuntimeInSeconds", DEFAULT_SECONDS):
        raise AwsError("ValidationException", "MaxWaitTimeInSeconds must be at least MaxRuntimeInSeconds with managed spot training.")


def model_uri(params: dict) -> str:
    """Where the model will be: an archive, or a prefix when it is to stay uncompressed."""
    output = params["OutputDataConfig"]
    file = "model/" if output.get("CompressionType") == "NONE" else "model.tar.gz"
    return f"{output['S3OutputPath'].rstrip('/')}/{params['TrainingJobName']}/output/{file}"
