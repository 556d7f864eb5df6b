"""A function that training scripts on several hosts call."""

from __future__ import annotations


def _wait_hostname_resolution() -> None:
    """Do nothing: the names of a job's hosts resolve from the start."""
