"""`aws.as_role`: a lesson's connection becomes another caller."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from course.localaws.server import launch

LESSON = """
import json
from botocore.exceptions import ClientError
from course.session import connect

aws = connect("m13_1")
trust = {"Effect": "Allow", "Principal": {"AWS": aws.account}, "Action": "sts:AssumeRole"}
document = lambda *statements: json.dumps({"Version": "2012-10-17", "Statement": statements})
aws.client("iam").create_role(RoleName="Analyst", AssumeRolePolicyDocument=document(trust))
aws.client("iam").put_role_policy(RoleName="Analyst", PolicyName="lists", PolicyDocument=document(
    {"Effect": "Allow", "Action": ["s3:ListBucket", "sagemaker:ListModels"], "Resource": "*"}))
analyst = aws.as_role("Analyst")
limited = aws.as_role("arn:aws:iam::123456789012:role/Analyst", RoleSessionName="short", Policy=document(
    {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}))

def may(who, service, call, **parameters):
    try:
        getattr(who.client(service), call)(**parameters)
        return "may"
    except ClientError as error:
        return error.response["Error"]["Code"]

for who in (aws, analyst, limited):
    print("=", who.client("sts").get_caller_identity()["Arn"].partition("::")[2], may(who, "s3", "list_objects_v2", Bucket=aws.bucket),
          may(who, "s3", "put_object", Bucket=aws.bucket, Key="a"), may(who, "sagemaker", "list_models"))
print("=", analyst.session.account_id() == aws.account, analyst.session.boto_session is analyst.boto)
try:
    aws.as_role("SageMakerRole")  # only SageMaker may assume it, as on AWS
except ClientError as error:
    print("=", error.response["Error"]["Code"])
"""


def test_a_lesson_becomes_another_caller(tmp_path: Path) -> None:
    environment = os.environ | {"COURSE_LOCALAWS_STATE": str(tmp_path / "state")}
    try:
        done = subprocess.run([sys.executable, "-c", LESSON], env=environment, text=True, capture_output=True, timeout=240, check=False)
    finally:
        if handle := launch.find(tmp_path / "state"):
            handle.stop()
    assert done.returncode == 0, done.stderr
    assert [line.removeprefix("= ") for line in done.stdout.splitlines() if line.startswith("= ")] == [
        "123456789012:assumed-role/Administrator/learner may may may",
        "123456789012:assumed-role/Analyst/learner may AccessDenied may",
        "123456789012:assumed-role/Analyst/short AccessDenied AccessDenied may",
        "True True",
        "AccessDenied",
    ]
