"""Reads `operations.yaml`, the list of what the local S3 supports. The documentation prints it."""

from __future__ import annotations

import functools
from pathlib import Path

import yaml


@functools.cache
def _document() -> dict:
    return yaml.load((Path(__file__).parent / "operations.yaml").read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def supported() -> dict[str, str | None]:
    """Operation -> root element of its response's XML, or None if the response has no body."""
    return _document()["supported"]


def configurations() -> dict[str, dict]:
    """Kind of a bucket's configuration document -> its operations, default and effect."""
    return _document()["configurations"]


def unconfigured() -> dict[str, dict | list]:
    """Get operation of a configuration that cannot be set here -> its constant result, or its error as ``[code, message]``."""
    return _document()["unconfigured"]


@functools.cache
def understood() -> frozenset[str]:
    """The input members that a request may contain."""
    return frozenset({*_document()["understood"].split(), *_document()["ignored"]})
