"""Reads and changes the Glue catalog, whose records moto keeps, through Glue's operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course.localaws.athena.failures import QueryFailure
from course.localaws.core.errors import AwsError

if TYPE_CHECKING:
    from course.localaws.platform import Platform

CATALOG = "awsdatacatalog"
ICEBERG_CURRENT = "iceberg.field.current"  # a parameter of a column; "false" for one that was dropped
# Formats by the last part of the name of a table's SerDe.
_SERDES = {
    "parquethiveserde": "parquet",
    "orcserde": "orc",
    "opencsvserde": "opencsv",
    "lazysimpleserde": "text",
    "jsonserde": "json",
    "cloudtrailserde": "cloudtrail",
}


@dataclass(frozen=True, slots=True)
class CatalogTable:
    """A table of the catalog.

    Attributes
    ----------
    document : dict
        The table in the form of GetTable.
    partitions : tuple of (values, location)
        A table without partition keys has one partition without values.
    """

    document: dict
    partitions: tuple[tuple[tuple[str, ...], str], ...] = ()

    @property
    def name(self) -> str:
        return self.document["Name"]

    @property
    def database(self) -> str:
        return self.document["DatabaseName"]

    @property
    def storage(self) -> dict:
        return self.document.get("StorageDescriptor", {})

    @property
    def location(self) -> str:
        return self.storage.get("Location", "")

    @property
    def columns(self) -> dict[str, str]:
        """Hive types by lower-case column name, without the partition keys."""
        present = [each for each in self.storage.get("Columns", []) if (each.get("Parameters") or {}).get(ICEBERG_CURRENT) != "false"]
        return {column["Name"].lower(): column.get("Type", "string") for column in present}

    @property
    def keys(self) -> dict[str, str]:
        return {column["Name"].lower(): column.get("Type", "string") for column in self.document.get("PartitionKeys", [])}

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the table and of its SerDe."""
        return self.storage.get("SerdeInfo", {}).get("Parameters", {}) | self.document.get("Parameters", {})

    @property
    def is_iceberg(self) -> bool:
        return self.parameters.get("table_type", "").upper() == "ICEBERG"

    @property
    def format(self) -> str:
        """The format: ``parquet``, ``orc``, ``opencsv``, ``text``, ``json``, ``cloudtrail`` or ``iceberg``. Raises QueryFailure."""
        if self.document.get("TableType") == "VIRTUAL_VIEW":
            raise QueryFailure(f"NOT_SUPPORTED: {self.database}.{self.name} is a view, which the local AWS does not query")
        if self.is_iceberg:
            return "iceberg"
        if self.storage.get("InputFormat", "").endswith(".CloudTrailInputFormat"):
            return "cloudtrail"
        library = self.storage.get("SerdeInfo", {}).get("SerializationLibrary", "")
        try:
            return _SERDES[library.rpartition(".")[2].lower()]
        except KeyError:
            raise QueryFailure(f"HIVE_UNSUPPORTED_FORMAT: the local AWS does not read the SerDe {library or '(none)'}") from None


class Catalog:
    """The databases and tables of one region. Its methods wait for moto.

    Parameters
    ----------
    require : callable
        Operation and parameters -> nothing. Raises if the caller may not call this operation of Glue.
    """

    def __init__(self, platform: Platform, region: str, require: Callable[[str, dict], None]) -> None:
        self._platform, self._region, self._require = platform, region, require

    def call(self, operation: str, **parameters: object) -> dict:
        """Call one of Glue's operations. Raises AwsError, and what ``require`` raises."""
        self._require(operation, parameters)
        return self._platform.identity.moto.ask_json("glue", self._region, f"AWSGlue.{operation}", parameters)

    def databases(self) -> list[str]:
        """Returns the names of the databases, including ``default``, which every account has."""
        return sorted({"default", *(database["Name"] for database in self.call("GetDatabases")["DatabaseList"])})

    def has_database(self, name: str) -> bool:
        return name == "default" or self._has_record(name)

    def _has_record(self, database: str) -> bool:
        try:
            self.call("GetDatabase", Name=database)
        except AwsError:
            return False
        return True

    def tables(self, database: str) -> list[dict]:
        try:
            return self.call("GetTables", DatabaseName=database)["TableList"]
        except AwsError:
            return []

    def table(self, database: str, name: str) -> CatalogTable | None:
        """Returns a table with its partitions; ``None`` when it does not exist."""
        try:
            table = CatalogTable(self.call("GetTable", DatabaseName=database, Name=name)["Table"])
        except AwsError:
            return None
        if not table.keys:
            return CatalogTable(table.document, (((), table.location),))
        found = self.call("GetPartitions", DatabaseName=database, TableName=name)["Partitions"]
        places = [(tuple(each["Values"]), each["StorageDescriptor"]["Location"]) for each in found]
        return CatalogTable(table.document, tuple(sorted(places)))

    def create_table(self, database: str, document: dict) -> None:
        """Create a table. ``document`` is a TableInput. The database ``default`` is created on first use."""
        if database == "default" and not self._has_record(database):
            self.call("CreateDatabase", DatabaseInput={"Name": "default"})
        self.call("CreateTable", DatabaseName=database, TableInput=document)

    def add_partition(self, table: CatalogTable, values: tuple[str, ...], location: str) -> None:
        storage = table.storage | {"Location": location}
        self.call(
            "CreatePartition",
            DatabaseName=table.database,
            TableName=table.name,
            PartitionInput={"Values": list(values), "StorageDescriptor": storage},
        )


def folder_name(keys: list[str] | tuple[str, ...], values: tuple[str, ...]) -> str:
    """Returns Hive's folder name of a partition: ``year=2013/month=1``."""
    return "/".join(f"{key}={value}" for key, value in zip(keys, values, strict=True))
