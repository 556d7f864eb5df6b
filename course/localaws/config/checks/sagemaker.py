"""Rules about models and endpoint configurations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from course.localaws.config.checks import Finding, finding, listed
from course.localaws.platform import Platform

MODEL, ENDPOINT_CONFIG = "AWS::SageMaker::Model", "AWS::SageMaker::EndpointConfig"


def endpoint_config_key(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """NON_COMPLIANT if ``KmsKeyId`` is not set, or is not among the parameter's keys."""
    allowed = listed(parameters, "kmsKeyArns")
    for document in platform.configurations[ENDPOINT_CONFIG](region):
        key = document.get("KmsKeyId")
        problem = "KmsKeyId is not set." if not key else ""
        if key and allowed and key not in allowed:
            problem = "KmsKeyId is not one of kmsKeyArns."
        yield finding(ENDPOINT_CONFIG, document["EndpointConfigName"], problem)


def endpoint_config_instances(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """NON_COMPLIANT if a production variant has one instance. Serverless variants have no instances."""
    for document in platform.configurations[ENDPOINT_CONFIG](region):
        single = [each["VariantName"] for each in document["ProductionVariants"] if each.get("InitialInstanceCount", 2) <= 1]
        problem = f"InitialInstanceCount of the variant {single[0]} is 1." if single else ""
        yield finding(ENDPOINT_CONFIG, document["EndpointConfigName"], problem)


def model_in_vpc(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """NON_COMPLIANT if ``VpcConfig`` is not set."""
    for document in platform.configurations[MODEL](region):
        yield finding(MODEL, document["ModelName"], "" if document.get("VpcConfig") else "VpcConfig is not set.")


def model_isolation(platform: Platform, region: str, parameters: Mapping[str, str]) -> Iterator[Finding]:
    """NON_COMPLIANT if ``EnableNetworkIsolation`` is false."""
    for document in platform.configurations[MODEL](region):
        problem = "" if document.get("EnableNetworkIsolation") else "EnableNetworkIsolation is false."
        yield finding(MODEL, document["ModelName"], problem)
