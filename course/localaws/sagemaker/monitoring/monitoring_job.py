"""What a schedule runs: the members that the four kinds of job definitions, and a definition in a schedule itself, have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from course.localaws.core.errors import invalid

DATA_QUALITY, MODEL_QUALITY, MODEL_BIAS, MODEL_EXPLAINABILITY = "DataQuality", "ModelQuality", "ModelBias", "ModelExplainability"
LABELLED = (MODEL_QUALITY, MODEL_BIAS)  # their data is first merged with ground truth labels
CLARIFY = (MODEL_BIAS, MODEL_EXPLAINABILITY)  # Clarify's image runs them
HOUR = 3600  # seconds


@dataclass(frozen=True)
class MonitoringJob:
    """What a schedule runs.

    Attributes
    ----------
    type : str
        The monitoring type, for example ``DataQuality``.
    application, baseline, output, resources, network, stopping, environment : dict
        Members of the definition.
    source : dict
        The ``EndpointInput`` or the ``BatchTransformInput``.
    ground_truth : str
        The S3 URI of labels, ``""`` for a type without labels.
    role : str
    """

    type: str
    application: dict[str, Any]
    baseline: dict[str, Any]
    source: dict[str, Any]
    output: dict[str, Any]
    resources: dict[str, Any]
    network: dict[str, Any]
    stopping: dict[str, Any]
    environment: dict[str, str]
    ground_truth: str
    role: str

    @property
    def endpoint(self) -> str:
        """The name of the endpoint, ``""`` for batch transform jobs."""
        return self.source.get("EndpointName", "")

    @property
    def labelled(self) -> bool:
        """Whether its data is first merged with labels."""
        return self.type in LABELLED

    @property
    def reports(self) -> dict[str, Any]:
        """The ``S3Output`` of its reports."""
        [output] = self.output["MonitoringOutputs"]
        return output["S3Output"]


def defined(monitoring_type: str, given: dict[str, Any]) -> MonitoringJob:
    """The job of a definition's members, as Create and Describe have them. Raises AwsError if it has no input, or two."""
    application, inputs = given[f"{monitoring_type}AppSpecification"], given[f"{monitoring_type}JobInput"]
    return MonitoringJob(
        monitoring_type,
        application,
        given.get(f"{monitoring_type}BaselineConfig", {}),
        source_of(inputs),
        given[f"{monitoring_type}JobOutputConfig"],
        given["JobResources"],
        given.get("NetworkConfig", {}),
        stopping(monitoring_type, given),
        application.get("Environment", {}),
        inputs.get("GroundTruthS3Input", {}).get("S3Uri", ""),
        given["RoleArn"],
    )


def inline(given: dict[str, Any]) -> MonitoringJob:
    """The job of a schedule's own ``MonitoringJobDefinition``, which is for data quality. Raises AwsError as `defined` does."""
    [inputs] = given["MonitoringInputs"]
    return MonitoringJob(
        DATA_QUALITY,
        given["MonitoringAppSpecification"],
        given.get("BaselineConfig", {}),
        source_of(inputs),
        given["MonitoringOutputConfig"],
        given["MonitoringResources"],
        given.get("NetworkConfig", {}),
        stopping(DATA_QUALITY, given),
        given.get("Environment", {}),
        "",
        given["RoleArn"],
    )


def source_of(inputs: dict[str, Any]) -> dict[str, Any]:
    """The ``EndpointInput`` or ``BatchTransformInput``. Raises AwsError unless there is exactly one."""
    if ("EndpointInput" in inputs) == ("BatchTransformInput" in inputs):
        raise invalid("Exactly one of EndpointInput and BatchTransformInput must be provided.")
    return inputs.get("EndpointInput") or inputs["BatchTransformInput"]


def longest(monitoring_type: str) -> int:
    """The seconds that a job of an hourly schedule may run: the merge and the analysis share the hour."""
    return HOUR // 2 if monitoring_type in LABELLED else HOUR


def stopping(monitoring_type: str, given: dict[str, Any]) -> dict[str, Any]:
    """The ``StoppingCondition``, with AWS's default."""
    return {"MaxRuntimeInSeconds": longest(monitoring_type)} | given.get("StoppingCondition", {})
