"""A real local AWS for the tests of every room: its own process on a free port, with a fresh state folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from course.localaws import server
from course.localaws.environment import REGION
from course.localaws.keys import issued


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory) -> Iterator[server.Handle]:
    """One local AWS for the whole session; a test that needs an empty one calls `reset` or starts its own."""
    handle = server.start(tmp_path_factory.mktemp("local-aws") / "state")
    yield handle
    handle.stop()


@pytest.fixture(scope="session")
def client(local_aws) -> Callable[..., Any]:
    """``client("sagemaker")``: a boto3 client that talks to `local_aws`, without retries."""
    return client_factory(local_aws)


def client_factory(handle: server.Handle) -> Callable[..., Any]:
    """The same for a local AWS of one's own."""
    credential = issued(handle.state)
    session = boto3.Session(credential.principal.access_key, credential.secret, credential.token, REGION)

    def make(service: str, **settings: Any) -> Any:
        config = Config(retries={"total_max_attempts": 1}, read_timeout=120, inject_host_prefix=False).merge(
            settings.pop("config", Config())
        )
        return session.client(service, endpoint_url=handle.endpoint, config=config, **settings)

    return make
