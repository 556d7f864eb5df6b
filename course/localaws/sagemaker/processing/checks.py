"""Checks of CreateProcessingJob that need nothing but the request. Each raises AwsError.

Rules: API reference of CreateProcessingJob, ProcessingInput, ProcessingS3Input, ProcessingOutput and ProcessingClusterConfig, read
2026-11-25, and of ProcessingFeatureStoreOutput, read 2026-11-28: only for an output that the application manages, because the program of
the job puts the records. Text of the missing fields: https://github.com/aws/sagemaker-python-sdk/issues/2578. Two inputs, or an input and
an output, cannot have the same path: https://github.com/aws/sagemaker-python-sdk/issues/4939 and 1950, where AWS's own message is empty or
not quoted. One path may be below another: in AWS's examples, the code is in ``/opt/ml/processing/input/code``, below the input of data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from course.localaws.context import Context
from course.localaws.core.errors import invalid
from course.localaws.sagemaker.core import quotas
from course.localaws.sagemaker.core.job_family import DEFAULT_SECONDS, check_isolation
from course.localaws.sagemaker.processing import datasets

LOCAL = PurePosixPath("/opt/ml/processing")


def check(context: Context, params: dict) -> None:
    """Refuse requests that the local AWS does not support, or that contradict themselves."""
    check_cluster(context, params["ProcessingResources"]["ClusterConfig"])
    check_isolation(isolated(params))
    seconds = params.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", DEFAULT_SECONDS)
    quotas.check(context, "Longest run time for a processing job", seconds)
    inputs = params.get("ProcessingInputs", [])
    for kind, entries in (("Input", inputs), ("Output", outputs(params))):
        names = [entry[f"{kind}Name"] for entry in entries]
        if len(names) != len(set(names)):
            raise invalid(f"{kind} names must be unique; got {', '.join(names)}.")
    for entry in inputs:
        check_input(entry)
    for entry in outputs(params):
        check_output(entry)
    check_paths(params)


def check_cluster(context: Context, cluster: dict) -> None:
    preferences = cluster.get("InstancePreferences")
    if ("InstanceType" in cluster) == bool(preferences):
        raise invalid("ClusterConfig must have exactly one of InstanceType and InstancePreferences.")
    for member in ("SelectedInstanceType", "SelectedInstanceCount"):
        if member in cluster:
            raise invalid(f"ClusterConfig.{member} is read-only and cannot be given in a request.")
    [(_, count)] = instances(cluster)
    quotas.check(context, "Maximum number of instances per processing job", count)


def check_input(entry: dict) -> None:
    name = entry["InputName"]
    if ("S3Input" in entry) == ("DatasetDefinition" in entry):
        raise invalid(f"Input {name} must specify exactly one of S3Input and DatasetDefinition.")
    if "DatasetDefinition" in entry:
        datasets.check(name, entry["DatasetDefinition"], bool(entry.get("AppManaged")))
        return
    if entry.get("AppManaged"):
        return
    source = entry["S3Input"]
    if "LocalPath" not in source or "S3InputMode" not in source:
        raise invalid(
            f'Input {name} missing one or more required fields for SageMaker-managed S3Input: "LocalPath", "S3DownloadMode", "S3InputMode"'
        )
    if source.get("S3CompressionType", "None") == "Gzip" and source["S3InputMode"] != "Pipe":
        raise invalid(f"S3CompressionType Gzip of input {name} can only be used if Pipe mode is specified as the S3InputMode.")


def check_output(entry: dict) -> None:
    name = entry["OutputName"]
    if ("S3Output" in entry) == ("FeatureStoreOutput" in entry):
        raise invalid(f"Output {name} must specify exactly one of S3Output and FeatureStoreOutput.")
    if "FeatureStoreOutput" in entry:
        if not entry.get("AppManaged"):
            raise invalid(f"FeatureStoreOutput of output {name} is only supported when AppManaged is True.")
        return  # the program of the job puts the records
    if not entry.get("AppManaged") and "LocalPath" not in entry["S3Output"]:
        raise invalid(f'Output {name} missing one or more required fields for SageMaker-managed S3Output: "LocalPath"')


def check_paths(params: dict) -> None:
    """Check that each local path is below `LOCAL` and unique."""
    seen: dict[PurePosixPath, str] = {}
    for name, local in local_paths(params):
        path = PurePosixPath(local)
        if not path.is_relative_to(LOCAL) or ".." in path.parts:
            raise invalid(f"LocalPath of {name} must begin with {LOCAL}/; got {local!r}.")
        if path in seen:
            raise invalid(f"LocalPath of {name} must be unique; {seen[path]} has {str(path)!r}, too.")
        seen[path] = name


def local_paths(params: dict) -> Iterable[tuple[str, str]]:
    """The inputs and outputs with a local path: how error messages call each, and its path."""
    for kind, entries in (("Input", params.get("ProcessingInputs", [])), ("Output", outputs(params))):
        for entry in entries:
            moved = entry.get("DatasetDefinition") or entry.get(f"S3{kind}", {})
            if not entry.get("AppManaged") or "LocalPath" in moved:
                yield f"{kind.lower()} {entry[f'{kind}Name']}", moved["LocalPath"]


def instances(cluster: dict) -> list[tuple[str, int]]:
    """The instance type and count of a ``ClusterConfig``. The first of several preferences is always available here."""
    chosen = cluster.get("InstancePreferences", [cluster])[0]
    return [(chosen["InstanceType"], chosen.get("InstanceCount", cluster.get("InstanceCount", 1)))]


def isolated(document: dict) -> bool:
    return document.get("NetworkConfig", {}).get("EnableNetworkIsolation", False)


def outputs(document: dict) -> list[dict]:
    return document.get("ProcessingOutputConfig", {}).get("Outputs", [])


def managed(entries: Sequence[dict]) -> list[dict]:
    """The inputs or outputs that SageMaker copies, not the application itself."""
    return [entry for entry in entries if not entry.get("AppManaged")]
