"""The default payload formats of AWS's framework containers: CSV, JSON and NPY, to and from NumPy arrays.

They match the encoders of `sagemaker-containers` 2.8.6, which the scikit-learn and XGBoost containers use, with their traps: one CSV row
becomes a 1-D array. One difference: an NPY payload with pickled objects is refused, as in the scikit-learn container since 1.4-2.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import numpy as np

JSON = "application/json"
CSV = "text/csv"
NPY = "application/x-npy"
ANY = "*/*"
UTF8_TYPES = [JSON, CSV]


class UnsupportedFormatError(Exception):
    """No default codec knows the content type. The message names the functions that the script should define."""

    def __init__(self, content_type: str) -> None:
        self.message = (
            f"Content type {content_type} is not supported by this framework. Please implement input_fn to deserialize the request data "
            "or an output_fn to serialize the response. For more information, see the SageMaker Python SDK README."
        )
        super().__init__(self.message)


def csv_to_numpy(text: str, dtype: np.dtype | type | str | None = None) -> np.ndarray:
    """An array of strings (or of ``dtype``) without axes of length 1: ``"1,2"`` has shape (2,), ``"1,2\\n3,4"`` (2, 2).

    Raises
    ------
    ValueError
        The text is not CSV, its rows differ in length, or a cell is not of ``dtype``.
    """
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise ValueError(f"Error while decoding csv: {error}") from error
    array = np.array(rows).squeeze()
    return array if dtype is None else array.astype(dtype)


def array_to_csv(array: object) -> str:
    """CSV with one line for each row. A 1-D array is one column."""
    values = np.array(array)
    if values.ndim == 1:
        values = values.reshape(-1, 1)
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n", strict=True).writerows(values.tolist())
    return stream.getvalue()


def json_to_numpy(text: str | bytes, dtype: np.dtype | type | str | None = None) -> np.ndarray:
    return np.array(json.loads(text), dtype=dtype)


def array_to_json(value: object) -> str:
    """JSON of a value in which arrays and NumPy scalars become lists and numbers."""
    return json.dumps(value, default=_plain)


def npy_to_numpy(data: bytes) -> np.ndarray:
    return np.load(io.BytesIO(data), allow_pickle=False)


def array_to_npy(array: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def decode(data: str | bytes, content_type: str) -> np.ndarray:
    """Decode a payload. Raises `UnsupportedFormatError`, or the codec's error for a malformed payload."""
    return _codec(DECODERS, content_type)(data)


def encode(array: object, content_type: str) -> str | bytes:
    """Encode an array. Raises `UnsupportedFormatError`."""
    return _codec(ENCODERS, content_type)(array)


def _codec(codecs: dict[str, Callable], content_type: str) -> Callable:
    if content_type not in codecs:
        raise UnsupportedFormatError(content_type)
    return codecs[content_type]


def _plain(value: object) -> object:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


DECODERS: dict[str, Callable] = {CSV: csv_to_numpy, JSON: json_to_numpy, NPY: npy_to_numpy}
ENCODERS: dict[str, Callable] = {CSV: array_to_csv, JSON: array_to_json, NPY: array_to_npy}
