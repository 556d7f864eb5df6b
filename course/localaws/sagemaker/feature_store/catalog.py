"""The Glue database and table of an offline store.

Source: "Query Feature Store with Athena and Glue" of the developer guide, read 2026-11-28. The database is ``sagemaker_featurestore``, and
the table's name is the group's name and the time of its creation. It has no partition keys, although its files are in a folder for each
hour: ``SELECT *`` shows the features and three columns more (query results in module 9 of aws-samples/
amazon-sagemaker-feature-store-end-to-end-workshop; DDL of ``FeatureGroup.as_hive_ddl``), and a file that is put there is seen at once.
"""

from __future__ import annotations

from course.localaws.context import Context
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document
from course.localaws.platform import Platform
from course.localaws.sagemaker.feature_store.group import feature_types, is_iceberg

CATALOG = "AwsDataCatalog"
DATABASE = "sagemaker_featurestore"
_HIVE = {"Integral": "bigint", "Fractional": "double", "String": "string"}
_STORAGE = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "Parameters": {"serialization.format": "1"},
    },
}


def named(group: Document, config: Document) -> Document:
    """An ``OfflineStoreConfig`` with the ``DataCatalogConfig`` of its group's table, if it has one."""
    if config.get("DisableGlueTableCreation"):
        return config
    name = f"{group['FeatureGroupName'].replace('-', '_').lower()}_{int(group['CreationTime'])}"
    chosen = config.get("DataCatalogConfig") or {"TableName": name, "Catalog": CATALOG, "Database": DATABASE}
    return {"DisableGlueTableCreation": False} | config | {"DataCatalogConfig": chosen}


def create_table(platform: Platform, context: Context, group: Document) -> None:
    """Create the database of a group's offline store, and its table unless that is an Iceberg table. Does nothing for a group without one.

    Waits for moto. Raises AwsError, e.g. when there is such a table.
    """
    config = group["OfflineStoreConfig"]
    if config.get("DisableGlueTableCreation"):
        return
    chosen, table = config["DataCatalogConfig"], _table(config["DataCatalogConfig"]["TableName"], group)
    _make_database(platform, context, chosen["Database"])
    if is_iceberg(group):  # pyiceberg makes that one
        return
    try:
        _glue(platform, context, "CreateTable", DatabaseName=chosen["Database"], TableInput=table)
    except AwsError as error:
        # A process that was killed may have made the table.
        if error.code != "AlreadyExistsException" or _location(_found(platform, context, chosen)) != _location(table):
            raise


def has_iceberg_table(platform: Platform, context: Context, group: Document) -> bool:
    """Whether the Iceberg table of a group is there, and not another table of its name. Waits for moto."""
    try:
        table = _found(platform, context, group["OfflineStoreConfig"]["DataCatalogConfig"])
    except AwsError:
        return False
    return f"{_location(table)}/data" == group["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]


def add_columns(platform: Platform, context: Context, group: Document) -> None:
    """Add the columns of a group's new features to its table, if it has one. Waits for moto. Raises AwsError."""
    config = group["OfflineStoreConfig"]
    if config.get("DisableGlueTableCreation"):
        return
    table = _found(platform, context, config["DataCatalogConfig"])
    storage = table["StorageDescriptor"]
    present = {column["Name"] for column in storage["Columns"]}
    storage["Columns"] += [column for column in _columns(group) if column["Name"] not in present]
    kept = {member: table[member] for member in ("Name", "TableType", "Parameters", "PartitionKeys") if member in table}
    _glue(
        platform,
        context,
        "UpdateTable",
        DatabaseName=config["DataCatalogConfig"]["Database"],
        TableInput=kept | {"StorageDescriptor": storage},
    )


def _table(name: str, group: Document) -> dict:
    location = group["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
        "StorageDescriptor": _STORAGE | {"Columns": _columns(group), "Location": location},
    }


def _columns(group: Document) -> list[dict]:
    columns = [{"Name": name.lower(), "Type": _HIVE[type]} for name, type in feature_types(group).items()]
    more = {"write_time": "timestamp", "api_invocation_time": "timestamp", "is_deleted": "boolean"}
    return columns + [{"Name": name, "Type": type} for name, type in more.items()]


def _make_database(platform: Platform, context: Context, name: str) -> None:
    """Create a database, if it is not there."""
    try:
        _glue(platform, context, "GetDatabase", Name=name)
    except AwsError as error:
        if error.code != "EntityNotFoundException":
            raise
        _glue(platform, context, "CreateDatabase", DatabaseInput={"Name": name})


def _found(platform: Platform, context: Context, chosen: dict) -> dict:
    return _glue(platform, context, "GetTable", DatabaseName=chosen["Database"], Name=chosen["TableName"])["Table"]


def _location(table: dict) -> str | None:
    return table.get("StorageDescriptor", {}).get("Location")


def _glue(platform: Platform, context: Context, operation: str, **parameters: object) -> dict:
    return platform.moto.ask_json("glue", context.region, f"AWSGlue.{operation}", parameters)
