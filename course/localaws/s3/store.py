"""S3's interface for the other packages: jobs, model servers and engines read and write objects without HTTP."""

from __future__ import annotations

import io
import os
import stat
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from course.localaws.billing import stored_bytes
from course.localaws.core.clock import Clock
from course.localaws.core.database import Database
from course.localaws.core.errors import AwsError
from course.localaws.core.quota import StateQuota
from course.localaws.kms.store import KeyStore
from course.localaws.s3 import checksums, encryption, index, sealing, storage
from course.localaws.s3.bodies import CHUNK, BlobStore, BlobWriter, Body, BodyStream
from course.localaws.s3.buckets import Bucket, Buckets
from course.localaws.s3.checksums import Checksum
from course.localaws.s3.integrity import members
from course.localaws.s3.listing import Listing
from course.localaws.s3.objects import DEFAULT_CONTENT_TYPE, Attributes, Objects, StoredObject, no_such_key
from course.localaws.s3.uploads import UploadedPart, Uploads


class ObjectStore:
    """Buckets and objects, durable below ``state``: ``s3.db`` is the index, and ``objects/`` has one file for each body.

    Acknowledged writes survive ``kill -9`` (but not power loss). Opening the store removes the unfinished writes of a killed process.
    Only one process may open a state folder at a time. Methods may be called from any thread.
    """

    def __init__(self, state: Path, clock: Clock, keys: KeyStore, quota: StateQuota | None = None) -> None:
        self._keys = keys
        self._quota = quota or StateQuota(state)
        self.database = Database(state / "s3.db", f"{index.SCHEMA};{stored_bytes.SCHEMA}")
        for table in ("objects", "parts"):
            self.database.add_columns(table, index.ADDED)
        self.storage = storage.stored_bytes(self.database, clock)
        self.bodies = BlobStore(state / "objects", self._quota)
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

    # Bodies

    def open(self, stored: StoredObject | UploadedPart) -> Body:
        """Open the body of an object or a part.

        Raises
        ------
        AwsError
            ``NoSuchKey`` (it was deleted since it was looked up); ``KMS.DisabledException``, ``KMS.KMSInvalidStateException`` and
            ``KMS.NotFoundException`` for a body under a key that cannot be used.
        """
        path = self.bodies.path(stored.body) if isinstance(stored, UploadedPart) else stored.path
        cipher = sealing.cipher(self._keys, stored.seal) if stored.seal else None
        try:
            return Body(path, stored.size, cipher)
        except FileNotFoundError:
            raise AwsError("NoSuchKey", "The specified key does not exist.", status=404) from None

    def stream(self, stored: StoredObject) -> BinaryIO:
        """The body as a binary file. Raises as `open` does."""
        return io.BufferedReader(BodyStream(self.open(stored)), CHUNK)

    def read(self, stored: StoredObject) -> bytes:
        """The whole body. Raises as `open` does."""
        with self.open(stored) as body:
            return b"".join(body.chunks())

    def read_object(self, bucket: str, key: str, version: str | None = None) -> bytes:
        """The whole body of an object, which another thread may overwrite meanwhile. Raises as `head` and `open` do."""
        with self.bodies.reading():
            return self.read(self.head(bucket, key, version))

    def plain_file(self, stored: StoredObject, folder: Path) -> Path:
        """A plain file with the body, for programs that open it by its path.

        It is the body's own file. For a body under a KMS key it is a decrypted copy in ``folder`` that only its owner may read; the caller
        removes the folder when its work has ended. Raises as `open` does, and ``InsufficientStorage``.
        """
        if stored.seal is None:
            return stored.path
        target = folder / f"decrypted-{stored.path.name}"
        if not target.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside = folder / f"{target.name}-{uuid.uuid4()}"  # another thread may decrypt the same body
            with open(beside, "xb", opener=_private) as file:
                self.decrypt(stored, file)
            beside.replace(target)
        return target

    def decrypt(self, stored: StoredObject, file: BinaryIO) -> None:
        """Write the body to a file that only its owner may read. Raises as `open` does, and ``InsufficientStorage``."""
        self._quota.admit(stored.size)
        with self.open(stored) as body:
            file.writelines(body.chunks())

    def encryption(self, bucket: str, request: Mapping) -> dict:
        """The members of the encryption of a new object, see `encryption.described`. Raises `AwsError` ``NoSuchBucket``, too."""
        found = self.buckets.get(bucket)
        return encryption.described(request, encryption.bucket_rule(self.buckets, bucket), found.region, self._keys)

    def key_of(self, bucket: str, key: str, kms_key: str | None = None) -> tuple[str, dict[str, str]] | None:
        """The ARN of the KMS key of a new object and its encryption context, for an object that `put_file` stores; None without a key.

        Raises `AwsError` ``NoSuchBucket``, ``KMS.NotFoundException``.
        """
        properties = self._attributes(bucket, DEFAULT_CONTENT_TYPE, kms_key).properties
        arn = properties.get("SSEKMSKeyId")
        return (arn, encryption.context_of(bucket, key, properties, {})) if arn else None

    def receive(self, bucket: str, key: str, attributes: Attributes, running: Iterable[Checksum] = ()) -> BlobWriter:
        """A new body for an object with these attributes, encrypted if they name a KMS key. Raises as `open` does."""
        arn, sealed = attributes.properties.get("SSEKMSKeyId"), None
        if arn:
            pairs = encryption.context_of(bucket, key, attributes.properties, attributes.encryption_context)
            sealed = sealing.new_seal(self._keys, arn, pairs)
        return self.bodies.receive(running, sealed)

    # Writing

    def put_file(self, bucket: str, key: str, path: Path, move: bool = False, kms_key: str | None = None) -> StoredObject:
        """Stores a file's content. With ``move=True`` the file itself is moved: it no longer exists at ``path`` when this returns.

        The object is encrypted with ``kms_key``, the ARN of a KMS key; without it as the bucket's default encryption says.

        Raises `AwsError` ``NoSuchBucket``, ``InsufficientStorage`` (the disk is full, or the quota is reached; nothing was stored), and for
        an unusable key as `open`.
        """
        attributes = self._attributes(bucket, DEFAULT_CONTENT_TYPE, kms_key)
        with self.receive(bucket, key, attributes, [checksums.new("CRC32")]) as body:
            taken = move and body.seal is None and self._may_take(path)
            if taken:
                self.bodies.take(path, body)
            else:
                body.copy_file(path)
            stored = self._commit(bucket, key, body, attributes)
        if move and not taken:
            path.unlink()
        return stored

    def put_bytes(
        self, bucket: str, key: str, data: bytes, content_type: str = DEFAULT_CONTENT_TYPE, kms_key: str | None = None
    ) -> StoredObject:
        """Stores ``data``. ``kms_key`` and the errors are those of `put_file`."""
        attributes = self._attributes(bucket, content_type, kms_key)
        with self.receive(bucket, key, attributes, [checksums.new("CRC32")]) as body:
            stream = io.BytesIO(data)
            while chunk := stream.read(CHUNK):
                body.write(chunk)
            return self._commit(bucket, key, body, attributes)

    def delete(self, bucket: str, key: str) -> None:
        """Deletes an object as ``DeleteObject`` does: no error if there is no such key, a delete marker if versioning is on."""
        self.objects.delete(bucket, key)

    def reset(self) -> None:
        """Deletes all buckets and objects."""
        with self.database.write(committed=self._forget) as connection:
            doomed = index.bodies(connection)
            for table in ("parts", "uploads", "objects", "configurations", "buckets", "stored"):
                connection.execute(f"DELETE FROM {table}")
        self.bodies.remove(doomed)

    def shutdown(self) -> None:
        self.database.close()

    def _forget(self) -> None:
        self.buckets.forget()
        self.objects.forget()

    def _may_take(self, path: Path) -> bool:
        """Whether ``path`` may be moved. The target of a symbolic link, or a file with a second hard link, could still be changed."""
        found = path.lstat()
        return stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_dev == self.bodies.root.stat().st_dev

    def _attributes(self, bucket: str, content_type: str, kms_key: str | None) -> Attributes:
        named = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        return Attributes(content_type, properties=self.encryption(bucket, named))

    def _commit(self, bucket: str, key: str, body: BlobWriter, attributes: Attributes) -> StoredObject:
        sums = members(body.checksums) | {"ChecksumType": "FULL_OBJECT"}
        return self.objects.commit(bucket, key, body, body.etag, replace(attributes, checksums=sums), {})


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_EXCL, 0o600)
