"""``python -m course.localaws.images.model_monitor.merge``: adds labels to captured requests.

A label belongs to the request whose inference id, or else event id, it names. Of several labels for one request the last one counts, by the
name of its file and its line. Source: "Ingest Ground Truth Labels and Merge Them With Predictions" of the SageMaker developer guide, read
2026-11-28.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from course.localaws.images.shared.script_mode import base_directory

FILE = "merged.jsonl"


class MergeError(Exception):
    """Data that cannot be merged. The text is for the person whose data it is."""


def main(variables: Mapping[str, str] = os.environ) -> int:
    """Merge the folders that the environment names. Returns the exit code; the exit message says how many requests have a label."""
    message = base_directory() / "output/message"
    message.parent.mkdir(parents=True, exist_ok=True)
    try:
        text = merge(variables)
    except MergeError as error:
        message.write_text(f"Error: {error}", encoding="utf-8")
        print(f"Error: {error}", file=sys.stderr, flush=True)
        return 1
    message.write_text(text, encoding="utf-8")
    print(text, flush=True)
    return 0


def merge(variables: Mapping[str, str]) -> str:
    """Write the requests of the window that have a label, and return the exit message. Raises `MergeError` if there is none."""
    start, end = (datetime.fromisoformat(variables[name]).astimezone(UTC) for name in ("start_time", "end_time"))
    labels = {_event(record, place): record for record, place in _records(Path(variables["ground_truth_source"]), "groundTruthData")}
    if not labels:
        raise MergeError("There are no ground truth labels for the time of this execution.")
    captured = [
        record for record, place in _records(Path(variables["dataset_source"]), "captureData") if start <= _time(record, place) < end
    ]
    merged = [record | {"groundTruthData": labels[key]["groundTruthData"]} for record in captured if (key := identity(record)) in labels]
    if not merged:
        raise MergeError(f"None of {len(captured)} captured requests has a ground truth label with its inference id or event id.")
    output = Path(variables["output_path"])
    output.mkdir(parents=True, exist_ok=True)
    (output / FILE).write_text("".join(f"{json.dumps(record)}\n" for record in merged), encoding="utf-8")
    return f"Completed: {len(merged)} of {len(captured)} captured requests have a ground truth label."


def identity(record: Mapping[str, Any]) -> str:
    """What labels call a captured request: its inference id, or its event id if the caller gave none."""
    metadata = record.get("eventMetadata", {})
    return str(metadata.get("inferenceId") or metadata.get("eventId"))


def _records(folder: Path, member: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The JSON lines of the files of a folder, with their places."""
    files: Iterable[Path] = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            place = f"{path.name}, line {number}"
            if line.strip():
                yield _record(line, member, place), place


def _record(line: str, member: str, place: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError as error:
        raise MergeError(f"{place}: not JSON: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get(member), dict):
        raise MergeError(f"{place}: no JSON object with a member {member}.")
    return content


def _event(record: Mapping[str, Any], place: str) -> str:
    event = record.get("eventMetadata", {}).get("eventId")
    if event is None or "data" not in record["groundTruthData"]:
        raise MergeError(f"{place}: a label needs groundTruthData.data and eventMetadata.eventId.")
    return str(event)


def _time(record: Mapping[str, Any], place: str) -> datetime:
    try:
        return datetime.fromisoformat(record["eventMetadata"]["inferenceTime"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        raise MergeError(f"{place}: a captured request needs eventMetadata.inferenceTime.") from None


if __name__ == "__main__":
    sys.exit(main())
