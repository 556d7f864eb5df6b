"""The resource engine: Create, Describe, List, Update and Delete for any kind of resource of any service.

A family declares its `ResourceKind` and keeps its documents here. A document is the answer of Describe: plain JSON values, with time
stamps in Unix seconds. Members whose names begin with ``_`` are internal: they are stored and never sent to a client.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.context import Context
from course.localaws.core import paging, tag_rules
from course.localaws.core.database import Database
from course.localaws.core.errors import AwsError

if TYPE_CHECKING:
    import sqlite3

    from course.localaws.platform import Platform

Document = dict
Changes = dict | Callable[[Document], dict]
Listener = Callable[[Context, "ResourceKind", Document | None, Document], None]
Instances = Iterable[tuple[str, int]]  # pairs of instance type and count
InstanceCheck = Callable[[Context, str, Instances, Instances], None]

COLUMNS = {"Name": "name", "CreationTime": "created", "LastModifiedTime": "modified", "Status": "status"}
BOUNDS = {
    "CreationTimeAfter": "created >= ?",
    "CreationTimeBefore": "created < ?",
    "LastModifiedTimeAfter": "modified >= ?",
    "LastModifiedTimeBefore": "modified < ?",
    "ModifiedTimeAfter": "modified >= ?",
    "ModifiedTimeBefore": "modified < ?",
    "ScheduledTimeAfter": "json_extract(summary, '$.ScheduledTime') >= ?",
    "ScheduledTimeBefore": "json_extract(summary, '$.ScheduledTime') < ?",
    "StatusEquals": "status = ?",
    "NameContains": "instr(key, lower(?)) > 0",
    "NamePrefix": "instr(key, lower(?)) = 1",
}

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
    """A kind of resource, and how AWS's answers about it differ from those about other kinds.

    Parameters
    ----------
    name : str
        The stem of its members: ``"TrainingJob"`` has ``TrainingJobName``, ``TrainingJobArn``.
    arn : str
        Its part of the ARN: ``"training-job"``.
    missing, exists : str
        The messages of the not-found and the in-use error; ``{name}``, ``{arn}`` and ``{region}`` are filled in.
    missing_code, exists_code : str
        Their codes. SageMaker mostly answers ``ValidationException`` where its documentation says ``ResourceNotFound``.
    status : str
        The member that holds its status; ``""`` for a kind without status.
    summary : tuple of str
        The members that List shows besides name, ARN, times and status. A nested member is a path: ``"Config.Strategy"``.
    filters : dict
        Parameters of List beyond the common ones, each with the path of the member of the summary that it must equal.
    order : str
        The default ``SortOrder`` of List.
    status_last : bool
        Whether List, given ``StatusEquals`` and ``MaxResults``, first takes a page and then filters it by status, as AWS documents for
        ListTrainingJobs. A page may then be empty and still have a next page.
    mutable : bool
        Whether it ever changes. Only then it has a ``LastModifiedTime``.
    usage : function
        From a document to the name that service quotas use for its instances, e.g. ``"training job usage"``; ``""`` for none.
    instances : function
        From a document to the instances that it holds: pairs of instance type and count.
    holding_statuses : tuple of str
        The statuses in which it holds them.
    event : str
        The detail type of the EventBridge event that a change of status sends; ``""`` for none.
    event_members : tuple of str
        Members whose changes also send an event. The event lists the changed ones in ``Updated<name>Fields``.
    retains_instances : function
        Whether a document in another status still holds idle instances.
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
    usage: Callable[[Document], str] = lambda document: ""
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

    def summarise(self, document: Document) -> dict:
        """The document's summary in List."""
        members = (self.name_member, self.arn_member, "CreationTime", "LastModifiedTime", self.status, *self.summary)
        found = {path.rpartition(".")[2]: _at(document, path) for path in members}
        return {member: value for member, value in found.items() if value is not None}


def arn_of(service: str, context: Context, kind: ResourceKind, name: str) -> str:
    """The ARN of a resource. AWS keeps the case of a name but lower-cases it in the ARN.

    Seen in https://github.com/aws/amazon-sagemaker-examples/issues/2339, where the name begins with ``DEMO``.
    """
    return f"arn:aws:{service}:{context.region}:{context.account}:{kind.arn}/{name.lower()}"


def _at(document: Document, path: str) -> object:
    """The value of a member, which may be nested; None when it is absent."""
    found: object = document
    for member in path.split("."):
        found = found.get(member) if isinstance(found, dict) else None
    return found


class ResourceEngine:
    """Resources of all kinds of one service in one SQLite file. May be used from any thread.

    Parameters
    ----------
    platform : Platform
    service : str
        The service's name in ARNs, e.g. ``"sagemaker"``.
    path : Path
        The SQLite file.
    check_instances : function
        Called before a resource with instances is created, with the context, the usage, the requested instances and those that are held
        for the same usage. Raises AwsError when a quota is exceeded.

    Attributes
    ----------
    kinds : dict
        Every kind that is kept here, by its part of the ARN.
    listeners : dict
        Name of a kind -> functions. Each is called after every change of such a resource with the context, the kind, the document
        before (None for a new resource) and the document now.
    """

    def __init__(self, platform: Platform, service: str, path: Path, check_instances: InstanceCheck) -> None:
        self.kinds: dict[str, ResourceKind] = {}
        self.listeners: dict[str, Sequence[Listener]] = {}
        self._platform, self._service, self._check_instances = platform, service, check_instances
        self._revisions: Counter[str] = Counter()
        self._database = Database(path, SCHEMA)

    def arn_of(self, context: Context, kind: ResourceKind, name: str) -> str:
        return arn_of(self._service, context, kind, name)

    def not_found(self, context: Context, kind: ResourceKind, name: str) -> AwsError:
        """The kind's not-found error."""
        return AwsError(kind.missing_code, self._fill(kind.missing, context, kind, name))

    def create(
        self, context: Context, kind: ResourceKind, name: str, document: Document, tags: Iterable[dict] = (), *, earlier: float = 0
    ) -> str:
        """Store a new resource and return its ARN.

        Name, ARN, ``CreationTime`` (now, less the seconds of `earlier`) and ``LastModifiedTime`` are added to the document; a ``Tags``
        member is dropped from it.
        Raises AwsError: the kind's in-use error, a quota's error, or an error of `tag_rules.merged`.
        """
        tags = tag_rules.merged((), tags)
        now = self.now()
        arn = self.arn_of(context, kind, name)
        document = {member: value for member, value in document.items() if member != "Tags"}
        document |= {kind.name_member: name, kind.arn_member: arn, "CreationTime": now - earlier}
        if kind.mutable:
            document["LastModifiedTime"] = now
        with self._database.write() as connection:
            if self._row(connection, context, kind, name):
                raise AwsError(kind.exists_code, self._fill(kind.exists, context, kind, name))
            if usage := kind.usage(document):
                others = self._holding(connection, context, kind)
                held = [pair for other in others if kind.usage(other) == usage for pair in kind.instances(other)]
                self._check_instances(context, usage, kind.instances(document), held)
            connection.execute(
                "INSERT INTO resources (region, kind, name, key, arn, status, created, modified, summary, document)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (context.region, kind.name, name, name.lower(), arn, *self._columns(kind, document)),
            )
            self._put_tags(connection, arn, tags)
        self._tell_tags(arn, tags)
        self._notify(context, kind, None, document)
        return arn

    def get(self, context: Context, kind: ResourceKind, name: str) -> Document:
        """The resource's document. Raises the kind's not-found error."""
        return self._existing(self._database.connection, context, kind, name)

    def find(self, context: Context, kind: ResourceKind, name: str) -> Document | None:
        """The resource's document; None when there is no such resource."""
        row = self._row(self._database.connection, context, kind, name)
        return json.loads(row["document"]) if row else None

    def update(self, context: Context, kind: ResourceKind, name: str, changes: Changes) -> Document:
        """Change members of a resource in one transaction, set ``LastModifiedTime``, and return the new document.

        Parameters
        ----------
        changes : dict or function
            Members to replace; ``None`` removes a member. A function receives the present document and returns such a dict. It may
            raise to refuse the change, e.g. because of the status.
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
        self._notify(context, kind, before, document)
        return document

    def delete(self, context: Context, kind: ResourceKind, name: str) -> Document:
        """Delete a resource and its tags, and return its last document."""
        with self._database.write() as connection:
            document = self._existing(connection, context, kind, name)
            connection.execute("DELETE FROM resources WHERE arn = ?", (document[kind.arn_member],))
        self._revisions[kind.name] += 1
        return document

    def page(self, context: Context, kind: ResourceKind, params: dict) -> tuple[list[dict], str | None]:
        """One page of summaries for a List operation, and the token of the next page or None.

        Understands ``NameContains``, ``StatusEquals``, ``CreationTime``, ``LastModifiedTime`` and ``ScheduledTime`` with ``After`` or
        ``Before``, the kind's own filters, ``SortBy``, ``SortOrder``, ``MaxResults`` and ``NextToken``. Raises AwsError as
        `paging.read_token` does.
        """
        status_last = kind.status_last and "MaxResults" in params
        conditions, values = _conditions(context.region, kind, params, status_last)
        column = COLUMNS.get(params.get("SortBy", "CreationTime")) or f"coalesce(json_extract(summary, '$.{params['SortBy']}'), '')"
        descending = params.get("SortOrder", kind.order) == "Descending"
        query = paging.checksum((conditions, values, column, descending))
        if params.get("NextToken"):
            conditions.append(f"({column}, sequence) {'<' if descending else '>'} (?, ?)")
            values += paging.read_token(params["NextToken"], query, _is_key)
        limit, order = params.get("MaxResults", paging.DEFAULT_PAGE), "DESC" if descending else "ASC"
        rows = self._database.connection.execute(
            f"SELECT summary, status, sequence, {column} AS value FROM resources WHERE {' AND '.join(conditions)}"
            f" ORDER BY value {order}, sequence {order} LIMIT ?",
            (*values, limit + 1),
        ).fetchall()
        shown = rows[:limit]
        token = paging.token(query, [shown[-1]["value"], shown[-1]["sequence"]]) if len(rows) > limit else None
        if status_last and "StatusEquals" in params:
            shown = [row for row in shown if row["status"] == params["StatusEquals"]]
        return json.loads(f"[{','.join(row['summary'] for row in shown)}]"), token

    def every(self, kind: ResourceKind, statuses: Sequence[str] | None = None) -> Iterator[tuple[Context, Document]]:
        """All resources of a kind in all regions, e.g. those that were in progress at a crash."""
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
        """``[{"Key": ..., "Value": ...}, ...]`` of a resource, sorted by key; empty for an unknown ARN."""
        return self._tags(self._database.connection, arn)

    def add_tags(self, arn: str, tags: Iterable[dict]) -> list[dict]:
        """Add tags to a resource, or replace their values, and return all its tags. Raises AwsError as `tag_rules.merged` does."""
        with self._database.write() as connection:
            self._put_tags(connection, arn, tag_rules.merged(self._tags(connection, arn), tags))
            found = self._tags(connection, arn)
        self._tell_tags(arn, found)
        return found

    def delete_tags(self, arn: str, keys: Iterable[str]) -> None:
        with self._database.write() as connection:
            connection.executemany("DELETE FROM tags WHERE arn = ? AND key = ?", [(arn, key) for key in keys])
        self._tell_tags(arn, self.tags(arn))

    def exists(self, arn: str) -> bool:
        return self._database.connection.execute("SELECT 1 FROM resources WHERE arn = ?", (arn,)).fetchone() is not None

    def revision(self, kind: ResourceKind) -> int:
        """How often resources of a kind have changed since the start. A cache of documents is valid as long as this stays the same."""
        return self._revisions[kind.name]

    def now(self) -> float:
        """The clock in Unix seconds, rounded to milliseconds as AWS's time stamps are."""
        return round(self._platform.clock.now(), 3)

    def reset(self) -> None:
        """Delete all resources."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM resources")
        self._revisions.update(kind.name for kind in self.kinds.values())

    def close(self) -> None:
        self._database.close()

    def _fill(self, message: str, context: Context, kind: ResourceKind, name: str) -> str:
        return message.format(name=name, arn=self.arn_of(context, kind, name), region=context.region)

    def _tell_tags(self, arn: str, tags: Iterable[dict]) -> None:
        self._platform.usage.tagged(arn, {tag["Key"]: tag["Value"] for tag in tags})

    def _notify(self, context: Context, kind: ResourceKind, before: Document | None, after: Document) -> None:
        self._revisions[kind.name] += 1
        for listener in self.listeners.get(kind.name, ()):
            listener(context, kind, before, after)

    def _existing(self, connection: sqlite3.Connection, context: Context, kind: ResourceKind, name: str) -> Document:
        row = self._row(connection, context, kind, name)
        if row is None:
            raise self.not_found(context, kind, name)
        return json.loads(row["document"])

    def _row(self, connection: sqlite3.Connection, context: Context, kind: ResourceKind, name: str) -> sqlite3.Row | None:
        return connection.execute(
            "SELECT document FROM resources WHERE region = ? AND kind = ? AND key = ?", (context.region, kind.name, name.lower())
        ).fetchone()

    def _holding(self, connection: sqlite3.Connection, context: Context, kind: ResourceKind) -> list[Document]:
        """The resources of a kind that hold instances in a region."""
        marks = ", ".join("?" * len(kind.holding_statuses))
        rows = connection.execute(
            f"SELECT document FROM resources WHERE region = ? AND kind = ? AND status IN ({marks})",
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


def _conditions(region: str, kind: ResourceKind, params: dict, status_last: bool) -> tuple[list[str], list]:
    """The SQL conditions of a List operation's filters, and their values."""
    conditions, values = ["region = ?", "kind = ?"], [region, kind.name]
    for parameter, condition in BOUNDS.items():
        if parameter in params and not (status_last and parameter == "StatusEquals"):
            conditions.append(condition)
            values.append(params[parameter])
    for parameter, path in kind.filters.items():
        if parameter in params:
            conditions.append("json_extract(summary, ?) = ?")
            values += [f"$.{path}", params[parameter]]
    return conditions, values


def _is_key(key: list) -> bool:
    value, sequence = key
    return isinstance(sequence, int) and isinstance(value, int | float | str)
