"""The process of one query: it reads a request on standard input, writes an answer to standard output, and files to its folder.

`engine` starts it. DuckDB may open only the files that the request names. It cannot load extensions or change its settings. The process
ends when its standard input closes, so it never outlives the local AWS.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from course.localaws.athena.text import field, field_in_sql

BAD_DATA = "HIVE_BAD_DATA"
PARQUET = ("parquet", "iceberg")  # formats whose files are Parquet
ROWS = 10_000  # rows fetched at a time
JOINED = " || ',' || "  # NULL if one of the parts is NULL
_ERRORS = (  # DuckDB's exception -> Trino's code; the first match counts
    (duckdb.ConversionException, "INVALID_CAST_ARGUMENT"),
    (duckdb.OutOfRangeException, "NUMERIC_VALUE_OUT_OF_RANGE"),
    (duckdb.BinderException, "TYPE_MISMATCH"),
    (duckdb.InvalidInputException, "INVALID_FUNCTION_ARGUMENT"),
    (duckdb.NotImplementedException, "NOT_SUPPORTED"),
    (duckdb.Error, "GENERIC_USER_ERROR"),
)


def _limit(kind: int, soft: int, hard: int) -> None:
    """Set a limit of this process, or keep the one that this local AWS has itself, if that is lower."""
    most = resource.getrlimit(kind)[1]
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(kind, (soft, hard))


def main() -> None:
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _limit(resource.RLIMIT_CPU, request["seconds"], request["seconds"] + 1)  # ended by SIGXCPU, unlike a kill
    _limit(resource.RLIMIT_FSIZE, request["file_size"], request["file_size"])
    _limit(resource.RLIMIT_DATA, request["process_memory"], request["process_memory"])
    try:
        answer = _run(request)
    except MemoryError:
        answer = {"error": _exhausted()}
    except OSError as error:
        answer = {"error": f"HIVE_CURSOR_ERROR: {error.strerror or error}"}
    except Exception as error:
        answer = {"error": reason(error)}
    print(json.dumps(answer), flush=True)
    os._exit(0)


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def _run(request: dict) -> dict:
    pieces = [piece for scan in request["scans"] for piece in scan["pieces"]]
    paths = [path for piece in pieces for path in (*piece["files"], piece.get("deleted")) if path]
    settings = {"memory_limit": f"{request['memory']}B", "threads": 2, "temp_directory": str(Path("spill").absolute())}
    connection = duckdb.connect(config=settings)
    connection.execute("SET TimeZone = 'UTC'")
    _leave_types(connection)
    made = [_merge(connection, asked) for asked in request["merge"]]
    for piece in (piece for scan in request["scans"] if scan["format"] in PARQUET for piece in scan["pieces"]):
        if piece["made"] is not None:
            piece["columns"] = Counter(piece["columns"]) + Counter(made[piece["made"]])
    listed = ", ".join(_quoted(path) for path in paths)
    connection.execute(f"SET allowed_paths = [{listed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    scanned = sum(_make_view(connection, scan) for scan in request["scans"])
    sql, columns = _typed(connection, request["sql"])
    output = request["output"]
    if output is None:
        return {"columns": columns, "scanned": scanned, "rows": _write_results(connection, sql, columns), "made": made}
    from course.localaws.athena.files import write_files  # imports pyarrow, which a SELECT does not need

    rows, files = write_files(connection.sql(sql).to_arrow_table(), columns, output)
    return {"columns": columns, "scanned": scanned, "rows": rows, "files": files, "made": made}


def _typed(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[str, list[list[str]]]:
    """The query with results of Trino's types, and its columns. DuckDB's integer sums have 128 bits, Trino's have 64."""
    relation = connection.sql(sql)
    columns = [
        [name, "BIGINT" if str(kind) == "HUGEINT" else str(kind)] for name, kind in zip(relation.columns, relation.types, strict=True)
    ]
    if all(kind != "HUGEINT" for kind in map(str, relation.types)):
        return sql, columns
    fields = [f"c{number}" for number in range(len(columns))]
    selected = [
        f"{f'CAST({field} AS BIGINT)' if kind == 'BIGINT' else field} AS {_name(name)}"
        for field, (name, kind) in zip(fields, columns, strict=True)
    ]
    return f"SELECT {', '.join(selected)} FROM ({sql}) AS _result({', '.join(fields)})", columns


def _leave_types(connection: duckdb.DuckDBPyConnection) -> None:
    """Disable an optimisation of DuckDB 2.0 that reads text as the type that the query casts it to. It makes TRY_CAST fail."""
    if ("type_pushdown",) in connection.execute("SELECT name FROM duckdb_optimizers()").fetchall():
        connection.execute("SET disabled_optimizers = 'type_pushdown'")


def _write_results(connection: duckdb.DuckDBPyConnection, sql: str, described: list[list[str]]) -> int:
    """Write a result as CSV. Returns the number of rows.

    DuckDB writes whole lines. It leaves those to Python that have a field which only `field` can write.
    """
    kinds = [kind for _, kind in described]
    names, digits, shown, values = ([f"{letter}{number}" for number in range(len(kinds))] for letter in "cdfv")
    doubles = [f", CAST({name} AS VARCHAR) AS {cast}" for name, cast, kind in zip(names, digits, kinds, strict=True) if kind == "DOUBLE"]
    written = [field_in_sql(*column) for column in zip(names, digits, kinds, strict=True)]
    asked = [f"{text} AS {name}, {value} AS {kept}" for (text, value), name, kept in zip(written, shown, values, strict=True)]
    fields = f"SELECT {', '.join(asked)} FROM (SELECT *{''.join(doubles)} FROM ({sql}) AS _result({', '.join(names)}))"
    rest = [f"CASE WHEN line IS NULL THEN {name} END" for pair in zip(shown, values, strict=True) for name in pair]
    found = connection.execute(f"SELECT line, {', '.join(rest)} FROM (SELECT *, {JOINED.join(shown)} AS line FROM ({fields}))")
    count = 0
    with Path("results.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(field(name, "VARCHAR") for name, _ in described) + "\n")
        while rows := found.fetchmany(ROWS):
            file.writelines(f"{_line(parts, kinds) if line is None else line}\n" for line, *parts in rows)
            count += len(rows)
    return count


def _line(parts: Sequence[Any], kinds: Sequence[str]) -> str:
    """A line of a result, from the fields that DuckDB wrote and the values of the others, in turn."""
    fields = zip(parts[::2], parts[1::2], kinds, strict=True)
    return ",".join(field(value, kind) if shown is None else shown for shown, value, kind in fields)


def _make_view(connection: duckdb.DuckDBPyConnection, scan: dict) -> int:
    """Create the view of a scan. Returns the bytes that Athena would count as scanned."""
    pieces = _kept(connection, scan)
    selects, scanned = [], 0
    for number, piece in enumerate(pieces):
        source, present = _source(connection, scan, piece, number)
        columns = [_column(scan, name, present) for name in scan["columns"]]
        columns += [f"{value} AS {_name(key)}" for (key, _), value in zip(scan["keys"], _key_values(scan, piece), strict=True)]
        selects.append(f"SELECT {', '.join(columns) or '1 AS _'} FROM {source}")
        scanned += _scanned(connection, scan, piece)
    nothing = [f"CAST(NULL AS {kind}) AS {_name(name)}" for name, kind in [*scan["columns"].items(), *scan["keys"]]]
    selects = selects or [f"SELECT {', '.join(nothing) or '1 AS _'} WHERE false"]
    connection.execute(f"CREATE VIEW {scan['view']} AS {' UNION ALL '.join(selects)}")
    return scanned


def _kept(connection: duckdb.DuckDBPyConnection, scan: dict) -> list[dict]:
    """The pieces of the partitions whose keys meet the condition."""
    if not scan["condition"] or not scan["pieces"]:
        return scan["pieces"]
    names = ", ".join(["_number", *(_name(key) for key, _ in scan["keys"])])
    rows = [f"({', '.join([str(number), *_key_values(scan, piece)])})" for number, piece in enumerate(scan["pieces"])]
    asked = f"SELECT _number FROM (VALUES {', '.join(rows)}) AS {_name(scan['alias'])}({names}) WHERE {scan['condition']} ORDER BY 1"
    return [scan["pieces"][number] for (number,) in connection.execute(asked).fetchall()]


def _key_values(scan: dict, piece: dict) -> list[str]:
    return [f"CAST({_literal(value)} AS {kind})" for (_, kind), value in zip(scan["keys"], piece["values"], strict=True)]


def _source(connection: duckdb.DuckDBPyConnection, scan: dict, piece: dict, number: int) -> tuple[str, set[str] | None]:
    """The FROM source of a piece, and the columns that it has, ``None`` for all."""
    files, options = f"[{', '.join(map(_quoted, piece['files']))}]", scan["options"]
    if scan["format"] == "parquet":
        source = f"read_parquet({files}, union_by_name = true, hive_partitioning = false)"
        return source, {name.lower() for name in connection.sql(f"SELECT * FROM {source} LIMIT 0").columns}
    if scan["format"] == "iceberg":
        return _iceberg_source(connection, piece)
    if scan["format"] == "orc":
        import pyarrow
        from pyarrow import orc

        tables = [orc.ORCFile(path).read() for path in piece["files"]]
        view = f"{scan['view']}_{number}"
        connection.register(view, pyarrow.concat_tables(tables, promote_options="permissive"))
        return view, {name.lower() for table in tables for name in table.column_names}
    if scan["format"] == "cloudtrail":
        from course.localaws.athena import cloudtrail_files  # imports pyarrow, which most queries do not need

        return cloudtrail_files.register(connection, f"{scan['view']}_{number}", piece["files"], piece["compression"], scan["all"]), None
    if scan["format"] == "json":
        columns = ", ".join(f"{_quoted(name)}: {_quoted(kind)}" for name, kind in scan["all"].items())
        ignore = "true" if options["ignore_errors"] else "false"
        return (
            f"read_json({files}, format = 'newline_delimited', columns = {{{columns}}}, compression = '{piece['compression']}', "
            f"ignore_errors = {ignore}, hive_partitioning = false)",
            None,
        )
    columns = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in scan["all"])
    return (
        f"read_csv({files}, columns = {{{columns}}}, auto_detect = false, header = false, skip = {options['skip']}, "
        f"delim = {_quoted(options['delimiter'])}, quote = {_quoted(options['quote'])}, escape = {_quoted(options['escape'])}, "
        f"nullstr = {_quoted(options['null'])}, null_padding = true, strict_mode = false, compression = '{piece['compression']}', "
        "hive_partitioning = false, parallel = false)",
        None,
    )


def _iceberg_source(connection: duckdb.DuckDBPyConnection, piece: dict) -> tuple[str, set[str] | None]:
    """The FROM source of an Iceberg table's data files without their deleted rows, and the columns that it has, ``None`` for all."""
    options = ["hive_partitioning = false"]
    if piece["fields"] is None:
        options.append("union_by_name = true")
    else:
        fields = [
            f"{id}: {{name: {_quoted(name)}, type: {_quoted(kind)}, default_value: NULL}}" for name, (id, kind) in piece["fields"].items()
        ]
        options.append(f"schema = MAP {{{', '.join(fields)}}}")
    if piece["deleted"]:
        options += ["filename = 'file'", "file_row_number = true"]
    source = f"read_parquet([{', '.join(map(_quoted, piece['files']))}], {', '.join(options)})"
    present = None
    if piece["fields"] is None:
        present = {name.lower() for name in connection.sql(f"SELECT * FROM {source} LIMIT 0").columns}
    if piece["deleted"]:
        gone = f"SELECT file, pos FROM read_parquet({_quoted(piece['deleted'])})"
        source = f"(SELECT * FROM {source} AS d WHERE (d.file, d.file_row_number) NOT IN ({gone}))"
    return source, present


def _column(scan: dict, name: str, present: set[str] | None) -> str:
    kind = scan["columns"][name]
    if present is not None and name not in present:
        return f"CAST(NULL AS {kind}) AS {_name(name)}"
    if scan["format"] == "text" and kind != "TEXT":  # LazySimpleSerDe reads a malformed number as NULL
        return f"TRY_CAST({_name(name)} AS {kind}) AS {_name(name)}"
    if scan["format"] == "opencsv" and kind == "DATE":  # days since 1970; a timestamp has milliseconds
        return f"DATE '1970-01-01' + {_parsed(name, 'INTEGER')} AS {_name(name)}"
    if scan["format"] == "opencsv" and kind == "TIMESTAMP":
        return f"make_timestamp({_parsed(name, 'BIGINT')} * 1000) AS {_name(name)}"
    if scan["format"] == "opencsv" and kind != "TEXT":
        return f"{_parsed(name, kind)} AS {_name(name)}"
    return f"CAST({_name(name)} AS {kind}) AS {_name(name)}"


def _parsed(name: str, kind: str) -> str:
    """The parsed value of a column. A malformed value fails the query."""
    field, found = _name(name), f"TRY_CAST({_name(name)} AS {kind})"
    message = f"{_quoted(BAD_DATA + ': Error parsing field value ')} || {field} || {_quoted(f' for field {name}')}"
    return f"CASE WHEN {found} IS NULL THEN CAST(error({message}) AS {kind}) ELSE {found} END"


def _scanned(connection: duckdb.DuckDBPyConnection, scan: dict, piece: dict) -> int:
    """The scanned bytes of a piece: the columns read for Parquet, whole files for other formats."""
    if scan["format"] not in PARQUET:
        return piece["size"]
    found = Counter(piece["columns"]) + Counter(_measure(connection, piece["measure"], list(scan["columns"])))
    return sum(found[name] for name in scan["columns"])


def _measure(connection: duckdb.DuckDBPyConnection, files: list[str], names: list[str] | None = None) -> dict[str, int]:
    """The compressed bytes of each column, or only of these, in Parquet files; by lower-case name."""
    if not files or names == []:
        return {}
    column = "lower(split_part(path_in_schema, ', ', 1))"
    only = "" if names is None else f"WHERE {column} IN ({', '.join(map(_quoted, names))})"
    asked = f"SELECT {column}, sum(total_compressed_size) FROM parquet_metadata([{', '.join(map(_quoted, files))}]) {only} GROUP BY 1"
    return {name: int(size) for name, size in connection.execute(asked).fetchall()}


def _merge(connection: duckdb.DuckDBPyConnection, asked: dict) -> dict[str, int]:
    """Make a merged copy of Parquet files (see `merged`). Returns the bytes of its columns in the files."""
    files = ", ".join(map(_quoted, asked["files"]))
    source = f"read_parquet([{files}], union_by_name = true, hive_partitioning = false)"
    connection.execute(f"COPY (SELECT * FROM {source}) TO {_quoted(asked['name'])} (FORMAT parquet)")
    return dict(Counter(asked["columns"]) + Counter(_measure(connection, asked["measure"])))


def reason(error: Exception) -> str:
    """The ``StateChangeReason`` of an exception."""
    message = str(error).partition("\n")[0]
    message = re.sub(r"^[\w ]+ Error: ", "", message)
    if isinstance(error, duckdb.OutOfMemoryException):
        return _exhausted()
    if "Division by zero" in message:
        return "DIVISION_BY_ZERO: Division by zero"
    if match := re.match(r"(?:Scalar|Aggregate|Table|Macro)? ?Function with name \"?(\w+)\"? does not exist", message, re.I):
        return f"FUNCTION_NOT_FOUND: Function '{match[1].lower()}' not registered"
    if message.startswith(BAD_DATA):
        return message
    if "out of range" in message:
        return f"NUMERIC_VALUE_OUT_OF_RANGE: {message}"
    code = next((code for kind, code in _ERRORS if isinstance(error, kind)), "GENERIC_INTERNAL_ERROR")
    return f"{code}: {message}"


def _exhausted() -> str:
    return "EXCEEDED_LOCAL_MEMORY_LIMIT: Query exhausted resources at this scale factor"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _literal(value: str) -> str:
    return "NULL" if value == "__HIVE_DEFAULT_PARTITION__" else _quoted(value)


if __name__ == "__main__":
    main()
