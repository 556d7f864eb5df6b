"""The texts of ``FailureReason`` and ``ExitMessage``."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

from course.localaws.jobs.s3_data import ML
from course.sandbox import trees
from course.sandbox.limits import Limits
from course.sandbox.process import BoxProcess
from course.sandbox.trees import Directory, TreeError

LONGEST = 1024  # bytes of FailureReason and ExitMessage
READ = 4 * LONGEST  # bytes that are read: a container's paths are shorter than this machine's
# Wording: https://github.com/DIAGNijmegen/rse-grand-challenge/issues/2631
NO_CAPACITY = "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type."
# Of an endpoint. Wording: a failed endpoint of August 2026, recorded in https://github.com/aws/deep-learning-containers/pull/6673
ENDPOINT_NO_CAPACITY = (
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry using a different ML "
    "instance type or after some time. Consider configuring InstancePools in your EndpointConfig with multiple instance types for "
    "priority-based fallback to improve capacity availability."
)
OUT_OF_MEMORY = "ClientError: Please use an instance type with more memory, or reduce the size of job data processed on an instance."


def shorten(text: str, suffix: str = "") -> str:
    """Cut ``text`` so that it and the whole suffix fit into `LONGEST` bytes."""
    limit = LONGEST - len(suffix.encode())
    return text.encode()[:limit].decode(errors="ignore") + suffix


def read_message(root: Path, path: str, as_inside: Callable[[str], str]) -> str | None:
    """The beginning of a file that the job may have written, at most `LONGEST` bytes; None when there is no such file.

    ``root`` is that of the job's box, to which ``path`` is relative, and ``as_inside`` that of the box.
    """
    try:
        with Directory.open(root) as top, trees.open_file(top, path.split("/"), ML) as file:
            return shorten(as_inside(file.read(READ).decode(errors="replace")))
    except (OSError, TreeError):
        return None


def download_failed(error: object) -> str:
    """The reason when input data could not be fetched."""
    return shorten(f"ClientError: Data download failed:{error}")


def upload_failed(error: object) -> str:
    """The reason when results could not be stored."""
    return shorten(f"ClientError: Artifact upload failed:{error}")


def limit_exceeded(running: BoxProcess, limits: Limits) -> str:
    """The reason when a program ended because it exceeded a limit of its box; ``""`` when it did not."""
    code = running.exit_code
    reasons = {
        "memory": OUT_OF_MEMORY,
        "disk": f"AlgorithmError: [Errno 28] No space left on device, exit code: {code}",
        "processes": f"AlgorithmError: the job had more than {limits.processes} processes, exit code: {code}",
    }
    return reasons.get(running.limit, "")


def internal_error(error: Exception) -> str:
    """The reason when the local AWS itself failed."""
    if getattr(error, "errno", None) == errno.ENOSPC or "disk is full" in str(error):
        return "InternalServerError: No space left on device, the disk that holds the state of the local AWS"
    return f"InternalServerError: {type(error).__name__}: {error}"
