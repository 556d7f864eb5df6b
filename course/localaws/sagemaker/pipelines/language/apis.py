"""The operations of SageMaker behind the types of steps. Arguments become a request, and properties are members of an answer.

Source: "Properties" in "Amazon SageMaker Model Building Pipelines" of SageMaker's Python SDK 2.257 and `sagemaker.mlops.workflow` 1.27;
shapes are botocore's. Read 2026-11-28.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from botocore.model import Shape

from course.localaws.protocol.model import service_model
from course.localaws.sagemaker.pipelines.language.paths import Path, PathError

TYPES = {  # type of a shape -> type of a value in AWS's messages
    "string": "String", "timestamp": "String", "integer": "Integer", "long": "Integer", "float": "Float", "double": "Float",
    "boolean": "Boolean",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Api:
    """The operations of one type of step.

    Attributes
    ----------
    create : str
        Its request is what the arguments are.
    describe : tuple of str
        The members of their answers are the properties.
    refused : set of str
        Members of the request that a definition may not have.
    texts : tuple of str
        The properties of a step that has others than the members of an answer. Their values are text.
    """

    create: str
    describe: tuple[str, ...] = ()
    refused: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()


CALCULATED, USED = "CalculatedBaseline", "BaselineUsedForDriftCheck"  # how the names of the properties of check steps begin


def _baselines(*files: str) -> tuple[str, ...]:
    return tuple(f"{beginning}{file}" for beginning in (CALCULATED, USED) for file in files)


APIS = {
    "Processing": Api("CreateProcessingJob", ("DescribeProcessingJob",)),
    "Training": Api("CreateTrainingJob", ("DescribeTrainingJob",)),
    "Tuning": Api("CreateHyperParameterTuningJob", ("DescribeHyperParameterTuningJob", "ListTrainingJobsForHyperParameterTuningJob")),
    "Transform": Api("CreateTransformJob", ("DescribeTransformJob",)),
    "Model": Api("CreateModel", ("DescribeModel",)),
    # https://github.com/aws/sagemaker-python-sdk/pull/3472
    "RegisterModel": Api("CreateModelPackage", ("DescribeModelPackage",), frozenset({"ModelPackageName", "CertifyForMarketplace"})),
    "EndpointConfig": Api("CreateEndpointConfig", ("DescribeEndpointConfig",)),
    "Endpoint": Api("CreateEndpoint", ("DescribeEndpoint",)),
    "InferenceComponent": Api("CreateInferenceComponent", ("DescribeInferenceComponent",)),
    "QualityCheck": Api("CreateProcessingJob", texts=_baselines("Constraints", "Statistics")),
    "ClarifyCheck": Api("CreateProcessingJob", texts=_baselines("Constraints")),
}


@cache
def request(operation: str) -> Shape:
    """The shape of an operation's request."""
    return service_model("sagemaker").operation_model(operation).input_shape


@cache
def _answer(operation: str) -> Shape:
    return service_model("sagemaker").operation_model(operation).output_shape


def property_type(kind: str, path: Path) -> str | None:
    """The type of a property of a step of type ``kind``: a value of `TYPES`; None if it is not known here, or no scalar.

    Raises
    ------
    PathError
        The step has no such property.
    """
    if kind not in APIS:
        return None
    if texts := APIS[kind].texts:
        if path.parts not in [(name,) for name in texts]:
            raise PathError(f"its properties are {', '.join(texts)}")
        return "String"
    faults = []
    for operation in APIS[kind].describe:
        try:
            return TYPES.get(_descend(_answer(operation), path).type_name)
        except PathError as error:
            faults.append(error)
    raise faults[0]


def _descend(shape: Shape, path: Path) -> Shape:
    for part in path.parts:
        match shape.type_name:
            case "structure" if part in shape.members:
                shape = shape.members[part]
            case "list":
                shape = shape.member
            case "map" if isinstance(part, str):
                shape = shape.value
            case _:
                raise PathError(f"there is no '{part}'")
    return shape
