"""Parses manifests: JSON files that list the objects, or the values, of an input.

Source: ``S3DataSource`` of the SageMaker API reference, and "Augmented Manifest Files for Training Jobs" of its developer guide, read
2026-11-25.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from course.localaws.core import json_text

REFERENCE = "-ref"  # suffix of an attribute whose value is the URI of an object


def names(text: bytes) -> tuple[str, list[str]]:
    """The prefix and the names of ``[{"prefix": "s3://bucket/path/"}, "name", ...]``. A name is appended to the prefix.

    Raises ValueError, which says what is wrong.
    """
    document = json_text.load(text)
    if not isinstance(document, list) or not document:
        raise ValueError("it is not a JSON array that begins with a prefix")
    first, *rest = document
    prefix = first.get("prefix") if isinstance(first, dict) else None
    if not isinstance(prefix, str) or not prefix:
        raise ValueError('its first element is not {"prefix": "s3://..."}')
    for name in rest:
        if not isinstance(name, str):
            raise ValueError(f"{json.dumps(name)} is not the name of an object")
    return prefix, rest


def records(text: bytes, attributes: list[str]) -> Iterator[list[tuple[str, str]]]:
    """The lines of an augmented manifest, each as pairs of attribute and text in the order of ``attributes``; others are ignored.

    A value that is not a string becomes JSON. Raises ValueError, which names the line.
    """
    for number, line in enumerate(text.decode().splitlines(), 1):
        if not line.strip():
            continue
        try:
            document = json_text.load(line)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
        if not isinstance(document, dict):
            raise ValueError(f"line {number} is not a JSON object")
        if missing := [name for name in attributes if name not in document]:
            raise ValueError(f"line {number} has no attribute {missing[0]!r}")
        yield [(name, _text(document[name])) for name in attributes]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
