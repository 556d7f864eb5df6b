"""The databases and tables of the Glue catalog in the form of Athena's operations."""

from __future__ import annotations

import re

from course.localaws.athena.catalog import CATALOG, Catalog
from course.localaws.athena.failures import invalid
from course.localaws.core.errors import AwsError
from course.localaws.core.regular_expressions import ExpressionError, RegularExpressions

_SHOWN = ("Name", "CreateTime", "LastAccessTime", "TableType", "PartitionKeys", "Parameters")


def databases(catalog: Catalog, params: dict) -> dict:
    """The answer to ListDatabases."""
    _check(params)
    return {"DatabaseList": [{"Name": name} for name in catalog.databases()]}


def database(catalog: Catalog, params: dict) -> dict:
    """The answer to GetDatabase."""
    _check(params)
    return {"Database": {"Name": _database(catalog, params["DatabaseName"])}}


def tables(expressions: RegularExpressions, catalog: Catalog, params: dict) -> dict:
    """The answer to ListTableMetadata. ``Expression`` is a regular expression for names."""
    _check(params)
    found = catalog.tables(_database(catalog, params["DatabaseName"]))
    if "Expression" in params:
        try:
            names = expressions.matching(params["Expression"], [each["Name"] for each in found], flags=re.IGNORECASE)
        except ExpressionError as error:
            raise invalid(f"Invalid Expression: {error}") from error
        found = [each for each in found if each["Name"] in names]
    return {"TableMetadataList": [_shown(each) for each in found]}


def table(catalog: Catalog, params: dict) -> dict:
    """The answer to GetTableMetadata."""
    _check(params)
    found = catalog.table(_database(catalog, params["DatabaseName"]), params["TableName"].lower())
    if found is None:
        raise _missing(f"Table {params['TableName']} not found.")
    return {"TableMetadata": _shown(found.document)}


def _shown(document: dict) -> dict:
    storage = document.get("StorageDescriptor", {})
    about = {"location": storage.get("Location"), "inputformat": storage.get("InputFormat"), "outputformat": storage.get("OutputFormat")}
    about["serde.serialization.lib"] = storage.get("SerdeInfo", {}).get("SerializationLibrary")
    parameters = document.get("Parameters", {}) | {name: value for name, value in about.items() if value}
    shown = {name: document[name] for name in _SHOWN if name in document}
    return shown | {"Columns": storage.get("Columns", []), "Parameters": parameters}


def _check(params: dict) -> None:
    if params["CatalogName"].lower() != CATALOG:
        raise invalid(f"Data catalog {params['CatalogName']} is not one that the local AWS reads.")


def _database(catalog: Catalog, name: str) -> str:
    if not catalog.has_database(name.lower()):
        raise _missing(f"Database {name} not found.")
    return name.lower()


def _missing(what: str) -> AwsError:
    return AwsError("MetadataException", f"EntityNotFoundException: {what}")
