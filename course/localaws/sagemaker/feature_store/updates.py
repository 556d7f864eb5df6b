"""The operation UpdateFeatureGroup: more features, the online store's time to live and type, the throughput.

Source: API reference of UpdateFeatureGroup, OnlineStoreConfigUpdate and ThroughputConfigUpdate, "Throughput modes" and "Migrate a Standard
feature group to Standard V2" of the developer guide, read 2026-11-28. An update takes some time: ``LastUpdateStatus`` is ``InProgress``,
then ``Successful`` or ``Failed``. The texts of refusals are ours.
"""

from __future__ import annotations

from functools import partial

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.platform import Platform
from course.localaws.sagemaker.core import quotas
from course.localaws.sagemaker.feature_store import catalog, definitions, stores
from course.localaws.sagemaker.feature_store.definitions import refused
from course.localaws.sagemaker.feature_store.group import (
    FEATURE_GROUP,
    current,
    feature_types,
    has_offline_store,
    is_iceberg,
    name_of,
    storage_type,
)
from course.localaws.sagemaker.feature_store.limits import limit, seconds
from course.localaws.sagemaker.feature_store.offline import OfflineWriter
from course.localaws.sagemaker.feature_store.transitions import Transitions

PARTS = ("FeatureAdditions", "OnlineStoreConfig", "ThroughputConfig")
QUOTAS = {
    "ProvisionedReadCapacityUnits": "Max Read Capacity Units that can be provisioned across all feature groups in a region",
    "ProvisionedWriteCapacityUnits": "Max Write Capacity Units that can be provisioned across all feature groups in a region",
}
HOUR = 3600


class Updates:
    """UpdateFeatureGroup. An update under way is the member ``_update`` of the group's document: the members that it changes."""

    def __init__(self, platform: Platform, engine: ResourceEngine, offline: OfflineWriter, transitions: Transitions) -> None:
        self._platform, self._engine, self._offline, self._transitions = platform, engine, offline, transitions
        self.operations: dict[str, Operation] = {"UpdateFeatureGroup": self.update}

    def update(self, context: Context, params: dict) -> dict:
        given = [part for part in PARTS if params.get(part)]
        if len(given) != 1:
            raise refused(f"Use exactly one of {', '.join(PARTS)} in a request; got {' and '.join(given) or 'none of them'}")
        name = name_of(context, params["FeatureGroupName"])
        group = self._engine.update(context, FEATURE_GROUP, name, partial(self._begun, context, params))
        self.resume(context, group)
        return {"FeatureGroupArn": group["FeatureGroupArn"]}

    def resume(self, context: Context, group: Document) -> None:
        """Go on with the update of a group, if one is under way."""
        if "_update" in group:
            self._transitions.later(seconds("update"), partial(self._finish, context, group))

    def _begun(self, context: Context, params: dict, group: Document) -> dict:
        """The members of a group's document that begin an update. Raises AwsError."""
        name = group["FeatureGroupName"]
        if group["FeatureGroupStatus"] != "Created":
            raise refused(f"FeatureGroup {name} with status {group['FeatureGroupStatus']} cannot be updated")
        if "_update" in group:
            raise refused(f"FeatureGroup {name} cannot be updated while another update is in progress")
        if "FeatureAdditions" in params:
            changes = _with_features(group, params["FeatureAdditions"], self._engine.now())
        elif "OnlineStoreConfig" in params:
            changes = {"OnlineStoreConfig": _online(group, params["OnlineStoreConfig"])}
        else:
            changes = self._throughput(group, params["ThroughputConfig"])
            check_units(context, self._engine.documents(context, FEATURE_GROUP), group | changes)
        return {"LastUpdateStatus": {"Status": "InProgress"}, "_update": changes}

    def _throughput(self, group: Document, given: dict) -> dict:
        present, now = group["ThroughputConfig"], self._engine.now()
        mode = given.get("ThroughputMode", present["ThroughputMode"])
        kept = present if mode == "Provisioned" else {}
        changes = {"ThroughputConfig": stores.throughput(kept | given | {"ThroughputMode": mode}, group)}
        if mode == "OnDemand" and present["ThroughputMode"] != mode:
            hours = limit("hours_between_on_demand")
            if now - group.get("_on_demand", float("-inf")) < hours * HOUR:
                raise refused(f"A feature group can be switched to the ThroughputMode OnDemand only once in {hours} hours")
            changes["_on_demand"] = now
        return changes

    def _finish(self, context: Context, begun: Document) -> None:
        group = current(self._engine, context, begun)
        if group is None or "_update" not in group:
            return
        changed = group | group["_update"]
        try:
            if has_offline_store(group) and "FeatureDefinitions" in group["_update"]:
                self._add_columns(context, changed)
            changes = group["_update"] | {"LastUpdateStatus": {"Status": "Successful"}}
        except AwsError as error:
            reason = f"{error.message} (Service: AWSGlue; Status Code: {error.status}; Error Code: {error.code})"
            changes = {"LastUpdateStatus": {"Status": "Failed", "FailureReason": reason}}
        changes |= {"_update": None, "LastModifiedTime": self._engine.now()}
        self._engine.update(context, FEATURE_GROUP, group["FeatureGroupName"], changes)

    def _add_columns(self, context: Context, group: Document) -> None:
        """Add the columns of new features to the table of a group. Raises AwsError."""
        if is_iceberg(group):
            self._offline.add_columns(context, group)
        else:
            catalog.add_columns(self._platform, context, group)


def check_units(context: Context, groups: list[Document], group: Document) -> None:
    """Check the region's quotas for provisioned units when a group is new or changed.

    Parameters
    ----------
    groups : list of dict
        All groups of the region.

    Raises
    ------
    AwsError
        ``ResourceLimitExceeded``
    """
    others = [each["ThroughputConfig"] for each in groups if each["FeatureGroupName"] != group["FeatureGroupName"]]
    for unit, quota in QUOTAS.items():
        quotas.check(context, quota, group["ThroughputConfig"].get(unit, 0), sum(each.get(unit, 0) for each in others))


def _with_features(group: Document, added: list[dict], now: float) -> dict:
    """The changes that add features to a group. Their metadata shows the time ``now`` as that of their creation. Raises AwsError."""
    present = group["FeatureDefinitions"]
    definitions.check(added, feature_types(group), storage_type(group))
    if len(present) + len(added) > limit("feature_definitions"):
        raise AwsError(
            "ResourceLimitExceeded",
            f"A feature group can have at most {limit('feature_definitions')} feature definitions; this update would make "
            f"{len(present) + len(added)}.",
        )
    times = {feature["FeatureName"]: now for feature in added}
    return {"FeatureDefinitions": [*present, *added], "_added": group.get("_added", {}) | times}


def _online(group: Document, given: dict) -> Document:
    """The ``OnlineStoreConfig`` of a group after an update. Raises AwsError."""
    present = storage_type(group)
    if not present:
        raise refused("OnlineStoreConfig can be updated only for a feature group whose online store is enabled")
    config = dict(group["OnlineStoreConfig"])
    if "StorageType" in given:
        if (present, given["StorageType"]) != ("Standard", "Standard_V2"):
            raise refused(f"StorageType can be changed from Standard to Standard_V2 only; got {given['StorageType']} for {present}")
        if group["ThroughputConfig"]["ThroughputMode"] == "Provisioned":
            raise refused("ThroughputMode Provisioned is not supported for the online store Standard_V2. Switch to OnDemand first")
        config["StorageType"] = given["StorageType"]
    if "TtlDuration" in given:
        # Unit and Value that are null remove the default; the SDKs leave null members out.
        config.pop("TtlDuration", None)
        if given["TtlDuration"]:
            stores.check_ttl(given["TtlDuration"])
            config["TtlDuration"] = given["TtlDuration"]
    return config
