"""Before it trains, SDK v3 asks the policy simulator and reads the trust policy. Only a wrong role stops `ModelTrainer`.

SDK 3.27 asks the simulator only for a training role's actions without a resource (``ecr:GetAuthorizationToken``,
``cloudwatch:PutMetricData`` and nine of EC2), and names the missing ones. It does not ask for rights on SageMaker itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.localaws.moto.restartable_aws import RestartableAws

ACCOUNT = "123456789012"
PROGRAM = """
import sys
from sagemaker.core.helper.session_helper import get_execution_role
from sagemaker.train import ModelTrainer

role = sys.argv[1] if len(sys.argv) > 1 else get_execution_role()
trainer = ModelTrainer(training_image="123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1", role=role)
print("TRAINER", trainer.role)
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    aws = RestartableAws(tmp_path_factory.mktemp("trainer") / "state")
    yield aws
    aws.stop()


def construct(aws: RestartableAws, tmp_path, *arguments: str) -> subprocess.CompletedProcess:
    """Run `PROGRAM` like a learner's process, with only the environment from us."""
    environment = {**os.environ, **aws.handle.environment(), "HOME": str(tmp_path)}
    return subprocess.run([sys.executable, "-c", PROGRAM, *arguments], env=environment, capture_output=True, text=True, timeout=200)


def role(aws: RestartableAws, name: str, service: str, *actions: str) -> str:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    arn = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    if actions:
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
        aws("iam").put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(document))
    return arn


@pytest.mark.nightly  # the SDK imports slowly
def test_the_execution_role_is_found_and_fit(aws, tmp_path):
    done = construct(aws, tmp_path)
    assert f"TRAINER arn:aws:iam::{ACCOUNT}:role/Administrator" in done.stdout, done.stderr


@pytest.mark.nightly  # test_authorization.py covers it by day
def test_a_role_that_may_not_train_stops_it(aws, tmp_path):
    reader = role(aws, "reader", "sagemaker.amazonaws.com", "s3:*", "sagemaker:Describe*", "ec2:*")
    done = construct(aws, tmp_path, reader)
    assert done.returncode != 0
    assert "RoleValidationError" in done.stderr
    assert "Missing permissions: cloudwatch:PutMetricData, ecr:GetAuthorizationToken\n" in done.stderr


@pytest.mark.nightly  # the SDK imports slowly
def test_a_deny_beats_the_managed_policy_that_allows(aws, tmp_path):
    denied = role(aws, "denied", "sagemaker.amazonaws.com")
    aws("iam").attach_role_policy(RoleName="denied", PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")
    assert f"TRAINER {denied}" in construct(aws, tmp_path, denied).stdout
    deny = {"Effect": "Deny", "Action": "cloudwatch:Put*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": deny})
    aws("iam").put_role_policy(RoleName="denied", PolicyName="deny", PolicyDocument=document)
    done = construct(aws, tmp_path, denied)
    assert "Missing permissions: cloudwatch:PutMetricData\n" in done.stderr


@pytest.mark.nightly  # the SDK imports slowly
def test_a_role_that_sagemaker_may_not_assume_stops_it(aws, tmp_path):
    done = construct(aws, tmp_path, role(aws, "for-lambda", "lambda.amazonaws.com", "*"))
    assert done.returncode != 0
    assert "RoleValidationError" in done.stderr
    assert "trust" in done.stderr


@pytest.mark.nightly  # the SDK imports slowly
def test_a_role_with_a_custom_policy_is_accepted(aws, tmp_path):
    fit = role(aws, "fit", "sagemaker.amazonaws.com", "*")
    done = construct(aws, tmp_path, fit)
    assert f"TRAINER {fit}" in done.stdout, done.stderr
