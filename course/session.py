"""`connect()`, the only import of a lesson besides the SDKs. It uses the local AWS, or a real account with `COURSE_BACKEND=aws`."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import secrets
import sys
from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from course import datasets, sdk
from course.cleanup import Cleanup

if TYPE_CHECKING:
    import pandas as pd
    from sagemaker.core.helper.session_helper import Session as SageMakerSession

    from course.localaws.server.launch import Handle

BACKENDS = ("local", "aws")
DEFAULT_REGION = "us-east-1"
EXECUTION_ROLE = "SageMakerRole"  # the local AWS creates it at its first start


class SessionError(Exception):
    """Connecting failed. The message says what is missing and what to do."""


class CourseSession:
    """A lesson's connection to SageMaker: region, role, bucket and clients. `connect` makes it.

    Attributes
    ----------
    mode : str
        ``"local"`` or ``"aws"``.
    region, role, bucket, prefix : str
        The region's name, the ARN of the execution role, the account's SageMaker bucket, and the key prefix of this lesson's objects.
    boto : boto3.Session
    local : Handle or None
        The local AWS, ``None`` on AWS. It has the event log, the running resources and the clock.
    """

    def __init__(self, *, mode: str, boto: boto3.Session, account: str, role: str, prefix: str, local: Handle | None) -> None:
        self.mode = mode
        self.boto = boto
        self.region = boto.region_name
        self.account = account
        self.role = role
        self.bucket = f"sagemaker-{self.region}-{account}"  # the SDK's name for its default bucket
        self.prefix = prefix
        self.local = local
        self._run = secrets.token_hex(3)
        self._tell_lesson()
        self._ensure_bucket()

    def __repr__(self) -> str:
        where = "the local AWS, at no cost" if self.mode == "local" else f"AWS account {self.account}, which bills what runs"
        return f"Connected to {where}: region {self.region}, role {self.role.rpartition('/')[2]}, bucket {self.bucket}"

    @cached_property
    def session(self) -> SageMakerSession:
        """The SageMaker SDK's session. The SDK's import takes seconds, so it happens here and not in `connect`."""
        from sagemaker.core.helper.session_helper import Session as SageMakerSession

        return SageMakerSession(boto_session=self.boto, default_bucket=self.bucket)

    def client(self, service: str) -> Any:
        """A boto3 client, e.g. ``aws.client("sagemaker-runtime")``."""
        return self.boto.client(service)

    def image(self, name: str, version: str) -> str:
        """The URI of an AWS image in this region, e.g. ``aws.image("xgboost", "1.7-1")``.

        It is read from the SageMaker SDK's table without importing the SDK.

        Raises
        ------
        SessionError
            The SDK's table does not have this image, version or region.
        """
        table = Path(str(distribution("sagemaker-core").locate_file(f"sagemaker/core/image_uri_config/{name}.json")))
        if not table.is_file():
            raise SessionError(f"the SageMaker SDK knows no image called {name!r}; examples are 'xgboost' and 'sklearn'.")
        config = json.loads(table.read_text())
        versions = config.get("training", config)["versions"]
        entry = versions.get(version)
        if entry is None:
            raise SessionError(f"image {name!r} has no version {version!r}; it has {', '.join(versions)}.")
        if self.region not in entry["registries"]:
            raise SessionError(f"image {name} {version} is not published in region {self.region}.")
        tag = f"{version}-cpu-py3" if entry.get("processors") else version  # tags of newer images have no processor and Python
        return f"{entry['registries'][self.region]}.dkr.ecr.{self.region}.amazonaws.com/{entry['repository']}:{tag}"

    def as_role(self, role: str, **options: Any) -> CourseSession:
        """This connection with the rights of a role, e.g. ``aws.as_role("Analyst").client("s3")``.

        It calls STS's AssumeRole, so the role's trust policy must allow the caller.

        Parameters
        ----------
        role : str
            Name or ARN.
        **options
            Further parameters of AssumeRole, e.g. ``Policy``, ``ExternalId`` and ``RoleSessionName``, which is ``learner`` by default.

        Raises
        ------
        botocore.exceptions.ClientError
            ``AccessDenied``: there is no such role, or it does not trust the caller.
        """
        arn = role if role.startswith("arn:") else f"arn:aws:iam::{self.account}:role/{role}"
        keys = self.client("sts").assume_role(**{"RoleArn": arn, "RoleSessionName": "learner"} | options)["Credentials"]
        return self.with_keys(keys)

    def with_keys(self, keys: Mapping[str, str]) -> CourseSession:
        """This connection, which signs with other keys: ``AccessKeyId``, ``SecretAccessKey`` and, of a session, ``SessionToken``."""
        other = copy.copy(self)
        other.__dict__.pop("session", None)  # the SDK's session of the caller
        other.boto = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys.get("SessionToken"), self.region)
        return other

    def unique(self, name: str) -> str:
        """``name`` with this run's suffix, so that runs do not share resources. `cleanup` finds resources by the suffix."""
        return f"{name}-{self._run}-{secrets.token_hex(2)}"

    def data(self, name: str) -> Path:
        """The path of a data file of the course, e.g. ``aws.data("flights")``."""
        return datasets.path(name)

    def upload(self, source: pd.DataFrame | str | Path, key: str, *, header: bool = False) -> str:
        """Store a file or a table under this lesson's prefix and return its ``s3://`` URI.

        A table becomes Parquet if ``key`` ends in ``.parquet``, else CSV without an index. The CSV has no header unless ``header`` is
        true, because SageMaker's algorithms expect none.
        """
        if isinstance(source, (str, Path)):
            body = Path(source).read_bytes()
        elif key.endswith(".parquet"):
            body = source.to_parquet(index=False)
        else:
            body = source.to_csv(index=False, header=header).encode()
        self.client("s3").put_object(Bucket=self.bucket, Key=f"{self.prefix}/{key}", Body=body)
        return f"s3://{self.bucket}/{self.prefix}/{key}"

    def cleanup(self) -> None:
        """Stop and delete what this run named with `unique` (endpoints, models, running jobs, feature groups), and print it.

        On the local AWS, the last line says what these resources would have cost on AWS.
        """
        print(Cleanup(self.client("sagemaker"), marker=self._run).run())
        if self.local:
            from course.localaws.billing.ledger import dollars  # here, so that AWS mode never imports the local AWS

            print(f"On AWS, the jobs and endpoints of this run would have cost {dollars(self.local.ledger(self._run)['total'])}.")

    def _tell_lesson(self) -> None:
        """Tell the local AWS whose this run's resources are, so that its ledger says what each lesson costs."""
        if self.local:
            from course.localaws.server.instance import ServerError  # here, so that AWS mode never imports the local AWS

            with contextlib.suppress(ServerError):  # a local AWS of an earlier release, which still runs, has no lessons
                self.local.belongs(self._run, self.prefix)

    def _ensure_bucket(self) -> None:
        s3 = self.client("s3")
        where = {} if self.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket=self.bucket, **where)


def connect(prefix: str = "course") -> CourseSession:
    """Connect this process to SageMaker.

    Parameters
    ----------
    prefix : str
        The lesson's key prefix in the bucket, e.g. ``"m04_1"``.

    Returns
    -------
    CourseSession

    Raises
    ------
    SessionError
        ``COURSE_BACKEND`` is neither ``local`` nor ``aws``, or AWS mode finds no region, credentials or execution role.
    """
    mode = os.environ.get("COURSE_BACKEND", "local")
    if mode not in BACKENDS:
        raise SessionError(f"COURSE_BACKEND is {mode!r}; it can be 'local' (the default: free, offline) or 'aws' (a real account).")
    sdk.quiet()
    return _connect_local(prefix) if mode == "local" else _connect_aws(prefix)


def _connect_local(prefix: str) -> CourseSession:
    from course.localaws.server import launch  # here, so that AWS mode never imports the local AWS

    local = launch.find_or_start()
    environment = local.environment()
    os.environ.update(environment)
    for folder in environment.get("PYTHONPATH", "").split(os.pathsep):  # a running interpreter does not read PYTHONPATH again
        if folder and folder not in sys.path:
            sys.path.append(folder)
    sdk.shorten_waits()
    boto3.DEFAULT_SESSION = None
    boto = boto3.Session(region_name=os.environ["AWS_DEFAULT_REGION"])
    account = boto.client("sts").get_caller_identity()["Account"]
    return CourseSession(
        mode="local", boto=boto, account=account, role=f"arn:aws:iam::{account}:role/{EXECUTION_ROLE}", prefix=prefix, local=local
    )


def _connect_aws(prefix: str) -> CourseSession:
    boto = boto3.Session()
    if boto.region_name is None:
        boto = boto3.Session(region_name=os.environ.get("AWS_REGION", DEFAULT_REGION))
    os.environ.setdefault("AWS_DEFAULT_REGION", boto.region_name)  # without a region the import of sagemaker.serve fails
    if boto.get_credentials() is None:
        raise SessionError(
            "no AWS credentials found. Run `aws configure` or open this notebook in SageMaker Studio; or unset COURSE_BACKEND."
        )
    identity = boto.client("sts").get_caller_identity()
    return CourseSession(
        mode="aws", boto=boto, account=identity["Account"], role=_execution_role(boto, identity["Arn"]), prefix=prefix, local=None
    )


def _execution_role(boto: boto3.Session, arn: str) -> str:
    """The execution role of jobs: ``COURSE_ROLE``, or the role of this process (in Studio, the execution role)."""
    if role := os.environ.get("COURSE_ROLE"):
        return role
    if ":assumed-role/" not in arn:
        raise SessionError(f"{arn} is not a role, and SageMaker jobs run as one. Set COURSE_ROLE to the ARN of a SageMaker execution role.")
    return boto.client("iam").get_role(RoleName=arn.split("/")[1])["Role"]["Arn"]
