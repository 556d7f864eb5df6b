"""Calls of botocore clients by the names of operations."""

from __future__ import annotations

from typing import Any

from botocore import xform_name


def operation(client: Any, name: str) -> Any:
    """The method of a client for an operation, e.g. ``create_training_job`` for ``"CreateTrainingJob"``."""
    return getattr(client, xform_name(name))
