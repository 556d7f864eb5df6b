"""A real local AWS for the tests of every package: its own process on a free port, with a fresh state folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from course.localaws.protocol.conformity import STRICT
from course.localaws.server import forkserver, launch
from tests.localaws.boto_clients import client_factory

# Every local AWS that a test starts refuses to answer what does not fit botocore's model.
os.environ.setdefault(STRICT, "1")


@pytest.fixture(scope="session")
def forks() -> Iterator[str]:
    """The address of a forkserver of local AWSs."""
    with forkserver.start() as address:
        yield address


@pytest.fixture(scope="module", autouse=True)
def forked(forks: str) -> Iterator[None]:
    """Tests start hundreds of local AWSs, which takes two seconds each unless they are forked. Those of commands still start anew."""
    with launch.forked_from(forks):
        yield


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory) -> Iterator[launch.Handle]:
    """One local AWS for the whole session; a test that needs an empty one calls `reset` or starts its own."""
    handle = launch.start(tmp_path_factory.mktemp("local-aws") / "state")
    yield handle
    handle.stop()


@pytest.fixture(scope="session")
def client(local_aws) -> Callable[..., Any]:
    """``client("sagemaker")``: a boto3 client that talks to `local_aws`, without retries."""
    return client_factory(local_aws)


@pytest.fixture
def refused() -> Callable:
    """``with refused("NoSuchKey", 404) as error:`` — the block must fail with exactly that error."""

    @contextmanager
    def check(code: str, status: int = 400):
        with pytest.raises(ClientError) as caught:
            yield caught
        error = caught.value.response
        assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)

    return check
