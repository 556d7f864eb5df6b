"""Access to S3 with the permissions of a query's caller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING

from course.localaws.athena.failures import QueryFailure
from course.localaws.cloudtrail import audit
from course.localaws.core.call import Principal
from course.localaws.core.errors import AwsError
from course.localaws.iam.authorization import ConditionKeys
from course.localaws.iam.policy import Policy
from course.localaws.kms.permissions import via
from course.localaws.s3 import condition_keys

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from course.localaws.iam.callers import Caller
    from course.localaws.platform import Platform
    from course.localaws.s3.objects import StoredObject

ANYTHING = "*"
# Athena's requests to S3 are made for the caller ("aws:CalledVia", IAM User Guide).
VIA_ATHENA: ConditionKeys = {
    "aws:ViaAWSService": ["true"],
    **dict.fromkeys(("aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast"), ["athena.amazonaws.com"]),
}
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
        self._answers: dict[tuple[str, str], str] = {}  # action, bucket -> why it is refused, where that is the same for all objects
        self._same: dict[tuple[str, str], bool] = {}  # action, bucket -> whether it is

    def objects(self, uri: str) -> list[StoredObject]:
        """Returns the data objects below a location. Skips folders and empty or hidden objects. Raises QueryFailure."""
        bucket, prefix = _split(uri)
        prefix = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
        self._require("s3:ListBucket", bucket, "", {"s3:prefix": [prefix]})
        try:
            found = list(self._platform.objects.list(bucket, prefix))
        except AwsError as error:
            raise QueryFailure(f"HIVE_CURSOR_ERROR: {error.message} (Bucket: {bucket})") from error
        kept = [each for each in found if each.size and not each.key.rpartition("/")[2].startswith(("_", "."))]
        for stored in kept:
            self._require("s3:GetObject", bucket, stored.key)
            self.require_key(stored)
        for key in [stored.key for stored in kept] if len(kept) <= MOST_NOTED else [f"{prefix}*"]:
            self._note("GetObject", f"{bucket}/{key}")
        return kept

    def keys_below(self, uri: str) -> Iterator[str]:
        """Returns the URIs of all objects whose URI begins with ``uri``. Raises QueryFailure."""
        bucket, prefix = _split(uri)
        self._require("s3:ListBucket", bucket, "", {"s3:prefix": [prefix]})
        try:
            return (f"s3://{bucket}/{stored.key}" for stored in self._platform.objects.list(bucket, prefix))
        except AwsError as error:
            raise QueryFailure(f"HIVE_CURSOR_ERROR: {error.message} (Bucket: {bucket})") from error

    def now(self) -> float:
        """Returns the time of the local AWS in Unix seconds."""
        return self._platform.clock.now()

    def reading(self) -> AbstractContextManager[None]:
        """While this lasts, files of objects stay although the objects are replaced or deleted."""
        return self._platform.objects.bodies.reading()

    def plain(self, stored: StoredObject, folder: Path) -> Path:
        """A plain file with an object's body, in ``folder`` if it must be decrypted. Raises QueryFailure."""
        try:
            return self._platform.objects.plain_file(stored, folder)
        except AwsError as error:
            raise QueryFailure(f"HIVE_CURSOR_ERROR: {error.message} (s3://{stored.bucket}/{stored.key})") from error

    def file(self, uri: str, folder: Path) -> str:
        """Returns the path of a plain file with an object's body, ``""`` if there is no such object; see `plain`. Raises QueryFailure."""
        bucket, key = _split(uri)
        self._require("s3:GetObject", bucket, key)
        try:
            stored = self._platform.objects.head(bucket, key)
        except AwsError as error:
            self._note("GetObject", f"{bucket}/{key}", error.status, error.code)
            return ""
        self.require_key(stored)
        self._note("GetObject", f"{bucket}/{key}")
        return str(self.plain(stored, folder))

    def holds_any(self, uri: str) -> bool:
        """Returns whether there is an object below a location."""
        bucket, prefix = _split(uri)
        self._require("s3:ListBucket", bucket, "", {"s3:prefix": [prefix]})
        return next(iter(self._platform.objects.list(bucket, prefix)), None) is not None

    def put(self, uri: str, content: bytes | Path, kms_key: str | None = None) -> None:
        """Store bytes, or move a file into S3. Raises QueryFailure with Athena's message."""
        bucket, key = _split(uri)
        try:
            found = self._platform.objects.key_of(bucket, key, kms_key)
            if self._refusal("s3:PutObject", bucket, key, condition_keys.of_key(kms_key)) or (
                found and self._key_refusal("kms:GenerateDataKey", bucket, *found)
            ):
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

    def require_key(self, stored: StoredObject) -> None:
        """Check that the caller may decrypt an object. Raises QueryFailure."""
        reason = self._key_refusal("kms:Decrypt", stored.bucket, stored.seal.key, stored.seal.context) if stored.seal else ""
        if reason:
            self._note("GetObject", f"{stored.bucket}/{stored.key}", 403, "AccessDenied")
            raise self._denied("kms:Decrypt", f"{stored.seal.key}, the key of s3://{stored.bucket}/{stored.key},", reason)

    def _key_refusal(self, action: str, bucket: str, arn: str, context: Mapping[str, str]) -> str:
        """AWS's text for why the caller may not use a KMS key through Athena and S3; ``""`` if it may."""
        identity, region = self._platform.identity, self._platform.objects.buckets.get(bucket).region
        demand = identity.services["kms"](action, arn, lambda: VIA_ATHENA | via("s3", region, context))
        return identity.callers.refusal(self._principal, demand)

    def _denied(self, action: str, resource: str, reason: str) -> QueryFailure:
        return QueryFailure(
            "PERMISSION_DENIED: Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied; "
            f"{self._principal.arn} may not {action} on {resource} {reason})"
        )

    def _require(self, action: str, bucket: str, key: str, keys: ConditionKeys | None = None) -> None:
        if reason := self._refusal(action, bucket, key, keys):
            self._note(action.removeprefix("s3:"), f"{bucket}/{key}", 403, "AccessDenied")
            raise self._denied(action, f"s3://{bucket}/{key}", reason)

    def _refusal(self, action: str, bucket: str, key: str, keys: ConditionKeys | None = None) -> str:
        """AWS's text for why the caller may not do it; ``""`` if it may."""
        if (action, bucket) in self._answers:
            return self._answers[action, bucket]
        identity, resource = self._platform.identity, f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
        demand = identity.services["s3"](action, resource, lambda: VIA_ATHENA | (keys or {}))
        reason = identity.callers.refusal(self._principal, demand)
        if key and self._is_same_for_all(action, bucket, demand.resource_policy):
            self._answers[action, bucket] = reason
        return reason

    def _is_same_for_all(self, action: str, bucket: str, policy: Policy | None) -> bool:
        """Whether the answer is the same for every object of a bucket, so that a query of many objects asks once."""
        if (action, bucket) not in self._same:
            policies = (*self._caller.about(action).all, *([policy] if policy else ()))
            statements = [statement for each in policies for statement in each.statements]
            self._same[action, bucket] = all(
                each.resources == (ANYTHING,) and not any(found.key.lower().startswith("s3:") for found in each.conditions)
                for each in statements
            )
        return self._same[action, bucket]

    @cached_property
    def _caller(self) -> Caller:
        """The principal with its policies, read once per query."""
        return self._platform.identity.moto.run(lambda: self._platform.identity.caller(self._principal))

    def _note(self, operation: str, resource: str, status: int = 200, error: str = "") -> None:
        bucket = self._platform.objects.buckets.find(resource.partition("/")[0])
        known = self._platform.identity.callers.caller(self._principal)
        details = partial(audit.service_columns, self._principal, known, "athena.amazonaws.com")
        region = bucket.region if bucket else ""
        self._platform.requests.record(self._principal.arn, "s3", operation, resource, status, error, region, details=details)


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise QueryFailure(f"INVALID_TABLE_PROPERTY: {uri!r} is no location of the form s3://bucket/prefix")
    return bucket, key
