"""An endpoint of any container, and what its servers print."""

from typing import Any


def endpoint_of(sagemaker: Any, role: str, name: str, container: dict) -> None:
    """Ask for an endpoint of one variant, ``Live``, with this container; model and configuration have its name too."""
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container)
    variant = {"VariantName": "Live", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)


def log_lines(logs: Any, name: str) -> list[str]:
    """All that the servers of an endpoint have printed."""
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/sagemaker/Endpoints/{name}")
    return [event["message"] for page in pages for event in page["events"]]
