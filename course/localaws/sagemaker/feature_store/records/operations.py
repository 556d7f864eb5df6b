"""The operations on records, and the measurement of each request."""

from __future__ import annotations

import time
from collections.abc import Callable

from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.platform import Platform
from course.localaws.sagemaker.feature_store.group import key_of
from course.localaws.sagemaker.feature_store.offline import OfflineWriter
from course.localaws.sagemaker.feature_store.records.expiry import Expiry
from course.localaws.sagemaker.feature_store.records.metrics import RecordMetrics, Request, Usage
from course.localaws.sagemaker.feature_store.records.reads import Reads
from course.localaws.sagemaker.feature_store.records.record_groups import RecordGroups
from course.localaws.sagemaker.feature_store.records.updates import Updates
from course.localaws.sagemaker.feature_store.records.writes import Writes
from course.localaws.sagemaker.feature_store.store import RecordStore

RecordOperation = Callable[[Context, dict, Usage], dict | None]


class Records:
    """The operations of ``sagemaker-featurestore-runtime``."""

    def __init__(self, platform: Platform, engine: ResourceEngine, store: RecordStore, offline: OfflineWriter) -> None:
        self._platform, self._store = platform, store
        self._groups = groups = RecordGroups(engine)
        self._expiry = Expiry(platform, groups, store, offline)
        self._metrics = RecordMetrics(platform)
        reads, writes = Reads(groups, store), Writes(groups, store, self._expiry)
        operations: dict[str, RecordOperation] = {
            "PutRecord": writes.put,
            "BatchWriteRecord": writes.batch_write,
            "DeleteRecord": writes.delete,
            "UpdateRecord": Updates(groups, store, self._expiry).update,
            "GetRecord": reads.get,
            "BatchGetRecord": reads.batch_get,
            "ListRecords": reads.list_page,
        }
        self.operations: dict[str, Operation] = {name: self._measured(name, operation) for name, operation in operations.items()}

    def online_bytes(self, group: Document) -> int:
        """``OnlineStoreTotalSizeBytes`` of a group."""
        return self._store.online_bytes(key_of(group))

    def recover(self) -> None:
        """After a start: go on with what the last process had still to delete."""
        self._store.recover(self._groups.by_key().keys())
        self._expiry.recover()

    def shutdown(self) -> None:
        """Write what is still buffered."""
        self._metrics.flush()

    def _measured(self, name: str, operation: RecordOperation) -> Operation:
        """The handler of an operation: runs it, and records the metrics of the request."""

        def handler(context: Context, params: dict) -> dict | None:
            now, began, status = self._platform.clock.now(), time.perf_counter(), 200
            usage = Usage(round(now * 1000))
            try:
                return operation(context, params, usage)
            except AwsError as error:
                status = error.status
                raise
            except BaseException:
                status = 500
                raise
            finally:
                group = params.get("FeatureGroupName", "").rpartition("/")[2]
                taken = time.perf_counter() - began
                self._metrics.record(Request(context.region, name, group, now, taken, status, usage.units))

        return handler
