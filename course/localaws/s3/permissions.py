"""The permissions that a caller needs for a request to S3, with the bucket's policy and S3's condition keys.

Source: "Required permissions for Amazon S3 API operations" (S3 User Guide) and S3's page of the Service Authorization Reference.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from course.localaws.core.call import AwsRequest
from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError
from course.localaws.iam import policy
from course.localaws.iam.authorization import ConditionKeys, RequiredPermission
from course.localaws.iam.permissions import PermissionTable, by_operation, values_at
from course.localaws.iam.policy import Policy, PolicyError
from course.localaws.s3.operations.buckets import ACL_GRANTS
from course.localaws.s3.operations.copies import source_of

if TYPE_CHECKING:
    from course.localaws.s3.objects import StoredObject
    from course.localaws.s3.store import ObjectStore

ARN = "arn:aws:s3:::"
# A wrong policy must not lock out the account itself: these the root user may always do ("Bucket policies for Amazon S3").
POLICY_ACTIONS = ("s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:PutBucketPolicy")
_READS = ("GetObject", "GetObjectAcl", "GetObjectAttributes", "GetObjectTagging", "HeadObject")
_COPIES = ("CopyObject", "UploadPartCopy")
_CREATES = {"CompleteMultipartUpload", "CopyObject", "PutObject"}  # an object; the other operations of s3:PutObject make parts
_OF_UPLOADS = ("CompleteMultipartUpload", "UploadPart", "UploadPartCopy")
_TAGGED = ("CopyObject", "CreateMultipartUpload", "PutObject")  # by a header
_EXISTING_TAG, _REQUEST_TAG = "s3:existingobjecttag/", "s3:requestobjecttag/"
_COMPUTED = {
    "s3:authtype",
    "s3:objectcreationoperation",
    "s3:requestobjecttagkeys",
    "s3:resourceaccount",
    "s3:signatureage",
    "s3:signatureversion",
    "s3:tlsversion",
    "s3:x-amz-content-sha256",
    "s3:x-amz-copy-source",
}


class S3Permissions:
    """Finds the permissions that requests need.

    Parameters
    ----------
    store : ObjectStore
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._table = PermissionTable(Path(__file__).with_name("permissions.yaml"))

    def required(self, call: AwsRequest, params: dict) -> Iterator[RequiredPermission]:
        """Returns the permissions that one request needs. The operation itself comes first.

        Raises
        ------
        AwsError
            ``AccessDenied``: the policy of a bucket cannot be read.
        """
        for demand in self._demands(call, params):
            bucket, _, key = demand.resource.removeprefix(ARN).partition("/")
            yield replace(
                demand,
                keys=lambda bucket=bucket, key=key: self._keys(call, params, bucket, key),
                absent=_absent,
                resource_policy=self._policy(bucket, demand.action) if demand.resource.startswith(ARN) else None,
                binds_root=demand.action not in POLICY_ACTIONS,
                quote='"',
            )

    def _demands(self, call: AwsRequest, params: dict) -> Iterator[RequiredPermission]:
        operation, own = call.operation, f"{ARN}{params.get('Bucket')}/{params.get('Key')}"
        for demand in self._table.required(call, params):
            yield _versioned(demand, params.get("VersionId"))
        if operation in _COPIES:
            yield from self._source(params, with_tags=operation == "CopyObject")
        if operation in _TAGGED and params.get("Tagging"):
            yield RequiredPermission("s3:PutObjectTagging", own)
        if operation in _TAGGED and any(params.get(member) for member in ("ACL", *ACL_GRANTS)):
            yield RequiredPermission("s3:PutObjectAcl", own)
        if operation in _READS and self._object(params["Bucket"], params["Key"], params.get("VersionId")) is None:
            # Who may not list the bucket must not learn which objects it does not have ("GetObject", S3 API Reference).
            yield RequiredPermission("s3:ListBucket", f"{ARN}{params['Bucket']}")

    def _source(self, params: dict, with_tags: bool) -> Iterator[RequiredPermission]:
        """The permissions on the object that is copied. A request with an invalid source fails later, so it needs none."""
        path, version = source_of(params)
        bucket, _, key = path.partition("/")
        if not bucket or not key or bucket.startswith("arn:"):
            return
        yield _versioned(RequiredPermission("s3:GetObject", f"{ARN}{path}"), version)
        found = self._object(bucket, key, version)
        if found is None:
            yield RequiredPermission("s3:ListBucket", f"{ARN}{bucket}")
        elif with_tags and found.tags and params.get("TaggingDirective", "COPY") == "COPY":
            yield _versioned(RequiredPermission("s3:GetObjectTagging", f"{ARN}{path}"), version)
            yield RequiredPermission("s3:PutObjectTagging", f"{ARN}{params['Bucket']}/{params['Key']}")

    def _policy(self, bucket: str, action: str) -> Policy | None:
        """The statements of a bucket's policy about an action."""
        try:
            document = self._store.buckets.configuration(bucket, "policy")
        except AwsError:  # no such bucket
            return None
        if not document:
            return None
        try:
            return _about(document["Policy"], action)
        except PolicyError as error:  # stored by an earlier release, which did not check policies
            if action in POLICY_ACTIONS:
                return None
            raise AwsError("AccessDenied", f"The policy of the bucket {bucket} cannot be read: {error}", 403) from None

    def _object(self, bucket: str, key: str, version: str | None) -> StoredObject | None:
        try:
            found = self._store.objects.find(bucket, key, version)
        except AwsError:
            return None
        return None if found.is_delete_marker else found

    # Condition keys

    def _keys(self, call: AwsRequest, params: dict, bucket: str, key: str) -> ConditionKeys:
        """The condition keys of a request and of the resource ``bucket/key``, which may be the source of a copy."""
        account = call.principal.account
        found: ConditionKeys = {"aws:ResourceAccount": [account], "s3:ResourceAccount": [account], **_signature_keys(call)}
        for name, paths in _request_keys().get(call.operation, {}).items():
            if values := [value for path in paths for value in values_at(params, path)]:
                found[name] = values
        if call.operation in (*_CREATES, *_OF_UPLOADS, "CreateMultipartUpload"):
            found["s3:ObjectCreationOperation"] = [str(call.operation in _CREATES).lower()]
        if call.operation in _OF_UPLOADS:
            found |= self._upload_keys(params)
        if call.operation in _COPIES:
            found["s3:x-amz-copy-source"] = [source_of(params)[0]]
        if key and (stored := self._object(bucket, key, params.get("VersionId"))):
            found |= {f"s3:ExistingObjectTag/{name}": [value] for name, value in stored.tags.items()}
        return found | _tag_keys(call.operation, params)

    def _upload_keys(self, params: dict) -> ConditionKeys:
        """A part belongs to an upload whose first request has named the encryption."""
        try:
            properties = self._store.uploads.get(params["Bucket"], params["Key"], params["UploadId"]).attributes.properties
        except AwsError:
            return {}
        names = {"ServerSideEncryption": "s3:x-amz-server-side-encryption", "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id"}
        return {name: [properties[member]] for member, name in names.items() if member in properties}


def _versioned(demand: RequiredPermission, version: str | None) -> RequiredPermission:
    action = _versions().get(demand.action.removeprefix("s3:")) if version else None
    return replace(demand, action=f"s3:{action}") if action else demand


def _signature_keys(call: AwsRequest) -> ConditionKeys:
    query = dict(parse_qsl(call.request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
    found: ConditionKeys = {"s3:TlsVersion": ["1.3"]}  # of AWS's endpoints, which this one replaces
    declared = call.headers.get("x-amz-content-sha256") or query.get("X-Amz-Content-Sha256")
    if declared:
        found["s3:x-amz-content-sha256"] = [declared]
    if "Signature" in query:  # version 2, which does not say when it was made
        return found | {"s3:signatureversion": ["AWS"], "s3:authType": ["REST-QUERY-STRING"]}
    found["s3:signatureversion"] = ["AWS4-HMAC-SHA256"]
    if "X-Amz-Signature" not in query:
        return found | {"s3:authType": ["REST-HEADER"]}
    age = time.time() - datetime.fromisoformat(query["X-Amz-Date"]).timestamp()
    return found | {"s3:authType": ["REST-QUERY-STRING"], "s3:signatureAge": [str(max(0, round(age * 1000)))]}


def _tag_keys(operation: str, params: dict) -> ConditionKeys:
    if operation == "PutObjectTagging":
        tags = {tag["Key"]: tag["Value"] for tag in params.get("Tagging", {}).get("TagSet", ())}
    elif operation in _TAGGED:
        tags = dict(parse_qsl(params.get("Tagging") or "", keep_blank_values=True))
    else:
        return {}
    return {f"s3:RequestObjectTag/{name}": [value] for name, value in tags.items()} | ({"s3:RequestObjectTagKeys": [*tags]} if tags else {})


def _absent(key: str) -> bool:
    """Whether a condition key of S3 (in lower case), which a request does not have, is really absent."""
    if key.startswith((_EXISTING_TAG, _REQUEST_TAG, "aws:resourcetag/")) or key in _COMPUTED:
        return True
    return key in _known() or any(key == name or (name.endswith("/") and key.startswith(name)) for name in _document()["never"])


@lru_cache(maxsize=256)
def _about(text: str, action: str) -> Policy | None:
    [found] = policy.about([policy.parse("the bucket policy", text)], action) or [None]
    return found


@cache
def _document() -> dict:
    return table(Path(__file__).with_name("condition_keys.yaml"))


@cache
def _known() -> frozenset[str]:
    return frozenset(name.lower() for name in _document()["conditions"])


@cache
def _request_keys() -> dict[str, dict[str, list[str]]]:
    """Operation -> condition key -> the members with its values."""
    turned: dict[str, dict[str, list[str]]] = {}
    for name, members in _document()["conditions"].items():
        for operation, paths in by_operation(members).items():
            turned.setdefault(operation, {})[name] = paths
    return turned


@cache
def _versions() -> dict[str, str]:
    return table(Path(__file__).with_name("permissions.yaml"))["versions"]
