"""Writes predictions as the XGBoost container does, which depends on its version and on whether it serves many models.

Source: algorithm_mode/serve.py and handler_service.py of aws/sagemaker-xgboost-container, and its pull requests 269 to 271, which added
``Accept`` to the branches of 1.2-2 and later in April 2022. Read 2026-11-25.
"""

from __future__ import annotations

import json
import os

from course.localaws.images.shared import codecs

ACCEPTS = ["application/json", "application/jsonlines", "application/x-recordio-protobuf", "text/csv"]
COMMAS_ONLY = ("0.72", "0.90-1", "0.90-2", "1.0-1", "1.2-1")  # versions before the change


class ResponseFormat:
    """Writes CSV with a line for each row, or JSON.

    Attributes
    ----------
    unencodable : int
        The HTTP status for an ``Accept`` that the container knows but cannot write predictions in.
    """

    unencodable = 500
    default = codecs.CSV

    def accept(self, header: str) -> str:
        """The content type of the answer. Raises ValueError for an ``Accept`` that the container refuses."""
        accept = header.split(";")[0].strip()
        if accept in ("", codecs.ANY):
            return os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", self.default)
        if accept.lower() not in ACCEPTS:
            raise ValueError(f"Accept type {accept} is not supported. Please use supported accept types: {ACCEPTS}.")
        return accept.lower()

    def encode(self, predictions: list, accept: str) -> bytes:
        """Write predictions. Raises `UnsupportedFormatError`."""
        if accept == codecs.JSON:
            return json.dumps({"predictions": [{"score": value} for value in predictions]}).encode()
        return codecs.encode(predictions, accept).encode()


class CommaSeparatedFormat(ResponseFormat):
    """Writes all rows in one line of CSV, with any ``Accept``."""

    def accept(self, header: str) -> str:
        return codecs.CSV

    def encode(self, predictions: list, accept: str) -> bytes:
        return commas(predictions)


class MultiModelFormat(ResponseFormat):
    """Writes a JSON list, or all rows in one line of CSV, as AWS's multi-model server does."""

    unencodable = 415
    default = codecs.JSON

    def accept(self, header: str) -> str:
        return os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", self.default) if header in ("", codecs.ANY) else header

    def encode(self, predictions: list, accept: str) -> bytes:
        """Write predictions. Raises ValueError for another content type."""
        kind = accept.lower()
        if kind in (codecs.CSV, "csv"):
            return commas(predictions)
        if kind in (codecs.JSON, "json"):
            return json.dumps(predictions).encode()
        choices = [codecs.CSV, codecs.JSON]
        why = f"{accept} is not an accepted Accept type. Please choose one of the following: {choices}."
        raise ValueError(f"Encoding to accept type {accept} failed with exception: {why}")


def answers(version: str, one_of_many: bool, selected: bool) -> ResponseFormat:
    """The response format of an image. Selectable inference has always respected ``Accept``."""
    if one_of_many:
        return MultiModelFormat()
    return CommaSeparatedFormat() if version in COMMAS_ONLY and not selected else ResponseFormat()


def commas(predictions: list) -> bytes:
    return ",".join(map(str, predictions)).encode()


def lines(predictions: list) -> bytes:
    """One line for each prediction, as batch transform expects."""
    return "".join(f"{value}\n" for value in predictions).encode()
