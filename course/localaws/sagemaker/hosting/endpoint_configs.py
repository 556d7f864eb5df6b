"""Endpoint configurations: the models that an endpoint hosts, their instances, and the shares of the traffic."""

from __future__ import annotations

from course.localaws.context import Context, Operation
from course.localaws.core.errors import invalid
from course.localaws.core.resources import ResourceEngine, ResourceKind
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.family import Family, describe, list_page
from course.localaws.sagemaker.core.protection import key_of
from course.localaws.sagemaker.hosting import explainers
from course.localaws.sagemaker.hosting.models import MODEL

# Wording: https://github.com/aws/amazon-sagemaker-examples/issues/2339 (missing),
# https://github.com/awslabs/spot-tagging-bot-for-digital-assets/issues/2 (existing).
ENDPOINT_CONFIG = ResourceKind(
    name="EndpointConfig",
    arn="endpoint-config",
    missing='Could not find endpoint configuration "{arn}".',
    exists='Cannot create already existing endpoint configuration "{arn}".',
    mutable=False,
)
SERVERLESS_MEMORY = range(1024, 6145, 1024)  # MB


class EndpointConfigs(Family):
    """The family of endpoint configurations."""

    kinds = (ENDPOINT_CONFIG,)

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._engine = engine
        self.operations: dict[str, Operation] = {
            "CreateEndpointConfig": self.create,
            "DescribeEndpointConfig": describe(engine, ENDPOINT_CONFIG),
            "ListEndpointConfigs": list_page(engine, ENDPOINT_CONFIG, "EndpointConfigs"),
            "DeleteEndpointConfig": self.delete,
        }

    def create(self, context: Context, params: dict) -> dict:
        document = params | {"EnableNetworkIsolation": params.get("EnableNetworkIsolation", False)}
        for variants in ("ProductionVariants", "ShadowProductionVariants"):
            if variants in params:
                document[variants] = [{"InitialVariantWeight": 1.0} | variant for variant in params[variants]]
        check_variants(params)
        key_of(context.platform, context, params)
        explainers.check(params, context.region)
        for variant in (*params["ProductionVariants"], *params.get("ShadowProductionVariants", ())):
            if "ModelName" in variant:
                self._engine.get(context, MODEL, variant["ModelName"])
        arn = self._engine.create(context, ENDPOINT_CONFIG, params["EndpointConfigName"], document, params.get("Tags", ()))
        return {"EndpointConfigArn": arn}

    def delete(self, context: Context, params: dict) -> None:
        # AWS deletes a configuration even while an endpoint uses it; its documentation only warns against that.
        self._engine.delete(context, ENDPOINT_CONFIG, params["EndpointConfigName"])


def check_variants(params: dict) -> None:
    """Check the rules of CreateEndpointConfig that are not in the API's model.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html and its ``ProductionVariant``.

    Raises
    ------
    AwsError
        ``ValidationException``
    """
    production, shadow = params["ProductionVariants"], params.get("ShadowProductionVariants", [])
    names = [variant["VariantName"] for variant in (*production, *shadow)]
    if len(names) != len(set(names)):
        raise invalid(f"Variant names must be unique within an endpoint configuration; got {', '.join(names)}.")
    if shadow and not len(production) == len(shadow) == 1:
        raise invalid("With ShadowProductionVariants, there must be exactly one production variant and one shadow variant.")
    for variant in (*production, *shadow):
        _check_variant(variant, "ExecutionRoleArn" in params)
    if len({"ModelName" in variant for variant in (*production, *shadow)}) > 1:
        raise invalid("Either all variants have a ModelName, or none has one, so that all host inference components.")
    if any("ServerlessConfig" in variant for variant in (*production, *shadow)):
        _check_serverless(params)
    if sum(variant.get("InitialVariantWeight", 1.0) for variant in production) <= 0:
        raise invalid("The sum of the variants' InitialVariantWeight must be greater than 0: no variant would get a request.")


def _check_variant(variant: dict, has_role: bool) -> None:
    name = variant["VariantName"]
    if "ModelName" not in variant and not has_role:
        raise invalid(f"Variant {name} has no ModelName; an endpoint for inference components needs an ExecutionRoleArn instead.")
    if "ServerlessConfig" in variant:
        if "InstanceType" in variant or "InitialInstanceCount" in variant:
            raise invalid(f"Variant {name} has a ServerlessConfig; it can have neither InstanceType nor InitialInstanceCount.")
        memory = variant["ServerlessConfig"]["MemorySizeInMB"]
        if memory not in SERVERLESS_MEMORY:
            raise invalid(f"MemorySizeInMB of variant {name} is {memory}; it must be one of {', '.join(map(str, SERVERLESS_MEMORY))}.")
        most, provisioned = variant["ServerlessConfig"]["MaxConcurrency"], variant["ServerlessConfig"].get("ProvisionedConcurrency", 0)
        if provisioned > most:
            raise invalid(f"ProvisionedConcurrency of variant {name} is {provisioned}; it must not exceed its MaxConcurrency, {most}.")
        return
    if "InstanceType" not in variant and "InstancePools" not in variant:
        raise invalid(f"Variant {name} needs an InstanceType, InstancePools or a ServerlessConfig.")
    if "InitialInstanceCount" not in variant:
        raise invalid(f"Variant {name} needs an InitialInstanceCount.")
    if "ModelName" in variant and "ManagedInstanceScaling" in variant:
        # Wording: https://github.com/hashicorp/terraform-provider-aws/pull/45926
        raise invalid("ManagedInstanceScaling is only supported for inference component endpoints.")
    scaling = variant.get("ManagedInstanceScaling", {})
    if scaling.get("MinInstanceCount", 0) > scaling.get("MaxInstanceCount", float("inf")):
        raise invalid(f"MinInstanceCount of variant {name} is greater than its MaxInstanceCount.")


def _check_serverless(params: dict) -> None:
    """Refuse what serverless endpoints cannot have ("Feature exclusions", developer guide, Serverless Inference)."""
    if len(params["ProductionVariants"]) > 1 or "ShadowProductionVariants" in params:
        raise invalid("A serverless endpoint has one production variant, and no shadow variant.")
    for member in ("DataCaptureConfig", "AsyncInferenceConfig", "VpcConfig", "ExplainerConfig"):
        if member in params:
            raise invalid(f"A serverless endpoint cannot have {member}.")
