"""The operations on feature groups.

Source: API reference of CreateFeatureGroup, DescribeFeatureGroup, ListFeatureGroups and DeleteFeatureGroup, and "Feature Store" of the
developer guide, read 2026-11-28.
"""

from __future__ import annotations

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.platform import Platform
from course.localaws.sagemaker.core import protection
from course.localaws.sagemaker.core.family import Family, list_page
from course.localaws.sagemaker.feature_store import catalog, layout
from course.localaws.sagemaker.feature_store.group import FEATURE_GROUP, has_offline_store, has_online_store, is_iceberg, name_of
from course.localaws.sagemaker.feature_store.offline import STORE, OfflineWriter
from course.localaws.sagemaker.feature_store.records.operations import Records
from course.localaws.sagemaker.feature_store.store import RecordStore


class FeatureGroups(Family):
    """Create, Describe, List and Delete of feature groups, and the operations on their records."""

    kinds = (FEATURE_GROUP,)

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._platform, self._engine = platform, engine
        self._store = RecordStore(platform.state / STORE)
        self._offline = OfflineWriter(platform, engine, self._store)
        self._records = Records(platform, engine, self._store, self._offline)
        self.operations: dict[str, Operation] = {
            "CreateFeatureGroup": self.create,
            "DescribeFeatureGroup": self.describe,
            "ListFeatureGroups": list_page(engine, FEATURE_GROUP, "FeatureGroupSummaries"),
            "DeleteFeatureGroup": self.delete,
            **self._records.operations,
        }

    def create(self, context: Context, params: dict) -> dict:
        name = params["FeatureGroupName"]
        document = {member: value for member, value in params.items() if member != "FeatureGroupName"}
        document |= {"FeatureGroupStatus": "Creating"}
        if not has_online_store(document) and not has_offline_store(document):
            raise invalid("A feature group needs an OnlineStoreConfig, an OfflineStoreConfig, or both.")
        if has_offline_store(document):
            protection.require_role(self._platform, params["RoleArn"])
            document["OfflineStoreStatus"] = {"Status": "Active"}
        arn = self._engine.create(context, FEATURE_GROUP, name, document, params.get("Tags", ()))
        self._engine.update(context, FEATURE_GROUP, name, lambda found: self._made(context, found))
        return {"FeatureGroupArn": arn}

    def _made(self, context: Context, group: Document) -> dict:
        """What a group's document gets when its stores exist."""
        if not has_offline_store(group):
            return {"FeatureGroupStatus": "Created"}
        group = group | {"OfflineStoreConfig": layout.resolved(context, group)}
        try:
            group["OfflineStoreConfig"] = catalog.create_table(self._platform, context, group)
            if is_iceberg(group):
                self._offline.create_table(context, group)
        except AwsError as error:
            return {"FeatureGroupStatus": "CreateFailed", "FailureReason": error.message}
        return {"FeatureGroupStatus": "Created", "OfflineStoreConfig": group["OfflineStoreConfig"]}

    def describe(self, context: Context, params: dict) -> dict:
        # Describe requires NextToken, which is empty on the last page of feature definitions.
        return self._engine.get(context, FEATURE_GROUP, name_of(context, params["FeatureGroupName"])) | {"NextToken": ""}

    def delete(self, context: Context, params: dict) -> None:
        group = self._engine.get(context, FEATURE_GROUP, params["FeatureGroupName"])
        if has_offline_store(group):
            self._offline.before_delete(context, group)
        self._engine.delete(context, FEATURE_GROUP, group["FeatureGroupName"])
        self._store.forget(layout.key(group))

    def recover(self) -> None:
        self._records.recover()
        self._offline.recover()

    def shutdown(self) -> None:
        self._records.shutdown()
        self._offline.shutdown()
        self._store.close()

    def reset(self) -> None:
        self._records.shutdown()
        self._offline.shutdown()
        self._store.reset()
