"""Makes the stores of a new feature group, and removes those of a deleted one.

Source: API reference of CreateFeatureGroup and DeleteFeatureGroup, read 2026-11-28. Deleting a group deletes its online records; its
offline data, Glue database and table stay. The lineage contexts are those whose existence the SDK's feature processor checks
(``_validate_fg_lineage_resources``): AWS creates them with a group, and they stay when it is deleted. Their types and source are ours.
"""

from __future__ import annotations

import contextlib
import logging

from course.localaws.context import Context
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.failure_reasons import internal_error, shorten
from course.localaws.sagemaker.experiments import lineage
from course.localaws.sagemaker.feature_store import catalog, stores
from course.localaws.sagemaker.feature_store.group import FEATURE_GROUP, current, has_offline_store, is_iceberg
from course.localaws.sagemaker.feature_store.offline import OfflineWriter

# Suffix of the name -> type of the lineage contexts of a group.
CONTEXTS = {
    "": "FeatureGroup",
    "-feature-group-pipeline": "FeatureGroupPipeline",
    "-feature-group-pipeline-version": "FeatureGroupPipelineVersion",
}

logger = logging.getLogger(__name__)


def create(platform: Platform, engine: ResourceEngine, offline: OfflineWriter, context: Context, group: Document) -> None:
    """Make the stores of a group, unless it is gone. Then it is ``Created``, or ``CreateFailed`` with a ``FailureReason``."""
    if current(engine, context, group) is None:
        return
    reason = _stores_failure(platform, offline, context, group)
    if reason:
        changes = {"FeatureGroupStatus": "CreateFailed", "FailureReason": shorten(reason)}
    else:
        changes = {"FeatureGroupStatus": "Created"} | ({"OfflineStoreStatus": {"Status": "Active"}} if has_offline_store(group) else {})
    _record_lineage(engine, context, group)
    engine.update(context, FEATURE_GROUP, group["FeatureGroupName"], changes)


def delete(engine: ResourceEngine, offline: OfflineWriter, context: Context, group: Document) -> None:
    """Delete a group. What waits for its offline store is still written."""
    if current(engine, context, group) is None:
        return
    if has_offline_store(group):
        offline.before_delete(context, group)
    engine.delete(context, FEATURE_GROUP, group["FeatureGroupName"])


def _stores_failure(platform: Platform, offline: OfflineWriter, context: Context, group: Document) -> str:
    """Make the offline store of a group. Returns why that failed, or ``""``."""
    if not has_offline_store(group):
        return ""
    try:
        reason = stores.writing_failure(platform, group)
        if not reason:
            catalog.create_table(platform, context, group)
            if is_iceberg(group) and not catalog.has_iceberg_table(platform, context, group):
                offline.create_table(context, group)
    except AwsError as error:
        return f"{error.message} (Status Code: {error.status}; Error Code: {error.code})"
    except Exception as error:
        logger.exception("feature group %s", group["FeatureGroupName"])
        return internal_error(error)
    return reason


def _record_lineage(engine: ResourceEngine, context: Context, group: Document) -> None:
    name = f"{group['FeatureGroupName']}-{int(group['CreationTime'])}"
    for suffix, kind in CONTEXTS.items():
        params = {"ContextName": f"{name}{suffix}", "ContextType": kind, "Source": {"SourceUri": group["FeatureGroupArn"]}}
        with contextlib.suppress(AwsError):  # made before a kill
            lineage.create(engine, context, lineage.CONTEXT, params)
