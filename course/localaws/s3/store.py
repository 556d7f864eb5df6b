"""S3's interface for the other packages: jobs, model servers and engines read and write objects without HTTP."""

from __future__ import annotations

import io
import stat
from collections.abc import Iterator
from pathlib import Path

from course.localaws.core import credentials
from course.localaws.core.clock import Clock
from course.localaws.core.database import Database
from course.localaws.core.quota import StateQuota
from course.localaws.s3 import checksums, encryption, index
from course.localaws.s3.bodies import CHUNK, BlobStore, BlobWriter
from course.localaws.s3.buckets import Bucket, Buckets
from course.localaws.s3.integrity import members
from course.localaws.s3.listing import Listing
from course.localaws.s3.objects import DEFAULT_CONTENT_TYPE, Attributes, Objects, StoredObject, no_such_key
from course.localaws.s3.uploads import Uploads


class ObjectStore:
    """Buckets and objects, durable below ``state``: ``s3.db`` is the index, and ``objects/`` has one plain file for each body.

    Acknowledged writes survive ``kill -9`` (but not power loss). Opening the store removes the unfinished writes of a killed process.
    Only one process may open a state folder at a time. Methods may be called from any thread.
    """

    def __init__(self, state: Path, clock: Clock, quota: StateQuota | None = None) -> None:
        self.database = Database(state / "s3.db", index.SCHEMA)
        self.bodies = BlobStore(state / "objects", quota or StateQuota(state))
        self.buckets = Buckets(self.database, clock)
        self.objects = Objects(self.database, self.bodies, self.buckets, clock)
        self.uploads = Uploads(self.database, self.bodies, self.buckets, clock)
        self.listing = Listing(self.database)
        self.bodies.sweep(index.bodies(self.database.connection))

    def create_bucket(self, name: str, region: str) -> Bucket:
        """Creates a bucket. Raises `AwsError` ``InvalidBucketName``, ``BucketAlreadyOwnedByYou``."""
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

    def put_file(self, bucket: str, key: str, path: Path, move: bool = False, kms_key: str | None = None) -> StoredObject:
        """Stores a file's content. With ``move=True`` the file itself is moved: it no longer exists at ``path`` when this returns.

        With ``kms_key``, the ARN of a KMS key, the object reports that it is encrypted with that key, else the bucket's default encryption.

        Raises `AwsError` ``NoSuchBucket``, ``InsufficientStorage`` (the disk is full, or the quota is reached; nothing was stored).
        """
        self.buckets.get(bucket)
        taken = move and self._may_take(path)
        with self.bodies.receive([checksums.new("CRC32")]) as body:
            if taken:
                self.bodies.take(path, body)
            else:
                body.copy_file(path)
            stored = self._commit(bucket, key, body, DEFAULT_CONTENT_TYPE, kms_key)
        if move and not taken:
            path.unlink()
        return stored

    def put_bytes(
        self, bucket: str, key: str, data: bytes, content_type: str = DEFAULT_CONTENT_TYPE, kms_key: str | None = None
    ) -> StoredObject:
        """Stores ``data``. ``kms_key`` and the errors are those of `put_file`."""
        self.buckets.get(bucket)
        with self.bodies.receive([checksums.new("CRC32")]) as body:
            stream = io.BytesIO(data)
            while chunk := stream.read(CHUNK):
                body.write(chunk)
            return self._commit(bucket, key, body, content_type, kms_key)

    def delete(self, bucket: str, key: str) -> None:
        """Deletes an object as ``DeleteObject`` does: no error if there is no such key, a delete marker if versioning is on."""
        self.objects.delete(bucket, key)

    def reset(self) -> None:
        """Deletes all buckets and objects."""
        with self.database.write() as connection:
            doomed = index.bodies(connection)
            for table in ("parts", "uploads", "objects", "configurations", "buckets"):
                connection.execute(f"DELETE FROM {table}")
        self.bodies.remove(doomed)

    def shutdown(self) -> None:
        self.database.close()

    def _may_take(self, path: Path) -> bool:
        """Whether ``path`` may be moved. The target of a symbolic link, or a file with a second hard link, could still be changed."""
        found = path.lstat()
        return stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_dev == self.bodies.root.stat().st_dev

    def _commit(self, bucket: str, key: str, body: BlobWriter, content_type: str, kms_key: str | None) -> StoredObject:
        sums = members(body.checksums) | {"ChecksumType": "FULL_OBJECT"}
        named = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        rule = encryption.bucket_rule(self.buckets, bucket)
        properties = encryption.described(named, rule, self.buckets.get(bucket).region, credentials.ACCOUNT)
        attributes = Attributes(content_type, properties=properties, checksums=sums)
        return self.objects.commit(bucket, key, body, body.md5, attributes, {})
