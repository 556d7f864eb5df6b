"""What the checks of m13_1 make in AWS: buckets, keys, roles, and sessions of these roles. All of it is deleted at the end."""

from __future__ import annotations

import contextlib
import functools
import json
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from course.cleanup import delete_bucket
from course.grading import Answer
from course.grading.acting import client_with

TRIES = 30  # on AWS it takes seconds until a new role or access key can be used
NEW = ("AccessDenied", "InvalidClientTokenId")
REFUSED = ("AccessDenied", "AccessDeniedException", "AccessDeniedForDependency", "403")
Client = Callable[[str], Any]  # makes a boto3 client of a service


def document(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def refused(call: Callable[..., Any], **parameters: Any) -> bool:
    """Whether AWS refuses a request for want of a permission. Any other error comes after IAM has let it pass."""
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"] in REFUSED
    return False


class World(contextlib.ExitStack):
    """The resources of one check. Leave it to delete them.

    Parameters
    ----------
    answer : Answer
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._client = answer.client
        self._token = answer.token()
        self.region = answer.client("s3").meta.region_name

    @functools.cached_property
    def account(self) -> str:
        return self._client("sts").get_caller_identity()["Account"]

    def named(self, name: str) -> str:
        """A name that only this check uses."""
        return f"{name}-{self._token}"

    def bucket(self, name: str) -> str:
        s3, named = self._client("s3"), self.named(name)
        where = {} if self.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        s3.create_bucket(Bucket=named, **where)
        self.callback(_delete_unlocked, s3, named)
        return named

    def key(self) -> str:
        """The ARN of a KMS key that leaves everything to IAM."""
        kms = self._client("kms")
        arn = kms.create_key(Description=self.named("m13_1"))["KeyMetadata"]["Arn"]
        self.callback(kms.schedule_key_deletion, KeyId=arn, PendingWindowInDays=7)
        return arn

    def put(self, bucket: str, name: str, body: bytes = b"1", key: str = "") -> None:
        """Store an object, under a KMS key if there is one."""
        under = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}
        self._client("s3").put_object(Bucket=bucket, Key=name, Body=body, **under)

    def role(self, name: str, policy: str, **options: Any) -> str:
        """The ARN of a role that SageMaker and the account may assume; ``options`` are those of CreateRole."""
        iam, named = self._client("iam"), self.named(name)
        trust = {"AWS": self.account, "Service": "sagemaker.amazonaws.com"}
        trusted = document({"Effect": "Allow", "Principal": trust, "Action": "sts:AssumeRole"})
        arn = iam.create_role(RoleName=named, AssumeRolePolicyDocument=trusted, **options)["Role"]["Arn"]
        self.callback(iam.delete_role, RoleName=named)
        iam.put_role_policy(RoleName=named, PolicyName="own", PolicyDocument=policy)
        self.callback(iam.delete_role_policy, RoleName=named, PolicyName="own")
        return arn

    def limit(self, role: str, boundary: str) -> None:
        """Give a role a permissions boundary."""
        iam, name = self._client("iam"), role.rpartition("/")[2]
        arn = iam.create_policy(PolicyName=f"{name}-limit", PolicyDocument=boundary)["Policy"]["Arn"]
        self.callback(iam.delete_policy, PolicyArn=arn)
        iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=arn)
        self.callback(iam.delete_role_permissions_boundary, RoleName=name)

    def session(self, role: str, **options: Any) -> Client:
        """A maker of clients with the rights of a role; ``options`` are those of AssumeRole."""
        asked = {"RoleArn": role, "RoleSessionName": "check"} | options
        return self.acting(when_known(lambda: self._opener.assume_role(**asked)["Credentials"]))

    def acting(self, keys: dict[str, str]) -> Client:
        """A maker of clients that sign with these keys."""
        return functools.cache(lambda service: client_with(self._client(service), keys))

    @functools.cached_property
    def _opener(self) -> Any:
        """STS as a user who may assume roles: a grader is the account's root user, who may not."""
        iam, name = self._client("iam"), self.named("check-opener")
        iam.create_user(UserName=name)
        self.callback(iam.delete_user, UserName=name)
        iam.put_user_policy(
            UserName=name, PolicyName="open", PolicyDocument=document({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"})
        )
        self.callback(iam.delete_user_policy, UserName=name, PolicyName="open")
        keys = iam.create_access_key(UserName=name)["AccessKey"]
        self.callback(iam.delete_access_key, UserName=name, AccessKeyId=keys["AccessKeyId"])
        return client_with(self._client("sts"), keys)


def _delete_unlocked(s3: Any, bucket: str) -> None:
    """Delete a bucket with its policy, which may be a learner's: one that locks out everybody but the account's root user keeps it."""
    with contextlib.suppress(ClientError):
        s3.delete_bucket_policy(Bucket=bucket)
    try:
        delete_bucket(s3, bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in REFUSED:
            raise


def when_known(ask: Callable[[], dict]) -> dict:
    for _ in range(TRIES):
        try:
            return ask()
        except ClientError as error:
            if error.response["Error"]["Code"] not in NEW:
                raise
            time.sleep(1)
    return ask()
