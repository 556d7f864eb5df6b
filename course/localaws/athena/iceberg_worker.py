"""The helper process that reads the metadata of Iceberg tables for Athena, by pyiceberg."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow
from pyarrow import parquet
from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.io.pyarrow import _read_deletes  # the one function that reads delete files and deletion vectors
from pyiceberg.manifest import DataFile
from pyiceberg.serializers import FromInputFile
from pyiceberg.table import FileScanTask, Table

from course.localaws.core.helper_process import Parent, serve
from course.localaws.iceberg.files import ParentFiles

NAME_MAPPING = "schema.name-mapping.default"  # the property of a table whose files may have no field ids


def plan(parent: Parent, *, metadata: str, folder: str) -> dict:
    """The data files of a table's current snapshot.

    Parameters
    ----------
    metadata : str
        The URI of its metadata file.
    folder : str
        Where the positions of deleted rows go.

    Returns
    -------
    dict
        ``files``: the path of each data file. ``deleted``: paths of those of which rows are deleted. ``positions``: the Parquet file with
        the columns ``file`` and ``pos`` of these rows, or ``""``. ``columns``: bytes of each column, by lower-case name. ``by_name``:
        whether columns are found by their names, else by their field ids.
    """
    files = ParentFiles(parent)
    table = Table(("athena", metadata), FromInputFile.table_metadata(files.new_input(metadata)), metadata, files, NoopCatalog("athena"))
    scan = table.scan()
    tasks = list(scan.plan_files())
    paths = {task.file.file_path: parent.ask("path", uri=task.file.file_path) for task in tasks}
    if missing := [uri for uri, path in paths.items() if not path]:
        raise FileNotFoundError(f"there is no object {missing[0]}")
    names = {field.field_id: field.name.lower() for field in scan.projection().fields}
    sizes: Counter[str] = Counter()
    for task in tasks:
        sizes.update({names[id]: size for id, size in (task.file.column_sizes or {}).items() if id in names})
    deleted = [paths[task.file.file_path] for task in tasks if task.delete_files]
    positions = _positions(files, tasks, paths, Path(folder)) if deleted else ""
    by_name = NAME_MAPPING in table.properties
    return {"files": list(paths.values()), "deleted": deleted, "positions": positions, "columns": sizes, "by_name": by_name}


def _positions(files: ParentFiles, tasks: Iterable[FileScanTask], paths: dict[str, str], folder: Path) -> str:
    delete_files: dict[str, DataFile] = {each.file_path: each for task in tasks for each in task.delete_files}
    tables = []
    for each in delete_files.values():
        for uri, found in _read_deletes(files, each).items():
            if uri in paths:
                tables.append(pyarrow.table({"file": pyarrow.repeat(paths[uri], len(found)), "pos": found.cast(pyarrow.int64())}))
    path = folder / "deleted-rows.parquet"
    parquet.write_table(pyarrow.concat_tables(tables), path)
    return str(path)


if __name__ == "__main__":
    serve({"plan": plan})
