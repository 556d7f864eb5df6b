"""Multipart uploads: parts that arrive in any order, and the object that they form."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from dataclasses import dataclass

from course.localaws.core.clock import Clock
from course.localaws.core.database import Database
from course.localaws.core.errors import AwsError
from course.localaws.protocol import xml
from course.localaws.s3 import checksums
from course.localaws.s3.bodies import BlobStore, UncommittedBlob
from course.localaws.s3.buckets import Buckets
from course.localaws.s3.objects import Attributes, check_key
from course.localaws.s3.sealing import Seal

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
SMALLEST_PART = 5 << 20
MOST_PARTS = 10_000


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload in progress.

    ``initiated`` is in Unix seconds. ``algorithm`` is the checksum algorithm, ``""`` if CreateMultipartUpload named none.
    """

    id: str
    bucket: str
    key: str
    initiated: int
    attributes: Attributes
    tags: dict[str, str]

    @property
    def algorithm(self) -> str:
        return self.attributes.checksums.get("ChecksumAlgorithm", "")

    @property
    def checksum_type(self) -> str:
        return self.attributes.checksums.get("ChecksumType", "")


@dataclass(frozen=True, slots=True)
class UploadedPart:
    """One part. ``etag`` is the MD5 in hex; ``checksums`` are members of a response, e.g. ``{"ChecksumCRC32": "..."}``."""

    number: int
    body: str
    size: int
    etag: str
    modified: int
    checksums: dict[str, str]
    seal: Seal | None = None


class Uploads:
    def __init__(self, database: Database, bodies: BlobStore, buckets: Buckets, clock: Clock) -> None:
        self._database = database
        self._bodies = bodies
        self._buckets = buckets
        self._clock = clock

    def create(self, bucket: str, key: str, attributes: Attributes, tags: dict[str, str]) -> Upload:
        check_key(key)
        now = self._clock.now()
        # Ids sort by time, because the uploads of a key are listed in that order.
        upload = Upload(f"{int(now * 1e6):016x}{secrets.token_urlsafe(36)}", bucket, key, int(now), attributes, tags)
        with self._database.write() as connection:
            self._buckets.get(bucket)
            row = (upload.id, bucket, key, upload.initiated, attributes.dump(), json.dumps(tags))
            connection.execute("INSERT INTO uploads VALUES (?, ?, ?, ?, ?, ?)", row)
        return upload

    def get(self, bucket: str, key: str, upload_id: str) -> Upload:
        """The upload with this id. Raises ``NoSuchBucket``, ``NoSuchUpload``."""
        self._buckets.get(bucket)
        query = "SELECT * FROM uploads WHERE id = ? AND bucket = ? AND key = ?"
        row = self._database.connection.execute(query, (upload_id, bucket, key)).fetchone()
        if row is None:
            message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
            raise AwsError("NoSuchUpload", message, status=404, UploadId=upload_id)
        return stored(row)

    def put_part(self, upload: Upload, number: int, body: UncommittedBlob, etag: str, sums: dict[str, str]) -> UploadedPart:
        """Stores a part and replaces one with the same number. Raises ``NoSuchUpload`` if the upload has ended meanwhile."""
        check_number(number)
        body.finish()
        body.close()
        part = UploadedPart(number, body.name, body.size, etag, int(self._clock.now()), sums, body.seal)
        with self._database.write() as connection:
            self.get(upload.bucket, upload.key, upload.id)
            query = "DELETE FROM parts WHERE upload = ? AND number = ? RETURNING body"
            doomed = [row[0] for row in connection.execute(query, (upload.id, number)).fetchall()]
            row = (upload.id, number, part.body, part.size, etag, part.modified, json.dumps(sums), part.seal.dump() if part.seal else "")
            columns = "upload, number, body, size, etag, modified, checksums, seal"
            connection.execute(f"INSERT INTO parts ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        body.keep()
        self._bodies.remove(doomed)
        return part

    def parts(self, upload: Upload, after: int = 0, limit: int = -1) -> list[UploadedPart]:
        """The parts with numbers greater than ``after``, in order."""
        columns = "number, body, size, etag, modified, checksums, seal"
        query = f"SELECT {columns} FROM parts WHERE upload = ? AND number > ? ORDER BY number LIMIT ?"
        rows = self._database.connection.execute(query, (upload.id, after, limit))
        return [_part(row) for row in rows]

    def abort(self, upload: Upload) -> None:
        with self._database.write() as connection:
            self.get(upload.bucket, upload.key, upload.id)
            doomed = self.forget(connection, upload)
        self._bodies.remove(doomed)

    def forget(self, connection: sqlite3.Connection, upload: Upload) -> list[str]:
        """Deletes an upload in the caller's transaction. Returns its parts' bodies, which the caller removes after the commit.

        Raises ``NoSuchUpload`` if another request has ended it meanwhile.
        """
        self.get(upload.bucket, upload.key, upload.id)
        doomed = [part.body for part in self.parts(upload)]
        connection.execute("DELETE FROM uploads WHERE id = ?", (upload.id,))
        return doomed


def _part(row: sqlite3.Row) -> UploadedPart:
    seal = Seal.load(row["seal"]) if row["seal"] else None
    return UploadedPart(**dict(row) | {"checksums": json.loads(row["checksums"]), "seal": seal})


def stored(row: sqlite3.Row) -> Upload:
    """The upload in a row of the index."""
    return Upload(**dict(row) | {"attributes": Attributes.load(row["attributes"]), "tags": json.loads(row["tags"])})


def check_number(number: int) -> None:
    if not 1 <= number <= MOST_PARTS:
        message = f"Part number must be an integer between 1 and {MOST_PARTS}, inclusive"
        raise AwsError("InvalidArgument", message, ArgumentName="partNumber", ArgumentValue=number)


def choose(uploaded: list[UploadedPart], wanted: list[dict]) -> list[UploadedPart]:
    """Checks the list of a ``CompleteMultipartUpload`` and returns the uploaded parts in it.

    Raises ``MalformedXML`` (no parts), ``InvalidPartOrder``, ``InvalidPart`` (unknown, or another ETag or checksum), ``EntityTooSmall``.
    """
    if not wanted:
        raise xml.malformed("no parts are listed")
    numbers = [part.get("PartNumber", 0) for part in wanted]
    if any(later <= earlier for earlier, later in zip(numbers, numbers[1:], strict=False)):
        message = "The list of parts was not in ascending order. Parts must be ordered by part number."
        raise AwsError("InvalidPartOrder", message)
    by_number = {part.number: part for part in uploaded}
    chosen = [_checked(by_number.get(number), entry) for number, entry in zip(numbers, wanted, strict=True)]
    for part in chosen[:-1]:
        if part.size < SMALLEST_PART:
            message = "Your proposed upload is smaller than the minimum allowed size"
            sizes = {"ProposedSize": part.size, "MinSizeAllowed": SMALLEST_PART}
            raise AwsError("EntityTooSmall", message, PartNumber=part.number, ETag=part.etag, **sizes)
    return chosen


def _checked(part: UploadedPart | None, entry: dict) -> UploadedPart:
    sums = {name: value for name, value in entry.items() if name.startswith("Checksum")}
    if (
        part is None
        or entry.get("ETag", "").strip('"') != part.etag
        or any(part.checksums.get(name, value) != value for name, value in sums.items())
    ):
        message = (
            "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may "
            "not match the part's entity tag."
        )
        raise AwsError("InvalidPart", message, PartNumber=entry.get("PartNumber"), ETag=entry.get("ETag"))
    return part


def etag_of(parts: list[UploadedPart]) -> str:
    """The ETag of the whole: MD5 of the parts' MD5s, a hyphen, and the number of parts."""
    digest = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in parts), usedforsecurity=False)
    return f"{digest.hexdigest()}-{len(parts)}"


def checksums_of(parts: list[UploadedPart], algorithm: str, kind: str) -> dict[str, str]:
    """The checksum of the whole as members of a response. ``kind`` is ``"COMPOSITE"`` or ``"FULL_OBJECT"``."""
    name = f"Checksum{algorithm}"
    if kind == "COMPOSITE":
        value = checksums.composite(algorithm, [part.checksums[name] for part in parts])
    else:
        value = checksums.combine(algorithm, [(part.checksums[name], part.size) for part in parts])
    return {name: value, "ChecksumType": kind}
