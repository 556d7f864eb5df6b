"""Runs one query: plans it, executes it, and stores the result."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from sqlglot import exp

from course.localaws.athena import projection, types, writing
from course.localaws.athena.access import Access
from course.localaws.athena.catalog import CATALOG, Catalog, CatalogTable
from course.localaws.athena.ddl import DdlExecutor
from course.localaws.athena.engine import QueryProcess
from course.localaws.athena.failures import QueryFailure
from course.localaws.athena.iceberg import IcebergReader
from course.localaws.athena.merged import MergedFiles
from course.localaws.athena.plan import Planner, QueryPlan
from course.localaws.athena.statements import SqlStatement
from course.localaws.athena.writing import OutputTarget

_UNLOADED = ("format", "compression", "compression_level", "field_delimiter", "partitioned_by")
_CREATED = (
    "format",
    "write_compression",
    "field_delimiter",
    "partitioned_by",
    "external_location",
    "parquet_compression",
    "orc_compression",
)


@dataclass(slots=True)
class QueryOutcome:
    """The result of a query.

    Attributes
    ----------
    columns : list of dict
        ``ColumnInfo`` of its result.
    scanned : int
        Bytes read.
    rows : int
        Rows read or written.
    manifest : str
        The URI of the manifest of written files, ``""`` for none.
    planning, executing : float
        Seconds.
    """

    columns: list[dict] = field(default_factory=list)
    scanned: int = 0
    rows: int = 0
    manifest: str = ""
    planning: float = 0.0
    executing: float = 0.0


class QueryRun:
    """Runs one query.

    Parameters
    ----------
    catalog, access, merged, iceberg
    database : str
        The database of tables that name none.
    statement : SqlStatement
    query_id : str
    results : str
        The URI of its result without the extension, ``""`` to store no result.
    kms_key : str or None
        The ARN of the key that encrypts the result.
    """

    def __init__(
        self,
        catalog: Catalog,
        access: Access,
        merged: MergedFiles,
        iceberg: IcebergReader,
        database: str,
        statement: SqlStatement,
        query_id: str,
        results: str,
        kms_key: str | None,
    ) -> None:
        self._catalog, self._access, self._database = catalog, access, database
        self._statement, self._id, self._results, self._kms_key = statement, query_id, results, kms_key
        self._engine = QueryProcess(access, merged, iceberg)
        self._iceberg = iceberg
        self.outcome = QueryOutcome()

    def stop(self) -> None:
        self._engine.stop()

    @property
    def stopped(self) -> bool:
        return self._engine.stopped

    def run(self, folder: Path) -> None:
        """Run the query in a temporary folder. Raises QueryFailure, AwsError."""
        kind = self._statement.kind
        if kind == "SELECT":
            self._select(folder)
        elif kind == "UNLOAD":
            self._unload(folder)
        elif kind == "CREATE_TABLE_AS_SELECT":
            self._create_as(folder)
        elif kind == "INSERT":
            self._insert(folder)
        else:
            self._define()

    def _define(self) -> None:
        names, rows = DdlExecutor(self._catalog, self._access, self._database).run(self._statement)
        self.outcome.columns = [types.text_column(name) for name in names]
        self.outcome.rows = len(rows)
        self._put_result(".txt", "".join("\t".join(row) + "\n" for row in rows).encode())

    def _select(self, folder: Path) -> None:
        found = self._execute(self._plan(), folder, None)
        self.outcome.columns = [types.column_info(name, kind) for name, kind in found["columns"]]
        self._put_result(".csv", folder / "results.csv")

    def _unload(self, folder: Path) -> None:
        location = self._statement.words["to"]
        target = writing.of_properties(self._statement.properties, location, _UNLOADED)
        plan = self._plan()
        self._require_empty(location, location)
        self._store(target, self._execute(plan, folder, target.output), folder)

    def _create_as(self, folder: Path) -> None:
        statement = self._statement
        named = statement.tree.find(exp.Table)
        database, name = (named.db or self._database).lower(), named.name.lower()
        if not self._catalog.has_database(database):
            raise QueryFailure(f"SCHEMA_NOT_FOUND: Schema '{database}' does not exist")
        if self._catalog.table(database, name):
            if statement.tree.args.get("exists"):
                return
            raise QueryFailure(f"TABLE_ALREADY_EXISTS: Table '{database}.{name}' already exists")
        location = str(statement.properties.get("external_location") or f"{self._results.rpartition('/')[0]}/tables/{self._id}/")
        target = writing.of_properties(statement.properties, location, _CREATED)
        plan = self._plan()
        self._require_empty(location, f"{database}.{name}")
        writing.check_keys(target, plan.columns)
        found = self._execute(plan, folder, target.output)
        self._catalog.create_table(database, writing.created(name, target, found["columns"]))
        self._store(target, found, folder, self._catalog.table(database, name))

    def _insert(self, folder: Path) -> None:
        tree = self._statement.tree
        named = tree.this.find(exp.Table)
        database = (named.db or self._database).lower()
        table = self._catalog.table(database, named.name.lower())
        if table is None:
            raise QueryFailure(f"TABLE_NOT_FOUND: Table '{CATALOG}.{database}.{named.name.lower()}' does not exist")
        target, plan = writing.of_table(table), self._plan()
        plan.sql = writing.insertion(tree, table, plan.sql, len(plan.columns))
        self._store(target, self._execute(plan, folder, target.output), folder, table)

    def _table(self, database: str, name: str) -> CatalogTable | None:
        table = self._catalog.table(database, name)
        if table and projection.is_projected(table):
            return projection.described(table, self._access.keys_below, self._access.now())
        return self._iceberg.described(table, self._access) if table and table.is_iceberg else table

    def _plan(self) -> QueryPlan:
        begun = time.monotonic()
        statement = self._statement
        planner = Planner(statement.text, statement.query, self._database, self._table, self._catalog.has_database, statement.offset)
        plan = planner.plan(as_written=statement.kind == "SELECT")
        self.outcome.planning = time.monotonic() - begun
        return plan

    def _execute(self, plan: QueryPlan, folder: Path, output: dict | None) -> dict:
        begun = time.monotonic()
        with self._access.reading():
            found = self._engine.run(plan, folder, output)
        self.outcome.executing = time.monotonic() - begun
        self.outcome.scanned, self.outcome.rows = found["scanned"], found["rows"]
        return found

    def _require_empty(self, location: str, what: str) -> None:
        if self._access.holds_any(f"{location.rstrip('/')}/"):
            raise QueryFailure(
                f"HIVE_PATH_ALREADY_EXISTS: Target directory for table '{what}' already exists: {location}. You may need to manually clean "
                "the data at this location before retrying."
            )

    def _store(self, target: OutputTarget, found: dict, folder: Path, table: CatalogTable | None = None) -> None:
        """Store the written files at the target, and list them in the manifest."""
        stem, uris = time.strftime("%Y%m%d_%H%M%S", time.gmtime()), []
        for number, file in enumerate(found["files"]):
            uri = f"{target.uri(file['values'])}{stem}_{number:05}_{self._id[:5]}_{uuid.uuid4()}{target.suffix}"
            self._access.put(uri, folder / file["name"], self._kms_key)
            uris.append(uri)
        if table is not None and table.keys:
            writing.add_partitions(self._catalog, table, target, found["files"])
        if self._results:
            self.outcome.manifest = f"{self._results}-manifest.csv"
            self._access.put(self.outcome.manifest, "".join(f"{uri}\n" for uri in uris).encode(), self._kms_key)
            self._put_metadata("")

    def _put_result(self, ending: str, content: bytes | Path) -> None:
        if self._results:
            self._access.put(self._results + ending, content, self._kms_key)
            self._put_metadata(ending)

    def _put_metadata(self, ending: str) -> None:
        """Store the metadata file. Athena's is binary and undocumented; this one is JSON."""
        document = {"QueryExecutionId": self._id, "ColumnInfo": self.outcome.columns}
        self._access.put(f"{self._results}{ending}.metadata", json.dumps(document).encode(), self._kms_key)
