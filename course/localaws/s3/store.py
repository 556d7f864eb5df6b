"""The door to S3 for the other rooms: jobs, model servers and engines read and write objects here without HTTP."""

from __future__ import annotations

import io
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from course.localaws.core.clock import Clock
from course.localaws.core.database import Database
from course.localaws.s3 import checksums, index
from course.localaws.s3.bodies import CHUNK, BlobStore, BlobWriter
from course.localaws.s3.buckets import Bucket, Buckets
from course.localaws.s3.listing import Listing
from course.localaws.s3.objects import DEFAULT_CONTENT_TYPE, Attributes, Objects, StoredObject, no_such_key
from course.localaws.s3.uploads import Uploads


class ObjectStore:
    """Buckets and objects, durable below ``state``: ``s3.db`` (the index) and ``objects/`` (one plain file a body).

    What was acknowledged survives ``kill -9`` (not power loss); opening the store removes what a killed process left half done.
    Only one process opens a state folder at a time. Methods may be called from any thread.
    """

    def __init__(self, state: Path, clock: Clock) -> None:
        self.database = Database(state / "s3.db", index.SCHEMA)
        self.bodies = BlobStore(state / "objects")
        self.buckets = Buckets(self.database, clock)
        self.objects = Objects(self.database, self.bodies, self.buckets, clock)
        self.uploads = Uploads(self.database, self.bodies, self.buckets, clock)
        self.listing = Listing(self.database)
        self.bodies.sweep(index.bodies(self.database.connection))

    def create_bucket(self, name: str, region: str) -> Bucket:
        """Raises `AwsError` ``InvalidBucketName``, ``BucketAlreadyOwnedByYou``."""
        return self.buckets.create(name, region)

    def bucket_exists(self, name: str) -> bool:
        return self.buckets.find(name) is not None

    def head(self, bucket: str, key: str, version: str | None = None) -> StoredObject:
        """The current object, or one version of it. Raises `AwsError` ``NoSuchBucket``, ``NoSuchKey``, ``NoSuchVersion``."""
        found = self.objects.find(bucket, key, version)
        if found.is_delete_marker:
            raise no_such_key(key)
        return found

    def list(self, bucket: str, prefix: str = "") -> Iterator[StoredObject]:
        """Current objects whose key starts with ``prefix``, in key order. Raises `AwsError` ``NoSuchBucket`` at once."""
        self.buckets.get(bucket)
        return self.objects.pages(bucket, prefix)

    def put_file(
        self,
        bucket: str,
        key: str,
        path: Path,
        content_type: str = DEFAULT_CONTENT_TYPE,
        metadata: Mapping[str, str] | None = None,
        move: bool = False,
        kms_key: str | None = None,
    ) -> StoredObject:
        """Store a file's content. ``move=True`` gives the file itself away: it is gone from ``path`` when this returns.

        With the ARN of a ``kms_key`` it says that it is encrypted by that.

        Raises `AwsError` ``NoSuchBucket``, ``InsufficientStorage`` (the disk is full; nothing was stored).
        """
        self.buckets.get(bucket)
        taken = move and self._may_take(path)
        with self.bodies.receive([checksums.new("CRC32")]) as body:
            if taken:
                self.bodies.take(path, body)
            else:
                body.copy_file(path)
            stored = self._commit(bucket, key, body, content_type, metadata, kms_key)
        if move and not taken:
            path.unlink()
        return stored

    def put_bytes(
        self,
        bucket: str,
        key: str,
        data: bytes,
        content_type: str = DEFAULT_CONTENT_TYPE,
        metadata: Mapping[str, str] | None = None,
        kms_key: str | None = None,
    ) -> StoredObject:
        """Store ``data``; ``kms_key`` and what it raises as of `put_file`."""
        self.buckets.get(bucket)
        with self.bodies.receive([checksums.new("CRC32")]) as body:
            stream = io.BytesIO(data)
            while chunk := stream.read(CHUNK):
                body.write(chunk)
            return self._commit(bucket, key, body, content_type, metadata, kms_key)

    def delete(self, bucket: str, key: str) -> None:
        """Delete as ``DeleteObject`` does: no error when there is no such key, a delete marker where versioning is on."""
        self.objects.delete(bucket, key)

    def reset(self) -> None:
        """Forget every bucket and object."""
        with self.database.write() as connection:
            doomed = index.bodies(connection)
            for table in ("parts", "uploads", "objects", "configurations", "buckets"):
                connection.execute(f"DELETE FROM {table}")
        self.bodies.remove(doomed)

    def shutdown(self) -> None:
        self.database.close()

    def _may_take(self, path: Path) -> bool:
        """A symbolic link's target, or a file with a second name, might still be changed by its other owner."""
        found = path.lstat()
        return stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_dev == self.bodies.root.stat().st_dev

    def _commit(
        self, bucket: str, key: str, body: BlobWriter, content_type: str, metadata: Mapping[str, str] | None, kms_key: str | None
    ) -> StoredObject:
        sums = {f"Checksum{checksum.algorithm}": checksum.value() for checksum in body.checksums} | {"ChecksumType": "FULL_OBJECT"}
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        attributes = Attributes(content_type, dict(metadata or {}), encryption, checksums=sums)
        return self.objects.commit(bucket, key, body, body.md5, attributes, {})
