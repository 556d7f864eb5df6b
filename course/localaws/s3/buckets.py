"""Buckets and their configurations."""

from __future__ import annotations

import ipaddress
import json
import re
import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass

from course.localaws.core.clock import Clock
from course.localaws.core.database import Database
from course.localaws.core.errors import AwsError

ARN = "arn:aws:s3:::"  # of a bucket, before its name
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, general purpose buckets
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket. ``created`` is in Unix seconds; ``versioning`` is ``""``, ``"Enabled"`` or ``"Suspended"``."""

    name: str
    region: str
    created: int
    versioning: str


class Buckets:
    """Buckets, kept in memory until one changes: a request asks for its bucket and the bucket's configurations several times."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._found: dict[str, Bucket] = {}
        self._documents: dict[tuple[str, str], str | None] = {}  # by bucket and kind

    def create(self, name: str, region: str) -> Bucket:
        """Creates a bucket. In us-east-1, creating your own bucket again succeeds, as on AWS.

        Raises ``InvalidBucketName``, ``BucketAlreadyOwnedByYou``.
        """
        check_name(name)
        bucket = Bucket(name, region, int(self._clock.now()), "")
        with self._change() as connection:
            existing = self.find(name)
            if existing and not existing.region == region == "us-east-1":
                message = "Your previous request to create the named bucket succeeded and you already own it."
                raise AwsError("BucketAlreadyOwnedByYou", message, status=409, BucketName=name)
            if existing:
                return existing
            connection.execute("INSERT INTO buckets (name, region, created) VALUES (?, ?, ?)", (name, region, bucket.created))
        return bucket

    def find(self, name: str) -> Bucket | None:
        found = self._found  # `forget` replaces it. What was read before a change is then not kept after it
        if name not in found:
            row = self._database.connection.execute("SELECT * FROM buckets WHERE name = ?", (name,)).fetchone()
            if row is None:
                return None
            found[name] = Bucket(**row)
        return found[name]

    def get(self, name: str) -> Bucket:
        """The bucket of this name. Raises ``NoSuchBucket``."""
        bucket = self.find(name)
        if bucket is None:
            raise _no_such_bucket(name)
        return bucket

    def list(self) -> list[Bucket]:
        """All buckets by name."""
        return [Bucket(**row) for row in self._database.connection.execute("SELECT * FROM buckets ORDER BY name")]

    def delete(self, name: str) -> None:
        """Deletes a bucket. Raises ``BucketNotEmpty`` if it has an object, a version, a delete marker or an unfinished upload."""
        with self._change() as connection:
            self.get(name)
            try:
                connection.execute("DELETE FROM buckets WHERE name = ?", (name,))
            except sqlite3.IntegrityError:
                message = "The bucket you tried to delete is not empty"
                raise AwsError("BucketNotEmpty", message, status=409, BucketName=name) from None

    def set_versioning(self, name: str, status: str) -> None:
        with self._change() as connection:
            self.get(name)
            connection.execute("UPDATE buckets SET versioning = ? WHERE name = ?", (status, name))

    def configuration(self, name: str, kind: str) -> dict | None:
        """The stored document of a kind, e.g. ``"lifecycle"``, or None if the bucket has none. Raises ``NoSuchBucket``."""
        documents = self._documents
        if (name, kind) not in documents:
            query = "SELECT document FROM buckets LEFT JOIN configurations ON bucket = name AND kind = ? WHERE name = ?"
            row = self._database.connection.execute(query, (kind, name)).fetchone()
            if row is None:
                raise _no_such_bucket(name)
            documents[name, kind] = row[0]
        text = documents[name, kind]
        return json.loads(text) if text else None  # the caller may change it

    def configure(self, name: str, kind: str, document: dict | None) -> None:
        """Stores a document, or deletes it if ``document`` is None."""
        with self._change() as connection:
            self.get(name)
            if document is None:
                connection.execute("DELETE FROM configurations WHERE bucket = ? AND kind = ?", (name, kind))
            else:
                connection.execute("REPLACE INTO configurations VALUES (?, ?, ?)", (name, kind, json.dumps(document)))

    def forget(self) -> None:
        """Discard what is kept in memory."""
        self._found, self._documents = {}, {}

    def _change(self) -> AbstractContextManager[sqlite3.Connection]:
        return self._database.write(committed=self.forget)


def _no_such_bucket(name: str) -> AwsError:
    return AwsError("NoSuchBucket", "The specified bucket does not exist", status=404, BucketName=name)


def check_name(name: str) -> None:
    """Raises ``InvalidBucketName`` for a name that S3 does not accept for a general purpose bucket."""
    if (
        not NAME.fullmatch(name)
        or ".." in name
        or name.startswith(RESERVED_PREFIXES)
        or name.endswith(RESERVED_SUFFIXES)
        or _is_ip_address(name)
    ):
        raise AwsError("InvalidBucketName", "The specified bucket is not valid.", BucketName=name)


def _is_ip_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True
