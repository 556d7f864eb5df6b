"""boto3 sessions and clients of a given local AWS, independent of the environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

from course.localaws.core.credentials import issued
from course.localaws.core.sdk_environment import REGION
from course.localaws.server import launch


def boto_session(handle: launch.Handle, region: str = REGION) -> boto3.Session:
    """A session with the keys of a local AWS."""
    credential = issued(handle.state)
    return boto3.Session(credential.principal.access_key, credential.secret, credential.token, region)


def client_factory(handle: launch.Handle) -> Callable[..., Any]:
    """``make("sagemaker")``: a client without retries."""
    session = boto_session(handle)

    def make(service: str, **settings: Any) -> Any:
        config = Config(retries={"total_max_attempts": 1}, read_timeout=120, inject_host_prefix=False).merge(
            settings.pop("config", Config())
        )
        return session.client(service, endpoint_url=handle.endpoint, config=config, **settings)

    return make
