"""S3's SQLite index: the names and attributes of buckets, objects and uploads.

Bodies are files (`bodies.py`). The column ``seal`` says how one is encrypted (`sealing.py`). `storage.py` has the table of stored bytes.
"""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS buckets (
    name TEXT PRIMARY KEY, region TEXT NOT NULL, created INTEGER NOT NULL, versioning TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS configurations (
    bucket TEXT NOT NULL REFERENCES buckets ON DELETE CASCADE, kind TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (bucket, kind)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT NOT NULL REFERENCES buckets, key TEXT NOT NULL, version TEXT NOT NULL,
    latest INTEGER NOT NULL, body TEXT, size INTEGER NOT NULL, etag TEXT NOT NULL, modified INTEGER NOT NULL,
    attributes TEXT NOT NULL, tags TEXT NOT NULL, seal TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX IF NOT EXISTS current_objects ON objects (bucket, key) WHERE latest;
CREATE UNIQUE INDEX IF NOT EXISTS object_versions ON objects (bucket, key, version);
CREATE INDEX IF NOT EXISTS object_history ON objects (bucket, key, sequence DESC);
CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL REFERENCES buckets, key TEXT NOT NULL, initiated INTEGER NOT NULL,
    attributes TEXT NOT NULL, tags TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uploads_of_key ON uploads (bucket, key, id);
CREATE TABLE IF NOT EXISTS parts (
    upload TEXT NOT NULL REFERENCES uploads ON DELETE CASCADE, number INTEGER NOT NULL, body TEXT NOT NULL, size INTEGER NOT NULL,
    etag TEXT NOT NULL, modified INTEGER NOT NULL, checksums TEXT NOT NULL, seal TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (upload, number)
) WITHOUT ROWID
"""
ADDED = {"seal": "TEXT NOT NULL DEFAULT ''"}  # to objects and parts, after the first release; empty for a plain body


def bodies(connection) -> set[str]:
    """The names of all bodies that an object or a part needs."""
    rows = connection.execute("SELECT body FROM objects WHERE body IS NOT NULL UNION ALL SELECT body FROM parts")
    return {row[0] for row in rows}


def after_prefix(prefix: str) -> str | None:
    """The smallest key, in UTF-8 order, that is greater than all keys with this prefix, or None if there is none.

    Keys compare as UTF-8 bytes, which is the order of code points. So the last code point that is not the highest is raised by one.
    """
    while prefix:
        last = ord(prefix[-1]) + 1
        if last == 0xD800:  # surrogates are not characters
            last = 0xE000
        prefix = prefix[:-1]
        if last <= 0x10FFFF:
            return prefix + chr(last)
    return None
