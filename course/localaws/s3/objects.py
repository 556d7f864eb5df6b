"""Objects and their versions: commits, deletions, and the removal of bodies that are no longer needed."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from course.localaws.core.clock import Clock
from course.localaws.core.database import Database
from course.localaws.core.errors import AwsError
from course.localaws.s3.bodies import BlobStore, UncommittedBlob
from course.localaws.s3.buckets import Bucket, Buckets
from course.localaws.s3.sealing import Seal

UNVERSIONED = "null"
DEFAULT_CONTENT_TYPE = "binary/octet-stream"
PAGE = 1000  # rows that `Objects.pages` reads at a time
MOST_KEPT = 1000  # objects in memory


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes that are stored with a body.

    ``properties`` are further members of ``HeadObject``'s response by name, e.g. ``{"CacheControl": "no-cache"}``.
    ``checksums`` are such members, too, e.g. ``{"ChecksumCRC32": "...", "ChecksumType": "FULL_OBJECT"}``. ``parts`` has one
    ``{"PartNumber", "Size", "Checksum..."}`` for each part of a multipart upload. ``encryption_context`` has the client's own pairs.
    """

    content_type: str = DEFAULT_CONTENT_TYPE
    metadata: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    parts: tuple[dict, ...] = ()
    encryption_context: dict[str, str] = field(default_factory=dict)

    def dump(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__ if getattr(self, name)})

    @classmethod
    def load(cls, text: str) -> Attributes:
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One version of an object, or a delete marker, which has no ``path``.

    Attributes
    ----------
    path : Path
        An immutable file with the body, encrypted if there is a ``seal``: read it by `ObjectStore`. It is removed when this version is
        deleted or overwritten: open or hard-link it to keep it.
    size : int
        Bytes.
    etag : str
        MD5 in hex, or ``<hex>-<number of parts>`` after a multipart upload. Without quotes.
    modified : int
        Unix seconds.
    version : str
        ``"null"`` in a bucket without versioning.
    """

    bucket: str
    key: str
    path: Path | None
    size: int
    etag: str
    modified: int
    version: str
    latest: bool
    attributes: Attributes
    tags: dict[str, str]
    sequence: int
    seal: Seal | None = None

    @property
    def content_type(self) -> str:
        return self.attributes.content_type

    @property
    def metadata(self) -> dict[str, str]:
        return self.attributes.metadata

    @property
    def is_delete_marker(self) -> bool:
        return self.path is None


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to an object.

    Attributes
    ----------
    kind : str
        ``"Object Created"``, ``"Object Deleted"``, ``"Object Tags Added"`` or ``"Object Tags Deleted"``.
    reason : str
        The operation, e.g. ``"PutObject"``, for a created or deleted object.
    request : str
        The id of the request; ``""`` if there is none.
    by_version : bool
        Whether one version was deleted.
    """

    kind: str
    reason: str = ""
    request: str = ""
    by_version: bool = False


PUT = Change("Object Created", "PutObject")  # by another part of the local AWS, e.g. a job

# Called inside the transaction with the current object (None if there is none or it is deleted). Raises AwsError to refuse.
Condition = Callable[[StoredObject | None], None]


class Objects:
    """Objects. Those that were looked up are kept in memory until one changes: a request asks for its object several times."""

    def __init__(self, database: Database, bodies: BlobStore, buckets: Buckets, clock: Clock) -> None:
        self._database = database
        self._bodies = bodies
        self._buckets = buckets
        self._clock = clock
        self._kept: dict[tuple[str, str], StoredObject] = {}  # current versions by bucket and key
        self.listeners: list[Callable[[Change, StoredObject], None]] = []

    def stored(self, row: sqlite3.Row) -> StoredObject:
        """The object in a row of the index."""
        values = dict(row)
        body = values.pop("body")
        return StoredObject(
            **values
            | {
                "path": self._bodies.path(body) if body else None,
                "latest": bool(row["latest"]),
                "attributes": Attributes.load(row["attributes"]),
                "tags": json.loads(row["tags"]),
                "seal": Seal.load(row["seal"]) if row["seal"] else None,
            }
        )

    def current(self, bucket: str, key: str) -> StoredObject | None:
        """The newest version, which may be a delete marker."""
        kept = self._kept  # `forget` replaces it. What was read before a change is then not kept after it
        found = kept.get((bucket, key))
        if found is None:
            query = "SELECT * FROM objects WHERE bucket = ? AND key = ? AND latest"
            row = self._database.connection.execute(query, (bucket, key)).fetchone()
            if row is None:
                return None
            found = self.stored(row)
            if len(kept) >= MOST_KEPT:
                kept.clear()
            kept[bucket, key] = found
        return found

    def existing(self, bucket: str, key: str) -> StoredObject | None:
        """The newest version, or None if it is a delete marker."""
        found = self.current(bucket, key)
        return None if found is None or found.is_delete_marker else found

    def version(self, bucket: str, key: str, version: str) -> StoredObject | None:
        query = "SELECT * FROM objects WHERE bucket = ? AND key = ? AND version = ?"
        row = self._database.connection.execute(query, (bucket, key, version)).fetchone()
        return self.stored(row) if row else None

    def find(self, bucket: str, key: str, version: str | None = None) -> StoredObject:
        """The current object, or one version of it. It may be a delete marker; the caller checks this.

        Raises ``NoSuchBucket``, ``NoSuchKey``, ``NoSuchVersion``.
        """
        self._buckets.get(bucket)
        found = self.version(bucket, key, version) if version else self.current(bucket, key)
        if found is None and version:
            raise AwsError("NoSuchVersion", "The specified version does not exist.", status=404, Key=key, VersionId=version)
        if found is None:
            raise no_such_key(key)
        return found

    def commit(
        self,
        bucket: str,
        key: str,
        body: UncommittedBlob,
        etag: str,
        attributes: Attributes,
        tags: dict[str, str],
        condition: Condition | None = None,
        and_then: Callable[[sqlite3.Connection], list[str]] | None = None,
        change: Change = PUT,
    ) -> StoredObject:
        """Makes a complete body the current object. When this returns, the object is durable and wholly visible.

        ``and_then`` does more in the same transaction and returns the names of bodies that are no longer needed.
        """
        check_key(key)
        body.finish()
        body.close()
        modified = int(self._clock.now())
        seal = body.seal.dump() if body.seal else ""
        with self._change() as connection:
            owner = self._buckets.get(bucket)
            if condition:
                condition(self.existing(bucket, key))
            version = secrets.token_urlsafe(24) if owner.versioning == "Enabled" else UNVERSIONED
            row = (bucket, key, version, body.name, body.size, etag, modified, attributes.dump(), json.dumps(tags), seal)
            sequence, doomed = self._store(connection, owner, row)
            if and_then:
                doomed += and_then(connection)
        body.keep()
        self._bodies.remove(doomed)
        stored = StoredObject(bucket, key, body.path, body.size, etag, modified, version, True, attributes, tags, sequence, body.seal)
        self._tell(change, stored)
        return stored

    def delete(
        self, bucket: str, key: str, version: str | None = None, condition: Condition | None = None, request: str = ""
    ) -> StoredObject | None:
        """Deletes an object as S3 does: permanently without versioning or with ``version``, else by adding a delete marker.

        Returns the new delete marker, or the removed version. Returns None if there was nothing to delete, which is not an error.
        """
        with self._change() as connection:
            result, doomed = self._delete(connection, self._buckets.get(bucket), key, version, condition)
        self._bodies.remove(doomed)
        if result is not None:
            self._tell(Change("Object Deleted", "DeleteObject", request, bool(version)), result)
        return result

    def set_tags(self, bucket: str, key: str, version: str | None, tags: dict[str, str], request: str = "") -> StoredObject:
        """Replaces an object's tags."""
        with self._change() as connection:
            found = self.find(bucket, key, version)
            if found.is_delete_marker:
                raise no_such_key(key)
            connection.execute("UPDATE objects SET tags = ? WHERE sequence = ?", (json.dumps(tags), found.sequence))
        self._tell(Change(f"Object Tags {'Added' if tags else 'Deleted'}", request=request), found)
        return replace(found, tags=tags)

    def describe(self, stored: StoredObject, metadata: dict[str, str], properties: dict[str, str]) -> None:
        """Gives an object that was just stored user metadata, and further members of ``HeadObject``'s response."""
        properties = stored.attributes.properties | properties
        attributes = replace(stored.attributes, metadata=metadata, properties=properties)
        with self._change() as connection:
            connection.execute("UPDATE objects SET attributes = ? WHERE sequence = ?", (attributes.dump(), stored.sequence))

    def pages(self, bucket: str, prefix: str) -> Iterator[StoredObject]:
        """Current objects in key order, read page by page so that no read transaction stays open while the caller works."""
        query = "SELECT * FROM objects WHERE bucket = ? AND latest AND key >= ? ORDER BY key LIMIT ?"
        start: str | None = prefix
        while start is not None:
            rows = self._database.connection.execute(query, (bucket, start, PAGE)).fetchall()
            start = rows[-1]["key"] + "\0" if len(rows) == PAGE else None
            for row in rows:
                if not row["key"].startswith(prefix):
                    return
                if row["body"]:
                    yield self.stored(row)

    def forget(self) -> None:
        """Discard what is kept in memory."""
        self._kept = {}

    def _change(self) -> AbstractContextManager[sqlite3.Connection]:
        return self._database.write(committed=self.forget)

    def _tell(self, change: Change, changed: StoredObject) -> None:
        for listener in self.listeners:
            listener(change, changed)

    def _delete(
        self, connection: sqlite3.Connection, bucket: Bucket, key: str, version: str | None, condition: Condition | None
    ) -> tuple[StoredObject | None, list[str]]:
        current = self.current(bucket.name, key)
        if condition:
            condition(self.existing(bucket.name, key))
        if version:
            return self._delete_version(connection, bucket.name, key, version)
        if not bucket.versioning:
            return current, self._replace_null_version(connection, bucket, key)
        doomed = self._replace_null_version(connection, bucket, key)
        marker = secrets.token_urlsafe(24) if bucket.versioning == "Enabled" else UNVERSIONED
        self._insert(connection, (bucket.name, key, marker, None, 0, "", int(self._clock.now()), "{}", "{}", ""))
        return self.version(bucket.name, key, marker), doomed

    def _delete_version(self, connection: sqlite3.Connection, bucket: str, key: str, version: str) -> tuple[StoredObject | None, list[str]]:
        found = self.version(bucket, key, version)
        if found is None:
            return None, []
        connection.execute("DELETE FROM objects WHERE sequence = ?", (found.sequence,))
        if found.latest:
            newest = "SELECT max(sequence) FROM objects WHERE bucket = ? AND key = ?"
            connection.execute(f"UPDATE objects SET latest = 1 WHERE sequence = ({newest})", (bucket, key))
        return found, [found.path.name] if found.path else []

    def _replace_null_version(self, connection: sqlite3.Connection, bucket: Bucket, key: str) -> list[str]:
        """Prepares for a new current version. Unless versioning is ``Enabled``, the new version replaces the version ``null``."""
        doomed: list[str] = []
        if bucket.versioning != "Enabled":
            query = "DELETE FROM objects WHERE bucket = ? AND key = ? AND version = ? RETURNING body"
            doomed = [row[0] for row in connection.execute(query, (bucket.name, key, UNVERSIONED)).fetchall() if row[0]]
        if bucket.versioning:
            connection.execute("UPDATE objects SET latest = 0 WHERE bucket = ? AND key = ? AND latest", (bucket.name, key))
        return doomed

    def _store(self, connection: sqlite3.Connection, bucket: Bucket, row: tuple) -> tuple[int, list[str]]:
        """Makes a row the current version. Returns its sequence and the bodies that are no longer needed."""
        key = row[1]
        query = "SELECT sequence, body FROM objects WHERE bucket = ? AND key = ?"
        if bucket.versioning or not (only := connection.execute(query, (bucket.name, key)).fetchone()):
            doomed = self._replace_null_version(connection, bucket, key)
            return self._insert(connection, row), doomed
        # Update the only version in place: it keeps its entries in the SQL indices, which is half the work of a delete and an insert.
        columns = "body = ?, size = ?, etag = ?, modified = ?, attributes = ?, tags = ?, seal = ?"
        connection.execute(f"UPDATE objects SET {columns} WHERE sequence = ?", (*row[3:], only["sequence"]))
        return only["sequence"], [only["body"]]

    def _insert(self, connection: sqlite3.Connection, row: tuple) -> int:
        """Inserts a row (all columns but ``sequence`` and ``latest``) as the current version. Returns its sequence."""
        columns = "bucket, key, version, body, size, etag, modified, attributes, tags, seal, latest"
        return connection.execute(f"INSERT INTO objects ({columns}) VALUES (?,?,?,?,?,?,?,?,?,?,1)", row).lastrowid


def check_key(key: str) -> None:
    """Checks that a key has 1 to 1,024 bytes of UTF-8. Raises ``KeyTooLongError``, or ``InvalidRequest`` for an empty key."""
    size = len(key.encode())
    if size > 1024:
        raise AwsError("KeyTooLongError", "Your key is too long", MaxSizeAllowed=1024, Size=size)
    if size == 0:
        raise AwsError("InvalidRequest", "An object's key has at least one character.")


def no_such_key(key: str) -> AwsError:
    return AwsError("NoSuchKey", "The specified key does not exist.", status=404, Key=key)
