"""The generic resource engine: what Create, Describe, List, Update and Delete have in common for every kind of SageMaker resource.

A family declares its `ResourceKind` and keeps its documents here. A document is what Describe answers, as plain JSON values with
time stamps in Unix seconds. Members whose names begin with ``_`` are internal: they are stored, and never sent to a client.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from course.localaws.core import paging, tag_rules
from course.localaws.core.context import Context
from course.localaws.core.database import Database
from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.core import quotas

if TYPE_CHECKING:
    import sqlite3

    from course.localaws.platform import Platform

Document = dict
Changes = dict | Callable[[Document], dict]
Changed = Callable[[Context, "ResourceKind", Document | None, Document], None]

SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    region TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    arn TEXT NOT NULL UNIQUE,
    status TEXT,
    created REAL NOT NULL,
    modified REAL NOT NULL,
    summary TEXT NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (region, kind, key)
);
CREATE INDEX IF NOT EXISTS resources_by_time ON resources (region, kind, created);
CREATE TABLE IF NOT EXISTS tags (
    arn TEXT NOT NULL REFERENCES resources (arn) ON DELETE CASCADE ON UPDATE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (arn, key)
)
"""


@dataclass(frozen=True)
class ResourceKind:
    """A kind of resource, and in what AWS's answers about it differ from those about other kinds.

    Parameters
    ----------
    name : str
        The stem of its members: ``"TrainingJob"`` has ``TrainingJobName``, ``TrainingJobArn``.
    arn : str
        Its part of the ARN: ``"training-job"``.
    missing, exists : str
        The messages of the not-found and the in-use error; ``{name}``, ``{arn}`` and ``{region}`` are filled in.
    missing_code, exists_code : str
        Their codes. Most of SageMaker answers ``ValidationException`` where its documentation says ``ResourceNotFound``.
    status : str
        The member that holds its status, ``""`` where it has none.
    summary : tuple of str
        What List shows besides name, ARN, times and status; of a member inside others, the path: ``"Config.Strategy"``.
    filters : dict
        Parameters of List beyond the common ones, each with the path of the summary's member that it must equal.
    order : str
        Default ``SortOrder`` of List.
    status_last : bool
        Whether List, given ``StatusEquals`` and ``MaxResults``, takes a page first and filters it by status then, as AWS documents of
        ListTrainingJobs: a page may be empty and yet have a next one.
    mutable : bool
        Whether it ever changes; only then it has a ``LastModifiedTime``.
    usage : str
        What service quotas call its instances, e.g. ``"training job usage"``; ``""`` where it has none.
    instances : function
        From a document to the instances that it holds: pairs of instance type and count.
    holding_statuses : tuple of str
        The statuses in which it holds them.
    event : str
        The detail type of the events that EventBridge gets when its status changes; ``""`` where it gets none.
    event_members : tuple of str
        Members whose change is an event too; the event names those that changed in ``Updated<name>Fields``.
    retains_instances : function
        Whether a document of another status holds them all the same, though they do nothing.
    """

    name: str
    arn: str
    missing: str
    exists: str
    missing_code: str = "ValidationException"
    exists_code: str = "ValidationException"
    status: str = ""
    summary: tuple[str, ...] = ()
    filters: dict[str, str] = field(default_factory=dict)
    order: str = "Descending"
    status_last: bool = False
    mutable: bool = True
    usage: str = ""
    instances: Callable[[Document], Iterable[tuple[str, int]]] = lambda document: ()
    holding_statuses: tuple[str, ...] = ()
    event: str = ""
    event_members: tuple[str, ...] = ()
    retains_instances: Callable[[Document], bool] | None = None

    @property
    def name_member(self) -> str:
        return f"{self.name}Name"

    @property
    def arn_member(self) -> str:
        return f"{self.name}Arn"

    def arn_of(self, context: Context, name: str) -> str:
        """AWS keeps the case of a name but lower-cases it in the ARN.

        Seen in https://github.com/aws/amazon-sagemaker-examples/issues/2339, where the name begins with ``DEMO``.
        """
        return f"arn:aws:sagemaker:{context.region}:{context.account}:{self.arn}/{name.lower()}"

    def not_found(self, context: Context, name: str) -> AwsError:
        return AwsError(self.missing_code, self._fill(self.missing, context, name))

    def in_use(self, context: Context, name: str) -> AwsError:
        return AwsError(self.exists_code, self._fill(self.exists, context, name))

    def _fill(self, message: str, context: Context, name: str) -> str:
        return message.format(name=name, arn=self.arn_of(context, name), region=context.region)

    def summarise(self, document: Document) -> dict:
        members = (self.name_member, self.arn_member, "CreationTime", "LastModifiedTime", self.status, *self.summary)
        found = {path.rpartition(".")[2]: _at(document, path) for path in members}
        return {member: value for member, value in found.items() if value is not None}


def _at(document: Document, path: str) -> object:
    """The value of a member, or of one inside others; None where there is none."""
    found: object = document
    for member in path.split("."):
        found = found.get(member) if isinstance(found, dict) else None
    return found


class ResourceEngine:
    """Resources of all kinds in one SQLite file. May be used from any thread.

    Attributes
    ----------
    kinds : dict
        Every kind that is kept here, by its part of the ARN.
    listeners : sequence of functions
        Each is called after each change with the context, the kind, the document before (None of a new resource) and the document now.
    """

    def __init__(self, platform: Platform) -> None:
        self.kinds: dict[str, ResourceKind] = {}
        self.listeners: Sequence[Changed] = ()
        self._platform = platform
        self._database = Database(platform.state / "sagemaker.db", SCHEMA)

    def create(self, context: Context, kind: ResourceKind, name: str, document: Document, tags: Iterable[dict] = ()) -> str:
        """Keep a new resource and return its ARN.

        Name, ARN, ``CreationTime`` and ``LastModifiedTime`` are added to the document; a ``Tags`` member is left out of it.

        Raises
        ------
        AwsError
            The kind's in-use error; ``ResourceLimitExceeded``; `tagging.merged`'s errors.
        """
        tags = tag_rules.merged((), tags)
        now = self.now()
        arn = kind.arn_of(context, name)
        document = {member: value for member, value in document.items() if member != "Tags"}
        document |= {kind.name_member: name, kind.arn_member: arn, "CreationTime": now}
        if kind.mutable:
            document["LastModifiedTime"] = now
        with self._database.write() as connection:
            if self._row(connection, context, kind, name):
                raise kind.in_use(context, name)
            if kind.usage:
                held = [pair for other in self._holding(connection, context, kind) for pair in kind.instances(other)]
                quotas.check_instances(kind.usage, kind.instances(document), held)
            connection.execute(
                "INSERT INTO resources (region, kind, name, key, arn, status, created, modified, summary, document)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (context.region, kind.name, name, name.lower(), arn, *self._columns(kind, document)),
            )
            self._put_tags(connection, arn, tags)
        self._tell(context, kind, None, document)
        return arn

    def get(self, context: Context, kind: ResourceKind, name: str) -> Document:
        """The resource's document, or the kind's not-found error."""
        return self._existing(self._database.connection, context, kind, name)

    def update(self, context: Context, kind: ResourceKind, name: str, changes: Changes) -> Document:
        """Change members of a resource in one transaction, set ``LastModifiedTime``, and return the new document.

        Parameters
        ----------
        changes : dict or function
            Members to replace; ``None`` removes one. A function is given the present document and returns such a dict; it may
            raise to refuse, e.g. because the status allows no change.
        """
        with self._database.write() as connection:
            before = self._existing(connection, context, kind, name)
            changed = changes(before) if callable(changes) else changes
            document = {member: value for member, value in (before | changed).items() if value is not None}
            if kind.mutable:
                document["LastModifiedTime"] = self.now()
            connection.execute(
                "UPDATE resources SET status = ?, created = ?, modified = ?, summary = ?, document = ? WHERE arn = ?",
                (*self._columns(kind, document), document[kind.arn_member]),
            )
        self._tell(context, kind, before, document)
        return document

    def delete(self, context: Context, kind: ResourceKind, name: str) -> Document:
        """Forget a resource and its tags; returns its last document."""
        with self._database.write() as connection:
            document = self._existing(connection, context, kind, name)
            connection.execute("DELETE FROM resources WHERE arn = ?", (document[kind.arn_member],))
        return document

    def page(self, context: Context, kind: ResourceKind, params: dict) -> tuple[list[dict], str | None]:
        """One page of summaries for a List operation, and the token of the next page or ``None``.

        Understands ``NameContains``, ``StatusEquals``, ``CreationTimeAfter/Before``, ``LastModifiedTimeAfter/Before``,
        the kind's own filters, ``SortBy``, ``SortOrder``, ``MaxResults`` and ``NextToken``.
        """
        return paging.page(self._database.connection, context.region, kind, params)

    def every(self, kind: ResourceKind, statuses: Sequence[str] | None = None) -> Iterator[tuple[Context, Document]]:
        """All resources of a kind in all regions, e.g. those that a crash left in progress."""
        rows = self._database.connection.execute("SELECT region, status, document FROM resources WHERE kind = ?", (kind.name,)).fetchall()
        for row in rows:
            if statuses is None or row["status"] in statuses:
                yield Context(row["region"], self._platform.account, self._platform), json.loads(row["document"])

    def documents(self, context: Context, kind: ResourceKind) -> list[Document]:
        """All resources of a kind in the context's region, in the order of their creation."""
        rows = self._database.connection.execute(
            "SELECT document FROM resources WHERE region = ? AND kind = ? ORDER BY sequence", (context.region, kind.name)
        )
        return [json.loads(row["document"]) for row in rows]

    def tags(self, arn: str) -> list[dict]:
        """``[{"Key": ..., "Value": ...}, ...]`` of any of our resources, in order of keys; none for an unknown ARN."""
        return self._tags(self._database.connection, arn)

    def add_tags(self, arn: str, tags: Iterable[dict]) -> list[dict]:
        """Add tags to a resource, or replace values of its tags; returns all that it has then.

        Raises
        ------
        AwsError
            `tagging.merged`'s errors.
        """
        with self._database.write() as connection:
            self._put_tags(connection, arn, tag_rules.merged(self._tags(connection, arn), tags))
            return self._tags(connection, arn)

    def delete_tags(self, arn: str, keys: Iterable[str]) -> None:
        with self._database.write() as connection:
            connection.executemany("DELETE FROM tags WHERE arn = ? AND key = ?", [(arn, key) for key in keys])

    def exists(self, arn: str) -> bool:
        return self._database.connection.execute("SELECT 1 FROM resources WHERE arn = ?", (arn,)).fetchone() is not None

    def now(self) -> float:
        """The clock in Unix seconds, to the millisecond, as SageMaker's time stamps are."""
        return round(self._platform.clock.now(), 3)

    def reset(self) -> None:
        """Forget everything."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM resources")

    def close(self) -> None:
        self._database.close()

    def _tell(self, context: Context, kind: ResourceKind, before: Document | None, after: Document) -> None:
        for listener in self.listeners:
            listener(context, kind, before, after)

    def _existing(self, connection: sqlite3.Connection, context: Context, kind: ResourceKind, name: str) -> Document:
        row = self._row(connection, context, kind, name)
        if row is None:
            raise kind.not_found(context, name)
        return json.loads(row["document"])

    def _row(self, connection: sqlite3.Connection, context: Context, kind: ResourceKind, name: str) -> sqlite3.Row | None:
        return connection.execute(
            "SELECT document FROM resources WHERE region = ? AND kind = ? AND key = ?", (context.region, kind.name, name.lower())
        ).fetchone()

    def _holding(self, connection: sqlite3.Connection, context: Context, kind: ResourceKind) -> list[Document]:
        """The resources of a kind that hold instances in a region."""
        places = ", ".join("?" * len(kind.holding_statuses))
        rows = connection.execute(
            f"SELECT document FROM resources WHERE region = ? AND kind = ? AND status IN ({places})",
            (context.region, kind.name, *kind.holding_statuses),
        )
        return [json.loads(row["document"]) for row in rows]

    @staticmethod
    def _tags(connection: sqlite3.Connection, arn: str) -> list[dict]:
        rows = connection.execute("SELECT key, value FROM tags WHERE arn = ? ORDER BY key", (arn,))
        return [{"Key": row["key"], "Value": row["value"]} for row in rows]

    @staticmethod
    def _put_tags(connection: sqlite3.Connection, arn: str, tags: Iterable[dict]) -> None:
        connection.executemany(
            "INSERT OR REPLACE INTO tags (arn, key, value) VALUES (?, ?, ?)", [(arn, tag["Key"], tag["Value"]) for tag in tags]
        )

    @staticmethod
    def _columns(kind: ResourceKind, document: Document) -> tuple:
        status = document.get(kind.status) if kind.status else None
        created = document["CreationTime"]
        return status, created, document.get("LastModifiedTime", created), json.dumps(kind.summarise(document)), json.dumps(document)
