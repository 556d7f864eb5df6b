"""boto3 clients of a local AWS of a test's own, whatever the environment says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

from course.localaws.core.credentials import issued
from course.localaws.core.sdk_environment import REGION
from course.localaws.server import launch


def client_factory(handle: launch.Handle) -> Callable[..., Any]:
    """``make("sagemaker")``: a client without retries."""
    credential = issued(handle.state)
    session = boto3.Session(credential.principal.access_key, credential.secret, credential.token, REGION)

    def make(service: str, **settings: Any) -> Any:
        config = Config(retries={"total_max_attempts": 1}, read_timeout=120, inject_host_prefix=False).merge(
            settings.pop("config", Config())
        )
        return session.client(service, endpoint_url=handle.endpoint, config=config, **settings)

    return make
