"""``python -m course.localaws.images.model_monitor.merge``: adds labels to captured requests.

A label belongs to the request whose inference id, or else event id, it names. Of several labels for one request the last one counts, by the
name of its file and its line. Several requests with one inference id all get its label. A request without a label is left out.

Source: "Ingest Ground Truth Labels and Merge Them With Predictions" of the SageMaker developer guide, and a merge job on AWS in May 2021
that the public project "The MLOps Pipeline MKV (Python)" logged: its variables, and that merged files have the folders of the captured
ones. Read 2026-11-28. AWS does not document how it merges the data of batch transform jobs; see `transformed`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from course.localaws.images.model_monitor import transformed
from course.localaws.images.model_monitor.transformed import MergeError, files
from course.localaws.images.shared.script_mode import base_directory


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
    """Write the requests that have a label, and return the exit message. Raises `MergeError` if there is none.

    Parameters
    ----------
    variables : dict
        ``dataset_source``, ``ground_truth_source`` and ``output_path`` are folders. ``dataset_format`` is that of a transform job's files;
        without it, the dataset is an endpoint's captured data.
    """
    labels = {_event(record, place): record for record, place in _records(Path(variables["ground_truth_source"]), "groundTruthData")}
    if not labels:
        raise MergeError("There are no ground truth labels for the time of this execution.")
    read = merged = 0
    for name, requests in _requests(variables):
        found = [record | {"groundTruthData": labels[key]["groundTruthData"]} for record in requests if (key := identity(record)) in labels]
        read, merged = read + len(requests), merged + len(found)
        if found:
            path = Path(variables["output_path"]) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{json.dumps(record)}\n" for record in found), encoding="utf-8")
    if not merged:
        raise MergeError(f"None of {read} captured requests has a ground truth label with its inference id or event id.")
    return f"Completed: {merged} of {read} captured requests have a ground truth label."


def _requests(variables: Mapping[str, str]) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """The captured requests of each file, with the path of the file below the dataset's folder."""
    source = Path(variables["dataset_source"])
    if "dataset_format" in variables:
        yield from transformed.requests(source, variables["dataset_format"])
        return
    for path in files(source):
        yield path.relative_to(source), [record for record, _ in _of_file(path, "captureData")]


def identity(record: Mapping[str, Any]) -> str:
    """What labels call a captured request: its inference id, or its event id if the caller gave none."""
    metadata = record.get("eventMetadata", {})
    return str(metadata.get("inferenceId") or metadata.get("eventId"))


def _records(folder: Path, member: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The JSON lines of the files of a folder, with their places."""
    for path in files(folder):
        yield from _of_file(path, member)


def _of_file(path: Path, member: str) -> Iterator[tuple[dict[str, Any], str]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):  # a text may have other line ends in it
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


if __name__ == "__main__":
    sys.exit(main())
