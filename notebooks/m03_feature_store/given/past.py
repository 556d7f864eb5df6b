"""Athena tables that do not belong to a feature group: rows to ask about."""

from typing import Any

import pandas as pd

DATABASE = "sagemaker_featurestore"
TYPES = {"i": "bigint", "f": "double"}  # kind of a column -> its type in Glue; else string
PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}


def ask_table(aws: Any, rows: pd.DataFrame) -> str:
    """Make an Athena table of these rows. Returns its name as SQL writes it."""
    name = aws.unique("asks").replace("-", "_")
    uri = aws.upload(rows, f"asks/{name}/rows.parquet").rpartition("/")[0]
    columns = [{"Name": column, "Type": TYPES.get(rows[column].dtype.kind, "string")} for column in rows.columns]
    table = {"Name": name, "TableType": "EXTERNAL_TABLE", "Parameters": {"classification": "parquet"}}
    table["StorageDescriptor"] = PARQUET | {"Columns": columns, "Location": f"{uri}/"}
    aws.client("glue").create_table(DatabaseName=DATABASE, TableInput=table)
    return f'"{DATABASE}"."{name}"'


def drop_tables(aws: Any) -> None:
    """Delete the Athena tables of this run from the catalogue: those of its groups and of `ask_table`. Their files stay."""
    marker, glue = aws.unique("run").split("-")[1], aws.client("glue")
    for page in glue.get_paginator("get_tables").paginate(DatabaseName=DATABASE):
        for table in page["TableList"]:
            if f"_{marker}_" in table["Name"]:
                glue.delete_table(DatabaseName=DATABASE, Name=table["Name"])
