"""Writes the data files of UNLOAD, CREATE TABLE AS and INSERT INTO to the folder of the query's process."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute
from pyarrow import orc, parquet

from course.localaws.athena.text import text

MOST_FILES = 4  # files of one partition: Athena's workers write in parallel


def write_files(table: pyarrow.Table, columns: list[list[str]], output: dict) -> tuple[int, list[dict]]:
    """Write a result. Returns the number of rows, and for each file its ``name`` and the ``values`` of its partition.

    Parameters
    ----------
    output : dict
        ``format``, ``compression``, ``delimiter``, ``null``, and ``keys``, the partition columns.
    """
    write = _WRITERS[output["format"]]
    kinds = dict(columns)
    files = []
    for values, part in _partitions(table, output["keys"]):
        size = max(1, -(-part.num_rows // MOST_FILES))
        for start in range(0, part.num_rows, size):
            path = Path(f"part-{len(files):05}")
            write(part.slice(start, size), path, output, kinds)
            files.append({"name": path.name, "values": values})
    return table.num_rows, files


def _partitions(table: pyarrow.Table, keys: list[str]) -> Iterator[tuple[list[str], pyarrow.Table]]:
    if not keys:
        yield [], table
        return
    for values in table.select(keys).group_by(keys).aggregate([]).to_pylist():
        mask = None
        for key, value in values.items():
            same = (
                pyarrow.compute.is_null(table[key])
                if value is None
                else pyarrow.compute.equal(table[key], pyarrow.scalar(value, table[key].type))
            )
            mask = same if mask is None else pyarrow.compute.and_kleene(mask, same)
        named = ["__HIVE_DEFAULT_PARTITION__" if value is None else text(value) for value in values.values()]
        yield named, table.filter(mask).drop_columns(keys)


def _parquet(table: pyarrow.Table, path: Path, output: dict, kinds: dict[str, str]) -> None:
    parquet.write_table(table, path, compression=output["compression"])


def _orc(table: pyarrow.Table, path: Path, output: dict, kinds: dict[str, str]) -> None:
    orc.write_table(table, path, compression=output["compression"])


def _lines(line: Callable[[dict, dict, dict], str]) -> Callable[[pyarrow.Table, Path, dict, dict[str, str]], None]:
    def write(table: pyarrow.Table, path: Path, output: dict, kinds: dict[str, str]) -> None:
        opened: Any = gzip.open if output["compression"] == "gzip" else open
        with opened(path, "wt", encoding="utf-8", newline="") as file:
            for batch in table.to_batches(10_000):
                file.writelines(line(row, output, kinds) + "\n" for row in batch.to_pylist())

    return write


def _text_line(row: dict, output: dict, kinds: dict[str, str]) -> str:
    fields = (text(value, kinds[name]) for name, value in row.items())
    return output["delimiter"].join(output["null"] if field is None else field for field in fields)


def _json_line(row: dict, output: dict, kinds: dict[str, str]) -> str:
    return json.dumps(
        {name: value for name, value in row.items() if value is not None}, default=text, ensure_ascii=False, separators=(",", ":")
    )


_WRITERS = {"parquet": _parquet, "orc": _orc, "text": _lines(_text_line), "json": _lines(_json_line)}
