"""Makes the Glue TableInput of CREATE EXTERNAL TABLE and CREATE TABLE AS, and the statement of SHOW CREATE TABLE."""

from __future__ import annotations

from sqlglot import exp

from course.localaws.athena.catalog import CatalogTable
from course.localaws.athena.failures import QueryFailure
from course.localaws.athena.types import catalog_name

_HIVE = "org.apache.hadoop.hive"
_TEXT = (f"{_HIVE}.serde2.lazy.LazySimpleSerDe", "org.apache.hadoop.mapred.TextInputFormat", f"{_HIVE}.ql.io.HiveIgnoreKeyTextOutputFormat")
# By format: SerDe, input format, output format.
FORMATS = {
    "PARQUET": (
        f"{_HIVE}.ql.io.parquet.serde.ParquetHiveSerDe",
        f"{_HIVE}.ql.io.parquet.MapredParquetInputFormat",
        f"{_HIVE}.ql.io.parquet.MapredParquetOutputFormat",
    ),
    "ORC": (f"{_HIVE}.ql.io.orc.OrcSerde", f"{_HIVE}.ql.io.orc.OrcInputFormat", f"{_HIVE}.ql.io.orc.OrcOutputFormat"),
    "TEXTFILE": _TEXT,
    "JSON": ("org.openx.data.jsonserde.JsonSerDe", *_TEXT[1:]),
}
# Formats that only STORED AS INPUTFORMAT names, and only queries read.
_READ_ONLY = {"CLOUDTRAIL": ("com.amazon.emr.hive.serde.CloudTrailSerde", "com.amazon.emr.cloudtrail.CloudTrailInputFormat", _TEXT[2])}


def table_input(name: str, columns: list[dict], keys: list[dict], location: str, kind: str, serde: dict, parameters: dict) -> dict:
    """A TableInput. ``kind`` is a key of `FORMATS`, or ``CLOUDTRAIL``. ``serde`` may name another library and has its parameters."""
    library, reads, writes = (FORMATS | _READ_ONLY)[kind]
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", **parameters},
        "PartitionKeys": keys,
        "StorageDescriptor": {
            **{"Columns": columns, "Location": location, "InputFormat": reads, "OutputFormat": writes, "Compressed": False},
            "SerdeInfo": {"SerializationLibrary": serde.get("library", library), "Parameters": serde.get("parameters", {})},
        },
    }


def external(tree: exp.Create) -> tuple[str, dict]:
    """The database (``""`` for none) and the TableInput of CREATE EXTERNAL TABLE. Raises QueryFailure."""
    schema = tree.this
    if not isinstance(schema, exp.Schema):
        raise QueryFailure("FAILED: SemanticException a table takes columns")
    kind, serde, parameters, keys, location, is_external = "TEXTFILE", {"parameters": {}}, {}, [], "", False
    for each in tree.args["properties"].expressions if tree.args.get("properties") else []:
        if isinstance(each, exp.ExternalProperty):
            is_external = True
        elif isinstance(each, exp.LocationProperty):
            location = each.this.name
        elif isinstance(each, exp.PartitionedByProperty):
            keys = _columns(each.this.expressions)
        elif isinstance(each, exp.FileFormatProperty):
            kind = _format(each.this)
        elif isinstance(each, exp.RowFormatSerdeProperty):
            serde["library"] = each.this.name
            if given := each.args.get("serde_properties"):
                serde["parameters"] |= _pairs(given.expressions)
        elif isinstance(each, exp.SerdeProperties):
            serde["parameters"] |= _pairs(each.expressions)
        elif isinstance(each, exp.RowFormatDelimitedProperty):
            serde["parameters"] |= _delimited(each)
        elif isinstance(each, exp.SchemaCommentProperty):
            parameters["comment"] = each.this.name
        elif type(each) is exp.Property:
            parameters[each.name] = each.args["value"].name
        else:
            raise QueryFailure(f"NOT_SUPPORTED: {each.sql('athena')} in CREATE EXTERNAL TABLE, which the local AWS does not do")
    if not is_external:
        raise QueryFailure(
            "NOT_SUPPORTED: CREATE TABLE makes Iceberg tables alone on Athena, which the local AWS does not have; say EXTERNAL"
        )
    if not location:
        raise QueryFailure("FAILED: SemanticException no LOCATION is given")
    return schema.this.db.lower(), table_input(
        schema.this.name.lower(), _columns(schema.expressions), keys, location, kind, serde, parameters
    )


def _columns(definitions: list[exp.Expression]) -> list[dict]:
    found = []
    for each in definitions:
        column = {"Name": each.name.lower(), "Type": catalog_name(each.kind) if isinstance(each, exp.ColumnDef) and each.kind else "string"}
        comment = each.find(exp.CommentColumnConstraint) if isinstance(each, exp.ColumnDef) else None
        found.append(column | ({"Comment": comment.this.name} if comment else {}))
    return found


def _format(given: exp.Expression) -> str:
    if isinstance(given, exp.InputOutputFormat):
        name = given.args["input_format"].name
        return next((kind for kind, (_, reads, _) in (_READ_ONLY | FORMATS).items() if reads == name), "TEXTFILE")
    kind = given.name.upper()
    if kind not in FORMATS:
        raise QueryFailure(f"NOT_SUPPORTED: STORED AS {kind}, which the local AWS does not read")
    return kind


def _pairs(expressions: list[exp.Expression]) -> dict[str, str]:
    return {_plain(each.this): _plain(each.args.get("value") or each.expression) for each in expressions}


def _plain(value: exp.Expression) -> str:
    return value.name.replace(r"\t", "\t").replace(r"\\", "\\") if isinstance(value, exp.Expression) else str(value)


def _delimited(each: exp.RowFormatDelimitedProperty) -> dict[str, str]:
    names = {"fields": "field.delim", "escaped": "escape.delim", "collection_items": "collection.delim", "map_keys": "mapkey.delim"}
    names |= {"lines": "line.delim", "null": "serialization.null.format"}
    found = {names[name]: _plain(value) for name, value in each.args.items() if value is not None and name in names}
    return found | ({"serialization.format": found["field.delim"]} if "field.delim" in found else {})


def statement_of(table: CatalogTable) -> list[str]:
    """The lines that SHOW CREATE TABLE answers."""

    def columns(entries: list[dict]) -> str:
        return ", \n".join(f"  `{each['Name']}` {each.get('Type', 'string')}" for each in entries) + ")"

    storage, serde = table.storage, table.storage.get("SerdeInfo", {})
    text = f"CREATE EXTERNAL TABLE `{table.database}.{table.name}`(\n{columns(storage.get('Columns', []))}\n"
    if table.keys:
        text += f"PARTITIONED BY ( \n{columns(table.document['PartitionKeys'])}\n"
    text += f"ROW FORMAT SERDE \n  '{serde.get('SerializationLibrary', '')}' \n"
    if serde.get("Parameters"):
        text += "WITH SERDEPROPERTIES ( \n" + ", \n".join(f"  '{name}'='{value}'" for name, value in serde["Parameters"].items()) + ") \n"
    text += f"STORED AS INPUTFORMAT \n  '{storage.get('InputFormat', '')}' \nOUTPUTFORMAT \n  '{storage.get('OutputFormat', '')}'\n"
    text += f"LOCATION\n  '{table.location}'\n"
    properties = {name: value for name, value in table.document.get("Parameters", {}).items() if name != "EXTERNAL"}
    text += "TBLPROPERTIES (\n" + ", \n".join(f"  '{name}'='{value}'" for name, value in properties.items()) + ")"
    return text.splitlines()
