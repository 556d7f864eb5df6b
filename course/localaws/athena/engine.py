"""Starts the process that runs a query (`worker`) with limits of time and memory, and passes it the files that the query may read."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

from course.localaws.athena import types
from course.localaws.athena.access import Access
from course.localaws.athena.catalog import CatalogTable
from course.localaws.athena.failures import QueryFailure
from course.localaws.athena.iceberg import IcebergReader
from course.localaws.athena.merged import MergedFiles, MergedReads
from course.localaws.athena.plan import QueryPlan, TableScan

SECONDS = 30 * 60  # "DML query timeout" of Athena's quotas, read 2026-11-25
MEMORY = 1 << 30  # DuckDB's memory limit in bytes
PROCESS_MEMORY = 4 << 30  # bytes of the whole process, including what it writes
FILE_SIZE = 8 << 30
_COMPRESSIONS = {"gz": "gzip", "zst": "zstd", "zstd": "zstd"}
_UNREAD = ("bz2", "snappy", "lzo", "lz4", "deflate")  # extensions of files that Athena reads and DuckDB does not


class QueryProcess:
    """The process of one query. `stop` may be called from another thread."""

    def __init__(self, access: Access, merged: MergedFiles, iceberg: IcebergReader) -> None:
        self._access, self._merged, self._iceberg = access, merged, iceberg
        self._process: subprocess.Popen | None = None
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()
        if process := self._process:
            process.kill()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def run(self, plan: QueryPlan, folder: Path, output: dict | None) -> dict:
        """Run a plan. Without an ``output`` the result is ``results.csv`` in ``folder``, else see `files.write_files`.

        Returns
        -------
        dict
            ``columns`` (names and DuckDB's types), ``scanned`` bytes, ``rows``, and ``files`` if there is an ``output``.

        Raises
        ------
        QueryFailure
        """
        reads = MergedReads(self._merged, folder)
        request = {
            "scans": [self._scan(scan, reads) for scan in plan.scans],
            "merge": reads.requests,
            "sql": plan.sql,
            "output": output,
            "seconds": SECONDS,
            "memory": MEMORY,
            "process_memory": PROCESS_MEMORY,
            "file_size": FILE_SIZE,
        }
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH")}
        self._process = process = subprocess.Popen(
            [sys.executable, "-P", "-m", "course.localaws.athena.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=kept | {"HOME": str(folder), "ARROW_DEFAULT_MEMORY_POOL": "system"},
        )
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            process.kill()

        timer = threading.Timer(SECONDS, expire)
        timer.start()
        try:
            if self.stopped:
                process.kill()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.flush()
            answer = process.stdout.read()
        finally:
            timer.cancel()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.stdout.close()
            process.wait()
        if not answer:
            late = expired.is_set() or process.returncode == -signal.SIGXCPU
            raise QueryFailure("Query timeout" if late else "GENERIC_INTERNAL_ERROR: the process of the query was ended")
        found = json.loads(answer)
        if "error" in found:
            raise QueryFailure(found["error"])
        reads.keep(found["made"])
        return found

    def _scan(self, scan: TableScan, reads: MergedReads) -> dict:
        table, options = scan.table, {}
        kind = table.format
        columns = {name: types.duckdb(hive) for name, hive in table.columns.items()}
        if kind in ("text", "opencsv"):
            if nested := [name for name, hive in table.columns.items() if types.is_nested(hive)]:
                raise QueryFailure(
                    f"NOT_SUPPORTED: column {nested[0]} of {table.database}.{table.name}: the local AWS reads no nested type in text"
                )
            options = _opencsv(table.parameters) if kind == "opencsv" else _delimited(table.parameters)
        if kind == "json":
            options = {"ignore_errors": table.parameters.get("ignore.malformed.json", "").lower() == "true"}
        return {
            "view": scan.view,
            "alias": scan.alias,
            "condition": scan.condition,
            "format": kind,
            "options": options,
            "all": columns,
            "columns": {name: columns[name] for name in scan.columns if name in columns},
            "keys": [(name, types.duckdb(hive)) for name, hive in table.keys.items()],
            "pieces": self._iceberg_pieces(table, reads.folder)
            if kind == "iceberg"
            else [piece for values, place in table.partitions for piece in self._pieces(kind, values, place, reads)],
        }

    def _iceberg_pieces(self, table: CatalogTable, folder: Path) -> list[dict]:
        """The data files of an Iceberg table: those that are read whole, and those of which rows are deleted."""
        found = self._iceberg.plan(table, self._access, folder)
        deleted = set(found["deleted"])
        fields = {each["Name"]: [each["FieldId"], types.duckdb(each["Type"])] for each in table.storage["Columns"]}
        shared = {"values": (), "fields": None if found["by_name"] else fields, "measure": [], "made": None}
        whole = shared | {"files": [each for each in found["files"] if each not in deleted], "columns": found["columns"], "deleted": ""}
        rest = shared | {"files": found["deleted"], "columns": {}, "deleted": found["positions"]}
        return [piece for piece in (whole, rest) if piece["files"]]

    def _pieces(self, kind: str, values: tuple[str, ...], location: str, reads: MergedReads) -> list[dict]:
        """The files of a partition, grouped by compression."""
        objects = [replace(each, path=self._access.plain(each, reads.folder)) for each in self._access.objects(location)]
        if kind == "parquet":
            return [reads.piece(objects) | {"values": values}] if objects else []
        pieces: dict[str, dict] = {}
        for stored in objects:
            ending = stored.key.rpartition(".")[2].lower()
            if ending in _UNREAD:
                raise QueryFailure(
                    f"HIVE_UNSUPPORTED_FORMAT: the local AWS does not read files that end with .{ending}: s3://{stored.bucket}/{stored.key}"
                )
            compression = _COMPRESSIONS.get(ending, "none")
            piece = pieces.setdefault(compression, {"values": values, "compression": compression, "files": [], "size": 0})
            piece["files"].append(str(stored.path))
            piece["size"] += stored.size
        return list(pieces.values())


def _delimited(parameters: dict[str, str]) -> dict:
    """The CSV options of LazySimpleSerDe, which has no quotes."""
    delimiter = parameters.get("field.delim", parameters.get("serialization.format", "\x01"))
    return {
        "delimiter": "\x01" if delimiter == "1" and "field.delim" not in parameters else delimiter,
        **{"quote": "", "escape": parameters.get("escape.delim", "")},
        "null": parameters.get("serialization.null.format", r"\N"),
        "skip": int(parameters.get("skip.header.line.count", 0)),
    }


def _opencsv(parameters: dict[str, str]) -> dict:
    return {
        "delimiter": parameters.get("separatorChar", ","),
        "quote": parameters.get("quoteChar", '"'),
        "escape": parameters.get("escapeChar", "\\"),
        "null": "\x00",  # OpenCSVSerde has no NULL
        "skip": int(parameters.get("skip.header.line.count", 0)),
    }
