"""Writes the rows that wait for the offline store as Parquet files to S3, some time after they arrived.

On AWS this takes up to 15 minutes ("Offline store" of the developer guide, read 2026-11-28); here it takes `BUFFER_SECONDS` of the clock.
A batch is noted before it is written, and the names of its files follow from its rows. So a killed process writes the same files again at
the next start, and no row is twice.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from pathlib import Path

from course.localaws.athena.catalog import folder_name
from course.localaws.context import Context
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.jobs.s3_data import split
from course.localaws.platform import Platform
from course.localaws.sagemaker.feature_store import catalog, event_times, layout
from course.localaws.sagemaker.feature_store.group import FEATURE_GROUP, has_offline_store
from course.localaws.sagemaker.feature_store.store import RecordStore, WaitingRow

BUFFER_SECONDS = 1.0
MOST_ROWS = 50_000  # of one transaction, so that memory stays bounded

logger = logging.getLogger(__name__)


class OfflineWriter:
    """Writes the waiting rows of all groups, as a task of the scheduler. May be used from any thread."""

    def __init__(self, platform: Platform, engine: ResourceEngine, store: RecordStore) -> None:
        self._platform, self._engine, self._store = platform, engine, store
        self._writing = threading.Lock()
        self._due: float | None = None
        platform.scheduler.add(lambda: self._due, self._run)

    def expect(self) -> None:
        """Call this after a row was added: the writer becomes due."""
        if self._due is None:
            self._due = self._platform.clock.now() + BUFFER_SECONDS
            self._platform.scheduler.wake()

    def recover(self) -> None:
        """Write what the last process acknowledged and did not write."""
        self.expect()

    def shutdown(self) -> None:
        """Write what waits; a group that fails is tried again at the next start."""
        self._run(self._platform.clock.now())

    def flush(self, context: Context, group: Document) -> None:
        """Write all waiting rows of one group. Raises AwsError when S3 or Glue refuses."""
        with self._writing:
            while rows := self._store.batch(layout.key(group), MOST_ROWS):
                self._write(context, group, rows)
                self._store.written(layout.key(group))

    def _run(self, moment: float) -> None:
        self._due = None
        for context, group in self._engine.every(FEATURE_GROUP):
            if has_offline_store(group):
                try:
                    self.flush(context, group)
                except AwsError as error:
                    logger.warning("the offline store of %s cannot be written: %s", group["FeatureGroupName"], error)

    def _write(self, context: Context, group: Document, rows: list[WaitingRow]) -> None:
        """Write one batch: a file for each hour of event time."""
        parts: dict[tuple[str, ...], list[WaitingRow]] = {}
        for row in rows:
            parts.setdefault(layout.partition(row.event_time), []).append(row)
        bucket, prefix = split(group["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"])
        written = event_times.moment(round(self._platform.clock.now() * 1000))
        with tempfile.TemporaryDirectory(dir=self._platform.state) as folder:
            for values, part in parts.items():
                file = Path(folder, "part.parquet")
                layout.write_parquet(group, part, written, file)
                place = f"{prefix}/{folder_name(layout.PARTITION_KEYS, values)}"
                self._platform.objects.put_file(bucket, f"{place}/{layout.file_name(part)}", file, move=True)
                catalog.add_partition(self._platform, context, group, values, f"s3://{bucket}/{place}")
