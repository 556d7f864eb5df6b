"""KMS clients of the learner and of users with policies of their own."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from course.localaws.server import launch
from tests.localaws.boto_clients import session_with_keys

ACCOUNT = "123456789012"
_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def kms(client):
    return client("kms")


@pytest.fixture
def key(kms) -> str:
    """The ARN of a new symmetric key."""
    return kms.create_key()["KeyMetadata"]["Arn"]


def policy(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements]})


def allow(action: str | list[str], resource: str = "*", **elements: Any) -> dict:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **elements}


OF_ACCOUNT = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})  # the statement of the default key policy


class User:
    """An IAM user with an access key. ``user("s3")`` returns a client."""

    def __init__(self, handle: launch.Handle, iam, *statements: dict) -> None:
        self.name = f"kms-user-{next(_NUMBERS)}"
        self.arn = f"arn:aws:iam::{ACCOUNT}:user/{self.name}"
        self._handle, self._iam = handle, iam
        iam.create_user(UserName=self.name)
        made = iam.create_access_key(UserName=self.name)["AccessKey"]
        self._session = session_with_keys(made["AccessKeyId"], made["SecretAccessKey"], None)
        if statements:
            self.may(*statements)

    def may(self, *statements: dict) -> None:
        """Replace the user's policy."""
        self._iam.put_user_policy(UserName=self.name, PolicyName="own", PolicyDocument=policy(*statements))

    def __call__(self, service: str):
        return self._session.client(service, endpoint_url=self._handle.endpoint)


@pytest.fixture
def user(local_aws, client) -> Callable[..., User]:
    """``user(*statements)`` makes a user with these statements as its policy."""
    return lambda *statements: User(local_aws, client("iam"), *statements)
