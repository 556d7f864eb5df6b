"""Plans a SELECT in Athena's SQL for the engine: the columns and tables that it reads, and its translation to DuckDB's SQL.

Athena engine version 3 is Trino. sqlglot translates, except what is handled here and in `functions`: an integer divided by zero fails in
Trino and is NULL in DuckDB.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from course.localaws.athena import functions, names, types
from course.localaws.athena.catalog import CATALOG, CatalogTable
from course.localaws.athena.failures import QueryFailure, at

_UNRESOLVED = re.compile(r"(?:Column|Unknown column:?) ['\"]?([\w.$]+)")
_UNNAMED = re.compile(r"_col\d+")


@dataclass(slots=True)
class TableScan:
    """One scan of a table.

    Attributes
    ----------
    view : str
        Its name in the engine's SQL.
    table : CatalogTable
    columns : list of str
        The columns to read, including partition keys.
    condition : str
        A condition on the partition keys alone, in DuckDB's SQL. Partitions that do not meet it are not read.
    alias : str
        The table's name in the condition.
    """

    view: str
    table: CatalogTable
    columns: list[str]
    condition: str = ""
    alias: str = ""


@dataclass(slots=True)
class QueryPlan:
    """A query in DuckDB's SQL on the views of its scans, and the names of its columns."""

    sql: str
    columns: list[str] = field(default_factory=list)
    scans: list[TableScan] = field(default_factory=list)


Find = Callable[[str, str], CatalogTable | None]


class Planner:
    """Plans the SELECT ``query``, a part of the statement ``text``.

    Parameters
    ----------
    text : str
    query : sqlglot.exp.Query
        Parsed from ``text``, or from the part that begins at ``offset``.
    database : str
        The database of tables that name none.
    find : callable
        Returns a table by database and name.
    has_database : callable
    """

    def __init__(
        self, text: str, query: exp.Query, database: str, find: Find, has_database: Callable[[str], bool], offset: int = 0
    ) -> None:
        self._text, self._query, self._database, self._offset = text, query, database, offset
        self._find, self._has_database = find, has_database
        self._tables: dict[tuple[str, str], CatalogTable] = {}

    def plan(self, as_written: bool = False) -> QueryPlan:
        """Plan the query. Its columns have their names in lower case, or ``as_written``. Raises QueryFailure."""
        self._resolve()
        schema: dict = {}
        for (database, name), table in self._tables.items():
            columns = {column: types.duckdb(hive) for column, hive in (table.columns | table.keys).items()}
            schema.setdefault(CATALOG, {}).setdefault(database, {})[name] = columns
        try:
            query = qualify(_named(self._query), schema=schema, dialect="athena", catalog=CATALOG, db=self._database)
            query = annotate_types(query, schema=schema, dialect="athena")
        except OptimizeError as error:
            raise self._unresolved(str(error)) from error
        except (SqlglotError, RecursionError) as error:
            raise QueryFailure(f"GENERIC_USER_ERROR: {str(error).splitlines()[0]}") from error
        _renumber(query)
        _fail_by_zero(query)
        functions.translate(query)
        if as_written:
            names.restore(query)
        plan = QueryPlan("", [column.alias_or_name for column in query.selects])
        for scope in traverse_scope(query):
            plan.scans += self._scans(scope, len(plan.scans))
        plan.sql = query.sql(dialect="duckdb")
        return plan

    def _resolve(self) -> None:
        """Look up every table that is not a common table expression."""
        for scope in traverse_scope(self._query):
            for node, source in scope.selected_sources.values():
                if isinstance(source, exp.Table) and isinstance(node.this, exp.Identifier):
                    self._look_up(source)
        if any(not isinstance(table.this, exp.Identifier) for table in self._query.find_all(exp.Table)):
            raise QueryFailure("NOT_SUPPORTED: table functions, which the local AWS does not have")

    def _look_up(self, node: exp.Table) -> None:
        database, name = (node.db or self._database).lower(), node.name.lower()
        if node.catalog and node.catalog.lower() != CATALOG:
            raise QueryFailure(f"CATALOG_NOT_FOUND: {self._at(node)}Catalog '{node.catalog}' does not exist")
        if node.args.get("version"):
            raise QueryFailure("NOT_SUPPORTED: FOR ... AS OF, an earlier state of an Iceberg table, which the local AWS does not read")
        if (database, name) in self._tables:
            return
        table = self._find(database, name)
        if table is None and "$" in name and self._find(database, name.partition("$")[0]):
            raise QueryFailure(f"NOT_SUPPORTED: {name}, the metadata of a table, which the local AWS does not show")
        if table is None and not self._has_database(database):
            raise QueryFailure(f"SCHEMA_NOT_FOUND: {self._at(node)}Schema '{database}' does not exist")
        if table is None:
            raise QueryFailure(f"TABLE_NOT_FOUND: {self._at(node)}Table '{CATALOG}.{database}.{name}' does not exist")
        self._tables[database, name] = table

    def _scans(self, scope: Scope, number: int) -> Iterator[TableScan]:
        for alias, (node, source) in scope.selected_sources.items():
            if not isinstance(source, exp.Table):
                continue
            table = self._tables[source.db.lower(), source.name.lower()]
            columns = sorted({column.name for column in scope.source_columns(alias)})
            condition = " AND ".join(each.sql(dialect="duckdb") for each in _on_keys(scope, alias, table))
            view = f"scan_{number}"
            number += 1
            node.replace(exp.Table(this=exp.to_identifier(view), alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True))))
            yield TableScan(view, table, columns, condition, alias)

    def _unresolved(self, message: str) -> QueryFailure:
        match = _UNRESOLVED.match(message)
        name = (match[1] if match else "").rpartition(".")[2]
        node = next((column for column in self._query.find_all(exp.Column) if column.name.lower() == name.lower()), None)
        if node is None:
            return QueryFailure(f"COLUMN_NOT_FOUND: {message.splitlines()[0]}")
        shown = ".".join(part.name for part in node.parts)
        if "ambiguous" in message.lower():
            return QueryFailure(f"AMBIGUOUS_NAME: {self._at(node)}Column '{shown}' is ambiguous")
        return QueryFailure(
            f"COLUMN_NOT_FOUND: {self._at(node)}Column '{shown}' cannot be resolved or requester is not authorized to access requested "
            "resources"
        )

    def _at(self, node: exp.Expression) -> str:
        starts = [each.meta["start"] for each in node.find_all(exp.Identifier) if "start" in each.meta]
        return f"{at(self._text, min(starts) + self._offset)}: " if starts else ""


def _on_keys(scope: Scope, alias: str, table: CatalogTable) -> Iterator[exp.Expression]:
    """The conditions of a WHERE that use a table's partition keys alone. None if an outer join may fill its columns with NULL."""
    where = scope.expression.args.get("where")
    joins = scope.expression.args.get("joins") or []
    if not where or not table.keys or any(join.side for join in joins):
        return
    for part in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        columns = list(part.find_all(exp.Column))
        if columns and not part.find(exp.Query) and all(each.table == alias and each.name in table.keys for each in columns):
            yield part


def _named(query: exp.Query) -> exp.Query:
    """A copy in which unnamed columns have Trino's names."""
    query = query.copy()
    names.remember(query)
    for select in list(query.find_all(exp.Select)):
        for number, column in enumerate(select.expressions):
            if not column.output_name or isinstance(column, exp.Literal):
                column.replace(exp.alias_(column.copy(), f"_col{number}"))
    return query


def _renumber(query: exp.Query) -> None:
    """Number the unnamed columns of the result, after ``*`` is expanded."""
    for number, column in enumerate(query.selects):
        if isinstance(column, exp.Alias) and _UNNAMED.fullmatch(column.alias):
            column.set("alias", exp.to_identifier(f"_col{number}", quoted=True))


def _fail_by_zero(query: exp.Query) -> None:
    for node in list(query.find_all(exp.Div, exp.Mod)):
        if node.this.is_type(*exp.DataType.INTEGER_TYPES) and node.expression.is_type(*exp.DataType.INTEGER_TYPES):
            divisor = node.expression
            failing = exp.Case(
                ifs=[
                    exp.If(this=exp.EQ(this=exp.paren(divisor.copy()), expression=exp.Literal.number(0)), true=_error("Division by zero"))
                ],
                default=divisor.copy(),
            )
            failing.type = divisor.type
            node.set("expression", failing)


def _error(message: str) -> exp.Expression:
    return exp.Anonymous(this="error", expressions=[exp.Literal.string(message)])
