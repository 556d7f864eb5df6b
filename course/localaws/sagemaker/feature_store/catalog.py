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


def create_table(platform: Platform, context: Context, group: Document) -> Document:
    """Create the table of a group's offline store. Returns its ``OfflineStoreConfig`` with the ``DataCatalogConfig``. Waits for moto."""
    config = group["OfflineStoreConfig"]
    if config.get("DisableGlueTableCreation"):
        return config
    name = f"{group['FeatureGroupName'].replace('-', '_').lower()}_{int(group['CreationTime'])}"
    chosen = config.get("DataCatalogConfig") or {"TableName": name, "Catalog": "AwsDataCatalog", "Database": DATABASE}
    try:
        _glue(platform, context, "CreateDatabase", DatabaseInput={"Name": chosen["Database"]})
    except AwsError as error:
        if error.code != "AlreadyExistsException":
            raise
    if not is_iceberg(group):  # pyiceberg makes that one
        _glue(platform, context, "CreateTable", DatabaseName=chosen["Database"], TableInput=_table(chosen["TableName"], group))
    return config | {"DataCatalogConfig": chosen, "TableFormat": config.get("TableFormat", "Glue")}


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


def _glue(platform: Platform, context: Context, operation: str, **parameters: object) -> dict:
    return platform.identity.moto.ask_json("glue", context.region, f"AWSGlue.{operation}", parameters)
