"""How the XGBoost container writes predictions, which changed with its versions and is another thing where it serves many models.

Source: algorithm_mode/serve.py and handler_service.py of aws/sagemaker-xgboost-container, and its pull requests 269 to 271, which brought
``Accept`` to the branches of 1.2-2 and later in April 2022; read 2026-11-25.
"""

from __future__ import annotations

import json
import os

from course.localaws.images.shared import codecs

ACCEPTS = ["application/json", "application/jsonlines", "application/x-recordio-protobuf", "text/csv"]
COMMAS_ONLY = ("0.72", "0.90-1", "0.90-2", "1.0-1", "1.2-1")  # versions from before the change


class ResponseFormat:
    """CSV with a line for each row, or JSON.

    Attributes
    ----------
    unencodable : int
        HTTP status where the container knows an ``Accept``, but cannot write predictions so.
    """

    unencodable = 500
    default = codecs.CSV

    def accept(self, header: str) -> str:
        """The content type of the answer. Raises ValueError for one that the container refuses."""
        accept = header.split(";")[0].strip()
        if accept in ("", codecs.ANY):
            return os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", self.default)
        if accept.lower() not in ACCEPTS:
            raise ValueError(f"Accept type {accept} is not supported. Please use supported accept types: {ACCEPTS}.")
        return accept.lower()

    def encode(self, predictions: list, accept: str) -> bytes:
        """Raises `UnsupportedFormatError`."""
        if accept == codecs.JSON:
            return json.dumps({"predictions": [{"score": value} for value in predictions]}).encode()
        return codecs.encode(predictions, accept).encode()


class CommaSeparatedFormat(ResponseFormat):
    """All rows in one line, whatever was asked for."""

    def accept(self, header: str) -> str:
        return codecs.CSV

    def encode(self, predictions: list, accept: str) -> bytes:
        return commas(predictions)


class MultiModelFormat(ResponseFormat):
    """A model of a multi-model container, which another server of AWS's answers for: a JSON list, or all rows in one line of CSV."""

    unencodable = 415
    default = codecs.JSON

    def accept(self, header: str) -> str:
        return os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", self.default) if header in ("", codecs.ANY) else header

    def encode(self, predictions: list, accept: str) -> bytes:
        """Raises ValueError."""
        kind = accept.lower()
        if kind in (codecs.CSV, "csv"):
            return commas(predictions)
        if kind in (codecs.JSON, "json"):
            return json.dumps(predictions).encode()
        choices = [codecs.CSV, codecs.JSON]
        why = f"{accept} is not an accepted Accept type. Please choose one of the following: {choices}."
        raise ValueError(f"Encoding to accept type {accept} failed with exception: {why}")


def answers(version: str, one_of_many: bool, selected: bool) -> ResponseFormat:
    """Those of an image; selectable inference has minded ``Accept`` from its beginning."""
    if one_of_many:
        return MultiModelFormat()
    return CommaSeparatedFormat() if version in COMMAS_ONLY and not selected else ResponseFormat()


def commas(predictions: list) -> bytes:
    return ",".join(map(str, predictions)).encode()


def lines(predictions: list) -> bytes:
    """As batch transform wants them."""
    return "".join(f"{value}\n" for value in predictions).encode()
