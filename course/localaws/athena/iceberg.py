"""Iceberg tables in queries: their columns, and their data files, which a helper process finds by pyiceberg.

A table's entry in the Glue catalog has the URI of its newest metadata file in the parameter ``metadata_location``. Types: "Supported data
types for Iceberg tables in Athena" of Athena's user guide, read 2026-11-28.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.athena.catalog import CatalogTable
from course.localaws.athena.failures import QueryFailure
from course.localaws.core import json_text
from course.localaws.core.helper_process import HelperError, HelperProcess

if TYPE_CHECKING:
    from course.localaws.athena.access import Access

LOCATION = "metadata_location"
_TYPES = {
    **{"long": "bigint", "fixed": "binary", "uuid": "string", "time": "string", "timestamptz": "timestamp with time zone"},
    **{"timestamp_ns": "timestamp", "timestamptz_ns": "timestamp with time zone"},
}


class IcebergReader:
    """Reads the metadata of Iceberg tables with the permissions of a query's caller. May be used from any thread."""

    def __init__(self) -> None:
        self._helper = HelperProcess("course.localaws.athena.iceberg_worker")

    def described(self, table: CatalogTable, access: Access) -> CatalogTable:
        """The table with the columns of its current schema. Raises QueryFailure."""
        metadata = _read(table, access)
        schemas = {schema["schema-id"]: schema for schema in metadata.get("schemas", [])}
        fields = schemas.get(metadata.get("current-schema-id"), metadata.get("schema", {})).get("fields", [])
        columns = [{"Name": field["name"].lower(), "Type": _hive(field["type"]), "FieldId": field["id"]} for field in fields]
        storage = table.storage | {"Columns": columns}
        return CatalogTable(table.document | {"StorageDescriptor": storage, "PartitionKeys": []}, table.partitions)

    def plan(self, table: CatalogTable, access: Access, folder: Path) -> dict:
        """The table's data files (see `iceberg_worker.plan`). Files for the query go to ``folder``. Raises QueryFailure."""
        metadata, inside = table.document["Parameters"][LOCATION], tempfile.mkdtemp(dir=folder)
        try:
            return self._helper.call("plan", {"path": lambda uri: access.file(uri, Path(inside))}, metadata=metadata, folder=inside)
        except HelperError as error:
            if error.kind == "QueryFailure":
                raise QueryFailure(str(error)) from error
            if "equality delete" in str(error):
                raise QueryFailure(f"NOT_SUPPORTED: equality deletes of {table.name}, which the local AWS does not read") from error
            raise QueryFailure(f"ICEBERG_BAD_DATA: {table.database}.{table.name}: {error}") from error

    def stop(self) -> None:
        self._helper.stop()


def _read(table: CatalogTable, access: Access) -> dict:
    location = table.document.get("Parameters", {}).get(LOCATION, "")
    with tempfile.TemporaryDirectory() as folder:
        path = access.file(location, Path(folder)) if location else ""
        text = Path(path).read_bytes() if path else b""
    if not path:
        raise QueryFailure(f"ICEBERG_INVALID_METADATA: {table.database}.{table.name} has no metadata at {location!r}")
    try:
        return json_text.load(text)
    except ValueError as error:
        raise QueryFailure(f"ICEBERG_INVALID_METADATA: the metadata of {table.database}.{table.name} is no JSON") from error


def _hive(kind: str | dict) -> str:
    """The Glue catalog's name of an Iceberg type."""
    if isinstance(kind, dict):
        if kind["type"] == "struct":
            fields = [f"{field['name']}:{_hive(field['type'])}" for field in kind["fields"]]
            return f"struct<{','.join(fields)}>"
        if kind["type"] == "list":
            return f"array<{_hive(kind['element'])}>"
        return f"map<{_hive(kind['key'])},{_hive(kind['value'])}>"
    return _TYPES.get(kind.partition("[")[0], kind)
