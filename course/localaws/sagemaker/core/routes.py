"""Finds which of the four services with signing name ``sagemaker`` a request is for. They share an endpoint but differ in protocol."""

from __future__ import annotations

from botocore.model import ServiceModel

from course.localaws.core.call import AwsRequest
from course.localaws.protocol import rest_json
from course.localaws.protocol.model import service_model

REST_SERVICES = ("sagemaker-runtime", "sagemaker-featurestore-runtime", "sagemaker-metrics")


def model_of(call: AwsRequest) -> ServiceModel:
    """Returns the model for a request. ``X-Amz-Target`` names SageMaker's own operations; method and path select those of the others."""
    if "x-amz-target" not in call.headers:
        for service in REST_SERVICES:
            if rest_json.find(service_model(service), call.request):
                return service_model(service)
    return service_model("sagemaker")
