"""boto3 sessions and clients of a given local AWS, independent of the environment."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from course.localaws.core.credentials import issued
from course.localaws.core.sdk_environment import REGION
from course.localaws.server import launch

LOADER = botocore.session.get_session().get_component("data_loader")


def session_with_keys(access_key: str, secret: str, token: str | None = None, region: str = REGION) -> boto3.Session:
    """A session with these keys. All share one loader of service models: reading them takes longer than most requests."""
    core = botocore.session.get_session()
    core.register_component("data_loader", LOADER)
    return boto3.Session(access_key, secret, token, region, botocore_session=core)


def boto_session(handle: launch.Handle, region: str = REGION) -> boto3.Session:
    """A session with the keys of a local AWS."""
    credential = issued(handle.state)
    return session_with_keys(credential.principal.access_key, credential.secret, credential.token, region)


def client_factory(handle: launch.Handle) -> Callable[..., Any]:
    """``make("sagemaker")``: a client without retries."""
    session = boto_session(handle)

    def make(service: str, **settings: Any) -> Any:
        config = Config(retries={"total_max_attempts": 1}, read_timeout=120, inject_host_prefix=False).merge(
            settings.pop("config", Config())
        )
        return session.client(service, endpoint_url=handle.endpoint, config=config, **settings)

    return make


def shared_key(kms: Any) -> dict:
    """The metadata of a new KMS key that every caller in the account may use."""
    in_account = {"StringEquals": {"kms:CallerAccount": "123456789012"}}
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*", "Condition": in_account}
    return kms.create_key(Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))["KeyMetadata"]
