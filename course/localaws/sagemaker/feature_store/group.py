"""What a feature group is: its kind of resource, and the parts of its document that other modules read.

Error texts: as clients look for them, e.g. ``FeatureGroup.create`` of the SageMaker SDK, and public issues. API reference of
CreateFeatureGroup and DescribeFeatureGroup, read 2026-11-28.
"""

from __future__ import annotations

from dataclasses import dataclass

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.sagemaker.core.job_family import unsupported


@dataclass(frozen=True)
class GroupKind(ResourceKind):
    """A feature group. Its summary in List has no ``LastModifiedTime``, though an updated group has one."""

    def summarise(self, document: Document) -> dict:
        summary = super().summarise(document)
        summary.pop("LastModifiedTime", None)
        return summary


# Not mutable: AWS shows a LastModifiedTime only for a group that UpdateFeatureGroup has changed, so that operation sets it.
FEATURE_GROUP = GroupKind(
    name="FeatureGroup",
    arn="feature-group",
    missing="Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name {name}",
    missing_code="ResourceNotFound",
    exists="Resource Already Exists: FeatureGroup with name {name} already exists. Choose a different name.",
    exists_code="ResourceInUse",
    status="FeatureGroupStatus",
    summary=("OfflineStoreStatus",),
    filters={"FeatureGroupStatusEquals": "FeatureGroupStatus", "OfflineStoreStatusEquals": "OfflineStoreStatus.Status"},
    mutable=False,
    event="SageMaker Feature Group State Change",
)


def name_of(context: Context, name: str) -> str:
    """The name of a group, given its name or ARN. An ARN of another region stays as it is: no group has such a name.

    Raises AwsError when the ARN belongs to another account.
    """
    prefix = f"arn:aws:sagemaker:{context.region}:{context.account}:{FEATURE_GROUP.arn}/"
    if name.startswith("arn:") and name.split(":")[4] != context.account:
        raise unsupported("feature groups that another account shares")
    return name.removeprefix(prefix)


def key_of(group: Document) -> str:
    """The name of a group in the record store. A new group of the same name has another one."""
    return f"{group['FeatureGroupArn']}@{group['CreationTime']}"


def current(engine: ResourceEngine, context: Context, group: Document) -> Document | None:
    """The group's present document; None if it is deleted, even if there is a new group of the same name."""
    found = engine.find(context, FEATURE_GROUP, group["FeatureGroupName"])
    return found if found and key_of(found) == key_of(group) else None


def has_online_store(group: Document) -> bool:
    return group.get("OnlineStoreConfig", {}).get("EnableOnlineStore", False)


def has_offline_store(group: Document) -> bool:
    return "OfflineStoreConfig" in group


def storage_type(group: Document) -> str:
    """``Standard``, ``Standard_V2`` or ``InMemory``; ``""`` without an online store. `DescribeFeatureGroup` shows only what was given."""
    return group["OnlineStoreConfig"].get("StorageType", "Standard") if has_online_store(group) else ""


def feature_types(group: Document) -> dict[str, str]:
    """Feature name -> ``Integral``, ``Fractional`` or ``String``, in the order of the definitions."""
    return {feature["FeatureName"]: feature["FeatureType"] for feature in group["FeatureDefinitions"]}


def is_iceberg(group: Document) -> bool:
    """Whether a group's offline store has an Iceberg table."""
    return group["OfflineStoreConfig"].get("TableFormat") == "Iceberg"
