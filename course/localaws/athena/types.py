"""Converts column types between Hive (the Glue catalog), DuckDB (the engine) and Trino (results)."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import SqlglotError

from course.localaws.athena.failures import QueryFailure

# Names in Athena's ColumnInfo that differ from sqlglot's Trino.
_COLUMN_INFO = {"real": "float", "timestamp(3)": "timestamp"}
_NULL = '"NULL"'  # DuckDB's type of a NULL without a type
PRECISIONS = {
    **{"boolean": 0, "tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19, "float": 17, "double": 17, "date": 0, "timestamp": 3},
    **{"varchar": 2147483647, "varbinary": 1073741824},
}


def duckdb(hive: str) -> str:
    """DuckDB's name for a type of the Glue catalog. Raises QueryFailure."""
    return _build(hive, "hive").sql("duckdb")


def hive(duckdb_type: str) -> str:
    """The Glue catalog's name for a type of DuckDB."""
    if duckdb_type == _NULL:
        return "string"
    return catalog_name(_build(duckdb_type, "duckdb"))


def catalog_name(kind: exp.DataType) -> str:
    """A type in the Glue catalog's form, without spaces: ``struct<a:int,b:decimal(10,2)>``."""
    return kind.sql("hive").lower().replace(": ", ":").replace(", ", ",")


def is_nested(hive_type: str) -> bool:
    return hive_type.lower().startswith(("array", "map", "struct", "uniontype"))


def column_info(name: str, duckdb_type: str) -> dict:
    """The ``ColumnInfo`` of a result's column in GetQueryResults."""
    if duckdb_type == _NULL:
        return column_info(name, "VARCHAR") | {"Type": "unknown", "Precision": 0, "CaseSensitive": False}
    kind = _build(duckdb_type, "duckdb").sql("trino").lower()
    base = _COLUMN_INFO.get(kind, kind.partition("(")[0])
    precision, scale = PRECISIONS.get(base, 0), 0
    if base == "decimal":
        precision, scale = (int(part) for part in kind.partition("(")[2].rstrip(")").split(","))
    return {
        **{"CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": name, "Label": name, "Type": base},
        **{"Precision": precision, "Scale": scale, "Nullable": "UNKNOWN", "CaseSensitive": base in ("varchar", "char")},
    }


def text_column(name: str) -> dict:
    """The ``ColumnInfo`` of a column of SHOW and DESCRIBE."""
    return column_info(name, "VARCHAR") | {"Type": "string", "Precision": 0, "CaseSensitive": False}


def _build(name: str, dialect: str) -> exp.DataType:
    try:
        return exp.DataType.build(name, dialect=dialect)
    except SqlglotError as error:
        raise QueryFailure(f"HIVE_INVALID_METADATA: the type {name} is not one that the local AWS reads") from error
