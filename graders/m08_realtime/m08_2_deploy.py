"""Endpoints that a check makes for itself, and waiting for them."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, WaiterError

WAIT = {"Delay": 0.2, "MaxAttempts": 600}


def variant(model: str) -> dict:
    """A production variant ``Live`` of one instance."""
    return {"VariantName": "Live", "ModelName": model, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}


def create(sagemaker: Any, role: str, name: str, container: dict) -> None:
    """Ask for an endpoint with a model and a configuration of the same name."""
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container)
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant(name)])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)


def delete(sagemaker: Any, name: str, *configs: str) -> None:
    """Delete such an endpoint, its model, its configuration and others; what is not there is no error."""
    with contextlib.suppress(ClientError, WaiterError):
        sagemaker.delete_endpoint(EndpointName=name)
        sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig=WAIT)
    for config in (name, *configs):
        with contextlib.suppress(ClientError):
            sagemaker.delete_endpoint_config(EndpointConfigName=config)
    with contextlib.suppress(ClientError):
        sagemaker.delete_model(ModelName=name)


def until(ask: Callable[[], str], ends: tuple[str, ...], seconds: float = 90) -> str:
    """Ask again and again until one of ``ends`` is answered; at most so many seconds. The last answer."""
    said = ask()
    for _ in range(round(seconds * 10)):
        if said in ends:
            break
        threading.Event().wait(0.1)
        said = ask()
    return said
