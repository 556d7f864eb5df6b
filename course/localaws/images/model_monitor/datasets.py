"""Reads the dataset of an analysis in parts, as columns of texts."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv, parquet

from course.localaws.images.model_monitor.captured import captured_rows, merged_rows
from course.localaws.images.model_monitor.configuration import Settings

BLOCK = 2 << 20  # bytes of a file that are read at a time
ROWS = 20_000  # of JSON or captured data at a time


class DatasetError(Exception):
    """Data that the analyzer cannot read. The text is for the person whose data it is."""


def read(settings: Settings, names: Iterable[str] = ()) -> Iterator[pa.RecordBatch]:
    """The dataset in parts.

    Parameters
    ----------
    settings : Settings
        Of the analysis.
    names : iterable of str
        The baseline's columns, in order. They name the columns of data without names.

    Raises
    ------
    DatasetError
        There is no data, or it has another format.
    """
    [(kind, options)] = settings.dataset_format.items()
    files = sorted(path for path in settings.source.rglob("*") if path.is_file())
    if not files:
        raise DatasetError(f"There is no data in {settings.source}.")
    if kind == "csv":
        yield from _csv(files, bool(options.get("header", True)), list(names))
    elif kind == "parquet":
        yield from _parquet(files)
    elif kind == "json":
        yield from batches(_json(files, bool(options.get("lines", options.get("line", True)))))
    elif kind.lower() == "sagemakercapturejson":  # the guide spells it in two ways
        yield from batches(captured_rows(files, settings, list(names)))
    elif kind.lower() == "sagemakermergejson":
        yield from batches(merged_rows(files, settings))
    else:
        raise DatasetError(f"The dataset format {kind!r} is not one of csv, json, parquet and sagemakerCaptureJson.")


def kept(names: Sequence[str], excluded: Collection[str]) -> list[str]:
    """The columns that are not ``excluded``, by their names or their numbers from 0."""
    return [name for number, name in enumerate(names) if name not in excluded and str(number) not in excluded]


def without(parts: Iterable[pa.RecordBatch], excluded: Collection[str]) -> Iterator[pa.RecordBatch]:
    """The parts of a dataset without the columns that are ``excluded``."""
    return (part.select(kept(part.schema.names, excluded)) if excluded else part for part in parts)


def _csv(files: Iterable[Path], header: bool, known: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for path in files:
        names = _names(path, header, known)
        options = csv.ConvertOptions(column_types={name: pa.string() for name in names}, strings_can_be_null=True, null_values=[""])
        reading = csv.ReadOptions(block_size=BLOCK, column_names=names, skip_rows=1 if header else 0)
        try:
            yield from csv.open_csv(path, reading, csv.ParseOptions(newlines_in_values=True), options)
        except pa.ArrowInvalid as error:
            raise DatasetError(f"{path.name} is not CSV: {error}") from None


def _names(path: Path, header: bool, known: Sequence[str]) -> list[str]:
    """The columns of a file: its first line, or the baseline's ``known`` names, and then Spark's ``_c0``, ``_c1`` and so on."""
    import csv as lines

    with path.open(encoding="utf-8", newline="") as file:
        first = next(lines.reader(file), [])
    if not first:
        raise DatasetError(f"{path.name} is empty.")
    if header and len(set(first)) < len(first):
        raise DatasetError(f"{path.name} has two columns of the same name in its first line. Has it a header?")
    return first if header else [*known[: len(first)], *(f"_c{number}" for number in range(len(known), len(first)))]


def _parquet(files: Iterable[Path]) -> Iterator[pa.RecordBatch]:
    for path in files:
        try:
            for batch in parquet.ParquetFile(path).iter_batches():
                columns = [column.cast(pa.string()) for column in batch.columns]
                yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DatasetError(f"{path.name} is not a Parquet file of plain columns: {error}") from None


def _json(files: Iterable[Path], lines: bool) -> Iterator[dict[str, Any]]:
    for path in files:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file if lines else [file.read()], 1):
                if text.strip():
                    yield from _records(text, f"{path.name}, line {number}")


def _records(text: str, place: str) -> Iterator[dict[str, Any]]:
    try:
        content = json.loads(text, parse_int=str, parse_float=str)  # as text, to tell 1 from 1.0
    except ValueError as error:
        raise DatasetError(f"{place}: not JSON: {error}") from None
    for record in content if isinstance(content, list) else [content]:
        if not isinstance(record, dict):
            raise DatasetError(f"{place}: a record must be a JSON object with a member for each column.")
        yield record


def batches(records: Iterable[dict[str, Any]]) -> Iterator[pa.RecordBatch]:
    """Records, whose values are plain, in parts."""
    rows: list[dict[str, Any]] = []
    for record in records:
        rows.append(record)
        if len(rows) == ROWS:
            yield _batch(rows)
            rows = []
    if rows:
        yield _batch(rows)


def _batch(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pa.RecordBatch.from_arrays([pa.array([_text(row.get(name), name) for row in rows], pa.string()) for name in names], names=names)


def _text(value: Any, name: str) -> str | None:
    if isinstance(value, (dict, list)):
        raise DatasetError(
            f"The column {name} has nested values. Model Monitor reads flat records only; a preprocessing script can flatten them."
        )
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)
