"""Checks of CreateTrainingJob that need nothing but the request. Each raises AwsError."""

from __future__ import annotations

from course.localaws.core.errors import invalid
from course.localaws.sagemaker.core import cluster, ml_folder, quotas
from course.localaws.sagemaker.core.job_family import DEFAULT_SECONDS, check_isolation, unsupported
from course.localaws.sagemaker.training import debugger
from course.localaws.sagemaker.training.channels import AUGMENTED

# Members that would change a job's result. The local AWS refuses them instead of ignoring them.
REFUSED = ("ServerlessJobConfig", "ModelPackageConfig", "MlflowConfig", "SessionChainingConfig")
LONGEST_KEEP_ALIVE = 3600  # seconds


def check(params: dict) -> None:
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
    check_instances(resources)
    names = [channel["ChannelName"] for channel in params.get("InputDataConfig", [])]
    if len(names) != len(set(names)):
        raise invalid(f"Channel names must be unique; got {', '.join(names)}.")
    for channel in params.get("InputDataConfig", []):
        check_channel(channel, specification["TrainingInputMode"], {host.group for host in cluster.hosts(resources)})
    check_warm_pool(params)
    check_rules(params)
    for member in ("CheckpointConfig", *debugger.WRITTEN):
        ml_folder.check_below(params.get(member, {}).get("LocalPath", ml_folder.CHECKPOINTS))
    check_isolation(params.get("EnableNetworkIsolation", False))
    check_time(params.get("StoppingCondition", {}), params.get("EnableManagedSpotTraining", False), "RetryStrategy" in params)


def check_instances(resources: dict) -> None:
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
    quotas.check("Maximum number of instances per training job", sum(counts))


def check_channel(request: dict, job_mode: str, groups: set[str]) -> None:
    """Refuse a channel that the local AWS does not support, or that contradicts itself; ``groups`` are the job's instance groups."""
    name, source = request["ChannelName"], request["DataSource"]
    if "S3DataSource" not in source:
        raise unsupported(f"the data source of channel {name}: {', '.join(source) or 'none'}; it has S3DataSource alone")
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


def check_time(condition: dict, spot: bool, retried: bool) -> None:
    """Check the time limits.

    Source of ``MaxWaitTimeInSeconds`` with a RetryStrategy: https://github.com/aws/sagemaker-python-sdk/pull/2316.
    """
    quotas.check("Longest run time for a training job", condition.get("MaxRuntimeInSeconds", DEFAULT_SECONDS))
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
