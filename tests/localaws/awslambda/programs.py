"""Deployment packages, roles and logs for the tests of Lambda."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
ROLE_NAME = "LambdaTestRole"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{ROLE_NAME}"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def package(code: str = "", name: str = "app.py", **files: str) -> bytes:
    """A zip archive with a module, and further files by their names."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writing:
        for each, text in {name: code, **files}.items():
            writing.writestr(zipfile.ZipInfo(each), text)  # without the time of now, so that the same code has the same hash
    return archive.getvalue()


def make_role(client: Callable[..., Any]) -> str:
    try:
        client("iam").create_role(RoleName=ROLE_NAME, AssumeRolePolicyDocument=json.dumps(TRUST))
    except ClientError as error:
        assert error.response["Error"]["Code"] == "EntityAlreadyExists"
    return ROLE


def create(client: Callable[..., Any], name: str, code: str, **options: Any) -> dict:
    """A function with the handler ``app.handler``."""
    standard = {"Runtime": "python3.12", "Handler": "app.handler", "Role": ROLE, "Code": {"ZipFile": package(code)}, "Timeout": 60}
    return client("lambda").create_function(FunctionName=name, **standard | options)


def invoke(client: Callable[..., Any], name: str, event: Any = None, **options: Any) -> dict:
    """The answer, with ``Payload`` as a value and ``LogResult`` as text."""
    answer = client("lambda").invoke(FunctionName=name, Payload=json.dumps({} if event is None else event), LogType="Tail", **options)
    answer["Payload"] = json.loads(answer["Payload"].read())
    answer["LogResult"] = base64.b64decode(answer["LogResult"]).decode()
    return answer


def log(client: Callable[..., Any], name: str) -> list[str]:
    """The messages of a function's log group."""
    return [event["message"] for event in client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]]
