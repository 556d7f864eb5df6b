"""Which of the four services behind the signing name ``sagemaker`` a request is for: they share an endpoint and differ in protocol."""

from __future__ import annotations

from functools import cache

from starlette.requests import Request

from course.localaws.protocol.contract import Contract

REST_SERVICES = ("sagemaker-runtime", "sagemaker-featurestore-runtime", "sagemaker-metrics")


def contract_of(request: Request) -> Contract:
    """SageMaker's own operations name themselves in ``X-Amz-Target``; those of the other three are told by method and path."""
    if "x-amz-target" in request.headers:
        return contract("sagemaker")
    for service in REST_SERVICES:
        if contract(service).knows(request):
            return contract(service)
    return contract("sagemaker")


@cache
def contract(service: str) -> Contract:
    return Contract(service)
