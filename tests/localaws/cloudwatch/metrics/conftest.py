"""A CloudWatch client, unique namespaces, and clients for CloudWatch's other protocols."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
import requests
from botocore import parsers, serialize
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from tests.localaws.boto_clients import boto_session

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def cloudwatch(client):
    return client("cloudwatch")


@pytest.fixture
def namespace() -> str:
    return make_namespace()


def make_namespace() -> str:
    return f"Test/{next(_NUMBERS)}"


@pytest.fixture(scope="session")
def speak(cloudwatch, local_aws) -> Callable[..., dict]:
    """``speak("query", "ListMetrics", {...})`` sends one request in the given protocol, with botocore's serialiser and parser."""

    credentials = boto_session(local_aws).get_credentials()

    def call(protocol: str, operation: str, params: dict, compress: bool = False) -> dict:
        model = cloudwatch.meta.service_model.operation_model(operation)
        made = serialize.create_serializer(protocol, include_validation=True).serialize_to_request(params, model)
        body = made["body"]
        if isinstance(body, dict):
            body = urlencode(body)
        body = body.encode() if isinstance(body, str) else body
        headers = dict(made["headers"]) | ({"Content-Encoding": "gzip"} if compress else {})
        body = gzip.compress(body) if compress else body
        request = AWSRequest(made["method"], cloudwatch.meta.endpoint_url + made["url_path"], headers=headers, data=body)
        SigV4Auth(credentials, "monitoring", cloudwatch.meta.region_name).add_auth(request)
        answer = requests.request(made["method"], request.url, data=body, headers=dict(request.headers), timeout=20)
        received = {
            "status_code": answer.status_code,
            "headers": answer.headers,
            "body": answer.content,
            "context": {"operation_name": operation},
        }
        return parsers.create_parser(protocol).parse(received, model.output_shape)

    return call
