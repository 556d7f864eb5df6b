"""Reads what batch transform jobs captured as an endpoint's captured requests, so that labels are merged with both in the same way.

A job captures manifests. Below the dataset's folder, ``output/<folders>/<number>`` has the output objects of one manifest, and
``input/<folders>/<number>`` those of the input, if the analysis needs them. The output has inference ids: in CSV the last two columns are
the id and the time, in JSON the members ``SageMakerInferenceId`` and ``SageMakerInferenceTime``. Source: "Capture data from batch transform
job" of the SageMaker developer guide, read 2026-11-28.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ID, TIME = "SageMakerInferenceId", "SageMakerInferenceTime"
SUFFIX = ".out"  # of an output object
NO_IDS = "has no inference ids. Transform jobs append them if GenerateInferenceId of their DataCaptureConfig is true."


class MergeError(Exception):
    """Data that cannot be merged. The text is for the person whose data it is."""


def requests(source: Path, dataset_format: str) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """The requests of each output object, with its path below ``output``. Raises `MergeError`."""
    form = _Csv(dataset_format) if "csv" in json.loads(dataset_format) else _Json(dataset_format)
    paired = (source / "input").is_dir()
    for path in files(source / "output"):
        name = path.relative_to(source / "output")
        answers = [form.marked(row, path.name) for row in form.rows(path)]
        given = _given(source / "input" / name.with_name(name.name.removesuffix(SUFFIX)), form, len(answers)) if paired else None
        yield name, [_request(*answer, form, given[number] if given else None) for number, answer in enumerate(answers)]


def files(folder: Path) -> list[Path]:
    """The files below a folder, in the order of their names."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


class _Csv:
    """Rows of CSV: lists of texts."""

    content_type, encoding = "text/csv", "CSV"

    def __init__(self, dataset_format: str) -> None:
        self._header = json.loads(dataset_format)["csv"].get("header", False)

    def rows(self, path: Path) -> list[list[str]]:
        with path.open(encoding="utf-8", newline="") as file:
            found = [row for row in csv.reader(file) if row]
        return found[1:] if self._header and not path.name.endswith(SUFFIX) else found  # the output has no header

    def marked(self, row: list[str], name: str) -> tuple[list[str], str, str]:
        """The row without its last two columns, and these: id and time."""
        if len(row) < 3 or not row[-1].endswith("Z"):
            raise MergeError(f"{name} {NO_IDS}")
        return row[:-2], row[-2], row[-1]

    def text(self, row: list[str]) -> str:
        written = io.StringIO()
        csv.writer(written, lineterminator="").writerow(row)
        return written.getvalue()


class _Json:
    """Records of JSON, one document for each line or for the whole file."""

    content_type, encoding = "application/json", "JSON"

    def __init__(self, dataset_format: str) -> None:
        content = json.loads(dataset_format)
        if "json" not in content:
            raise MergeError(f"Labels can be merged with CSV and JSON only, not with {', '.join(content)}.")
        self._lines = content["json"].get("line", False)

    def rows(self, path: Path) -> list[Any]:
        text = path.read_text(encoding="utf-8")
        try:
            contents = [json.loads(line) for line in (text.split("\n") if self._lines else [text]) if line.strip()]
        except ValueError as error:
            raise MergeError(f"{path.name} is not JSON: {error}") from None
        return [row for content in contents for row in (content if isinstance(content, list) else [content])]

    def marked(self, row: Any, name: str) -> tuple[Any, str, str]:
        """The record without the members of id and time, and these."""
        if not isinstance(row, dict) or not {ID, TIME} <= row.keys():
            raise MergeError(f"{name} {NO_IDS}")
        return {member: value for member, value in row.items() if member not in (ID, TIME)}, row[ID], row[TIME]

    def text(self, row: Any) -> str:
        return json.dumps(row)


def _given(path: Path, form: _Csv | _Json, count: int) -> list[Any]:
    """The rows of the input object of an output object."""
    if not path.is_file():
        raise MergeError(f"The input object {path.name} of {path.name}{SUFFIX} was not captured.")
    rows = form.rows(path)
    if len(rows) != count:
        raise MergeError(f"{path.name} has {len(rows)} rows, and {path.name}{SUFFIX} has {count}: they cannot be paired.")
    return rows


def _request(answer: Any, id: str, time: str, form: _Csv | _Json, given: Any | None) -> dict[str, Any]:
    """A captured request."""
    sides = {"endpointOutput": _side(answer, form, "OUTPUT")}
    if given is not None:
        sides["endpointInput"] = _side(given, form, "INPUT")
    return {"captureData": sides, "eventMetadata": {"eventId": id, "inferenceTime": time}, "eventVersion": "0"}


def _side(row: Any, form: _Csv | _Json, mode: str) -> dict[str, str]:
    return {"observedContentType": form.content_type, "mode": mode, "data": form.text(row), "encoding": form.encoding}
