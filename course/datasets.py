"""Finds and checks the course's data files.

`data/manifest.json` declares the source, licence, schema, rows and checksums of every file. `data/build.py` builds the files from it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MANIFEST = "manifest.json"
PARQUET_MAGIC = b"PAR1"  # the first and the last four bytes: https://parquet.apache.org/docs/file-format/


class DatasetError(Exception):
    """A data file is missing or damaged. The message names the file and the command that rebuilds it."""


def folder() -> Path:
    """The data folder: ``COURSE_DATA``, else the nearest ``data/`` at or above the working directory, else the repository's.

    Raises
    ------
    DatasetError
        None of these folders has a manifest.
    """
    if named := os.environ.get("COURSE_DATA"):
        places = [Path(named)]
    else:
        here = Path.cwd()
        places = [place / "data" for place in (here, *here.parents, Path(__file__).parents[1])]
    for place in places:
        if (place / MANIFEST).is_file():
            return place.resolve()
    raise DatasetError(
        f"no data folder with a {MANIFEST} at {places[0]}"
        + ("." if named else " or above it.")
        + " Work in the folder of the course, or set COURSE_DATA to its data folder."
    )


def manifest(place: Path | None = None) -> Mapping[str, Any]:
    """The declarations of all sources and files, read-only at the top level."""
    return _read_manifest((place or folder()) / MANIFEST)


@cache
def _read_manifest(path: Path) -> Mapping[str, Any]:
    try:
        return MappingProxyType(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise DatasetError(f"{path} is not valid JSON ({error}). {_restore(path)}") from None


def path(name: str) -> Path:
    """The path of a data file after a check of its content, e.g. ``path("flights")``.

    Raises
    ------
    DatasetError
        The data set does not exist, or its file is missing, truncated, not Parquet, or has other rows than the manifest says.
    """
    place = folder()
    file = place / f"{name}.parquet"
    if problem := find_problem(file, entry(name, place)):
        raise DatasetError(f"{file} {problem}. {_remedy(place)}")
    return file


def load(name: str, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """A data set as a table. Integers with missing values become floats, as always in pandas.

    Raises
    ------
    DatasetError
        As `path`, or a column does not exist.
    """
    import pandas as pd

    file = path(name)
    known = [column["name"] for column in entry(name)["columns"]]
    wanted = known if columns is None else list(columns)
    if unknown := [column for column in wanted if column not in known]:
        raise DatasetError(f"{name} has no column {', '.join(map(repr, unknown))}; it has {', '.join(known)}.")
    return pd.read_parquet(file, columns=wanted)


def entry(name: str, place: Path | None = None) -> Mapping[str, Any]:
    """The manifest's declaration of one data set.

    Raises
    ------
    DatasetError
        There is no data set of that name.
    """
    files = manifest(place)["files"]
    if name not in files:
        raise DatasetError(f"there is no data set {name!r}; there are {', '.join(files)}.")
    return files[name]


def find_problem(file: Path, declared: Mapping[str, Any]) -> str | None:
    """The problem of a data file, as the rest of a sentence that begins with its name. ``None`` if there is none.

    Releases of pyarrow write the same rows in different bytes, so a file with other bytes is checked by its rows.
    """
    if not file.is_file():
        return "is missing"
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() == declared["sha256"]:
        return None
    if content[:4] != PARQUET_MAGIC:
        return "is not a Parquet file"
    if content[-4:] != PARQUET_MAGIC:
        return f"is truncated or overwritten: {len(content):,} bytes of {declared['bytes']:,}, with no Parquet footer"
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        same = content_hash(pq.read_table(file)) == declared["content_sha256"]
    except (pa.ArrowException, OSError) as error:
        return f"cannot be read as Parquet ({str(error).splitlines()[0]})"
    return None if same else "has other rows than those of its checksum in the manifest"


def content_hash(table: pa.Table) -> str:
    """The SHA-256 of a table's rows in hexadecimal. It depends on neither pyarrow's release nor the file's encoding.

    It hashes the columns in order: the name and type (`type_name`), one byte a row for missing values, and the values, with zero or an
    empty string for missing ones. Numbers and timestamps are 8 bytes, little-endian. Strings are UTF-8 after their lengths in bytes. Lists
    are their numbers in sequence after their lengths; no list is missing.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    digest = hashlib.sha256(f"rows {table.num_rows}\n".encode())
    for field in table.schema:
        column = table.column(field.name).combine_chunks()
        kind = type_name(field.type)
        digest.update(f"{field.name} {kind}\n".encode())
        digest.update(pc.is_null(column).cast(pa.uint8()).to_numpy(zero_copy_only=False).tobytes())
        if kind == "string":
            values = pc.fill_null(column, "")
            digest.update(pc.binary_length(values).cast(pa.int64()).to_numpy(zero_copy_only=False).astype("<i8").tobytes())
            digest.update("".join(values.to_pylist()).encode())
        elif kind == "list<float64>":
            digest.update(pc.list_value_length(column).to_numpy(zero_copy_only=False).astype("<i8").tobytes())
            digest.update(column.flatten().to_numpy(zero_copy_only=False).astype("<f8").tobytes())
        else:
            values = pc.fill_null(column if kind == "float64" else column.cast(pa.int64()), 0)
            digest.update(values.to_numpy(zero_copy_only=False).astype("<f8" if kind == "float64" else "<i8").tobytes())
    return digest.hexdigest()


def type_name(kind: pa.DataType) -> str:
    """The manifest's name for an Arrow type.

    Raises
    ------
    DatasetError
        The manifest does not have this type. It has int64 (narrower types overflow silently in a lesson's arithmetic), float64, string
        and timestamp[us, UTC].
    """
    import pyarrow as pa

    for name, known in arrow_types().items():
        if kind == known or (name == "string" and pa.types.is_large_string(kind)):
            return name
    raise DatasetError(f"data files have the types {', '.join(arrow_types())}, not {kind}.")


def arrow_types() -> dict[str, pa.DataType]:
    """The allowed Arrow types of columns, by the manifest's names."""
    import pyarrow as pa

    return {
        "int64": pa.int64(),
        "float64": pa.float64(),
        "string": pa.string(),
        "timestamp[us, UTC]": pa.timestamp("us", "UTC"),
        "list<float64>": pa.list_(pa.field("element", pa.float64())),
    }


def _remedy(place: Path) -> str:
    if (place / "build.py").is_file():
        return f"Rebuild it: run `make data` in {place.parent}."
    return "Copy the data folder again from the package that your instructor gave you."


def _restore(path: Path) -> str:
    if (path.parent / "build.py").is_file():
        return f"Restore it: run `git checkout -- data/{MANIFEST}` in {path.parent.parent}."
    return _remedy(path.parent)
