"""The three requests that make an endpoint, of which the model was made before."""

from typing import Any


def deploy(aws: Any, label: str, model: str, kind: dict, **more: dict) -> str:
    """The name of a new endpoint in service.

    Parameters
    ----------
    aws : course.session.Session
    label : str
        The beginning of its name.
    model : str
    kind : dict
        What its one variant runs on: a ``ServerlessConfig``, or an ``InstanceType`` and an ``InitialInstanceCount``.
    **more
        Further members of the endpoint configuration, such as ``AsyncInferenceConfig``.
    """
    sagemaker, name = aws.client("sagemaker"), aws.unique(label)
    variant = {"VariantName": "Live", "ModelName": model} | kind
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], **more)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name)
    return name
