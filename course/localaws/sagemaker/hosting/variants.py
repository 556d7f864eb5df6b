"""Turns an endpoint configuration into the variants that hosting runs, and refuses what the local AWS cannot host yet."""

from __future__ import annotations

from collections.abc import Mapping

from course.localaws import images
from course.localaws.context import Context
from course.localaws.core.errors import invalid, not_supported
from course.localaws.core.resources import ResourceEngine
from course.localaws.sagemaker.core.protection import key_of
from course.localaws.sagemaker.hosting import explainers
from course.localaws.sagemaker.hosting.models import MODEL
from course.localaws.sagemaker.hosting.servers.model_data import multi_model

# Members that are supported, or that only affect machines, networks and disk encryption.
CONFIG_MEMBERS = {
    "EndpointConfigName", "EndpointConfigArn", "ProductionVariants", "CreationTime", "LastModifiedTime", "KmsKeyId", "DataCaptureConfig",
    "ExecutionRoleArn", "VpcConfig", "EnableNetworkIsolation", "ShadowProductionVariants", "AsyncInferenceConfig",
    "ExplainerConfig",
}  # fmt: skip
VARIANT_MEMBERS = {
    "VariantName", "ModelName", "InitialInstanceCount", "InstanceType", "InitialVariantWeight", "VolumeSizeInGB", "RoutingConfig",
    "ModelDataDownloadTimeoutInSeconds", "ContainerStartupHealthCheckTimeoutInSeconds", "InferenceAmiVersion", "ServerlessConfig",
    "ManagedInstanceScaling",
}  # fmt: skip
MODEL_MEMBERS = {
    "ModelName", "ModelArn", "PrimaryContainer", "Containers", "ExecutionRoleArn", "VpcConfig", "EnableNetworkIsolation", "CreationTime",
    "LastModifiedTime", "InferenceExecutionConfig",
}  # fmt: skip
CONTAINER_MEMBERS = {
    "ContainerHostname", "Image", "Mode", "ModelDataUrl", "ModelDataSource", "Environment", "MultiModelConfig", "ModelPackageName",
    "InferenceSpecificationName",
}  # fmt: skip
ROUTING_STRATEGIES = ("RANDOM", "LEAST_OUTSTANDING_REQUESTS")


def variants_of(engine: ResourceEngine, context: Context, config: dict, operation: str) -> list[dict]:
    """The documents of a `Fleet`'s variants, as plain JSON.

    They are stored with the endpoint, which then no longer needs its configuration and models. Waits for moto, so call it in a thread.

    Raises
    ------
    AwsError
        ``ValidationException`` for a model or an image that does not exist, ``NotSupportedByLocalAws``.
    """
    _refuse(config, CONFIG_MEMBERS, operation)
    variants = [_variant(engine, context, variant, operation) for variant in config["ProductionVariants"]]
    if "ExplainerConfig" not in config:
        return variants
    if any(len(variant["Containers"]) > 1 for variant in variants):
        raise not_supported("sagemaker", f"{operation} with ExplainerConfig and a model of several containers")
    return [variant | {"Explainer": explainers.container(config, context.region)} for variant in variants]


def settings_of(engine: ResourceEngine, context: Context, config: dict, variants: list[dict], operation: str) -> dict:
    """The settings of a `Fleet` from an endpoint configuration, beside its ``variants``, as plain JSON.

    ``Config`` is its name, ``Capture`` its ``DataCaptureConfig`` if capture is enabled, ``Async`` its ``AsyncInferenceConfig``;
    ``CaptureKey`` and ``AsyncKey`` are the ARNs of their KMS keys; ``Shadows`` are its shadow variants in the form of `variants_of`;
    ``ComponentRole`` is its role if it hosts inference components. Waits for moto, and raises like `variants_of`.
    """
    shadows = [_variant(engine, context, variant, operation) for variant in config.get("ShadowProductionVariants", ())]
    capture = config.get("DataCaptureConfig", {})
    queued = config.get("AsyncInferenceConfig")
    if queued and any(multi_model(container) for variant in variants for container in variant["Containers"]):
        raise invalid("An asynchronous endpoint cannot have multi-model containers.")
    settings = {
        "Config": config["EndpointConfigName"],
        "Capture": capture if capture.get("EnableCapture", bool(capture)) else None,
        "CaptureKey": key_of(context.platform, context, capture),
        "Async": queued,
        "AsyncKey": key_of(context.platform, context, (queued or {}).get("OutputConfig", {})),
        "Shadows": shadows,
        "ComponentRole": _component_role(config, operation),
    }
    return {name: value for name, value in settings.items() if value}


def _component_role(config: dict, operation: str) -> str | None:
    """The role of an endpoint whose variants host inference components; None if they run models."""
    if all("ModelName" in variant for variant in config["ProductionVariants"]):
        return None
    for member in ("AsyncInferenceConfig", "DataCaptureConfig", "ShadowProductionVariants", "ExplainerConfig"):
        if member in config:
            raise not_supported("sagemaker", f"{operation} with inference components and {member}")
    return config["ExecutionRoleArn"]


def _variant(engine: ResourceEngine, context: Context, variant: dict, operation: str) -> dict:
    _refuse(variant, VARIANT_MEMBERS, operation)
    routing = variant.get("RoutingConfig", {}).get("RoutingStrategy", ROUTING_STRATEGIES[0])
    if routing not in ROUTING_STRATEGIES:
        raise not_supported("sagemaker", f"{operation} with RoutingStrategy {routing}")
    if "ModelName" not in variant:
        return _host(variant, routing, operation)
    model = engine.get(context, MODEL, variant["ModelName"])
    planned = {
        "VariantName": variant["VariantName"],
        "ModelName": variant["ModelName"],
        "Weight": variant.get("InitialVariantWeight", 1.0),
        "RoutingStrategy": routing,
        "RoleArn": model["ExecutionRoleArn"],
        "Mode": model.get("InferenceExecutionConfig", {}).get("Mode", "Serial"),
        "Containers": containers_of(model, operation),
        "Isolated": model.get("EnableNetworkIsolation", False),
        **({"VpcConfig": model["VpcConfig"]} if "VpcConfig" in model else {}),
    }
    if "ServerlessConfig" in variant:
        planned |= {"Serverless": variant["ServerlessConfig"], "InstanceCount": 0}
    else:
        planned |= {"InstanceType": variant["InstanceType"], "InstanceCount": variant["InitialInstanceCount"]}
    kept = ("VolumeSizeInGB", "ContainerStartupHealthCheckTimeoutInSeconds")
    return planned | {member: variant[member] for member in kept if member in variant}


def _host(variant: dict, routing: str, operation: str) -> dict:
    """A variant that hosts inference components: its instances run nothing but their copies."""
    scaling = variant.get("ManagedInstanceScaling", {})
    if "ScaleInPolicy" in scaling:
        raise not_supported("sagemaker", f"{operation} with ManagedInstanceScaling.ScaleInPolicy")
    planned = {
        "VariantName": variant["VariantName"],
        "Weight": variant.get("InitialVariantWeight", 1.0),
        "RoutingStrategy": routing,
        "Mode": "Serial",
        "Containers": [],
        "Hosts": True,
        "InstanceType": variant["InstanceType"],
        "InstanceCount": variant["InitialInstanceCount"],
    }
    planned |= {member: variant[member] for member in ("VolumeSizeInGB",) if member in variant}
    return planned | ({"Scaling": scaling} if scaling else {})


def containers_of(model: dict, operation: str) -> list[dict]:
    """The containers of a model, each with its ``Hostname`` and the digest of its image, so that a moved tag does not change it."""
    _refuse(model, MODEL_MEMBERS, operation)
    containers = model.get("Containers") or [model["PrimaryContainer"]]
    for container in containers:
        _refuse(container, CONTAINER_MEMBERS, operation)
    return [_container(container, "primary" if len(containers) == 1 else f"container-{n}") for n, container in enumerate(containers, 1)]


def _container(container: dict, hostname: str) -> dict:
    resolved = images.find(container["Image"]).resolved
    planned = container | {"Hostname": container.get("ContainerHostname", hostname)}
    return planned | ({"ResolvedImage": resolved} if resolved else {})


def _refuse(document: Mapping, known: set[str], operation: str) -> None:
    for member, value in document.items():
        if member not in known and not member.startswith("_") and value not in (None, False, [], {}):
            raise not_supported("sagemaker", f"{operation} with {member}")


def retained(variants: list[dict], before: list[dict], excluded: set[str]) -> list[dict]:
    """``variants`` with the weights and instance counts of the variants in service of the same name (RetainAllVariantProperties)."""
    names = {"DesiredWeight": "Weight", "DesiredInstanceCount": "InstanceCount"}
    kept = {
        variant["VariantName"]: {member: variant[member] for name, member in names.items() if name not in excluded} for variant in before
    }
    return [variant | kept.get(variant["VariantName"], {}) for variant in variants]


def with_capacities(variants: list[dict], desired: list[dict], endpoint_arn: str, to_zero: bool = False) -> list[dict]:
    """``variants`` with the weights and instance counts of UpdateEndpointWeightsAndCapacities. With ``to_zero`` the count may be 0.

    Raises
    ------
    AwsError
        ``ValidationException`` for an unknown variant, and for 0 instances where that is not allowed.
    """
    changes = {change["VariantName"]: change for change in desired}
    for name in changes.keys() - {variant["VariantName"] for variant in variants}:
        raise invalid(f'Could not find variant "{name}" of endpoint "{endpoint_arn}".')
    serverless = {variant["VariantName"] for variant in variants if "Serverless" in variant}
    for change in desired:
        name = change["VariantName"]
        if ("ServerlessUpdateConfig" in change) > (name in serverless) or ("DesiredInstanceCount" in change) > (name not in serverless):
            kind = "serverless: it has a ServerlessUpdateConfig and no" if name in serverless else "not serverless: it has a"
            raise invalid(f'Variant "{name}" is {kind} DesiredInstanceCount.')
        if change.get("DesiredInstanceCount") == 0 and not to_zero:
            raise invalid(f'The desired instance count of variant "{change["VariantName"]}" must be at least 1.')
    return [_with_capacity(variant, changes.get(variant["VariantName"], {})) for variant in variants]


def _with_capacity(variant: dict, change: dict) -> dict:
    members = {"DesiredWeight": "Weight", "DesiredInstanceCount": "InstanceCount"}
    changed = variant | {member: change[name] for name, member in members.items() if name in change}
    if "ServerlessUpdateConfig" in change:
        changed["Serverless"] = variant["Serverless"] | change["ServerlessUpdateConfig"]
    return changed
