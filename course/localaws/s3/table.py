"""`operations.yaml` as Python: what the local S3 supports. The documentation prints it."""

from __future__ import annotations

import functools
from pathlib import Path

import yaml


@functools.cache
def _document() -> dict:
    return yaml.load((Path(__file__).parent / "operations.yaml").read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def supported() -> dict[str, str | None]:
    """Operation -> root element of its answer's XML; None when the answer has no body."""
    return _document()["supported"]


def configurations() -> dict[str, dict]:
    """Kind of a document that a bucket keeps -> its operations, default and effect."""
    return _document()["configurations"]


def unconfigured() -> dict[str, dict | list]:
    """Get operation of what cannot be configured here -> its constant result, or its error as ``[code, message]``."""
    return _document()["unconfigured"]


@functools.cache
def understood() -> frozenset[str]:
    """The input members that may be in a request."""
    return frozenset({*_document()["understood"].split(), *_document()["ignored"]})
