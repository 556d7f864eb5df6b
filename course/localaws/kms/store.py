"""The keys and aliases of KMS, durable below the state folder, with the secrets of the keys.

All keys are also in memory, because S3 uses one for each object under a KMS key. The file has mode 0600, as everything in the state folder.
A key of an earlier release, in which moto kept them, is taken over by `course.localaws.kms.migration`.
"""

from __future__ import annotations

import base64
import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from course.localaws.core.clock import Clock
from course.localaws.core.database import Database
from course.localaws.kms import specs
from course.localaws.moto.migration import Migration

SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (region TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (region, id));
CREATE TABLE IF NOT EXISTS aliases (region TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (region, name))
"""
DAY = 86_400  # seconds
CUSTOMER, AWS = "CUSTOMER", "AWS"  # who manages a key


@dataclass(frozen=True, slots=True)
class Material:
    """One secret of a key. A rotation adds one; the older ones still decrypt.

    Attributes
    ----------
    secret : bytes
        The AES-256 or HMAC key, or the private key in PKCS #8.
    made : float
        Unix seconds.
    kind : str
        ``"AUTOMATIC"`` or ``"ON_DEMAND"`` for a rotation; empty for the first secret.
    """

    secret: bytes = field(repr=False)
    made: float
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """A KMS key.

    Attributes
    ----------
    id : str
        A UUID, or ``mrk-`` and 32 digits for a multi-Region key.
    manager : str
        `CUSTOMER` or `AWS`.
    policy : str
        The key policy's JSON text.
    deletion, window : float or None, int or None
        When the key will be deleted, and the days of waiting that were asked for.
    primary : str
        The region of the primary key of a multi-Region key; empty for other keys.
    rotation_days : int
        0 when automatic rotation is off.
    next_rotation : float or None
    materials : tuple of Material
        The last one encrypts.
    grants : tuple of dict
        As ListGrants returns them, with ``GrantToken``.
    """

    account: str
    region: str
    id: str
    created: float
    spec: str
    usage: str
    policy: str
    materials: tuple[Material, ...] = field(repr=False)
    description: str = ""
    manager: str = CUSTOMER
    enabled: bool = True
    deletion: float | None = None
    window: int | None = None
    primary: str = ""
    rotation_days: int = 0
    next_rotation: float | None = None
    tags: tuple[dict, ...] = ()
    grants: tuple[dict, ...] = ()

    @property
    def arn(self) -> str:
        return f"arn:aws:kms:{self.region}:{self.account}:key/{self.id}"

    @property
    def is_replica(self) -> bool:
        return self.primary not in ("", self.region)

    @property
    def state(self) -> str:
        if self.deletion is not None:
            return "PendingDeletion"
        return "Enabled" if self.enabled else "Disabled"

    def dump(self) -> str:
        document = asdict(self)
        for material in document["materials"]:
            material["secret"] = base64.b64encode(material["secret"]).decode()
        return json.dumps(document)

    @classmethod
    def load(cls, text: str) -> Key:
        document = json.loads(text)
        secrets = [Material(base64.b64decode(each.pop("secret")), **each) for each in document.pop("materials")]
        tags, grants = tuple(document.pop("tags")), tuple(document.pop("grants"))
        return cls(**document, materials=tuple(secrets), tags=tags, grants=grants)


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for a key, e.g. ``alias/models``. ``key`` is the key's id; times are in Unix seconds."""

    name: str
    key: str
    created: float
    updated: float


class KeyStore:
    """Keys and aliases by region. Methods may be called from any thread.

    Attributes
    ----------
    changed : list of callable
        Called after each change, e.g. to plan the next rotation.
    migration : Migration
        Reading waits for its end.
    """

    def __init__(self, path: Path, account: str, clock: Clock) -> None:
        self.account, self.clock = account, clock
        self.changed: list[Callable[[], None]] = []
        self._database = Database(path, SCHEMA)
        self.migration = Migration(self._database)
        self._changing = threading.RLock()
        self._read()

    def now(self) -> float:
        """Unix seconds on the clock of the local AWS."""
        return self.clock.now()

    # Reading

    def key(self, region: str, id: str) -> Key | None:
        self.migration.wait()
        return self._keys.get((region, id))

    def keys(self, region: str) -> list[Key]:
        """The keys of a region, the oldest first."""
        self.migration.wait()
        return sorted((key for key in list(self._keys.values()) if key.region == region), key=lambda key: (key.created, key.id))

    def every(self) -> list[Key]:
        """The keys of all regions."""
        self.migration.wait()
        return list(self._keys.values())

    def related(self, key: Key) -> list[Key]:
        """A key, with the other keys of the same multi-Region key, by region."""
        return sorted((each for each in self.every() if each.id == key.id), key=lambda each: each.region)

    def grant(self, region: str, token: str) -> tuple[Key, dict] | None:
        """The grant of a token, with its key."""
        return next(((key, grant) for key in self.keys(region) for grant in key.grants if grant["GrantToken"] == token), None)

    def alias(self, region: str, name: str) -> Alias | None:
        self.migration.wait()
        return self._aliases.get((region, name))

    def aliases(self, region: str) -> list[Alias]:
        """The aliases of a region, in the order of their names."""
        self.migration.wait()
        return sorted((alias for (where, _), alias in list(self._aliases.items()) if where == region), key=lambda alias: alias.name)

    # Changing

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold this between reading a key and writing it again."""
        with self._changing:
            yield

    def put(self, key: Key) -> Key:
        """Store a key: durable when this returns."""
        self.put_all([key])
        return key

    def put_all(self, keys: Sequence[Key]) -> None:
        """Store keys in one transaction."""
        with self._changing, self._database.write() as connection:
            connection.executemany("INSERT OR REPLACE INTO keys VALUES (?, ?, ?)", [(key.region, key.id, key.dump()) for key in keys])
            self._keys |= {(key.region, key.id): key for key in keys}
        self._tell()

    def delete(self, key: Key) -> None:
        """Delete a key with its secrets and aliases."""
        with self._changing:
            names = [alias.name for alias in self.aliases(key.region) if alias.key == key.id]
            with self._database.write() as connection:
                connection.execute("DELETE FROM keys WHERE region = ? AND id = ?", (key.region, key.id))
                connection.executemany("DELETE FROM aliases WHERE region = ? AND name = ?", [(key.region, name) for name in names])
            self._keys.pop((key.region, key.id), None)
            for name in names:
                self._aliases.pop((key.region, name), None)
        self._tell()

    def put_alias(self, region: str, alias: Alias) -> None:
        with self._changing, self._database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO aliases VALUES (?, ?, ?)", (region, alias.name, json.dumps(asdict(alias))))
            self._aliases[region, alias.name] = alias

    def delete_alias(self, region: str, name: str) -> None:
        with self._changing, self._database.write() as connection:
            connection.execute("DELETE FROM aliases WHERE region = ? AND name = ?", (region, name))
            self._aliases.pop((region, name), None)

    def take_over(self, keys: list[Key], aliases: list[tuple[str, Alias]]) -> None:
        """Store the keys and aliases (with their regions) of an earlier release, in one transaction."""
        with self._changing, self.migration.ending() as connection:
            connection.executemany("INSERT OR REPLACE INTO keys VALUES (?, ?, ?)", [(key.region, key.id, key.dump()) for key in keys])
            rows = [(region, alias.name, json.dumps(asdict(alias))) for region, alias in aliases]
            connection.executemany("INSERT OR REPLACE INTO aliases VALUES (?, ?, ?)", rows)
            self._read()
        self._tell()

    # Life

    def reset(self) -> None:
        """Delete all keys."""
        with self._changing, self.migration.ending() as connection:
            connection.execute("DELETE FROM keys")
            connection.execute("DELETE FROM aliases")
            self._read()
        self._tell()

    def shutdown(self) -> None:
        self.migration.release()
        self._database.close()

    def _read(self) -> None:
        connection = self._database.connection
        keys = [Key.load(row["document"]) for row in connection.execute("SELECT document FROM keys")]
        self._keys = {(key.region, key.id): key for key in keys}
        rows = connection.execute("SELECT region, document FROM aliases")
        self._aliases = {(row["region"], alias.name): alias for row in rows for alias in (Alias(**json.loads(row["document"])),)}

    def _tell(self) -> None:
        for listener in self.changed:
            listener()


def new_id(multi_region: bool = False) -> str:
    return f"mrk-{uuid.uuid4().hex}" if multi_region else str(uuid.uuid4())


def rotated(keys: Sequence[Key], made: float, kind: str) -> list[Key]:
    """A symmetric key and its related keys, see `KeyStore.related`, with the same new secret."""
    material = Material(os.urandom(specs.secret_bytes(keys[0].spec)), made, kind)
    return [replace(key, materials=(*key.materials, material)) for key in keys]
