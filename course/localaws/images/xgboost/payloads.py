"""Reads payloads and model files of the XGBoost container, as `sagemaker-xgboost-container` does.

Payloads become DMatrices. CSV: the first line determines the delimiter, an empty cell is a missing value, and there is no label column.
LIBSVM: labels are ignored. RecordIO-Protobuf: entries that a sparse vector does not have are missing values.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import sys
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from course.localaws.images.shared import recordio_protobuf
from course.localaws.images.xgboost import versions

if TYPE_CHECKING:
    import xgboost

CSV, LIBSVM, PARQUET, RECORDIO = "csv", "libsvm", "parquet", "recordio-protobuf"
# The container's content types. It reads Parquet in training only.
CONTENT_TYPES = {
    CSV: CSV,
    LIBSVM: LIBSVM,
    PARQUET: PARQUET,
    RECORDIO: RECORDIO,
    "text/csv": CSV,
    "text/libsvm": LIBSVM,
    "text/x-libsvm": LIBSVM,
    "application/x-parquet": PARQUET,
    "application/x-recordio-protobuf": RECORDIO,
}
PIPED = {CSV, PARQUET, RECORDIO}  # formats that it reads in Pipe mode
DELIMITERS = ",\t; :"  # in the order of preference of Python's csv.Sniffer, which the container uses
HEAVY = ("pandas", "sklearn")  # xgboost imports them if installed, in its own import (2 of its 2.5 s) and for its first DMatrix


class UnsupportedContentTypeError(ValueError):
    pass


@contextlib.contextmanager
def without_heavy() -> Iterator[None]:
    """Hides pandas and scikit-learn from xgboost in the block. Booster and DMatrix of arrays need neither.

    Only for algorithm mode: in script mode another thread may be importing one of them for the learner.
    """
    hidden = [name for name in HEAVY if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # None makes an import raise ImportError, which xgboost handles
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


def import_xgboost() -> ModuleType:
    """The xgboost package, imported `without_heavy`, so that a server starts in half a second."""
    with without_heavy():
        import xgboost
    return xgboost


def format_of(content_type: str) -> str:
    """The container's name for the format of a content type. No content type means LIBSVM.

    Raises
    ------
    UnsupportedContentTypeError
        With the container's message.
    """
    if not content_type:
        return LIBSVM
    header = Message()
    header["content-type"] = content_type.lower()
    name = content_type.lower().split(";")[0].strip()
    if name not in CONTENT_TYPES:
        raise UnsupportedContentTypeError(f"{content_type} is not an accepted ContentType: {', '.join(CONTENT_TYPES)}.")
    if CONTENT_TYPES[name] == CSV and header.get_param("label_size", "1") != "1":
        raise UnsupportedContentTypeError(
            f"{content_type} is not an accepted csv ContentType. Optional parameter label_size must be equal to 1"
        )
    return CONTENT_TYPES[name]


def delimiter_of(line: str) -> str:
    return next((character for character in DELIMITERS if character in line), ",")


def csv_to_array(text: str) -> np.ndarray:
    """CSV as an array of shape (rows, columns). An empty cell is NaN. Raises ValueError for text and for rows of different lengths."""
    lines = text.strip().split("\n")
    delimiter = delimiter_of(lines[0][:512])
    return np.array([[float(cell or "nan") for cell in line.split(delimiter)] for line in lines])


def libsvm_to_matrix(text: str) -> csr_matrix:
    """LIBSVM as a sparse matrix. Items without a colon (labels) are ignored. Raises ValueError for an index that is not an integer."""
    lines = text.strip().split("\n")
    rows, columns, values = [], [], []
    for number, line in enumerate(lines):
        for item in line.split():
            if ":" in item:
                column, value = item.split(":")[:2]
                rows.append(number)
                columns.append(int(column))
                values.append(float(value))
    if columns and min(columns) < 0:
        raise ValueError(f"negative column index {min(columns)}")
    return csr_matrix((values, (rows, columns)), shape=(len(lines), max(columns, default=-1) + 1))


def csv_to_dmatrix(data: str | bytes, dtype: object = None) -> xgboost.DMatrix:
    import xgboost

    return xgboost.DMatrix(csv_to_array(_text(data)))


def libsvm_to_dmatrix(data: str | bytes) -> xgboost.DMatrix:
    import xgboost

    return xgboost.DMatrix(libsvm_to_matrix(_text(data)))


def recordio_protobuf_to_dmatrix(data: bytes) -> xgboost.DMatrix:
    import xgboost

    return xgboost.DMatrix(recordio_protobuf.read_arrays(data, absent=np.nan)[0])


READERS: dict[str, Callable] = {CSV: csv_to_dmatrix, LIBSVM: libsvm_to_dmatrix, RECORDIO: recordio_protobuf_to_dmatrix}


def decode(data: str | bytes, content_type: str) -> xgboost.DMatrix:
    """Decode a payload as the default ``input_fn`` of XGBoost's script mode does.

    Raises
    ------
    UnsupportedContentTypeError
    ValueError
        The payload does not have the format of its content type.
    """
    form = format_of(content_type)
    if form not in READERS:
        raise UnsupportedContentTypeError(f"Content-type {content_type} is not supported.")
    return READERS[form](data)


def load_booster(path: Path, version: str) -> xgboost.Booster:
    """Load a model file of any version of the container: XGBoost's own formats, or a pickled Booster (up to 1.2-2).

    ``version`` is that of the image which loads it.

    Raises
    ------
    versions.UnreadableModelError
        The XGBoost that the image has on AWS cannot read the file.
    RuntimeError
        The file has neither format, or the XGBoost that runs here cannot read it.
    """
    import xgboost

    data = path.read_bytes()
    try:
        if data.startswith(b"\x80"):
            booster = _Unpickler(data, version).load()
            if not isinstance(booster, xgboost.Booster):
                raise TypeError(f"it holds a pickled {type(booster).__name__}; algorithm mode needs a Booster")
        else:
            versions.check_writer(data, version)
            booster = xgboost.Booster()
            booster.load_model(bytearray(data))
            versions.check_format(data, version)
        booster.num_features()  # an empty or foreign file may load, as a model without features
    except versions.UnreadableModelError as error:
        raise versions.UnreadableModelError(f"Model at {path} cannot be loaded:\n{error}") from error
    except Exception as error:
        raise RuntimeError(f"Model at {path} cannot be loaded by XGBoost {xgboost.__version__}:\n{error}") from error
    booster.set_param({"nthread": 1})
    return booster


class _Unpickler(pickle.Unpickler):
    """Reads the pickle of a Booster. Before XGBoost 1.0 its state was a model file, which today's Booster does not expect."""

    def __init__(self, data: bytes, version: str) -> None:
        super().__init__(io.BytesIO(data))
        self._version = version

    def find_class(self, module: str, name: str) -> object:
        found, version = super().find_class(module, name), self._version
        if (module, name) != ("xgboost.core", "Booster"):
            return found

        class Old(found):
            def __setstate__(self, state: dict) -> None:
                written = bytes(state["handle"])
                versions.check_writer(written, version)
                try:
                    super().__setstate__(dict(state))
                except Exception:
                    self.__init__()
                    self.load_model(bytearray(written))
                self.__class__ = found
                versions.check_pickle(written, version)

        return Old


def _text(data: str | bytes) -> str:
    return data if isinstance(data, str) else bytes(data).decode("utf-8")
