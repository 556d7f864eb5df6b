"""Reads the channels of the XGBoost algorithm to DMatrices: label in the first column, no header, the files of all folders together.

Matches the container's formats, label and weight columns, and errors. Different: a CSV file with text in it, such as a header, fails; the
container's parser silently reads text as zeros. A FIFO of Pipe mode is written to a file first; the delimiter of its CSV is that of its
first line, while the container's reader accepts commas alone.
"""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course.localaws.images.hyperparameters import UserError
from course.localaws.images.shared import recordio_protobuf
from course.localaws.images.xgboost import payloads

if TYPE_CHECKING:
    import xgboost

logger = logging.getLogger(__name__)
SNIPPET = 50
PARQUET_MARK = b"PAR1"


def data_files(folder: Path) -> list[Path]:
    """The non-empty files of a folder, or the one file. Names that begin with ``.`` or ``_`` are skipped, as in AWS's container."""
    inside = [folder] if folder.is_file() else folder.rglob("*")
    paths = sorted(path for path in inside if path.is_file() and not path.name.startswith((".", "_")))
    return [path for path in paths if path.stat().st_size]


def piped_files(fifo: Path, form: str) -> list[Path]:
    """The contents of a FIFO, as files. It may have several Parquet files in a row; each begins and ends with `PARQUET_MARK`."""
    whole = Path(os.environ.get("TMPDIR", "/tmp"), fifo.name)
    with fifo.open("rb") as source, whole.open("wb") as target:
        shutil.copyfileobj(source, target)
    if form != payloads.PARQUET:
        return [whole] if whole.stat().st_size else []
    parts = whole.read_bytes().split(2 * PARQUET_MARK)
    files = []
    for number, part in enumerate(parts):
        files.append(whole.with_name(f"{fifo.name}.{number}"))
        files[-1].write_bytes((PARQUET_MARK if number else b"") + part + (PARQUET_MARK if number < len(parts) - 1 else b""))
    return [file for file in files if file.stat().st_size]


def read(folder: Path, form: str, csv_weights: bool) -> xgboost.DMatrix | None:
    """All data of a channel. None if there is none.

    Parameters
    ----------
    folder : Path
        A folder, a file, or the FIFO of an epoch, which is read to its end.
    form : str
        ``"csv"``, ``"libsvm"``, ``"parquet"`` or ``"recordio-protobuf"``.
    csv_weights : bool
        Whether the second column of CSV data has the weights of the rows.

    Raises
    ------
    UserError
        With the container's message.
    """
    files = piped_files(folder, form) if folder.is_fifo() else data_files(folder)
    if not files:
        return None
    if form == payloads.LIBSVM:
        return _libsvm(folder, files)
    readers = {payloads.CSV: _csv, payloads.PARQUET: _parquet, payloads.RECORDIO: _recordio}
    try:
        data = np.vstack([readers[form](path) for path in files])
    except Exception as error:
        raise UserError(f"Failed to load {form} data with exception:\n{error}") from error
    weights = 1 if csv_weights and form == payloads.CSV else 0
    if data.shape[1] < 2 + weights:
        raise UserError(f"Failed to load {form} data with exception:\n{files[0].name} has {data.shape[1]} column(s): no features")
    xgboost = payloads.import_xgboost()
    with payloads.without_heavy():
        return xgboost.DMatrix(data[:, 1 + weights :], label=data[:, 0], weight=data[:, 1] if weights else None)


def _csv(path: Path) -> np.ndarray:
    with path.open(errors="ignore") as file:
        delimiter = payloads.delimiter_of(file.readline()[:512])
    logger.info("Determined delimiter of CSV input is '%s'", delimiter)
    try:
        # Fast, but without support for missing values.
        return np.loadtxt(path, delimiter=delimiter, dtype=np.float32, ndmin=2, comments=None)
    except ValueError:
        return _csv_with_gaps(path, delimiter)


def _csv_with_gaps(path: Path, delimiter: str) -> np.ndarray:
    rows = []
    with path.open(errors="replace") as file:
        for number, line in enumerate(file, 1):
            cells = line.rstrip("\r\n").split(delimiter)
            if cells == [""]:
                continue
            try:
                rows.append(np.array([cell.strip() or "nan" for cell in cells], dtype=np.float32))
            except ValueError:
                hint = " CSV for training has no header." if number == 1 else ""
                raise ValueError(f"{path.name}, line {number}: '{line[:SNIPPET].rstrip()}...' is not all numbers.{hint}") from None
            if len(rows[-1]) != len(rows[0]):
                raise ValueError(f"{path.name}, line {number} has {len(rows[-1])} columns, line 1 has {len(rows[0])}")
    return np.vstack(rows)


def _parquet(path: Path) -> np.ndarray:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)
    return np.column_stack([column.to_numpy(zero_copy_only=False).astype(np.float32) for column in table.columns])


def _recordio(path: Path) -> np.ndarray:
    features, labels = recordio_protobuf.read_arrays(path.read_bytes(), absent=np.nan)
    if labels is None:
        raise ValueError(f"the records of {path.name} have no labels")
    return np.column_stack([labels, features])


def _libsvm(folder: Path, files: list[Path]) -> xgboost.DMatrix:
    for path in files:
        with path.open(errors="ignore") as file:
            line = file.readline()
        if not _is_libsvm(line):
            raise UserError(
                f"First line '{line[:SNIPPET].rstrip()}...' of file '{path.name}' is not 'LIBSVM' format. "
                "Please ensure the file is in 'LIBSVM' format."
            )
    xgboost = payloads.import_xgboost()
    source = files[0] if len(files) == 1 else folder
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # XGBoost warns that reading text files is deprecated
            return xgboost.DMatrix(f"{source}?format=libsvm")
    except xgboost.core.XGBoostError as error:
        raise UserError(f"Failed to load libsvm data with exception:\n{error}") from error


def _is_libsvm(line: str) -> bool:
    """``<label>[:<weight>] [qid:<group>] <index>:<value> ...``"""
    label, *items = line.split() or [""]
    try:
        numbers = [float(part) for part in label.split(":")]
    except ValueError:
        return False
    return len(numbers) <= 2 and all(item.count(":") == 1 for item in items)
