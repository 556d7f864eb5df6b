"""Reads the channels of a first-party algorithm: every file below a channel's folder, as CSV without header or RecordIO-Protobuf.
A channel of a vocabulary holds one text file.

Error messages are those of AWS's toolkit where it has one: ``exceptions.py`` and ``validation.py`` of ``vw_serving``.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import numpy as np

from course.localaws.images.algorithms import AlgorithmClientError
from course.localaws.images.shared import recordio_protobuf

CSV, TEXT = "text/csv", "text/plain"
VOCABULARY = "vocab.txt"
TYPES = (CSV, recordio_protobuf.CONTENT_TYPE)
INVALID = "Unable to initialize the algorithm. Failed to validate input data configuration."
SNIPPET = 50


@dataclass(frozen=True, slots=True)
class Dataset:
    """A channel's records.

    Attributes
    ----------
    features : array of shape (rows, columns), float32
    labels : array of shape (rows,), float32, or None
    """

    features: np.ndarray
    labels: np.ndarray | None


def check(channels: dict[str, dict], table: dict[str, dict]) -> None:
    """Check a job's channels and their S3DataDistributionType against the algorithm's table. Raises `AlgorithmClientError`."""
    unknown = [name for name in channels if name not in table]
    if unknown:
        listed = ", ".join(f"'{name}'" for name in unknown)
        detail = f"Additional properties are not allowed ({listed} {'was' if len(unknown) == 1 else 'were'} unexpected)"
        raise AlgorithmClientError(INVALID, "ValidationError", detail)
    if "train" not in channels:
        raise AlgorithmClientError(INVALID, "ValidationError", "'train' is a required property")
    for name, channel in channels.items():
        allowed, given = table[name].get("distribution"), channel.get("S3DistributionType", "FullyReplicated")
        if allowed and given != allowed:
            detail = f"'{given}' is not one of ['{allowed}'] (S3DataDistributionType of channel '{name}')"
            raise AlgorithmClientError(INVALID, "ValidationError", detail)


def read(folder: Path, name: str, content_type: str, columns: int | str, labelled: bool) -> Dataset:
    """The records of a channel.

    Parameters
    ----------
    folder : Path
    name, content_type : str
        The channel's. No content type means RecordIO-Protobuf.
    columns : int or "auto"
        ``feature_dim`` of the job.
    labelled : bool
        Whether the algorithm needs labels of this channel.

    Raises
    ------
    AlgorithmClientError
        The data is missing or malformed, or does not have the expected columns or labels.
    """
    form, label_size = content_type_of(content_type or recordio_protobuf.CONTENT_TYPE)
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size]
    if not paths:
        raise AlgorithmClientError(f"The channel '{name}' holds no data.")
    try:
        parts = [_csv(path, label_size) if form == CSV else recordio_protobuf.read_arrays(path.read_bytes()) for path in paths]
    except ValueError as error:
        requested = f"Requested content-type is '{form}'. Please verify the data matches the requested content-type."
        advice = requested if content_type else "Please verify the correct data channel configuration is provided."
        raise _unreadable(name, advice, str(error)) from None
    return _joined(parts, name, form, label_size, columns, labelled)


def vocabulary(folder: Path, name: str, content_type: str, columns: int) -> list[str]:
    """The words of the features, in their order: one on each line of ``vocab.txt``, in UTF-8.

    Raises
    ------
    AlgorithmClientError
        The channel has another content type or no such file, or the file does not have one word for each of the ``columns`` features.
    """
    form = content_type.split(";")[0].strip().lower()
    if form not in ("", TEXT):
        raise _no_iterator(form)
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    if VOCABULARY not in found:
        raise AlgorithmClientError(
            f"The channel '{name}' must hold the vocabulary in the file {VOCABULARY}. It holds {', '.join(found) or 'no file'}."
        )
    try:
        words = [line.rstrip("\r") for line in (folder / VOCABULARY).read_bytes().decode("utf-8-sig").removesuffix("\n").split("\n")]
    except UnicodeDecodeError as error:
        raise AlgorithmClientError(f"The file {VOCABULARY} of the channel '{name}' is not UTF-8: byte {error.start} is wrong.") from None
    if len(words) != columns:
        raise AlgorithmClientError(
            f"The file {VOCABULARY} of the channel '{name}' has {len(words)} lines, and feature_dim is {columns}. It needs one word on "
            "each line, in the order of the features."
        )
    return words


def content_type_of(text: str) -> tuple[str, int]:
    """The content type and its ``label_size``, which is 1 by default. Raises `AlgorithmClientError`."""
    header = Message()
    header["content-type"] = text
    form = text.split(";")[0].strip().lower()
    if form not in TYPES:
        raise _no_iterator(form)
    label_size = header.get_param("label_size", "1")
    if label_size not in ("0", "1"):
        raise AlgorithmClientError(
            f"label_size of the content type '{text}' is {label_size}; this algorithm takes records with one label or none."
        )
    return form, int(label_size)


def _joined(parts: list, name: str, form: str, label_size: int, columns: int | str, labelled: bool) -> Dataset:
    for features, _ in parts:
        expected = parts[0][0].shape[1] if columns == "auto" else columns
        if features.shape[1] != expected:
            hint = " The first column was taken for the label; 'text/csv;label_size=0' says that there is none." if label_size else ""
            raise AlgorithmClientError(
                f"Incorrect configuration or {name} dataset provided. The value of feature_dim hyperparameter '{expected}' doesn't match "
                f"{name} data dimensionality '{features.shape[1]}'. Please set feature_dim to the number of features in {name} dataset."
                + (hint if form == CSV else "")
            )
    has_labels = all(labels is not None for _, labels in parts)
    if labelled and not has_labels:
        raise AlgorithmClientError(
            f"Labeled {name} data required with label size equal 1. Label size on {name} dataset found to be 0. Please provide a properly "
            f"labeled {name} dataset."
        )
    features = np.vstack([features for features, _ in parts]).astype(np.float32)
    labels = np.concatenate([labels for _, labels in parts]).astype(np.float32) if has_labels else None
    for values in (features, labels):
        if values is not None and np.isnan(values).any():
            advice = "Found missing (NaN) values. Please remove any missing (NaN) values in the input data."
            raise _unreadable(name, advice, "(NaN)")
        if values is not None and np.isinf(values).any():
            advice = "Found infinite floating point values. Please remove any infinite floating point values in the input data."
            raise _unreadable(name, advice, "(Inf)")
    return Dataset(features, labels)


def _no_iterator(form: str) -> AlgorithmClientError:
    return AlgorithmClientError(f"No iterator has been registered for ContentType ('{form}', '1.0')")


def _unreadable(name: str, advice: str, detail: str) -> AlgorithmClientError:
    return AlgorithmClientError(f"Unable to read data channel '{name}'. {advice}", "MXNetError", f"(Input Error) {detail}")


def _csv(path: Path, label_size: int) -> tuple[np.ndarray, np.ndarray | None]:
    try:
        table = np.loadtxt(path, delimiter=",", dtype=np.float32, ndmin=2, comments=None)
    except ValueError:
        raise ValueError(_what_is_wrong(path)) from None
    return table[:, label_size:], table[:, 0] if label_size else None


def _what_is_wrong(path: Path) -> str:
    """The message that names the first place where a file is not a table of numbers."""
    width = 0
    with path.open(errors="replace") as file:
        for number, line in enumerate(file, 1):
            cells = line.rstrip("\r\n").split(",")
            try:
                [float(cell) for cell in cells if cells != [""]]
            except ValueError:
                hint = " A CSV file for training has no header." if number == 1 else ""
                return f"{path.name}, line {number}: '{line[:SNIPPET].rstrip()}' is not all numbers.{hint}"
            width = width or len(cells)
            if len(cells) != width and cells != [""]:
                return f"{path.name}, line {number} has {len(cells)} columns, line 1 has {width}."
    return f"{path.name} is no table of numbers."
