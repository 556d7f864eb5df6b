"""Reads the data that endpoints and transform jobs captured, and runs the preprocessing script on each record.

Source: "Capture data" and "Preprocessing and Postprocessing" of the SageMaker developer guide, read 2026-11-28. The guide shows the classes
that a script gets.
"""

from __future__ import annotations

import base64
import csv
import io
import itertools
import json
import logging
import runpy
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from course.localaws.images.model_monitor.configuration import Settings

LABEL = "groundTruthData"  # the column of the label in merged data


class CaptureError(Exception):
    """Captured data that cannot be read, or a preprocessing script that fails."""


class EventMetadata:
    """Of a captured request: ``event_id``, ``event_time`` (as captured) and ``custom_attribute``."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.event_id = content.get("eventId")
        self.event_time = content.get("inferenceTime")
        self.custom_attribute = content.get("customAttributes")


class EventData:
    """One side of a captured request: ``data``, ``encoding``, ``observedContentType`` and ``mode``."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.encoding = content.get("encoding")
        self.data = content.get("data")
        self.observedContentType = content.get("observedContentType")
        self.mode = content.get("mode")

    def as_dict(self) -> dict[str, Any]:
        return {"encoding": self.encoding, "data": self.data, "observedContentType": self.observedContentType}


class CapturedData:
    """A captured request, as a preprocessing script receives it."""

    def __init__(self, content: dict[str, Any]) -> None:
        captured = content.get("captureData", {})
        self.event_dict = content
        self.event_version = content.get("eventVersion")
        self.event_metadata = EventMetadata(content["eventMetadata"]) if "eventMetadata" in content else None
        self.endpoint_input = EventData(captured["endpointInput"]) if "endpointInput" in captured else None
        self.endpoint_output = EventData(captured["endpointOutput"]) if "endpointOutput" in captured else None

    def as_dict(self) -> dict[str, Any]:
        return self.event_dict


def captured_rows(files: Iterable[Path], settings: Settings, names: list[str]) -> Iterator[dict[str, Any]]:
    """The rows of captured requests in the window of the analysis. ``names`` are the baseline's columns, in order."""
    [options] = settings.dataset_format.values()
    sides = options.get("captureIndexNames") or ["endpointInput", "endpointOutput"]
    at_end = str(options.get("output_columns_position", "START")).upper() == "END"
    preprocess = _preprocessor(settings.preprocessor)
    for path in files:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                if text.strip():
                    place = f"{path.name}, line {number}"
                    record = record_of(text, place)
                    if inside(record, settings.start, settings.end):
                        yield from preprocess(record) if preprocess else rows_of(record, sides, at_end, names, place)


def merged_rows(files: Iterable[Path], settings: Settings) -> Iterator[dict[str, Any]]:
    """The rows of requests with labels in the window of the analysis: the columns of the output, and the label as the column `LABEL`."""
    for path in files:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                place = f"{path.name}, line {number}"
                record = record_of(text, place)
                if not inside(record, settings.start, settings.end):
                    continue
                [row, *more] = list(rows_of(record, ["endpointOutput"], False, [], place)) or [None]
                if row is None or more:
                    raise CaptureError(f"{place}: a request with a label must have one prediction.")
                yield row | {LABEL: str(record.event_dict["groundTruthData"]["data"]).strip()}


def record_of(text: str, place: str) -> CapturedData:
    """The captured request on a line. Raises `CaptureError`."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise CaptureError(f"{place}: not JSON: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("captureData"), dict):
        raise CaptureError(f"{place}: no captured request, which has a member captureData.")
    return CapturedData(content)


def inside(record: CapturedData, start: datetime | None, end: datetime | None) -> bool:
    """Whether a request was captured in a window, if the window is known."""
    time = record.event_metadata.event_time if record.event_metadata else None
    if time is None or start is None or end is None:
        return True
    return start <= datetime.fromisoformat(time).astimezone(UTC) < end


def function(script: Path, name: str) -> Callable[..., Any]:
    """A function of the user's script. Raises `CaptureError`."""
    try:
        found = runpy.run_path(str(script)).get(name)
    except Exception as error:
        raise CaptureError(f"The script {script} cannot be loaded: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise CaptureError(f"The script {script.name} has no function {name}.")
    return found


def _preprocessor(script: Path | None) -> Callable[[CapturedData], list[dict[str, Any]]] | None:
    if script is None:
        return None
    handler = function(script, "preprocess_handler")
    with_logger = handler.__code__.co_argcount > 1

    def preprocess(record: CapturedData) -> list[dict[str, Any]]:
        try:
            found = handler(record, logging.getLogger("preprocessing")) if with_logger else handler(record)
        except Exception as error:
            raise CaptureError(f"The preprocessing script {script.name} raised {type(error).__name__}: {error}") from error
        return found if isinstance(found, list) else [] if found is None else [found]

    return preprocess


def rows_of(record: CapturedData, sides: list[str], at_end: bool, names: list[str], place: str) -> Iterator[dict[str, Any]]:
    """The rows of a captured request: its columns of output and input side by side, output first unless ``at_end``."""
    parts = {"endpointInput": record.endpoint_input, "endpointOutput": record.endpoint_output}
    order = ["endpointInput", "endpointOutput"] if at_end else ["endpointOutput", "endpointInput"]
    tables = [_table(parts[side], place) for side in order if side in sides and parts[side] is not None]
    if len({len(table) for table in tables if len(table) > 1}) > 1:
        raise CaptureError(f"{place}: input and output have different numbers of rows.")
    for row in itertools.zip_longest(*tables, fillvalue={} if tables and all(isinstance(row, dict) for row in tables[0]) else []):
        if all(isinstance(part, dict) for part in row):
            yield {name: value for part in row for name, value in part.items()}
        else:
            values = [value for part in row for value in (part.values() if isinstance(part, dict) else part)]
            yield {names[number] if number < len(names) else f"_c{number}": value for number, value in enumerate(values)}


def text_of(data: EventData, place: str) -> str:
    """One side as text. Raises `CaptureError`."""
    if data.encoding != "BASE64":
        return data.data or ""
    try:
        return base64.b64decode(data.data or "").decode()
    except ValueError:
        raise CaptureError(f"{place}: the captured data is no text. Name its content type in the capture options.") from None


def content_type(data: EventData) -> str:
    """The content type of one side, without parameters."""
    return (data.observedContentType or "").partition(";")[0].strip().lower()


def _table(data: EventData, place: str) -> list[dict[str, Any]] | list[list[str]]:
    """The rows of one side: lists of the values of CSV, or the members of JSON objects."""
    text = text_of(data, place)
    if data.encoding == "JSON" or content_type(data).endswith(("json", "jsonlines")):
        return _objects(text, place)
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row]


def _objects(text: str, place: str) -> list[dict[str, Any]]:
    try:
        contents = [json.loads(text, parse_int=str, parse_float=str)]
    except ValueError:
        try:
            contents = [json.loads(line, parse_int=str, parse_float=str) for line in text.split("\n") if line.strip()]
        except ValueError as error:
            raise CaptureError(f"{place}: not JSON: {error}") from None
    rows = [row for content in contents for row in (content if isinstance(content, list) else [content])]
    if not all(isinstance(row, dict) for row in rows):
        raise CaptureError(f"{place}: captured JSON must be objects with a member for each column; a preprocessing script can make them.")
    return rows
