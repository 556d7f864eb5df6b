"""The operations of training jobs, with AWS's checks of their requests. `run` runs a job."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from course.localaws import images
from course.localaws.context import Context
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.jobs.s3_data import split
from course.localaws.sagemaker.core import cluster, ml_folder, protection, quotas
from course.localaws.sagemaker.core.job_family import DEFAULT_SECONDS, LOST, JobFamily, check_isolation, require_installed, unsupported
from course.localaws.sagemaker.training import debugger, metric_definitions, warm_pools
from course.localaws.sagemaker.training.channels import AUGMENTED
from course.localaws.sagemaker.training.run import TrainingRun, ended, next_step, restarting
from course.localaws.sagemaker.training.spot import Interruption
from course.localaws.sagemaker.training.warm_pools import WarmPools

if TYPE_CHECKING:
    from course.localaws.platform import Platform

USAGE, SPOT_USAGE = "training job usage", "spot training job usage"  # as quotas are named
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
    usage=lambda document: SPOT_USAGE if document.get("EnableManagedSpotTraining") else USAGE,
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
# Members that would change a job's result. The local AWS refuses them instead of ignoring them.
REFUSED = ("ServerlessJobConfig", "ModelPackageConfig", "MlflowConfig", "SessionChainingConfig")
LONGEST_KEEP_ALIVE = 3600  # seconds


class TrainingJobs(JobFamily):
    kind, noun = TRAINING_JOB, "training job"

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        super().__init__(platform, engine)
        self._pools = WarmPools(engine, TRAINING_JOB, platform.state / "warm-pools", platform.scheduler)
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

    def delete(self, context: Context, params: dict) -> None:
        self.expire()
        name = params["TrainingJobName"]
        if warm_pools.is_available(self.engine.get(context, TRAINING_JOB, name)):
            raise AwsError("ResourceInUse", f"The training job {name} retains an Available warm pool; terminate it first.")
        super().delete(context, params)

    def update(self, context: Context, params: dict) -> dict:
        """Change the profiling and remote debugging of a running job, or the warm pool of one that has ended."""
        name, resources = params["TrainingJobName"], params.get("ResourceConfig")
        job = self.engine.get(context, TRAINING_JOB, name)
        if resources:
            check_warm_pool(params)
            self._pools.extend(context, job["TrainingJobName"], resources["KeepAlivePeriodInSeconds"])
        check_rules(params)

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
        check_request(context, params)
        specification = dict(params["AlgorithmSpecification"])
        image = images.find(specification["TrainingImage"], params["RoleArn"])
        if image.algorithm:  # no requirements of the job can add what is missing
            require_installed(specification["TrainingImage"])
        if definitions := specification.get("MetricDefinitions"):
            if image.algorithm:
                raise invalid(OWN_METRICS)
            metric_definitions.check(definitions, self.platform.expressions)
        if metrics := image.metric_definitions():
            specification["MetricDefinitions"] = metrics
        self._check_data(context, params)
        keys = (params["OutputDataConfig"].get("KmsKeyId"), params["ResourceConfig"].get("VolumeKmsKeyId"))
        protection.check(self.platform, context, keys, params.get("VpcConfig"))
        protection.check_volume(self.platform, context, keys[1], params["RoleArn"])
        document, now = dict.fromkeys(FLAGS, False) | params, self.engine.now()
        document |= {
            "AlgorithmSpecification": {"EnableSageMakerMetricsTimeSeries": False} | specification,
            "StoppingCondition": {"MaxRuntimeInSeconds": DEFAULT_SECONDS} | params.get("StoppingCondition", {}),
            **described_data(params),
            "ModelArtifacts": {"S3ModelArtifacts": model_uri(params)},
            "TrainingJobStatus": "InProgress",
        }
        document |= debugger.described(params, now)
        if warm_pools.keep_alive(params):
            document["WarmPoolStatus"] = {"Status": "InUse"}
        return document | next_step(document, now, "Starting", "Starting the training job")

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
            run = self._runner.run(document["TrainingJobArn"])
            if isinstance(run, TrainingRun) and run.interruptions:
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
        """Check the output's URI, and that the input objects exist. Raises AwsError.

        A job whose output bucket does not exist fails at its end: https://github.com/aws/amazon-sagemaker-examples/issues/3881.
        """
        split(params["OutputDataConfig"]["S3OutputPath"])
        job = f"{TRAINING_JOB.arn}/{params['TrainingJobName']}"
        for channel in params.get("InputDataConfig", []):
            uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
            protection.require_objects(self.platform, job, params["RoleArn"], uri, context.region)


def model_uri(params: dict) -> str:
    """The URI of the model: an archive, or a prefix for an uncompressed model."""
    output = params["OutputDataConfig"]
    file = "model/" if output.get("CompressionType") == "NONE" else "model.tar.gz"
    return f"{output['S3OutputPath'].rstrip('/')}/{params['TrainingJobName']}/output/{file}"


def check_request(context: Context, params: dict) -> None:
    """Refuse requests that the local AWS does not support, or that contradict themselves."""
    for member in REFUSED:
        if member in params:
            raise unsupported(member)
    specification = params.get("AlgorithmSpecification")
    if specification is None or "TrainingImage" not in specification:
        raise unsupported("a training job without AlgorithmSpecification.TrainingImage")
    if "OutputDataConfig" not in params or "ResourceConfig" not in params:
        raise invalid("OutputDataConfig and ResourceConfig are required with a training image.")
    resources = params["ResourceConfig"]
    if "InstancePreferences" in resources:
        raise unsupported("ResourceConfig.InstancePreferences")
    spot = params.get("EnableManagedSpotTraining", False)
    check_instances(context, resources, spot)
    names = [channel["ChannelName"] for channel in params.get("InputDataConfig", [])]
    if len(names) != len(set(names)):
        raise invalid(f"Channel names must be unique; got {', '.join(names)}.")
    groups = {host.group for host in cluster.hosts(resources)}
    for channel in params.get("InputDataConfig", []):
        check_channel(channel, specification["TrainingInputMode"], groups)
    check_warm_pool(params)
    check_rules(params)
    for member in ("CheckpointConfig", *debugger.WRITTEN):
        if "LocalPath" in params.get(member, {}):
            ml_folder.check_below(params[member]["LocalPath"])
    check_isolation(params.get("EnableNetworkIsolation", False))
    check_time(context, params.get("StoppingCondition", {}), spot, "RetryStrategy" in params)


def check_instances(context: Context, resources: dict, spot: bool) -> None:
    """Refuse a ``ResourceConfig`` that has no instances or contradicts itself."""
    groups = resources.get("InstanceGroups")
    if groups and ("InstanceType" in resources or "InstanceCount" in resources):
        raise invalid("ResourceConfig has either InstanceGroups or InstanceType and InstanceCount, not both.")
    if not groups and not ("InstanceType" in resources and "InstanceCount" in resources):
        raise invalid("ResourceConfig takes InstanceType and InstanceCount, or InstanceGroups.")
    names = [group["InstanceGroupName"] for group in groups or []]
    if len(names) != len(set(names)):
        raise invalid(f"InstanceGroupName must be unique in ResourceConfig; got {', '.join(names)}.")
    counts = [count for _, count in cluster.instances(resources)]
    if min(counts) < 1:
        raise invalid(f"InstanceCount must be at least 1; got {min(counts)}.")
    quotas.check(context, f"Maximum number of instances per {'spot ' if spot else ''}training job", sum(counts))


def check_channel(request: dict, job_mode: str, groups: set[str]) -> None:
    """Refuse a channel that the local AWS does not support, or that contradicts itself; ``groups`` are the job's instance groups."""
    name, source = request["ChannelName"], request["DataSource"]
    if "S3DataSource" not in source:
        raise unsupported(f"the data source {', '.join(source) or 'none'} of channel {name}, only S3DataSource")
    mode, source = request.get("InputMode", job_mode), source["S3DataSource"]
    if source["S3DataType"] not in ("S3Prefix", "ManifestFile", AUGMENTED):
        raise unsupported(f"S3DataType {source['S3DataType']} (channel {name})")
    if "HubAccessConfig" in source:
        raise unsupported(f"HubAccessConfig (channel {name})")
    augmented = source["S3DataType"] == AUGMENTED
    only_pipe = f"is used only in Pipe input mode; channel {name} has input mode {mode}."
    if augmented and mode != "Pipe":
        raise invalid(f"S3DataType {AUGMENTED} {only_pipe}")
    if augmented and not source.get("AttributeNames"):
        raise invalid(f"S3DataType {AUGMENTED} takes AttributeNames; channel {name} has none.")
    if not augmented and source.get("AttributeNames"):
        raise invalid(f"AttributeNames are used only with S3DataType {AUGMENTED}; channel {name} has another.")
    for member in ("CompressionType", "RecordWrapperType"):
        if request.get(member, "None") != "None" and mode != "Pipe":
            raise invalid(f"{member} {only_pipe}")
    for group in source.get("InstanceGroupNames", []):
        if group not in groups:
            raise invalid(f"ResourceConfig has no instance group {group}, which channel {name} names.")


def check_warm_pool(params: dict) -> None:
    """Refuse a warm pool that AWS does not allow."""
    seconds = params["ResourceConfig"].get("KeepAlivePeriodInSeconds", 0)
    if seconds > LONGEST_KEEP_ALIVE:
        raise invalid(f"KeepAlivePeriodInSeconds is at most {LONGEST_KEEP_ALIVE} seconds; got {seconds}.")
    if seconds and params.get("EnableManagedSpotTraining"):
        raise invalid("Warm pools (KeepAlivePeriodInSeconds) cannot be used with managed Spot training.")
    if seconds and "InstanceGroups" in params["ResourceConfig"]:
        raise invalid("Warm pools (KeepAlivePeriodInSeconds) cannot be used with heterogeneous clusters.")


def check_rules(params: dict) -> None:
    """Refuse rule names that are not unique."""
    for kind in debugger.RULES:
        names = [rule["RuleConfigurationName"] for rule in params.get(f"{kind}Configurations", [])]
        if len(names) != len(set(names)):
            raise invalid(f"RuleConfigurationName must be unique in {kind}Configurations; got {', '.join(names)}.")


def check_time(context: Context, condition: dict, spot: bool, retried: bool) -> None:
    """Check the time limits.

    Source of ``MaxWaitTimeInSeconds`` with a RetryStrategy: https://github.com/aws/sagemaker-python-sdk/pull/2316.
    """
    quotas.check(context, "Longest run time for a training job", condition.get("MaxRuntimeInSeconds", DEFAULT_SECONDS))
    longest = condition.get("MaxWaitTimeInSeconds")
    if longest is not None and not (spot or retried):
        raise invalid("MaxWaitTimeInSeconds is only allowed when EnableManagedSpotTraining is true.")
    if (spot or longest is not None) and (longest or 0) < condition.get("MaxRuntimeInSeconds", DEFAULT_SECONDS):
        raise invalid("MaxWaitTimeInSeconds must be at least MaxRuntimeInSeconds with managed spot training.")


def described_data(params: dict) -> dict:
    """``InputDataConfig`` and ``OutputDataConfig`` with the defaults that Describe shows.

    Source: public answers of DescribeTrainingJob of February 2022, seen 2026-11-25. SDK v2 reads the empty key.
    """
    described = {"OutputDataConfig": {"KmsKeyId": "", "CompressionType": "GZIP"} | params["OutputDataConfig"]}
    if "InputDataConfig" in params:
        described["InputDataConfig"] = [_described_channel(channel) for channel in params["InputDataConfig"]]
    return described


def _described_channel(channel: dict) -> dict:
    described = {"CompressionType": "None", "RecordWrapperType": "None"} | channel
    source = channel["DataSource"].get("S3DataSource")
    if source:
        described["DataSource"] = channel["DataSource"] | {"S3DataSource": {"S3DataDistributionType": "FullyReplicated"} | source}
    return described
