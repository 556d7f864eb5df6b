"""The targets of UNLOAD, CREATE TABLE AS and INSERT INTO: the files, and the table."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from course.localaws.athena import types
from course.localaws.athena.catalog import Catalog, CatalogTable, folder_name
from course.localaws.athena.failures import QueryFailure
from course.localaws.athena.table_input import table_input

# The supported compressions of each format, the default first. Athena also supports LZ4 for text, and ZSTD levels.
_COMPRESSIONS = {
    "PARQUET": ("GZIP", "SNAPPY", "ZSTD", "NONE"),
    "ORC": ("ZLIB", "SNAPPY", "LZ4", "ZSTD", "NONE"),
    "TEXTFILE": ("GZIP", "NONE"),
    "JSON": ("GZIP", "NONE"),
}
_KINDS = {"PARQUET": "parquet", "ORC": "orc", "TEXTFILE": "text", "JSON": "json"}
_OF_TABLES = {kind: name for name, kind in _KINDS.items()}


@dataclass(slots=True)
class OutputTarget:
    """A target: files of one format below a location.

    Attributes
    ----------
    location : str
    format : str
        A key of `table_input.FORMATS`.
    compression : str
    keys : list of str
        The partition columns.
    delimiter, null : str
        For text formats.
    """

    location: str
    format: str
    compression: str
    keys: list[str] = field(default_factory=list)
    delimiter: str = "\x01"
    null: str = r"\N"

    @property
    def output(self) -> dict:
        """The ``output`` argument of `files.write_files`."""
        return {
            **{"format": _KINDS[self.format], "compression": self._compression, "keys": self.keys},
            **{"delimiter": self.delimiter, "null": self.null},
        }

    @property
    def _compression(self) -> str:
        return "uncompressed" if self.compression == "NONE" and self.format == "ORC" else self.compression.lower()

    @property
    def suffix(self) -> str:
        return ".gz" if self.format in ("TEXTFILE", "JSON") and self.compression == "GZIP" else ""

    def uri(self, values: list[str]) -> str:
        """The folder of a partition."""
        folder = f"{folder_name(self.keys, tuple(values))}/" if values else ""
        return f"{self.location.rstrip('/')}/{folder}"


def of_properties(properties: dict, location: str, known: tuple[str, ...]) -> OutputTarget:
    """The target of the WITH clause of UNLOAD or CREATE TABLE AS. Raises QueryFailure."""
    if unknown := sorted(set(properties) - set(known)):
        raise QueryFailure(f"INVALID_TABLE_PROPERTY: the local AWS does not know the table property '{unknown[0]}'")
    kind = str(properties.get("format", "PARQUET")).upper()
    if kind not in _KINDS:
        raise QueryFailure(f"NOT_SUPPORTED: files of the format {kind}, which the local AWS does not write; it writes {', '.join(_KINDS)}")
    delimiter = str(properties.get("field_delimiter", "\x01")).replace(r"\t", "\t")
    compression = str(properties.get("compression", properties.get("write_compression", _COMPRESSIONS[kind][0]))).upper()
    if compression not in _COMPRESSIONS[kind]:
        raise QueryFailure(f"NOT_SUPPORTED: {kind} compressed by {compression}; the local AWS writes {', '.join(_COMPRESSIONS[kind])}")
    return OutputTarget(location, kind, compression, list(properties.get("partitioned_by", [])), delimiter)


def of_table(table: CatalogTable) -> OutputTarget:
    """The target of INSERT INTO. Raises QueryFailure."""
    if table.is_iceberg:
        raise QueryFailure("NOT_SUPPORTED: INSERT INTO an Iceberg table, which the local AWS only reads")
    kind = _OF_TABLES.get(table.format)
    if kind is None:
        raise QueryFailure("NOT_SUPPORTED: INSERT INTO a table of OpenCSVSerde")
    parameters = table.parameters
    compression = _COMPRESSIONS[kind][0] if kind not in ("PARQUET", "ORC") else "SNAPPY"
    delimiter = parameters.get("field.delim", "\x01")
    return OutputTarget(table.location, kind, compression, list(table.keys), delimiter, parameters.get("serialization.null.format", r"\N"))


def created(name: str, target: OutputTarget, columns: list[list[str]]) -> dict:
    """The TableInput of a table made by CREATE TABLE AS."""
    entries = [{"Name": column.lower(), "Type": types.hive(kind)} for column, kind in columns]
    keys = [each for key in target.keys for each in entries if each["Name"] == key]
    kept = [each for each in entries if each["Name"] not in target.keys]
    parameters = {"field.delim": target.delimiter, "serialization.format": target.delimiter} if target.format == "TEXTFILE" else {}
    return table_input(name, kept, keys, target.location, target.format, {"parameters": parameters}, {"has_encrypted_data": "false"})


def check_keys(target: OutputTarget, columns: list[str]) -> None:
    """Check that the partition keys are the last columns, as Athena requires. Raises QueryFailure."""
    if target.keys and [column.lower() for column in columns[-len(target.keys) :]] != target.keys:
        raise QueryFailure(
            f"HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and in the same order as the table "
            f"properties: {target.keys}"
        )


def insertion(tree: exp.Insert, table: CatalogTable, sql: str, given: int) -> str:
    """DuckDB's SQL that converts the rows of a query with the columns ``given`` to rows of a table. Raises QueryFailure."""
    kinds = table.columns | table.keys
    named = [each.name.lower() for each in tree.this.expressions] if isinstance(tree.this, exp.Schema) else list(kinds)
    if unknown := [name for name in named if name not in kinds]:
        raise QueryFailure(f"COLUMN_NOT_FOUND: Insert column name does not exist in target table: {unknown[0]}")
    if len(named) != given:
        raise QueryFailure(f"TYPE_MISMATCH: Insert query has mismatched column types: Table has {len(named)} columns, the query {given}")
    columns = [
        f"CAST({_quoted(name) if name in named else 'NULL'} AS {types.duckdb(kind)}) AS {_quoted(name)}" for name, kind in kinds.items()
    ]
    return f"SELECT {', '.join(columns)} FROM ({sql}) AS _rows({', '.join(map(_quoted, named))})"


def add_partitions(catalog: Catalog, table: CatalogTable, target: OutputTarget, files: list[dict]) -> None:
    """Add the new partitions of a table to the catalog."""
    known = {values for values, _ in table.partitions}
    for values in dict.fromkeys(tuple(file["values"]) for file in files):
        if values and values not in known:
            catalog.add_partition(table, values, target.uri(list(values)))


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql("duckdb")
