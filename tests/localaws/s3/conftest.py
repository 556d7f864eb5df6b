"""An S3 client, unique buckets, and a common check of errors."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import contextmanager

import boto3
import pytest
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError

from course.localaws.core.credentials import issued
from course.localaws.core.sdk_environment import REGION
from course.localaws.server import launch

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def s3(client):
    return client("s3")


@pytest.fixture
def bucket(s3) -> str:
    return make_bucket(s3)


@pytest.fixture(scope="module")
def shared_bucket(s3) -> str:
    """A bucket for property-based tests, whose examples share one fixture."""
    return make_bucket(s3)


def make_bucket(s3) -> str:
    name = f"test-bucket-{next(_NUMBERS)}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def refused() -> Callable:
    """``with refused("NoSuchKey", 404) as error:`` — the block must fail with exactly that error."""

    @contextmanager
    def check(code: str, status: int):
        with pytest.raises(ClientError) as caught:
            yield caught
        error = caught.value.response
        assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)

    return check


@pytest.fixture(scope="session")
def raw(s3) -> Callable[..., requests.Response]:
    """``raw("PUT", "/bucket/key?x", data=b"", headers={})`` sends a signed request that boto3 would not send."""

    def send(method: str, path: str, data: bytes = b"", headers: dict | None = None) -> requests.Response:
        request = AWSRequest(method, s3.meta.endpoint_url + path, data=data, headers=headers or {})
        if "x-amz-trailer" in request.headers:  # botocore's signer needs this in the context
            request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
        S3SigV4Auth(s3._request_signer._credentials, "s3", s3.meta.region_name).add_auth(request)
        prepared = request.prepare()
        return requests.request(method, prepared.url, data=data, headers=dict(prepared.headers), timeout=20)

    return send


@pytest.fixture(scope="session")
def client_of() -> Callable:
    """``client_of(handle)`` returns an S3 client for the test's own local AWS. It does not wait for a dead server."""

    def make(handle: launch.Handle):
        credential = issued(handle.state)
        session = boto3.Session(credential.principal.access_key, credential.secret, credential.token, REGION)
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20)
        return session.client("s3", endpoint_url=handle.endpoint, config=config)

    return make
