"""Writes the rows that wait for the offline store to S3, some time after they arrived.

On AWS this takes up to 15 minutes ("Offline store" of the developer guide, read 2026-11-28); here it takes `QUIET_SECONDS` of the clock.
Rows that keep coming are gathered for `LATEST_SECONDS`, because each flush makes a file for each hour of their event times. A batch is
noted before it is written, and the names of its files follow from its rows. So a killed process writes the same files again at the next
start, and no row is lost or twice. A helper process makes the Parquet files.

While the rows of a group cannot be written, its ``OfflineStoreStatus`` is ``Blocked`` with a ``BlockedReason``, as the API reference of
DescribeFeatureGroup describes. The rows wait, and the writer tries again. AWS does not document the texts of the reason.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from course.localaws.context import Context
from course.localaws.core.errors import AwsError
from course.localaws.core.helper_process import ENDED, HelperError, HelperProcess
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.iceberg import answers
from course.localaws.jobs.s3_data import split
from course.localaws.platform import Platform
from course.localaws.sagemaker.core import protection
from course.localaws.sagemaker.feature_store import stores
from course.localaws.sagemaker.feature_store.group import FEATURE_GROUP, current, has_offline_store, is_iceberg, key_of
from course.localaws.sagemaker.feature_store.store import RecordStore

# Rows are written this long after the last one arrived, but not later than this long after the first one.
QUIET_SECONDS = 1.0
LATEST_SECONDS = 30.0
RETRY_SECONDS = (5.0, 900.0)  # the first and the longest time between two attempts for a blocked group; each is twice the one before
STORE = "feature_store.db"

logger = logging.getLogger(__name__)


class OfflineWriter:
    """Writes the waiting rows of all groups, as a task of the scheduler. May be used from any thread.

    Each run of the task writes one part of a batch, so that other tasks of the scheduler run in between.
    """

    def __init__(self, platform: Platform, engine: ResourceEngine, store: RecordStore) -> None:
        self._platform, self._engine, self._store = platform, engine, store
        self._helper = HelperProcess("course.localaws.sagemaker.feature_store.offline_worker")
        self._folder = platform.state / "offline-store"
        self._due: float | None = None
        self._gathering: float | None = None  # when the first of the rows arrived that are gathered now
        self._gathered: float | None = None  # when they are written
        self._queue: dict[str, int] = {}  # key of a group that is written now -> the next part of its batch
        self._following: set[str] = set()  # those of `_queue` for which rows were gathered meanwhile
        self._retries: dict[str, tuple[float, float]] = {}  # key of a blocked group -> time of the next attempt, seconds waited for it
        platform.scheduler.add(self._next, self._run)

    def expect(self) -> None:
        """Call this after a row was added: the writer becomes due."""
        now, begun = self._platform.clock.now(), self._gathering
        if begun is None:
            self._gathering = begun = now
            self._gathered = now + QUIET_SECONDS
            self._platform.scheduler.wake()
        else:
            self._gathered = min(now + QUIET_SECONDS, begun + LATEST_SECONDS)

    def before_delete(self, context: Context, group: Document) -> None:
        """Call this before a group is deleted. Its waiting rows are still written."""
        self._store.remember_deleted(key_of(group), context.region, group)
        self.expect()

    def create_table(self, context: Context, group: Document) -> None:
        """Create the Iceberg table of a group. Its database must exist. Raises AwsError."""
        self._change_table("create_table", context, group)

    def add_columns(self, context: Context, group: Document) -> None:
        """Add the columns of a group's new features to its Iceberg table. Raises AwsError."""
        self._change_table("add_columns", context, group)

    def recover(self) -> None:
        """Write what the last process acknowledged and did not write."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700)
        self.expect()

    def shutdown(self) -> None:
        """End the helper. Rows that wait are written after the next start."""
        self._queue.clear()
        self._following.clear()
        self._retries.clear()
        self._helper.stop()

    def _next(self) -> float | None:
        return min((moment for moment in (self._due, self._gathered) if moment is not None), default=None)

    def _change_table(self, change: str, context: Context, group: Document) -> None:
        kms_key = protection.key_of(self._platform, context, group["OfflineStoreConfig"]["S3StorageConfig"])
        try:
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                functions = answers.of_service(self._platform, context.region, Path(folder), kms_key)
                self._helper.call(change, functions, group=group, folder=folder)
        except HelperError as error:
            raise AwsError(error.kind, str(error)) from error

    # In the scheduler's thread

    def _run(self, moment: float) -> None:
        now = self._platform.clock.now()
        groups = {key_of(group): (context, group) for context, group in self._groups()}
        again = {key for key, (time, _) in self._retries.items() if time <= now}
        if self._gathered is not None and self._gathered <= now:
            self._gathering = self._gathered = None
            again |= groups.keys() - self._retries.keys()
            self._following = set(self._queue)
        for key in groups:
            if key in again and key not in self._queue and self._store.is_waiting(key):
                self._queue[key] = 0
        if key := next(iter(self._queue), ""):
            part = self._try(*groups[key], self._queue[key]) if key in groups else None
            if part is None and key in self._following and key not in self._retries:
                self._following.remove(key)
                part = 0
            if part is None:
                self._queue.pop(key, None)
            else:
                self._queue[key] = part  # in the same place: the helper keeps the batch of one group
        else:
            self._forget_written()
        times = [now] if self._queue else [time for key, (time, _) in self._retries.items() if key in groups]
        self._due = min(times, default=None)

    def _forget_written(self) -> None:
        """Forget the deleted groups of which no row waits any more."""
        for context, group in self._deleted():
            key = key_of(group)
            if current(self._engine, context, group) is None and not self._store.is_waiting(key):
                self._store.forget_deleted(key)
                self._retries.pop(key, None)

    def _groups(self) -> Iterator[tuple[Context, Document]]:
        for context, group in self._engine.every(FEATURE_GROUP):
            if has_offline_store(group):
                yield context, group
        yield from self._deleted()

    def _deleted(self) -> Iterator[tuple[Context, Document]]:
        for region, group in self._store.deleted_groups():
            yield Context(region, self._platform.account, self._platform), group

    def _try(self, context: Context, group: Document, part: int) -> int | None:
        """Write a part of a group's batch; if that fails, note why and when to try again.

        Returns
        -------
        int or None
            The part that can be written now: the next one, or the first of another batch.
        """
        key, now = key_of(group), self._platform.clock.now()
        try:
            following = self._write(context, group, part)
        except (AwsError, HelperError) as error:
            if self._platform.scheduler.stopping:
                return None
            shortest, longest = RETRY_SECONDS
            seconds = min(max(2 * self._retries.get(key, (0.0, 0.0))[1], shortest), longest)
            self._retries[key] = (now + seconds, seconds)
            reason = error.message if isinstance(error, AwsError) else str(error)
            logger.warning("the offline store of %s cannot be written: %s", group["FeatureGroupName"], reason)
            if not isinstance(error, HelperError) or error.kind != ENDED:
                self._set_status(context, group, {"Status": "Blocked", "BlockedReason": reason[:1024]})
            return None
        self._retries.pop(key, None)
        self._set_status(context, group, {"Status": "Active"})
        return following

    def _write(self, context: Context, group: Document, part: int) -> int | None:
        """Write a part of a group's batch. Returns what `_try` returns."""
        storage = group["OfflineStoreConfig"]["S3StorageConfig"]
        bucket, prefix = split(storage["ResolvedOutputS3Uri"])
        kms_key = protection.key_of(self._platform, context, storage)
        self._require_access(group, bucket, prefix, kms_key)
        batch = {"store": str(self._platform.state / STORE), "group": group, "written": self._platform.clock.now()}
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            if is_iceberg(group):
                functions = answers.of_service(self._platform, context.region, Path(folder), kms_key)
                made = self._helper.call("append", functions, folder=folder, **batch)
            else:
                made = self._helper.call("write", folder=folder, part=part, **batch)
                self._move(made, Path(folder), bucket, prefix, kms_key)
        if made["more"]:
            return part + 1
        self._store.written(key_of(group))
        # A batch that was noted earlier, before a failure or a kill, has not the rows that came after it.
        left = self._gathering is None and self._store.is_waiting(key_of(group))
        return 0 if made["full"] or left else None

    def _move(self, made: dict, folder: Path, bucket: str, prefix: str, kms_key: str | None) -> None:
        """Move the files of a batch to S3."""
        bodies = []
        for name, key in made["files"]:
            stored = self._platform.objects.put_file(bucket, f"{prefix}/{key}", folder / name, move=True, kms_key=kms_key)
            bodies.append(stored.path.name)
        if made["merged"] and stored.seal is None:  # nothing that is under a key is kept in plain text
            self._platform.athena.keep_merged(bodies, folder / made["merged"], made["columns"])

    def _require_access(self, group: Document, bucket: str, prefix: str, kms_key: str | None) -> None:
        """Check that the bucket exists and that the group's role may write to it under the key. Raises AwsError."""
        if not self._platform.objects.bucket_exists(bucket):
            raise AwsError("NoSuchBucket", f"The specified bucket does not exist: {bucket}", 404)
        protection.require_role(self._platform, group["RoleArn"])
        if not stores.allowed(self._platform, group, "s3:PutObject", f"arn:aws:s3:::{bucket}/{prefix}/"):
            raise AwsError("AccessDenied", f"The role {group['RoleArn']} may not s3:PutObject on s3://{bucket}/{prefix}/", 403)
        found = self._platform.objects.key_of(bucket, f"{prefix}/", kms_key)
        if found and (reason := stores.data_of(self._platform, group).key_refusal("kms:GenerateDataKey", bucket, *found)):
            raise AwsError("AccessDenied", reason, 403)

    def _set_status(self, context: Context, group: Document, status: dict) -> None:
        """Change the ``OfflineStoreStatus`` of a group, if it still exists and has another one."""
        if group.get("OfflineStoreStatus") == status:
            return
        if current(self._engine, context, group):
            self._engine.update(context, FEATURE_GROUP, group["FeatureGroupName"], {"OfflineStoreStatus": status})
