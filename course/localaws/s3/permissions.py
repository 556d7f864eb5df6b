"""The permissions that a caller needs for a request to S3, with the bucket's policy and S3's condition keys.

Source: "Required permissions for Amazon S3 API operations" (S3 User Guide) and S3's page of the Service Authorization Reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.core.call import AwsRequest
from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError
from course.localaws.iam import policy
from course.localaws.iam.authorization import ConditionKeys, PermissionOfService, RequiredPermission
from course.localaws.iam.permissions import PermissionTable
from course.localaws.iam.policy import Policy, PolicyError
from course.localaws.kms.permissions import via
from course.localaws.s3 import condition_keys, encryption
from course.localaws.s3.buckets import ARN
from course.localaws.s3.operations.buckets import ACL_GRANTS
from course.localaws.s3.operations.copies import source_of
from course.localaws.s3.operations.objects import deletion

if TYPE_CHECKING:
    from course.localaws.s3.objects import StoredObject
    from course.localaws.s3.store import ObjectStore
    from course.localaws.s3.uploads import Upload

# A wrong policy must not lock out the account itself: these the root user may always do ("Bucket policies for Amazon S3").
POLICY_ACTIONS = ("s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:PutBucketPolicy")
_READS = ("GetObject", "GetObjectAcl", "GetObjectAttributes", "GetObjectTagging", "HeadObject")
# Stands for a policy that an earlier release stored, which did not check policies, and that cannot be read.
_UNREADABLE = '{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}}'


class S3Permissions:
    """Finds the permissions that requests need.

    Parameters
    ----------
    store : ObjectStore
    account : str
    services : mapping
        See `course.localaws.iam.identity.Identity`: it has KMS, which S3 uses for the caller.
    """

    def __init__(self, store: ObjectStore, account: str, services: Mapping[str, PermissionOfService]) -> None:
        self._store, self._account, self._services = store, account, services
        self.operations = PermissionTable(Path(__file__).with_name("permissions.yaml"))

    def required(self, call: AwsRequest, params: dict) -> Iterator[RequiredPermission]:
        """Returns the permissions that one request needs. The operation itself comes first."""
        return _Request(self, call, params).permissions()

    def of_service(self, action: str, resource: str, keys: Callable[[], ConditionKeys]) -> RequiredPermission:
        """The permission that a service needs when it reads or writes with a role's rights, with the bucket's policy."""
        bucket, _, key = resource.removeprefix(ARN).partition("/")

        def all_keys() -> ConditionKeys:
            return self.keys(self.find(bucket, key, None) if key else None) | self._service_keys(bucket) | keys()

        return RequiredPermission(action, resource, all_keys, condition_keys.is_absent, self.policy(bucket, action), quote='"')

    def policy(self, bucket: str, action: str) -> Policy | None:
        """The statements of a bucket's policy about an action."""
        try:
            document = self._store.buckets.configuration(bucket, "policy")
        except AwsError:  # no such bucket
            return None
        if not document:
            return None
        try:
            return _about(document["Policy"], action)
        except PolicyError:
            return None if action in POLICY_ACTIONS else policy.parse("the bucket policy, which cannot be read", _UNREADABLE)

    def find(self, bucket: str, key: str, version: str | None) -> StoredObject | None:
        """The object, if it can be read."""
        try:
            found = self._store.objects.find(bucket, key, version)
        except AwsError:
            return None
        return None if found.is_delete_marker else found

    def keys(self, stored: StoredObject | None) -> ConditionKeys:
        """The condition keys of a bucket, or of an object in it."""
        tags = {f"s3:ExistingObjectTag/{name}": [value] for name, value in stored.tags.items()} if stored else {}
        return tags | {"aws:ResourceAccount": [self._account], "s3:ResourceAccount": [self._account]}

    def of_key(self, action: str, bucket: str, arn: str, context: Mapping[str, str]) -> RequiredPermission:
        """The permission to use a KMS key through S3."""
        found = self._store.buckets.find(bucket)
        keys = via("s3", found.region if found else arn.split(":")[3], context)
        return self._services["kms"](action, arn, lambda: keys)

    def encryption(self, params: dict) -> dict:
        """The members of the encryption of a new object. Empty for a request that fails later."""
        try:
            return self._store.encryption(params["Bucket"], params)
        except AwsError:
            return {}

    def upload(self, params: dict) -> Upload | None:
        try:
            return self._store.uploads.get(params["Bucket"], params["Key"], params["UploadId"])
        except AwsError:
            return None

    def upload_keys(self, params: dict) -> ConditionKeys:
        """The condition keys of a part: it belongs to an upload whose first request has named the encryption."""
        upload = self.upload(params)
        return condition_keys.encryption(upload.attributes.properties) if upload else {}

    def _service_keys(self, bucket: str) -> ConditionKeys:
        found = self._store.buckets.find(bucket)
        return condition_keys.TLS | ({"aws:RequestedRegion": [found.region]} if found else {})


class _Request:
    """One request."""

    def __init__(self, known: S3Permissions, call: AwsRequest, params: dict) -> None:
        self._known, self._call, self._params = known, call, params
        self._find = known.find

    def permissions(self) -> Iterator[RequiredPermission]:
        for demand in self._demands():
            bucket, _, key = demand.resource.removeprefix(ARN).partition("/")
            yield replace(
                demand,
                keys=lambda bucket=bucket, key=key: self._keys(bucket, key),
                absent=condition_keys.is_absent,
                resource_policy=self._known.policy(bucket, demand.action) if demand.resource.startswith(ARN) else None,
                binds_root=demand.action not in POLICY_ACTIONS,
                quote='"',
            )
        yield from self._of_keys()

    def _of_keys(self) -> Iterator[RequiredPermission]:
        """The permissions on KMS keys ("Using server-side encryption with AWS KMS keys", S3 User Guide)."""
        operation, params = self._call.operation, self._params
        if _reads_body(operation, params):
            yield from self._to_decrypt(self._find(params["Bucket"], params["Key"], params.get("VersionId")))
        if operation in condition_keys.COPIES:
            path, version = source_of(params)
            bucket, _, key = path.partition("/")
            yield from self._to_decrypt(self._find(bucket, key, version) if bucket and key else None)
        if operation in condition_keys.TAGGED:  # they begin a new object
            yield from self._to_encrypt("kms:GenerateDataKey", self._known.encryption(params), _own_context(params))
        elif operation in condition_keys.OF_UPLOADS and (upload := self._known.upload(params)):
            yield from self._to_encrypt("kms:Decrypt", upload.attributes.properties, upload.attributes.encryption_context)

    def _to_decrypt(self, stored: StoredObject | None) -> Iterator[RequiredPermission]:
        if stored and stored.seal:
            yield self._known.of_key("kms:Decrypt", stored.bucket, stored.seal.key, stored.seal.context)

    def _to_encrypt(self, action: str, properties: Mapping, own: Mapping[str, str]) -> Iterator[RequiredPermission]:
        if "SSEKMSKeyId" in properties:
            bucket, key = self._params["Bucket"], self._params["Key"]
            yield self._known.of_key(action, bucket, properties["SSEKMSKeyId"], encryption.context_of(bucket, key, properties, own))

    def _demands(self) -> Iterator[RequiredPermission]:
        operation, params = self._call.operation, self._params
        own = f"{ARN}{params.get('Bucket')}/{params.get('Key')}"
        if operation == "DeleteObjects":
            for each in params["Delete"].get("Objects", ()):
                yield RequiredPermission(*deletion(params["Bucket"], each["Key"], each.get("VersionId")), separate=True)
            return
        for demand in self._known.operations.required(self._call, params):
            yield _versioned(demand, params.get("VersionId"))
        if operation in condition_keys.COPIES:
            yield from self._source()
        if operation in condition_keys.TAGGED and params.get("Tagging"):
            yield RequiredPermission("s3:PutObjectTagging", own)
        if operation in condition_keys.TAGGED and any(params.get(member) for member in ("ACL", *ACL_GRANTS)):
            yield RequiredPermission("s3:PutObjectAcl", own)
        if operation in _READS and self._find(params["Bucket"], params["Key"], params.get("VersionId")) is None:
            # Who may not list the bucket must not learn which objects it does not have ("GetObject", S3 API Reference).
            yield RequiredPermission("s3:ListBucket", f"{ARN}{params['Bucket']}")

    def _source(self) -> Iterator[RequiredPermission]:
        """The permissions on the object that is copied. A request with an invalid source fails later, so it needs none."""
        path, version = source_of(self._params)
        bucket, _, key = path.partition("/")
        if not bucket or not key or bucket.startswith("arn:"):
            return
        yield _versioned(RequiredPermission("s3:GetObject", f"{ARN}{path}"), version)
        found = self._find(bucket, key, version)
        if found is None:
            yield RequiredPermission("s3:ListBucket", f"{ARN}{bucket}")
        elif self._call.operation == "CopyObject" and found.tags and self._params.get("TaggingDirective", "COPY") == "COPY":
            yield _versioned(RequiredPermission("s3:GetObjectTagging", f"{ARN}{path}"), version)
            yield RequiredPermission("s3:PutObjectTagging", f"{ARN}{self._params['Bucket']}/{self._params['Key']}")

    def _keys(self, bucket: str, key: str) -> ConditionKeys:
        """The condition keys of the request and of the resource ``bucket/key``, which may be the source of a copy."""
        stored = self._find(bucket, key, self._params.get("VersionId")) if key else None
        found = self._known.keys(stored) | condition_keys.of_request(self._call, self._params)
        return found | self._known.upload_keys(self._params) if self._call.operation in condition_keys.OF_UPLOADS else found


def _reads_body(operation: str, params: dict) -> bool:
    """Whether S3 must decrypt the object: for its body, or for its checksum."""
    if operation == "HeadObject":
        return params.get("ChecksumMode") == "ENABLED"
    return operation == "GetObject" or (operation == "GetObjectAttributes" and "Checksum" in params.get("ObjectAttributes", ()))


def _own_context(params: dict) -> dict[str, str]:
    """The client's own pairs. A wrong header is refused later."""
    try:
        return encryption.requested_context(params.get("SSEKMSEncryptionContext"))
    except AwsError:
        return {}


def _versioned(demand: RequiredPermission, version: str | None) -> RequiredPermission:
    action = _versions().get(demand.action.removeprefix("s3:")) if version else None
    return replace(demand, action=f"s3:{action}") if action else demand


@lru_cache(maxsize=256)
def _about(text: str, action: str) -> Policy | None:
    [found] = policy.about([policy.parse("the bucket policy", text)], action) or [None]
    return found


@cache
def _versions() -> dict[str, str]:
    return table(Path(__file__).with_name("permissions.yaml"))["versions"]
