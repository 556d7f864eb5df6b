"""The secrets of Secrets Manager, durable below the state folder. Values are there only as `sealing` encrypts them.

Secrets of an earlier release, in which moto kept them, are taken over by `course.localaws.secretsmanager.migration`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from course.localaws.core.database import Database
from course.localaws.moto.migration import Migration

SCHEMA = """
CREATE TABLE IF NOT EXISTS secrets (region TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (region, name))
"""
CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"  # staging labels that Secrets Manager moves itself


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted value, see `sealing`.

    Attributes
    ----------
    kind : str
        The member of a request that had the value: ``"SecretString"`` or ``"SecretBinary"``.
    key : str
        The ARN of the KMS key.
    data_key, body : str
        The value's data key, encrypted under the KMS key, and the value, encrypted under the data key; both in Base64.
    """

    kind: str
    key: str
    data_key: str
    body: str


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a secret.

    Attributes
    ----------
    id : str
        The ``ClientRequestToken`` of the request that made it.
    created, accessed : float, float or None
        Unix seconds; ``accessed`` is the begin of a day.
    stages : tuple of str
        Staging labels. A version without any is deprecated.
    value : Sealed or None
        ``None`` while a rotation function has not put the value.
    """

    id: str
    created: float
    stages: tuple[str, ...] = ()
    value: Sealed | None = None
    accessed: float | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A rotation that has not ended.

    Attributes
    ----------
    token : str
        The id of the version that it makes.
    due : float
        When it begins, or begins again.
    failed : int
        How often it has failed.
    test : bool
        Whether it only runs the step testSecret, and its version is then removed.
    """

    token: str
    due: float
    failed: int = 0
    test: bool = False


@dataclass(frozen=True, slots=True)
class Rotation:
    """The rotation of a secret. Times are in Unix seconds.

    Attributes
    ----------
    function : str
        The ARN of the Lambda function.
    rules : dict
        ``RotationRules`` as the request gave them.
    begun : float
        When the rules were set; rates in hours count from the midnight before.
    enabled : bool
        Whether the rules count.
    last : float or None
        When a rotation last succeeded.
    window : tuple of (float, float) or None
        Begin and end of the next rotation window.
    """

    function: str
    rules: dict
    begun: float
    enabled: bool = True
    last: float | None = None
    window: tuple[float, float] | None = None
    attempt: Attempt | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret. Times are in Unix seconds.

    Attributes
    ----------
    arn : str
        It ends with a hyphen and six random characters.
    key : str
        The ``KmsKeyId`` of the request; empty for the AWS managed key.
    policy : str
        The JSON text of the resource policy; empty for none.
    deletion : float or None
        When the recovery window ends, of a secret that is deleted.
    tags : tuple of dict
        ``{"Key", "Value"}``.
    """

    region: str
    name: str
    arn: str
    created: float
    changed: float
    description: str = ""
    key: str = ""
    policy: str = ""
    accessed: float | None = None
    deletion: float | None = None
    tags: tuple[dict, ...] = ()
    versions: tuple[Version, ...] = field(default=(), repr=False)
    rotation: Rotation | None = None

    def version(self, id: str) -> Version | None:
        return next((version for version in self.versions if version.id == id), None)

    def staged(self, label: str) -> Version | None:
        """The version with a staging label."""
        return next((version for version in self.versions if label in version.stages), None)

    def dump(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Secret:
        document = json.loads(text)
        versions = tuple(_version(each) for each in document.pop("versions"))
        found = document.pop("rotation")
        return cls(**document | {"tags": tuple(document["tags"])}, versions=versions, rotation=_rotation(found) if found else None)


def _version(document: dict) -> Version:
    value = document.pop("value")
    return Version(**document | {"stages": tuple(document["stages"])}, value=Sealed(**value) if value else None)


def _rotation(document: dict) -> Rotation:
    attempt, window = document.pop("attempt"), document.pop("window")
    return Rotation(**document, window=tuple(window) if window else None, attempt=Attempt(**attempt) if attempt else None)


class SecretStore:
    """Secrets by region. Methods may be called from any thread.

    Attributes
    ----------
    changed : list of callable
        Called after each change, e.g. to plan the next rotation.
    migration : Migration
        Reading waits for its end.
    """

    def __init__(self, path: Path) -> None:
        self.changed: list[Callable[[], None]] = []
        self._database = Database(path, SCHEMA)
        self.migration = Migration(self._database)
        self._changing = threading.RLock()
        self._read()

    # Reading

    def get(self, region: str, name: str) -> Secret | None:
        self.migration.wait()
        return self._secrets.get((region, name))

    def secrets(self, region: str) -> list[Secret]:
        """The secrets of a region, by name, with those that are deleted but can be restored."""
        self.migration.wait()
        return sorted((secret for secret in list(self._secrets.values()) if secret.region == region), key=lambda secret: secret.name)

    def every(self) -> list[Secret]:
        """The secrets of all regions; none while those of an earlier release are not taken over."""
        return list(self._secrets.values())

    # Changing

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold this between reading a secret and writing it again."""
        with self._changing:
            yield

    def put(self, secret: Secret) -> Secret:
        """Store a secret: durable when this returns."""
        with self._changing, self._database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO secrets VALUES (?, ?, ?)", (secret.region, secret.name, secret.dump()))
            self._secrets[secret.region, secret.name] = secret
        self._tell()
        return secret

    def delete(self, secret: Secret) -> None:
        with self._changing, self._database.write() as connection:
            connection.execute("DELETE FROM secrets WHERE region = ? AND name = ?", (secret.region, secret.name))
            self._secrets.pop((secret.region, secret.name), None)
        self._tell()

    def take_over(self, secrets: list[Secret]) -> None:
        """Store the secrets of an earlier release, in one transaction."""
        with self._changing, self.migration.ending() as connection:
            rows = [(secret.region, secret.name, secret.dump()) for secret in secrets]
            connection.executemany("INSERT OR REPLACE INTO secrets VALUES (?, ?, ?)", rows)
            self._read()
        self._tell()

    # Life

    def reset(self) -> None:
        """Delete all secrets."""
        with self._changing, self.migration.ending() as connection:
            connection.execute("DELETE FROM secrets")
            self._read()
        self._tell()

    def shutdown(self) -> None:
        self.migration.release()
        self._database.close()

    def _read(self) -> None:
        connection = self._database.connection
        secrets = [Secret.load(row["document"]) for row in connection.execute("SELECT document FROM secrets")]
        self._secrets = {(secret.region, secret.name): secret for secret in secrets}

    def _tell(self) -> None:
        for listener in self.changed:
            listener()


def with_version(secret: Secret, version: Version) -> Secret:
    """The secret with a new version, or with another state of one that it has."""
    kept = [each for each in secret.versions if each.id != version.id]
    position = next((index for index, each in enumerate(secret.versions) if each.id == version.id), len(kept))
    return replace(secret, versions=(*kept[:position], version, *kept[position:]))
