"""Clients of Secrets Manager, users with policies of their own, and rotation functions."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.localaws.awslambda.programs import create, make_role
from tests.localaws.kms.conftest import User
from tests.localaws.moto.restartable_aws import RestartableAws

PRINCIPAL = "secretsmanager.amazonaws.com"
_NUMBERS = itertools.count()

# The four steps of AWS's templates of rotation functions, with a service whose password is in another secret.
ROTATION = """
import json
import boto3

secrets = boto3.client("secretsmanager")

def handler(event, context):
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    print("step", step)
    if step == FAILS:
        raise RuntimeError("the service refused it")
    versions = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
    if "AWSCURRENT" in versions[token]:
        return
    assert "AWSPENDING" in versions[token]
    if step == "createSecret":
        secrets.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")
        try:
            secrets.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
        except secrets.exceptions.ResourceNotFoundException:
            password = secrets.get_random_password(ExcludeCharacters="/@")["RandomPassword"]
            secrets.put_secret_value(SecretId=arn, ClientRequestToken=token, SecretString=password, VersionStages=["AWSPENDING"])
    elif step == "testSecret":
        secrets.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
    elif step == "finishSecret":
        current = next(id for id, stages in versions.items() if "AWSCURRENT" in stages)
        secrets.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current)
"""


def rotation_function(client: Callable[..., Any], fails: str = "", allowed: bool = True) -> tuple[str, str]:
    """Name and ARN of a new rotation function. ``fails`` is the step that raises."""
    make_role(client)
    statement = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["secretsmanager:*", "logs:*"], "Resource": "*"}]}'
    client("iam").put_role_policy(RoleName="LambdaTestRole", PolicyName="rotation", PolicyDocument=statement)
    name = f"rotate-{next(_NUMBERS)}"
    arn = create(client, name, ROTATION.replace("FAILS", repr(fails)))["FunctionArn"]
    if allowed:
        client("lambda").add_permission(FunctionName=name, StatementId="s", Action="lambda:InvokeFunction", Principal=PRINCIPAL)
    return name, arn


def eventually(found: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true value of ``found()``."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)
    return value


@pytest.fixture(scope="session")
def secrets(client):
    return client("secretsmanager")


@pytest.fixture
def name() -> str:
    return f"test/secret-{next(_NUMBERS)}"


@pytest.fixture
def user(local_aws, client) -> Callable[..., User]:
    """``user(*statements)`` makes a user with these statements as its policy."""
    return lambda *statements: User(local_aws, client("iam"), *statements)


@pytest.fixture
def aws(tmp_path):
    made = RestartableAws(tmp_path / "state")
    yield made
    made.stop()
