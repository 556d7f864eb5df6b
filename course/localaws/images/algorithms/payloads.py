"""Requests and responses of first-party algorithms in every documented format.

Source: "Common Data Formats for Inference" and the response formats of each algorithm in the SageMaker developer guide, read
2026-11-25. Not documented, so chosen here: the status and the text of an error after "unable to evaluate payload provided".
"""

from __future__ import annotations

import json
from email.message import Message

import numpy as np

from course.localaws.images.shared import recordio_protobuf
from course.localaws.images.shared.recordio_protobuf import CONTENT_TYPE as RECORDIO

CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"
REQUESTS, RESPONSES = (CSV, JSON, JSON_LINES, RECORDIO), (JSON, JSON_LINES, RECORDIO)
ANY = ("", "*/*", "application/*")


class RefusedError(Exception):
    """A request that cannot be answered. ``status`` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def media_type(header: str) -> tuple[str, Message]:
    message = Message()
    message["content-type"] = header
    return header.split(";")[0].strip().lower(), message


def decode(body: bytes, content_type: str) -> np.ndarray:
    """The features of a request, of shape (rows, columns), float32. Raises `RefusedError`."""
    kind, header = media_type(content_type)
    if kind not in REQUESTS:
        raise RefusedError(415, f"Content-type {content_type or '(none)'} is not supported; supported are {', '.join(REQUESTS)}.")
    try:
        if kind == RECORDIO:
            features = recordio_protobuf.read_arrays(body)[0]
        elif kind == CSV:
            features = _csv(body.decode(header.get_param("encoding", "utf-8")), int(header.get_param("label_size", "0")))
        else:
            features = np.array([_instance(instance) for instance in _instances(body.decode("utf-8"), kind)], np.float32)
        if features.ndim != 2 or not len(features):
            raise ValueError("it holds no records, or records of different lengths")
        if not np.isfinite(features).all():
            raise ValueError("it holds values that are no finite numbers")
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise RefusedError(400, f"unable to evaluate payload provided: it is no {kind} of records: {reason}") from None
    return features.astype(np.float32)


def accepted(accept: str) -> tuple[str, bool]:
    """The content type of the answer, by default JSON, and whether it is verbose. Raises `RefusedError`.

    Of several accepted types the first supported one counts.
    """
    for item in accept.split(","):
        kind, header = media_type(item.strip())
        if kind in ANY:
            return JSON, False
        if kind in RESPONSES:
            return kind, str(header.get_param("verbose", "false")).lower() == "true"
    raise RefusedError(406, f"Accept type {accept} is not supported; supported are {', '.join(RESPONSES)}.")


def encode(predictions: list[dict], kind: str, name: str) -> bytes:
    """Predictions as ``kind``. Each has numbers or lists of numbers by name. ``name`` is the name of the list in JSON."""
    if kind == JSON:
        return json.dumps({name: predictions}).encode()
    if kind == JSON_LINES:
        return "".join(f"{json.dumps(prediction)}\n" for prediction in predictions).encode()
    return recordio_protobuf.write(
        recordio_protobuf.Record(
            label={key: recordio_protobuf.Tensor(np.atleast_1d(np.float32(value))) for key, value in prediction.items()}
        )
        for prediction in predictions
    )


def _csv(text: str, label_size: int) -> np.ndarray:
    rows = [line.split(",") for line in text.splitlines() if line.strip()]
    return np.array([[float(cell) for cell in row[label_size:]] for row in rows], np.float32)


def _instances(text: str, kind: str) -> list[dict]:
    if kind == JSON:
        return json.loads(text)["instances"]
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _instance(instance: dict) -> np.ndarray:
    """One instance: ``{"features": X}`` or ``{"data": {"features": X}}``; X is a list or ``{"values": [], "keys": [], "shape": []}``."""
    element = instance.get("data", instance)["features"]
    if isinstance(element, list):
        return np.array(element, np.float32)
    values, keys = np.array(element["values"], np.float32), element.get("keys")
    if not keys and (len(values) or not element.get("shape")):
        return values
    [columns] = element["shape"]
    if columns > recordio_protobuf.LARGEST:
        raise ValueError(f"a sparse vector has {columns} columns; at most {recordio_protobuf.LARGEST} can be made dense")
    row = np.zeros(columns, np.float32)
    row[np.array(keys or [], np.intp)] = values
    return row
