"""AWS's checks of a CreateInferenceRecommendationsJob request, and the benchmarks that it asks for.

Source: API reference of CreateInferenceRecommendationsJob, "Prerequisites", "Get an inference recommendation" (also "for an existing
endpoint") and "Run a custom load test" of the SageMaker developer guide, read 2026-11-28.
"""

from __future__ import annotations

import itertools
import uuid
from dataclasses import asdict, dataclass

from course.localaws.context import Context
from course.localaws.core.data_files import table
from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.platform import Platform
from course.localaws.sagemaker.core import protection
from course.localaws.sagemaker.core.job_family import unsupported
from course.localaws.sagemaker.hosting import variants
from course.localaws.sagemaker.hosting.endpoints import ENDPOINT
from course.localaws.sagemaker.hosting.models import MODEL
from course.localaws.sagemaker.hosting.servers.model_data import multi_model
from course.localaws.sagemaker.recommender import model as recommender_model
from course.localaws.sagemaker.recommender import traffic
from course.localaws.sagemaker.registry import models
from course.localaws.sagemaker.registry.model_packages import MODEL_PACKAGE, key_of

OPERATION = "CreateInferenceRecommendationsJob"
MOST_BENCHMARKS = 10
MOST_SECONDS = 18_000
ARCHIVES = (".tar.gz", ".tgz")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A container, its environment, and an instance type. Benchmarks with the same container share a load test.

    ``existing`` is whether ``endpoint`` is one of the account, to which the others are compared.
    """

    instance_type: str
    container: dict
    specification: str | None
    environment: dict[str, str]
    endpoint: str
    variant: str
    existing: bool = False


def plan(platform: Platform, engine: ResourceEngine, context: Context, params: dict) -> dict:
    """The plan of a job, as plain JSON. Waits for moto.

    Raises
    ------
    AwsError
        ``ValidationException``, ``NotSupportedByLocalAws``.
    """
    given = params["InputConfig"]
    _refuse_unsupported(given, params.get("OutputConfig", {}))
    keys = (given.get("VolumeKmsKeyId"), params.get("OutputConfig", {}).get("KmsKeyId"))
    protection.check(platform, context, keys, given.get("VpcConfig"))
    protection.check_volume(platform, context, keys[0], params["RoleArn"])
    _check_durations(given)
    _check_type(params)
    if ("ModelName" in given) == ("ModelPackageVersionArn" in given):
        raise invalid("Specify either ModelName or ModelPackageVersionArn of InputConfig, and not both.")
    package = _package(engine, context, given)
    benchmarks = [*_benchmarks(engine, context, params, package), *_existing(engine, context, given)]
    return {
        "Benchmarks": [asdict(benchmark) for benchmark in benchmarks],
        "Steps": [asdict(step) for step in traffic.steps_of(given.get("TrafficPattern"))],
        **_payload(given, package),
    }


def _refuse_unsupported(given: dict, output: dict) -> None:
    if "CompiledOutputConfig" in output:
        raise unsupported(f"CompiledOutputConfig of {OPERATION}, which asks for SageMaker Neo")
    if any("ServerlessConfig" in each for each in given.get("EndpointConfigurations", ())):
        raise unsupported(f"ServerlessConfig of {OPERATION}")
    if given.get("ContainerConfig", {}).get("SupportedEndpointType") == "Serverless":
        raise unsupported(f"SupportedEndpointType Serverless of {OPERATION}")


def _check_durations(given: dict) -> None:
    seconds = given.get("JobDurationInSeconds", MOST_SECONDS)
    if seconds > MOST_SECONDS:
        raise invalid(f"JobDurationInSeconds must be at most {MOST_SECONDS}; got {seconds}.")
    pattern = given.get("TrafficPattern", {})
    if any(each.get("DurationInSeconds", 0) > seconds for each in (*pattern.get("Phases", ()), pattern.get("Stairs", {}))):
        raise invalid(f"DurationInSeconds of the TrafficPattern must not exceed JobDurationInSeconds ({seconds}).")


def _check_type(params: dict) -> None:
    """Check the members that an Advanced job requires and a Default job forbids."""
    given, conditions = params["InputConfig"], params.get("StoppingConditions", {})
    if params["JobType"] == "Advanced":
        missing = [member for member in ("TrafficPattern", "EndpointConfigurations") if member not in given]
        missing += [] if conditions else ["StoppingConditions"]
        if missing:
            raise invalid(f"An Advanced job needs {' and '.join(missing)}.")
    elif given.get("TrafficPattern") or conditions:
        raise invalid("TrafficPattern and StoppingConditions are for Advanced jobs only.")
    for threshold in conditions.get("ModelLatencyThresholds", ()):
        if threshold.get("Percentile", "P95") not in ("P95", "P99") or threshold.get("ValueInMilliseconds", 0) < 1:
            raise invalid("A ModelLatencyThreshold needs the Percentile P95 or P99 and a ValueInMilliseconds of at least 1.")


def _package(engine: ResourceEngine, context: Context, given: dict) -> Document:
    """The model package; empty for a job about a model. It need not be approved."""
    if "ModelPackageVersionArn" not in given:
        return {}
    package = engine.get(context, MODEL_PACKAGE, key_of(context, given["ModelPackageVersionArn"]))
    if "ModelPackageVersion" not in package:
        raise invalid(f"{given['ModelPackageVersionArn']} is not the ARN of a versioned model package.")
    return package


def _existing(engine: ResourceEngine, context: Context, given: dict) -> list[Benchmark]:
    """A benchmark of the existing endpoint that a job names, by "Inference recommendation jobs for an existing endpoint"."""
    found = []
    for name in (each.get("EndpointName", "") for each in given.get("Endpoints", ())):
        endpoint = engine.get(context, ENDPOINT, name)
        deployed, settings = endpoint["_Variants"], endpoint["_Settings"]
        if endpoint["EndpointStatus"] != "InService":
            raise invalid(f"The endpoint {name} must be InService for {OPERATION}; it is {endpoint['EndpointStatus']}.")
        if len(deployed) != 1 or "Serverless" in deployed[0] or {"Async", "ComponentRole"} & settings.keys():
            raise invalid(f"{OPERATION} compares a real-time endpoint with one variant and a model; {name} is another kind of endpoint.")
        [variant] = deployed
        container, instance_type = _one(variant["Containers"]), variant["InstanceType"]
        _check_known(instance_type)
        found.append(Benchmark(instance_type, container, None, {}, name, variant["VariantName"], existing=True))
    return found


def _benchmarks(engine: ResourceEngine, context: Context, params: dict, package: Document) -> list[Benchmark]:
    given, found = params["InputConfig"], []
    for configuration in given.get("EndpointConfigurations") or [{}]:
        specification = configuration.get("InferenceSpecificationName")
        container = _container(engine, context, given, package, specification)
        for environment in _environments(configuration):
            changed = container | {"Environment": container.get("Environment", {}) | environment}
            for instance_type in _types(configuration, given, package):
                name = f"sm-epc-{uuid.uuid4()}"
                found.append(Benchmark(instance_type, changed, specification, environment, name, name))
    return found[: given.get("ResourceLimit", {}).get("MaxNumberOfTests", MOST_BENCHMARKS)]


def _container(engine: ResourceEngine, context: Context, given: dict, package: Document, specification: str | None) -> dict:
    if package:
        model = {"Containers": models.containers(package, specification)}
    elif specification is not None:
        raise invalid("InferenceSpecificationName is for a ModelPackageVersionArn, not for a ModelName.")
    else:
        model = engine.get(context, MODEL, given["ModelName"])
    return _one(variants.containers_of(model, OPERATION))


def _one(containers: list[dict]) -> dict:
    """The only container of a model."""
    if len(containers) > 1:
        raise unsupported(f"{OPERATION} for a model of several containers")
    if multi_model(containers[0]):
        raise unsupported(f"{OPERATION} for a multi-model container")
    return containers[0]


def _types(configuration: dict, given: dict, package: Document) -> list[str]:
    """The instance type of an endpoint configuration; without one, the types of job or package that are in the table."""
    if "InstanceType" in configuration:
        _check_known(configuration["InstanceType"])
        return [configuration["InstanceType"]]
    supported = given.get("ContainerConfig", {}).get("SupportedInstanceTypes")
    supported = supported or package.get("InferenceSpecification", {}).get("SupportedRealtimeInferenceInstanceTypes")
    supported = supported or table(traffic.TABLE)["default_types"]
    if not (found := [each for each in supported if recommender_model.known(each)]):
        raise unsupported(f"{OPERATION} for {', '.join(supported)}: recommender.yaml has no figures of them")
    return found


def _check_known(instance_type: str) -> None:
    if not recommender_model.known(instance_type):
        raise unsupported(f"{OPERATION} for {instance_type}: recommender.yaml has no figures of it")


def _environments(configuration: dict) -> list[dict[str, str]]:
    """Every combination of the environment values of a configuration."""
    ranges = configuration.get("EnvironmentParameterRanges", {}).get("CategoricalParameterRanges", [])
    names = [each["Name"] for each in ranges]
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*(each["Value"] for each in ranges))]


def _payload(given: dict, package: Document) -> dict:
    config = given.get("ContainerConfig", {}).get("PayloadConfig", {})
    url = config.get("SamplePayloadUrl") or package.get("SamplePayloadUrl")
    if url is None:
        raise invalid("A sample payload is needed: SamplePayloadUrl of ContainerConfig.PayloadConfig, or of the model package.")
    if not url.endswith(ARCHIVES):
        raise invalid(f"The sample payload must be a gzip compressed tar archive (.tar.gz suffix): {url}.")
    types = config.get("SupportedContentTypes") or package.get("InferenceSpecification", {}).get("SupportedContentTypes")
    if not types:
        raise invalid("SupportedContentTypes of the sample payload are needed.")
    return {"SamplePayloadUrl": url, "ContentType": types[0]}
