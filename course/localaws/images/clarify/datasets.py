"""Reads the dataset of an analysis as a table with named columns, and says which columns the model gets."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jmespath
import pandas as pd
from jmespath.exceptions import JMESPathError

from course.localaws.images.clarify.configuration import CSV, JSON, JSON_LINES, Analysis, Column

PREDICTED = "predicted_label"  # the column of labels that the model or another dataset predicts
Fetch = Callable[[str], Path]
"""Fetches the objects of an S3 URI. Returns their folder."""


class DatasetError(Exception):
    """Data that the analysis cannot read. The text is for the person whose data it is."""


@dataclass
class Dataset:
    """A table and the roles of its columns.

    Attributes
    ----------
    table : DataFrame
        All columns. Its index is the number of the row.
    features : list of str
        The columns that the model gets, in order.
    label, predicted, group, join : str
        Columns, ``""`` if there is none.
    facets : list of str
        The columns of `Analysis.facets`, in their order.
    """

    table: pd.DataFrame
    features: list[str]
    label: str
    predicted: str
    group: str
    join: str
    facets: list[str]

    @property
    def inputs(self) -> pd.DataFrame:
        """The model's features."""
        return self.table[self.features]


def read(source: Path, analysis: Analysis, fetch: Fetch) -> Dataset:
    """The dataset in a folder, or at ``dataset_uri``, joined with those of facets and predicted labels.

    Raises
    ------
    DatasetError
        There is no data, it has another format, or it has no such column.
    """
    folder = fetch(analysis.dataset_uri) if analysis.dataset_uri else source
    files = files_of(folder)
    table, label, predicted = _table(files, analysis)
    before = list(table.columns)
    join = column(table, analysis.joinsource, "joinsource_name_or_index")
    if analysis.facet_dataset_uri:
        more = _csv_files(files_of(fetch(analysis.facet_dataset_uri)), analysis.facet_headers)
        table = _joined(table, more, join, "facet_dataset_uri")
    if analysis.predicted_label_dataset_uri:
        more = _csv_files(files_of(fetch(analysis.predicted_label_dataset_uri)), analysis.predicted_label_headers)
        name = column(
            more.drop(columns=[join], errors="ignore"), 0 if analysis.predicted_label is None else analysis.predicted_label, PREDICTED
        )
        table = _joined(table, more[[each for each in (join, name) if each in more]].rename(columns={name: PREDICTED}), join, name)
        predicted = PREDICTED
    return described(table, analysis, label, predicted, before)


def described(table: pd.DataFrame, analysis: Analysis, label: str, predicted: str, sent: Sequence[str] | None = None) -> Dataset:
    """A table with the roles of its columns. ``sent`` are those that the model may get, all by default. Raises `DatasetError`."""
    if table.empty:
        raise DatasetError("The dataset has no rows.")
    join = column(table, analysis.joinsource, "joinsource_name_or_index")
    excluded = {column(table, each, "excluded_columns") for each in analysis.excluded_columns} | {label, predicted, join}
    return Dataset(
        table.reset_index(drop=True),
        [name for name in (table.columns if sent is None else sent) if name not in excluded],
        label,
        predicted,
        column(table, analysis.group_variable, "group_variable"),
        join,
        [column(table, facet.name_or_index, "facet") for facet in analysis.facets],
    )


def column(table: pd.DataFrame, wanted: Column | None, member: str) -> str:
    """The name of a column that is given by name or index; ``""`` for None. Raises `DatasetError`."""
    if wanted is None:
        return ""
    if wanted in table.columns:
        return str(wanted)
    if (isinstance(wanted, int) or wanted.isdecimal()) and 0 <= int(wanted) < len(table.columns):
        return str(table.columns[int(wanted)])
    raise DatasetError(f"{member} is {wanted!r}, but the dataset has the {len(table.columns)} columns {', '.join(table.columns[:50])}.")


def files_of(folder: Path) -> list[Path]:
    """The files of a folder, in order. Raises `DatasetError` if there is none."""
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else [folder] if folder.is_file() else []
    if not files:
        raise DatasetError(f"There is no data in {folder}.")
    return files


def _table(files: list[Path], analysis: Analysis) -> tuple[pd.DataFrame, str, str]:
    """The table, and the names of its columns with label and predicted label."""
    if analysis.dataset_type in (JSON_LINES, JSON):
        return _json(files, analysis)
    table = _csv_files(files, analysis.headers) if analysis.dataset_type == CSV else _parquet(files)
    predicted = analysis.predicted_label if not analysis.predicted_label_dataset_uri else None
    return table, column(table, analysis.label, "label"), column(table, predicted, "predicted_label")


def _csv_files(files: Iterable[Path], headers: list[str] | None) -> pd.DataFrame:
    return _together([csv_table(path, headers) for path in files])


def _together(tables: list[pd.DataFrame]) -> pd.DataFrame:
    if any(list(table.columns) != list(tables[0].columns) for table in tables):
        raise DatasetError("The files of the dataset have different columns.")
    return pd.concat(tables, ignore_index=True)


def csv_table(path: Path, headers: list[str] | None) -> pd.DataFrame:
    """A CSV file with or without names in its first line. Raises `DatasetError`."""
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8", newline="") if path.suffix == ".gz" else path.open(encoding="utf-8", newline="") as file
        ):
            lines = [row for _, row in zip(range(2), csv.reader(file), strict=False)]
        if not lines or not lines[0]:
            raise DatasetError(f"{path.name} is empty.")
        first = [cell.strip() for cell in lines[0]]
        named = _names_columns(first, lines[1] if len(lines) > 1 else [], headers)
        names = headers or (first if named else [f"column_{number}" for number in range(len(first))])
        if len(names) != len(first):
            raise DatasetError(f"{path.name} has {len(first)} columns, but headers has {len(names)} names.")
        if len(set(names)) < len(names):
            raise DatasetError(f"{path.name} has two columns of the same name.")
        return pd.read_csv(path, header=None, names=names, skiprows=int(named), index_col=False)
    except (ValueError, OSError, csv.Error) as error:  # those of pandas are ValueErrors
        raise DatasetError(f"{path.name} is not CSV: {error}") from None


def _names_columns(first: list[str], second: list[str], headers: list[str] | None) -> bool:
    """Whether the first line has names: it repeats ``headers``, or it has no number. With ``headers``, the next line must have one."""
    if any(_is_number(cell) or not cell for cell in first):
        return False
    return first == [name.strip() for name in headers] or any(map(_is_number, second)) if headers else True


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _parquet(files: Iterable[Path]) -> pd.DataFrame:
    import pyarrow as pa

    tables = []
    for path in files:
        try:
            tables.append(pd.read_parquet(path))
        except (pa.ArrowException, ValueError, OSError) as error:
            raise DatasetError(f"{path.name} is not Parquet: {error}") from None
        tables[-1].columns = tables[-1].columns.map(str)
    return _together(tables)


def _json(files: Iterable[Path], analysis: Analysis) -> tuple[pd.DataFrame, str, str]:
    rows: list[list[Any]] = []
    names: list[str] = []
    targets: dict[str, list[Any]] = {name: [] for name in ("label", "predicted_label") if getattr(analysis, name) is not None}
    for content, place in _documents(files, analysis.dataset_type):
        whole = analysis.dataset_type == JSON
        found = query(analysis.features, content, place) if analysis.features else content
        records = found if whole else [found]
        if not isinstance(records, list):
            raise DatasetError(f"{place}: features ({analysis.features}) found {_shown(found)}, but must find a list of rows.")
        picked = {name: query(str(getattr(analysis, name)), content, place) for name in targets}
        for record in records:
            names, row = _record(record, names, set(map(str, (getattr(analysis, name) for name in targets))), place)
            rows.append(row)
        for name, value in picked.items():
            values = value if whole else [value]
            if not isinstance(values, list) or len(values) != len(records):
                raise DatasetError(
                    f"{place}: {name} ({getattr(analysis, name)}) found {_shown(value)}, but must find {len(records)} values."
                )
            targets[name] += values
    if not rows:
        raise DatasetError("The dataset has no rows.")
    return _named(rows, names, targets, analysis)


def _named(rows: list[list[Any]], names: list[str], targets: dict[str, list[Any]], analysis: Analysis) -> tuple[pd.DataFrame, str, str]:
    """The table of rows of features, with the columns of ``targets``: ``headers`` names features, then label and predicted label."""
    count, headers = len(rows[0]), analysis.headers or []
    if any(len(row) != count for row in rows):
        raise DatasetError("The records of the dataset have different numbers of features.")
    if headers and not count <= len(headers) <= count + len(targets):
        raise DatasetError(f"The dataset has {count} features, but headers has {len(headers)} names.")
    table = pd.DataFrame(rows, columns=headers[:count] or names or [f"column_{number}" for number in range(count)])
    left = iter(headers[count:])
    given = {name: next(left, str(getattr(analysis, name))) for name in targets}
    for name, values in targets.items():
        table[given[name]] = values
    if table.columns.has_duplicates or any(isinstance(each, (dict, list)) for each in table.iloc[0]):
        raise DatasetError("The dataset must have plain values in columns of different names.")
    return table, given.get("label", ""), given.get("predicted_label", "")


def _record(record: Any, names: list[str], others: set[str], place: str) -> tuple[list[str], list[Any]]:
    """The names (of an object) and values of one row of features."""
    if isinstance(record, list):
        return names, record
    if isinstance(record, dict):
        names = names or [name for name in record if name not in others]
        return names, [record.get(name) for name in names]
    raise DatasetError(f"{place}: a row of features must be a list or an object, not {_shown(record)}.")


def _documents(files: Iterable[Path], kind: str) -> Iterator[tuple[Any, str]]:
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
            for number, line in enumerate(text.splitlines() if kind == JSON_LINES else [text], 1):
                if line.strip():
                    yield json.loads(line), f"{path.name}, line {number}"
        except (ValueError, RecursionError) as error:
            raise DatasetError(f"{path.name} is not {'JSON Lines' if kind == JSON_LINES else 'JSON'}: {error}") from None


def query(expression: str, content: Any, place: str) -> Any:
    """What a JMESPath expression finds in a JSON content. Raises `DatasetError` if it finds nothing."""
    try:
        found = jmespath.search(expression, content)
    except JMESPathError as error:
        raise DatasetError(f"{place}: the JMESPath {expression!r} cannot be used: {error}") from None
    if found is None:
        raise DatasetError(f"{place}: the JMESPath {expression!r} finds nothing in {_shown(content)}.")
    return found


def _shown(content: Any) -> str:
    text = json.dumps(content, default=str)
    return text if len(text) <= 200 else f"{text[:200]}…"


def _joined(table: pd.DataFrame, more: pd.DataFrame, join: str, member: str) -> pd.DataFrame:
    """A table with the columns of another one, by the column ``join``, or else row by row."""
    if clash := set(table.columns) & set(more.columns) - {join}:
        raise DatasetError(f"The data of {member} has a column {sorted(clash)[0]!r}, which the dataset has, too.")
    if join:
        if join not in more:
            raise DatasetError(f"The data of {member} has no column {join!r}, by which it could be joined.")
        if more[join].duplicated().any():
            raise DatasetError(f"The data of {member} has a value of {join!r} twice.")
        found = table.merge(more, on=join)
        if len(found) < len(table):
            raise DatasetError(f"The data of {member} has no row for {len(table) - len(found)} rows of the dataset.")
        return found
    if len(table) != len(more):
        raise DatasetError(
            f"The data of {member} has {len(more)} rows and the dataset {len(table)}. joinsource_name_or_index could join them."
        )
    return pd.concat([table.reset_index(drop=True), more.reset_index(drop=True)], axis=1)
