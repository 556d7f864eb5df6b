"""Access to S3 with the permissions of a query's caller."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from course.localaws.athena.failures import QueryFailure
from course.localaws.core.call import Principal
from course.localaws.core.errors import AwsError
from course.localaws.iam.policy import Policy, PolicyError

if TYPE_CHECKING:
    from pathlib import Path

    from course.localaws.iam.callers import Caller, CallerPolicies
    from course.localaws.platform import Platform
    from course.localaws.s3.objects import StoredObject

ANYTHING = "*"
MOST_NOTED = 1000  # objects of one scan that the request log names one by one


class Access:
    """S3 with the permissions of one principal. Its methods wait for moto.

    Parameters
    ----------
    platform : Platform
    principal : Principal
    """

    def __init__(self, platform: Platform, principal: Principal) -> None:
        self._platform, self._principal = platform, principal
        self._policies: dict[str, CallerPolicies] = {}  # by action
        self._answers: dict[tuple[str, str], bool] = {}  # to an action on a resource

    def objects(self, uri: str) -> list[StoredObject]:
        """Returns the data objects below a location. Skips folders and empty or hidden objects. Raises QueryFailure."""
        bucket, prefix = _split(uri)
        prefix = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
        self._require("s3:ListBucket", bucket, "")
        try:
            found = list(self._platform.objects.list(bucket, prefix))
        except AwsError as error:
            raise QueryFailure(f"HIVE_CURSOR_ERROR: {error.message} (Bucket: {bucket})") from error
        kept = [each for each in found if each.size and not each.key.rpartition("/")[2].startswith(("_", "."))]
        for stored in kept:
            self._require("s3:GetObject", bucket, stored.key)
        for key in [stored.key for stored in kept] if len(kept) <= MOST_NOTED else [f"{prefix}*"]:
            self._note("GetObject", f"{bucket}/{key}")
        return kept

    def file(self, uri: str) -> str:
        """Returns the path of an object's file, ``""`` if there is no such object. Raises QueryFailure."""
        bucket, key = _split(uri)
        self._require("s3:GetObject", bucket, key)
        try:
            path = self._platform.objects.head(bucket, key).path
        except AwsError as error:
            self._note("GetObject", f"{bucket}/{key}", error.status, error.code)
            return ""
        self._note("GetObject", f"{bucket}/{key}")
        return str(path)

    def holds_any(self, uri: str) -> bool:
        """Returns whether there is an object below a location."""
        bucket, prefix = _split(uri)
        self._require("s3:ListBucket", bucket, "")
        return next(iter(self._platform.objects.list(bucket, prefix)), None) is not None

    def put(self, uri: str, content: bytes | Path, kms_key: str | None = None) -> None:
        """Store bytes, or move a file into S3. Raises QueryFailure with Athena's message."""
        bucket, key = _split(uri)
        try:
            if not self._allowed("s3:PutObject", f"arn:aws:s3:::{bucket}/{key}"):
                raise AwsError("AccessDenied", "Access Denied", 403)
            if isinstance(content, bytes):
                self._platform.objects.put_bytes(bucket, key, content, kms_key=kms_key)
            else:
                self._platform.objects.put_file(bucket, key, content, move=True, kms_key=kms_key)
        except AwsError as error:
            self._note("PutObject", f"{bucket}/{key}", error.status, error.code)
            if error.code == "AccessDenied":
                raise QueryFailure(
                    f"Access denied when writing output to url: {uri} . Please ensure you are allowed to access the S3 bucket. If you are "
                    "encrypting query results with KMS key, please ensure you are allowed to access your KMS key"
                ) from error
            raise QueryFailure(f"{error.code}: {error.message} when writing output to url: {uri}") from error
        self._note("PutObject", f"{bucket}/{key}")

    def _require(self, action: str, bucket: str, key: str) -> None:
        if not self._allowed(action, f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"):
            self._note(action.removeprefix("s3:"), f"{bucket}/{key}", 403, "AccessDenied")
            raise QueryFailure(
                "PERMISSION_DENIED: Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied; "
                f"{self._principal.arn} may not {action} on s3://{bucket}/{key})"
            )

    def _allowed(self, action: str, resource: str) -> bool:
        if self._principal.is_root:
            return True
        if (action, ANYTHING) in self._answers:
            return self._answers[action, ANYTHING]
        entity = self._caller.entity
        if entity is None:
            return False
        if action not in self._policies:
            self._policies[action] = self._caller.about(action)
        policies = self._policies[action]
        asked = ANYTHING if _same_for_all(*policies.all) else resource
        try:
            allowed = policies.evaluate(self._caller.request(action, resource, entity.context)).allowed
        except PolicyError as error:
            raise QueryFailure(f"PERMISSION_DENIED: {error}") from error
        self._answers[action, asked] = allowed
        return allowed

    @cached_property
    def _caller(self) -> Caller:
        """The principal with its policies, read once per query."""
        return self._platform.identity.moto.run(lambda: self._platform.identity.caller(self._principal))

    def _note(self, operation: str, resource: str, status: int = 200, error: str = "") -> None:
        self._platform.requests.record(self._principal.arn, "s3", operation, resource, status, error)


def _same_for_all(*policies: Policy) -> bool:
    """Whether the answer of policies about one action is the same for every resource."""
    return all(statement.resources == (ANYTHING,) for each in policies for statement in each.statements)


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise QueryFailure(f"INVALID_TABLE_PROPERTY: {uri!r} is no location of the form s3://bucket/prefix")
    return bucket, key
