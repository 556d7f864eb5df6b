"""Users with own keys and policies, for tests of authorization."""

from __future__ import annotations

import itertools
import json
from typing import Any

from tests.localaws.moto.restartable_aws import RestartableAws

NUMBERS = itertools.count()


def document(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str] = "*", resource: str | list[str] = "*", **condition: dict) -> dict:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **({"Condition": condition} if condition else {})}


def deny(action: str | list[str] = "*", resource: str | list[str] = "*", **condition: dict) -> dict:
    return allow(action, resource, **condition) | {"Effect": "Deny"}


class User:
    """A new user without policies. ``user("sns")`` is a client with its keys."""

    def __init__(self, aws: RestartableAws, **options: Any) -> None:
        self._aws, self.name = aws, f"user-{next(NUMBERS)}"
        self.arn = aws("iam").create_user(UserName=self.name, **options)["User"]["Arn"]
        key = aws("iam").create_access_key(UserName=self.name)["AccessKey"]
        self._key = key["AccessKeyId"], key["SecretAccessKey"]
        self._clients: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._aws(service, *self._key)
        return self._clients[service]

    def may(self, *statements: dict) -> User:
        """Replaces the user's policy."""
        self._aws("iam").put_user_policy(UserName=self.name, PolicyName="own", PolicyDocument=document(*statements))
        return self
