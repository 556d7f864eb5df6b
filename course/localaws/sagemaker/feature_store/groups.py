"""The operations CreateFeatureGroup, DescribeFeatureGroup, ListFeatureGroups and DeleteFeatureGroup, and the family of Feature Store.

Source: API reference of these operations and "Feature Store" of the developer guide, read 2026-11-28. The acceptance tests of Terraform's
AWS provider show what Describe answers: ``ThroughputConfig`` always, ``StorageType`` and ``TableFormat`` only as they were given.
"""

from __future__ import annotations

import asyncio
import threading
from functools import partial

from course.localaws.context import Context, Operation
from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.platform import Platform
from course.localaws.sagemaker.core import quotas
from course.localaws.sagemaker.core.family import Family, list_page
from course.localaws.sagemaker.feature_store import catalog, definitions, layout, provisioning, storage, stores
from course.localaws.sagemaker.feature_store.group import FEATURE_GROUP, has_offline_store, has_online_store, key_of, name_of, storage_type
from course.localaws.sagemaker.feature_store.limits import seconds
from course.localaws.sagemaker.feature_store.metadata import FeatureMetadata
from course.localaws.sagemaker.feature_store.offline import STORE, OfflineWriter
from course.localaws.sagemaker.feature_store.records.operations import Records
from course.localaws.sagemaker.feature_store.store import RecordStore
from course.localaws.sagemaker.feature_store.transitions import Transitions
from course.localaws.sagemaker.feature_store.updates import Updates, check_units


class FeatureGroups(Family):
    """Feature groups, the metadata of their features, and their records."""

    kinds = (FEATURE_GROUP,)

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._platform, self._engine = platform, engine
        self._store = RecordStore(platform.state / STORE)
        platform.usage.sources.append(storage.stored_bytes(self._store.database, platform.clock).intervals)
        self._offline = OfflineWriter(platform, engine, self._store)
        self._records = Records(platform, engine, self._store, self._offline)
        self._transitions = Transitions(platform.scheduler)
        self._updates = Updates(platform, engine, self._offline, self._transitions)
        self._creating = threading.Lock()
        self.operations: dict[str, Operation] = {
            "CreateFeatureGroup": self.create,
            "DescribeFeatureGroup": self.describe,
            "ListFeatureGroups": list_page(engine, FEATURE_GROUP, "FeatureGroupSummaries"),
            "DeleteFeatureGroup": self.delete,
            **self._updates.operations,
            **FeatureMetadata(engine).operations,
            **self._records.operations,
        }

    async def create(self, context: Context, params: dict) -> dict:
        # This waits for IAM and KMS, so it must not run in the event loop.
        return await asyncio.to_thread(self._create, context, params)

    def describe(self, context: Context, params: dict) -> dict:
        group = self._engine.get(context, FEATURE_GROUP, name_of(context, params["FeatureGroupName"]))
        if params.get("NextToken"):
            # A page holds 2,500 features, and a group has at most so many.
            raise invalid("Invalid NextToken: it was not returned by DescribeFeatureGroup.")
        if has_online_store(group):
            group["OnlineStoreTotalSizeBytes"] = self._records.online_bytes(group)
        return group | {"NextToken": ""}

    def delete(self, context: Context, params: dict) -> None:
        name = name_of(context, params["FeatureGroupName"])

        def deletable(group: Document) -> dict:
            if group["FeatureGroupStatus"] in ("Creating", "Deleting"):
                raise invalid(f"Cannot delete FeatureGroup {name} with status {group['FeatureGroupStatus']}.")
            return {"FeatureGroupStatus": "Deleting"}

        group = self._engine.update(context, FEATURE_GROUP, name, deletable)
        self._store.forget(key_of(group))
        self._later_delete(context, group)

    def recover(self) -> None:
        self._records.recover()
        self._offline.recover()
        for context, group in self._engine.every(FEATURE_GROUP):
            if group["FeatureGroupStatus"] == "Creating":
                self._later_create(context, group)
            elif group["FeatureGroupStatus"] == "Deleting":
                self._later_delete(context, group)
            else:
                self._updates.resume(context, group)

    def shutdown(self) -> None:
        self._end_work()
        self._store.close()

    def reset(self) -> None:
        self._end_work()
        self._store.reset()

    def _end_work(self) -> None:
        self._transitions.clear()
        self._records.shutdown()
        self._offline.shutdown()

    def _create(self, context: Context, params: dict) -> dict:
        name = params["FeatureGroupName"]
        group = self._checked(context, params)
        with self._creating:
            self._check_quotas(context, group)
            arn = self._engine.create(context, FEATURE_GROUP, name, group, params.get("Tags", ()))
        # The folder and the table are named by the time of creation.
        group = self._engine.update(context, FEATURE_GROUP, name, partial(_with_places, context))
        self._later_create(context, group)
        return {"FeatureGroupArn": arn}

    def _checked(self, context: Context, params: dict) -> Document:
        """The document of a new group. Raises AwsError."""
        group = params | {"FeatureGroupStatus": "Creating"}
        features = params["FeatureDefinitions"]
        definitions.check_keys(features, params["RecordIdentifierFeatureName"], params["EventTimeFeatureName"])
        definitions.check(features, (), storage_type(group))
        group["ThroughputConfig"] = stores.throughput(params.get("ThroughputConfig"), group)
        stores.check(self._platform, context, group)
        return group

    def _check_quotas(self, context: Context, group: Document) -> None:
        groups = self._engine.documents(context, FEATURE_GROUP)
        creating = [each for each in groups if each["FeatureGroupStatus"] == "Creating"]
        quotas.check(context, "Maximum number of feature groups per AWS account", 1, len(groups))
        quotas.check(context, "Maximum number of feature group creation workflows executing in parallel", 1, len(creating))
        check_units(context, groups, group)

    def _later_create(self, context: Context, group: Document) -> None:
        change = partial(provisioning.create, self._platform, self._engine, self._offline, context, group)
        self._transitions.later(seconds("create"), change)

    def _later_delete(self, context: Context, group: Document) -> None:
        change = partial(provisioning.delete, self._engine, self._offline, context, group)
        self._transitions.later(seconds("delete"), change)


def _with_places(context: Context, group: Document) -> dict:
    """The change that adds the folder and the table of a new group's offline store to its document."""
    if not has_offline_store(group):
        return {}
    return {"OfflineStoreConfig": catalog.named(group, layout.resolved(context, group))}
