"""The operations of training jobs. `checks` checks a request, and `run` runs a job."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from course.localaws import images
from course.localaws.context import Context
from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.jobs.s3_data import split
from course.localaws.sagemaker.core import cluster, protection
from course.localaws.sagemaker.core.job_family import DEFAULT_SECONDS, LOST, JobFamily
from course.localaws.sagemaker.training import checks, debugger, warm_pools
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
MUTABLE = ("ProfilerConfig", "ProfilerRuleConfigurations", "RemoteDebugConfig")  # UpdateTrainingJob changes them while a job runs
OWN_METRICS = (
    "You can't override the metric definitions for Amazon SageMaker algorithms. Please retry the request without specifying metric "
    "definitions."
)


class TrainingJobs(JobFamily):
    kind, noun = TRAINING_JOB, "training job"

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        super().__init__(platform, engine)
        self._pools = WarmPools(engine, TRAINING_JOB, platform.state / "warm-pools")
        self.run_class = partial(TrainingRun, self._pools)
        self.operations["UpdateTrainingJob"] = self.update

    def expire(self) -> None:
        """Terminate the warm pools whose time is over."""
        self._pools.expire()

    def describe(self, context: Context, params: dict) -> dict:
        self.expire()
        return super().describe(context, params)

    def list(self, context: Context, params: dict) -> dict:
        self.expire()
        return super().list(context, params)

    def update(self, context: Context, params: dict) -> dict:
        """Change the profiling and remote debugging of a running job, or the warm pool of one that has ended."""
        name, resources = params["TrainingJobName"], params.get("ResourceConfig")
        job = self.engine.get(context, TRAINING_JOB, name)
        if resources:
            checks.check_warm_pool(params)
            self._pools.extend(context, job["TrainingJobName"], resources["KeepAlivePeriodInSeconds"])
        checks.check_rules(params)

        def changes(present: Document) -> dict:
            while_running = {member: params[member] for member in MUTABLE if member in params}
            if while_running and present["TrainingJobStatus"] != "InProgress":
                status = present["TrainingJobStatus"]
                raise invalid(f"{' and '.join(while_running)} of {name} cannot change: the training job is in status {status}.")
            changed = {member: {**present.get(member, {}), **value} for member, value in while_running.items() if isinstance(value, dict)}
            if resources:
                changed["ResourceConfig"] = present["ResourceConfig"] | resources
            return while_running | changed | debugger.described(params, self.engine.now())

        self.engine.update(context, TRAINING_JOB, name, changes)
        return {"TrainingJobArn": job["TrainingJobArn"]}

    def prepare(self, context: Context, params: dict) -> Document:
        checks.check(params)
        specification = dict(params["AlgorithmSpecification"])
        image = images.find(specification["TrainingImage"], params["RoleArn"])
        if image.algorithm and specification.get("MetricDefinitions"):
            raise invalid(OWN_METRICS)
        MetricScanner(specification.get("MetricDefinitions", []))
        if metrics := image.metric_definitions():
            specification["MetricDefinitions"] = metrics
        self._check_data(context, params)
        keys = (params["OutputDataConfig"].get("KmsKeyId"), params["ResourceConfig"].get("VolumeKmsKeyId"))
        protection.check(self.platform, context, keys, params.get("VpcConfig"))
        document = dict.fromkeys(FLAGS, False) | params
        document |= {
            "AlgorithmSpecification": {"EnableSageMakerMetricsTimeSeries": False} | specification,
            "StoppingCondition": {"MaxRuntimeInSeconds": DEFAULT_SECONDS} | params.get("StoppingCondition", {}),
            **checks.described_data(params),
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
            run = self._runner.task(document["TrainingJobArn"])
            if isinstance(run, TrainingRun):
                run.interruptions.order(interruption)

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

    def _check_data(self, context: Context, params: dict) -> None:
        """Check that the output bucket and the input objects exist. Raises AwsError."""
        bucket, _ = split(params["OutputDataConfig"]["S3OutputPath"])
        if not self.platform.objects.bucket_exists(bucket):
            raise invalid(
                f"The S3 bucket '{bucket}' of OutputDataConfig does not exist. Please ensure that it exists in the selected region "
                f"({context.region})."
            )
        job = f"{TRAINING_JOB.arn}/{params['TrainingJobName']}"
        for channel in params.get("InputDataConfig", []):
            uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
            protection.require_objects(self.platform, job, params["RoleArn"], uri, context.region)


def model_uri(params: dict) -> str:
    """The URI of the model: an archive, or a prefix for an uncompressed model."""
    output = params["OutputDataConfig"]
    file = "model/" if output.get("CompressionType") == "NONE" else "model.tar.gz"
    return f"{output['S3OutputPath'].rstrip('/')}/{params['TrainingJobName']}/output/{file}"
