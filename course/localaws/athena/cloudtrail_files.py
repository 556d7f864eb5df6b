"""Reads CloudTrail's log files for DuckDB: each file is one JSON document, ``{"Records": [...]}``, and each record a row.

Matches AWS: ``CloudTrailInputFormat`` with ``CloudTrailSerde`` or a JsonSerDe. Names of columns and of members of structures have no case.
A column of the type string that is a structure in the record, such as ``requestparameters``, is its JSON text. Source: "Create a table for
CloudTrail logs in Athena" (Athena User Guide), read 2026-11-30.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow

BAD_DATA = "HIVE_BAD_DATA"


def register(connection: duckdb.DuckDBPyConnection, view: str, files: list[str], compression: str, columns: dict[str, str]) -> str:
    """The FROM source of log files.

    Parameters
    ----------
    view : str
        A name that no other view has.
    compression : str
        ``"gzip"`` or ``"none"``, of all files.
    columns : dict
        Lower-case name -> DuckDB's type, of all columns of the table.

    Raises
    ------
    duckdb.InvalidInputException
        A file is no log file.
    """
    texts = [json.dumps(_row(record, columns)) for path in files for record in _records(path, compression)]
    connection.register(view, pyarrow.table({"record": pyarrow.array(texts, pyarrow.string())}))
    structure = json.dumps(columns).replace("'", "''")
    names = ", ".join(f'r."{name}" AS "{name}"' for name in columns)
    return f"(SELECT {names} FROM (SELECT json_transform(record::JSON, '{structure}') AS r FROM {view}))"


def _records(path: str, compression: str) -> Iterator[dict]:
    content = Path(path).read_bytes()
    try:
        document = json.loads(gzip.decompress(content) if compression == "gzip" else content)
        yield from document["Records"]
    except (ValueError, KeyError, TypeError, OSError, EOFError) as error:
        raise duckdb.InvalidInputException(f"{BAD_DATA}: Error parsing a CloudTrail log file: {error}") from error


def _row(record: dict, columns: dict[str, str]) -> dict:
    """The columns of a record. Those of type string keep the text of a structure; in others, names are in lower case."""
    found = {name.lower(): value for name, value in record.items()}
    return {
        name: (found[name] if kind.upper() in ("TEXT", "VARCHAR") else _lower(found[name]))
        for name, kind in columns.items()
        if found.get(name) is not None
    }


def _lower(value: object) -> object:
    if isinstance(value, dict):
        return {name.lower(): _lower(inner) for name, inner in value.items()}
    return [_lower(inner) for inner in value] if isinstance(value, list) else value
