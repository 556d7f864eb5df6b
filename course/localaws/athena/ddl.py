"""Runs the statements that read or change the catalog but no data."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable

from course.localaws.athena import table_input
from course.localaws.athena.access import Access
from course.localaws.athena.catalog import Catalog, CatalogTable, folder_name
from course.localaws.athena.failures import QueryFailure
from course.localaws.athena.statements import SqlStatement

Lines = tuple[list[str], list[list[str]]]  # names of columns, rows
NOTHING: Lines = ([], [])
_PARTITION = re.compile(r"PARTITION\s*\((?P<values>[^)]*)\)(?:\s*LOCATION\s*'(?P<location>[^']*)')?\s*,?\s*", re.I)
_VALUE = re.compile(r"\s*[`\"]?(\w+)[`\"]?\s*=\s*(?:'([^']*)'|(\S+?))\s*(?:,|$)")


class DdlExecutor:
    """Runs DDL statements in a database. Raises QueryFailure, AwsError."""

    def __init__(self, catalog: Catalog, access: Access, database: str) -> None:
        self._catalog, self._access, self._database = catalog, access, database

    def run(self, statement: SqlStatement) -> Lines:
        return _STATEMENTS[statement.kind](self, statement)

    def create_table(self, statement: SqlStatement) -> Lines:
        database, document = table_input.external(statement.tree)
        database = database or self._database
        self._require_database(database)
        if self._catalog.table(database, document["Name"]):
            if statement.tree.args.get("exists"):
                return NOTHING
            raise _failed(f"AlreadyExistsException(message:Table {document['Name']} already exists in the database)")
        self._catalog.create_table(database, document)
        return NOTHING

    def create_database(self, statement: SqlStatement) -> Lines:
        words, name = statement.words, statement.words["name"].lower()
        if self._catalog.has_database(name):
            if words["exists"]:
                return NOTHING
            raise _failed(f"Database {name} already exists")
        given = {"Name": name, "Description": words["comment"], "LocationUri": words["location"]}
        self._catalog.call("CreateDatabase", DatabaseInput={member: value for member, value in given.items() if value})
        return NOTHING

    def drop_database(self, statement: SqlStatement) -> Lines:
        words, name = statement.words, statement.words["name"].lower()
        if not self._catalog.has_database(name):
            if words["exists"]:
                return NOTHING
            raise QueryFailure(f"FAILED: SemanticException [Error 10072]: Database does not exist: {name}")
        tables = self._catalog.tables(name)
        if tables and (words["how"] or "").upper() != "CASCADE":
            raise _failed(f"InvalidOperationException(message:Database {name} is not empty. One or more tables exist.)")
        for table in tables:
            self._catalog.call("DeleteTable", DatabaseName=name, Name=table["Name"])
        self._catalog.call("DeleteDatabase", Name=name)
        return NOTHING

    def drop_table(self, statement: SqlStatement) -> Lines:
        database, name = self._named(statement)
        if self._catalog.table(database, name):
            self._catalog.call("DeleteTable", DatabaseName=database, Name=name)
        elif not statement.words["exists"]:
            raise QueryFailure(f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}")
        return NOTHING

    def repair(self, statement: SqlStatement) -> Lines:
        table = self._table(statement)
        known, lines = {values for values, _ in table.partitions}, []
        base = table.location.rstrip("/") + "/"
        pattern = re.compile("/".join(f"{re.escape(key)}=([^/]+)" for key in table.keys) + "/", re.I)
        _, _, prefix = base.removeprefix("s3://").partition("/")
        for stored in self._access.objects(base):
            match = pattern.match(stored.key[len(prefix) :])
            if match and match.groups() not in known:
                known.add(match.groups())
                self._catalog.add_partition(table, match.groups(), base + match[0])
                shown = folder_name(list(table.keys), match.groups())
                lines += [
                    f"Partitions not in metastore:\t{table.name}:{shown}",
                    f"Repair: Added partition to metastore {table.name}:{shown}",
                ]
        return [""], [[line] for line in lines]

    def show_databases(self, statement: SqlStatement) -> Lines:
        return ["database_name"], _matching(self._catalog.databases(), statement.words["like"])

    def show_tables(self, statement: SqlStatement) -> Lines:
        database = (statement.words["db"] or self._database).lower()
        self._require_database(database)
        return ["tab_name"], _matching(sorted(table["Name"] for table in self._catalog.tables(database)), statement.words["like"])

    def show_columns(self, statement: SqlStatement) -> Lines:
        table = self._table(statement)
        return ["field"], [[name] for name in table.columns | table.keys]

    def show_partitions(self, statement: SqlStatement) -> Lines:
        table = self._table(statement)
        if not table.keys:
            raise QueryFailure(f"FAILED: SemanticException [Error 10241]: Table {table.name} is not a partitioned table")
        return ["partition"], [[folder_name(list(table.keys), values)] for values, _ in table.partitions]

    def show_create(self, statement: SqlStatement) -> Lines:
        return ["createtab_stmt"], [[line] for line in table_input.statement_of(self._table(statement))]

    def describe(self, statement: SqlStatement) -> Lines:
        table = self._table(statement)

        def lines(entries: list[dict]) -> list[str]:
            return [f"{each['Name']:<20}\t{each.get('Type', 'string'):<20}\t{each.get('Comment', ''):<20}" for each in entries]

        keys = table.document.get("PartitionKeys", [])
        shown = lines(table.storage.get("Columns", [])) + lines(keys)
        if keys:
            title = f"{'# col_name':<20}\t{'data_type':<20}\t{'comment':<20}"
            shown += ["\t \t ", "# Partition Information\t \t ", title, "\t \t ", *lines(keys)]
        return ["col_name", "data_type", "comment"], [line.split("\t") for line in shown]

    def add_partitions(self, statement: SqlStatement) -> Lines:
        table = self._table(statement)
        known = {values for values, _ in table.partitions}
        for values, location in _partitions(statement, table):
            if values not in known:
                place = location or f"{table.location.rstrip('/')}/{folder_name(list(table.keys), values)}/"
                self._catalog.add_partition(table, values, place)
            elif not statement.words["exists"]:
                raise _failed("AlreadyExistsException(message:Partition already exists.)")
        return NOTHING

    def drop_partitions(self, statement: SqlStatement) -> Lines:
        table = self._table(statement)
        known = {values for values, _ in table.partitions}
        for values, _ in _partitions(statement, table):
            if values in known:
                names = {"DatabaseName": table.database, "TableName": table.name}
                self._catalog.call("DeletePartition", **names, PartitionValues=list(values))
            elif not statement.words["exists"]:
                raise QueryFailure("FAILED: SemanticException [Error 10006]: Partition not found")
        return NOTHING

    def _named(self, statement: SqlStatement) -> tuple[str, str]:
        words = statement.words
        return (words.get("within") or words["db"] or self._database).lower(), words["name"].lower()

    def _table(self, statement: SqlStatement) -> CatalogTable:
        database, name = self._named(statement)
        self._require_database(database)
        table = self._catalog.table(database, name)
        if table is None:
            raise QueryFailure(f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}")
        return table

    def _require_database(self, name: str) -> None:
        if not self._catalog.has_database(name):
            raise QueryFailure(f"FAILED: SemanticException [Error 10072]: Database does not exist: {name}")


_STATEMENTS: dict[str, Callable[[DdlExecutor, SqlStatement], Lines]] = {
    "CREATE_TABLE": DdlExecutor.create_table,
    "CREATE_DATABASE": DdlExecutor.create_database,
    "DROP_DATABASE": DdlExecutor.drop_database,
    "DROP_TABLE": DdlExecutor.drop_table,
    "REPAIR_TABLE": DdlExecutor.repair,
    "SHOW_DATABASES": DdlExecutor.show_databases,
    "SHOW_TABLES": DdlExecutor.show_tables,
    "SHOW_COLUMNS": DdlExecutor.show_columns,
    "SHOW_PARTITIONS": DdlExecutor.show_partitions,
    "SHOW_CREATE_TABLE": DdlExecutor.show_create,
    "DESCRIBE_TABLE": DdlExecutor.describe,
    "ALTER_TABLE_ADD_PARTITION": DdlExecutor.add_partitions,
    "ALTER_TABLE_DROP_PARTITION": DdlExecutor.drop_partitions,
}


def _failed(what: str) -> QueryFailure:
    return QueryFailure(f"FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. {what}")


def _matching(names: list[str], like: str | None) -> list[list[str]]:
    patterns = (like or "*").split("|")
    return [[name] for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]


def _partitions(statement: SqlStatement, table: CatalogTable) -> list[tuple[tuple[str, ...], str | None]]:
    found = []
    for match in _PARTITION.finditer(statement.words["parts"]):
        given = {name.lower(): text or plain for name, text, plain in _VALUE.findall(match["values"])}
        if set(given) != set(table.keys):
            raise QueryFailure(
                f"FAILED: SemanticException partition spec {given} doesn't contain all ({len(table.keys)}) partition columns"
            )
        found.append((tuple(given[key] for key in table.keys), match["location"]))
    return found
