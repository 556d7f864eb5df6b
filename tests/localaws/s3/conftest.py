"""S3 clients, unique buckets, stores without a server, and signed requests that boto3 would not send."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config

from course.localaws.core.clock import Clock
from course.localaws.kms.store import KeyStore
from course.localaws.s3.store import ObjectStore
from course.localaws.server import launch
from tests.localaws.boto_clients import boto_session

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def s3(client):
    return client("s3")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObjectStore]:
    """A store with the bucket ``bucket``."""
    (tmp_path / "state").mkdir()
    opened = opened_store(tmp_path / "state")
    opened.create_bucket("bucket", "us-east-1")
    yield opened
    opened.shutdown()


def opened_store(state: Path) -> ObjectStore:
    return ObjectStore(state, Clock(), KeyStore(state / "kms.db", "123456789012", Clock()))


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


@pytest.fixture(scope="session")
def raw(s3, local_aws) -> Callable[..., requests.Response]:
    """``raw("PUT", "/bucket/key?x", data=b"", headers={})`` sends a signed request that boto3 would not send."""
    credentials = boto_session(local_aws).get_credentials()

    def send(method: str, path: str, data: bytes = b"", headers: dict | None = None) -> requests.Response:
        request = AWSRequest(method, s3.meta.endpoint_url + path, data=data, headers=headers or {})
        if "x-amz-trailer" in request.headers:  # botocore's signer needs this in the context
            request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
        S3SigV4Auth(credentials, "s3", s3.meta.region_name).add_auth(request)
        prepared = request.prepare()
        return requests.request(method, prepared.url, data=data, headers=dict(prepared.headers), timeout=20)

    return send


@pytest.fixture(scope="session")
def client_of() -> Callable:
    """``client_of(handle)`` returns an S3 client for the test's own local AWS. It does not wait for a dead server."""

    def make(handle: launch.Handle):
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20)
        return boto_session(handle).client("s3", endpoint_url=handle.endpoint, config=config)

    return make
