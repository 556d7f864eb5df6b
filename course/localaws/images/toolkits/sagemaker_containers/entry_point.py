"""What training scripts on several hosts call."""

from __future__ import annotations


def _wait_hostname_resolution() -> None:
    """Nothing to wait for: the hosts of a job have their names when its first program begins."""
