"""Checks the stores and the throughput of a feature group.

Source: API reference of OnlineStoreConfig, OfflineStoreConfig and ThroughputConfig, "Online store", "Offline store", "Throughput modes",
"Time to live (TTL) duration for records" and "Security and access control" of the developer guide, read 2026-11-28. Texts: "cannot be both
disabled" in https://github.com/aws/sagemaker-core/issues/175; "The execution role ARN is invalid." and "Invalid S3Uri provided" in
Terraform's AWS provider, which waits for such errors to pass. The second also means that the role lacks ``s3:GetBucketAcl``. The rules for
a ``DataCatalogConfig`` are in the SDK's notebook v3-feature-store-data-catalog-config. The other texts are ours.
"""

from __future__ import annotations

import re

from course.localaws.context import Context
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document
from course.localaws.jobs.s3_data import JobData, split
from course.localaws.kms.references import find
from course.localaws.kms.specs import SYMMETRIC
from course.localaws.platform import Platform
from course.localaws.sagemaker.core import protection
from course.localaws.sagemaker.feature_store.catalog import CATALOG
from course.localaws.sagemaker.feature_store.definitions import refused
from course.localaws.sagemaker.feature_store.group import FEATURE_GROUP, has_offline_store, has_online_store, storage_type
from course.localaws.sagemaker.feature_store.limits import limit

BAD_ROLE = (
    "The execution role ARN is invalid. Please ensure that the role exists and that its trust relationship policy allows the action "
    "'sts:AssumeRole' for the service principal 'sagemaker.amazonaws.com'."
)
ATHENA_NAME = re.compile("[a-z_][a-z0-9_]*")
# The permissions on the key of an online store that the caller of CreateFeatureGroup needs ("OnlineStoreSecurityConfig", API reference).
ONLINE_ACTIONS = (
    *("Encrypt", "Decrypt", "DescribeKey", "CreateGrant", "RetireGrant", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey"),
    *("ListGrants", "RevokeGrant"),
)
UNITS = ("ProvisionedReadCapacityUnits", "ProvisionedWriteCapacityUnits")


def check(platform: Platform, context: Context, group: Document) -> None:
    """Check role, keys and stores of a new group. Waits for IAM and KMS. Raises AwsError."""
    if not has_online_store(group) and not has_offline_store(group):
        raise refused("OnlineStore and OfflineStore cannot be both disabled. Please enable at least one of them and retry the request")
    if "RoleArn" in group:
        _check_role(platform, group["RoleArn"])
    online = group.get("OnlineStoreConfig", {})
    if "TtlDuration" in online and not has_online_store(group):
        raise refused("TtlDuration needs an online store")
    check_ttl(online.get("TtlDuration"))
    if key := _check_key(platform, context, online.get("SecurityConfig", {}).get("KmsKeyId")):
        for action in ONLINE_ACTIONS:
            protection.require_key(platform, context, f"kms:{action}", key)
    if storage_type(group) == "InMemory":
        _check_in_memory(group)
    if has_offline_store(group):
        _check_offline(platform, context, group)


def throughput(given: dict | None, group: Document) -> dict:
    """The checked ``ThroughputConfig`` of a group; on-demand when none is given. Raises AwsError."""
    config = given or {"ThroughputMode": "OnDemand"}
    units = [unit for unit in UNITS if unit in config]
    if config["ThroughputMode"] == "OnDemand":
        if units:
            raise refused(f"{' and '.join(units)} cannot be given for the ThroughputMode OnDemand")
        return config
    if storage_type(group) not in ("", "Standard"):
        raise refused(f"ThroughputMode Provisioned is not supported for the online store {storage_type(group)}")
    needed = UNITS if has_online_store(group) else UNITS[1:]
    if missing := [unit for unit in needed if unit not in config]:
        raise refused(f"ThroughputMode Provisioned needs {' and '.join(missing)}")
    if too_many := [unit for unit in units if config[unit] > limit("provisioned_units")]:
        raise refused(f"{' and '.join(too_many)} of a feature group can be at most {limit('provisioned_units')}")
    return config


def check_ttl(duration: dict | None) -> None:
    """Check a ``TtlDuration`` of a request. Raises AwsError."""
    if duration is not None and not {"Unit", "Value"} <= duration.keys():
        raise refused("TtlDuration needs both Unit and Value")


def writing_failure(platform: Platform, group: Document) -> str:
    """Why the role of a group cannot write to its offline store, as a ``FailureReason``; ``""`` when it can. Waits for IAM."""
    bucket, prefix = split(group["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"])
    place = f"arn:aws:s3:::{bucket}/{prefix}/"
    if not platform.objects.bucket_exists(bucket):
        return "The specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket)"
    for action in ("s3:PutObject", "s3:PutObjectAcl"):
        if not allowed(platform, group, action, place):
            return (
                f"The execution role {group['RoleArn']} is not authorized to perform: {action} on resource: {place} "
                "(Service: Amazon S3; Status Code: 403; Error Code: AccessDenied)"
            )
    return ""


def _check_role(platform: Platform, role: str) -> None:
    try:
        protection.require_role(platform, role)
    except AwsError:
        raise invalid(BAD_ROLE) from None


def _check_key(platform: Platform, context: Context, key: str | None) -> str | None:
    """The ARN of a KMS key that can encrypt a store: only symmetric keys can. None without a key."""
    if not key:
        return None
    arn = protection.key_arn(platform, context, key)
    if find(platform.keys, context.region, arn).spec != SYMMETRIC:
        raise refused(f"The KMS key {key} is asymmetric. Feature Store supports only symmetric customer managed keys")
    return arn


def _check_in_memory(group: Document) -> None:
    if has_offline_store(group):
        raise refused("A feature group with the InMemory online store cannot have an offline store")
    if group["OnlineStoreConfig"].get("SecurityConfig", {}).get("KmsKeyId"):
        raise refused("The InMemory online store does not support customer managed KMS keys")


def _check_offline(platform: Platform, context: Context, group: Document) -> None:
    config = group["OfflineStoreConfig"]
    if "RoleArn" not in group:
        raise refused("RoleArn is required when OfflineStoreConfig is provided")
    if config.get("DisableGlueTableCreation") and config.get("TableFormat") == "Iceberg":
        raise refused("The Iceberg table format is only supported when DisableGlueTableCreation is False")
    if "DataCatalogConfig" in config and not config.get("DisableGlueTableCreation"):
        _check_catalog(config["DataCatalogConfig"])
    _check_key(platform, context, config["S3StorageConfig"].get("KmsKeyId"))
    bucket, _ = split(config["S3StorageConfig"]["S3Uri"])
    if not platform.objects.bucket_exists(bucket) or not allowed(platform, group, "s3:GetBucketAcl", f"arn:aws:s3:::{bucket}"):
        raise invalid("Invalid S3Uri provided")


def _check_catalog(chosen: dict) -> None:
    """Check the catalog, and the names of a table that Feature Store will create. A table of the user's own may have any name."""
    if chosen["Catalog"] != CATALOG:
        raise refused(f"Catalog of DataCatalogConfig must be {CATALOG}; got {chosen['Catalog']}")
    for member, longest in limit("catalog_names").items():
        if len(chosen[member]) > longest or not ATHENA_NAME.fullmatch(chosen[member]):
            raise refused(
                f"{member} {chosen[member]} of DataCatalogConfig must have lower-case letters, digits and underscores only, begin with a "
                f"letter or an underscore, and have at most {longest} characters"
            )


def allowed(platform: Platform, group: Document, action: str, resource: str) -> bool:
    """Whether the role of a group may do an action."""
    return data_of(platform, group).allowed(action, resource)


def data_of(platform: Platform, group: Document) -> JobData:
    """S3 with the rights of a group's role."""
    return JobData(platform, f"{FEATURE_GROUP.arn}/{group['FeatureGroupName']}", group["RoleArn"])
