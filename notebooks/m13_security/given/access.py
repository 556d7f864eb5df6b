"""Makes the roles, keys and buckets of m13, asks in their names, and deletes them."""

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

import pandas as pd
from botocore.exceptions import ClientError, WaiterError

from course.cleanup import delete_bucket

WAIT = 30  # seconds; on AWS a new role takes effect after some of them


def document(*statements: dict) -> str:
    """The text of a policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def role(aws: Any, name: str, policy: str, **options: Any) -> str:
    """Make a role that the account and SageMaker may assume, with one inline policy. Returns its name.

    ``options`` are further parameters of CreateRole, such as ``PermissionsBoundary``.
    """
    iam, name = aws.client("iam"), aws.unique(name)
    trusted = {"AWS": aws.account, "Service": "sagemaker.amazonaws.com"}
    trust = document({"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **options)
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
    return name


def arn(aws: Any, name: str) -> str:
    """The ARN of a role."""
    return f"arn:aws:iam::{aws.account}:role/{name}"


def session(aws: Any, name: str, **options: Any) -> Any:
    """`aws.as_role` that waits until AWS knows a new role."""
    for _ in range(WAIT):
        try:
            return aws.as_role(name, **options)
        except ClientError as error:
            if aws.local or error.response["Error"]["Code"] != "AccessDenied":
                raise
            time.sleep(1)
    return aws.as_role(name, **options)


def key(aws: Any, policy: str | None = None) -> str:
    """Make a KMS key, and return its ARN. Without a policy it leaves everything to IAM."""
    given = {"Policy": policy} if policy else {}
    return aws.client("kms").create_key(Description=aws.unique("m13"), **given)["KeyMetadata"]["Arn"]


def bucket(aws: Any, name: str) -> str:
    """Make a bucket, and return its name."""
    named, where = aws.unique(f"m13-{name}"), {"LocationConstraint": aws.region}
    given = {} if aws.region == "us-east-1" else {"CreateBucketConfiguration": where}
    aws.client("s3").create_bucket(Bucket=named, **given)
    return named


def answer(call: Callable[..., Any], **parameters: Any) -> str:
    """What AWS answers to a request: ``"allowed"``, or the words of its error."""
    try:
        call(**parameters)
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return "allowed"


def late_flights(aws: Any, rows: int, seed: int) -> pd.DataFrame:
    """Flights with the label in the first column, as XGBoost wants it."""
    columns = ["arr_delay", "month", "hour", "distance"]
    flights = pd.read_parquet(aws.data("flights"), columns=columns).dropna()
    flights.insert(0, "late", (flights.arr_delay > 15).astype(int))
    return flights.drop(columns="arr_delay").sample(rows, random_state=seed)


def request(aws: Any, role_arn: str, data: str, models: str, key: str) -> dict:
    """A request of CreateTrainingJob: XGBoost, with a model that is stored under a KMS key."""
    source = {"S3DataType": "S3Prefix", "S3Uri": data}
    channel = {"ChannelName": "train", "ContentType": "text/csv"}
    return {
        "TrainingJobName": aws.unique("late-flights"),
        "RoleArn": role_arn,
        "AlgorithmSpecification": {
            "TrainingImage": aws.image("xgboost", "3.0-5"),
            "TrainingInputMode": "File",
        },
        "HyperParameters": {"objective": "binary:logistic", "num_round": "5"},
        "InputDataConfig": [channel | {"DataSource": {"S3DataSource": source}}],
        "OutputDataConfig": {"S3OutputPath": models, "KmsKeyId": key},
        "ResourceConfig": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": 1,
            "VolumeSizeInGB": 5,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }


def outcome(aws: Any, request: dict) -> str:
    """Run a training job to its end. Returns its status, and why it failed."""
    sagemaker, named = aws.client("sagemaker"), {"TrainingJobName": request["TrainingJobName"]}
    if (said := answer(sagemaker.create_training_job, **request)) != "allowed":
        return said
    with contextlib.suppress(WaiterError):  # it failed; its description says why
        sagemaker.get_waiter("training_job_completed_or_stopped").wait(**named)
    job = sagemaker.describe_training_job(**named)
    return f"{job['TrainingJobStatus']} {job.get('FailureReason', '')}".strip()


def delete(aws: Any) -> str:
    """Delete the roles, policies, keys and buckets that this run named with `aws.unique`. Returns what was deleted."""
    iam, kms, s3 = aws.client("iam"), aws.client("kms"), aws.client("s3")
    run = aws.unique("").split("-")[1]
    roles = [each["RoleName"] for each in _all(iam, "list_roles", "Roles")]
    for name in (roles := [name for name in roles if f"-{run}-" in name]):
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)
    for each in _all(iam, "list_policies", "Policies", Scope="Local"):
        if f"-{run}-" in each["PolicyName"]:
            iam.delete_policy(PolicyArn=each["Arn"])
    own = []
    for each in _all(kms, "list_keys", "Keys"):
        with contextlib.suppress(ClientError):  # whose key policy does not name us, is not ours
            own += [kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"]]
    own = [each for each in own if f"-{run}-" in each["Description"]]
    for each in own:
        if each["KeyState"] != "PendingDeletion":
            kms.schedule_key_deletion(KeyId=each["KeyId"], PendingWindowInDays=7)
    names = [each["Name"] for each in s3.list_buckets()["Buckets"] if f"-{run}-" in each["Name"]]
    for name in names:
        s3.delete_bucket_policy(Bucket=name)
        delete_bucket(s3, name)
    return f"Deleted {len(roles)} roles and {len(names)} buckets; {len(own)} keys go in 7 days."


def _all(client: Any, operation: str, member: str, **given: Any) -> list[dict]:
    pages = client.get_paginator(operation).paginate(**given)
    return [each for page in pages for each in page[member]]
