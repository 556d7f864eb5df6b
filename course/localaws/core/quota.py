"""The quota on the state folder: how many bytes the local AWS may keep for its account.

What is about to be written is counted at once. A thread measures the folder every second, or less often if it is large: so deleted files,
databases, logs and the folders of running jobs count, too, and no request has to wait for a measurement.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

from course.localaws.core.errors import AwsError
from course.sandbox.supervisor.tree import Unbounded, disk_used

PAUSE_SECONDS = 1.0  # between two measurements, but at least `SHARE` times as long as one takes
SHARE = 20
OVERHEAD = 2048  # bytes on disk for a request, besides its body: rows of an index and of the request log

# How the names of operations begin that keep nothing, or that free space: they work when the quota is reached.
_READS = ("BatchGet", "BatchDescribe", "Check", "Decode", "Describe", "Estimate", "Filter", "Get", "Head", "List", "Lookup", "Preview")
_READS += ("Query", "Receive", "Scan", "Search", "Select", "Simulate", "Test", "Validate")
_REMOVES = ("Abort", "BatchDelete", "Cancel", "ChangeMessageVisibility", "Delete", "Deregister", "Detach", "Disable", "Disassociate")
_REMOVES += ("Purge", "Release", "Remove", "Reset", "Revoke", "Stop", "Terminate", "Unsubscribe", "Untag", "CompleteMultipartUpload")
_ANSWERS = ("Assume", "Invoke")  # what an endpoint is asked is not kept, and what it captures counts as an object
_FREE = (*_READS, *_REMOVES, *_ANSWERS)


class QuotaReached(AwsError):
    """The state folder may hold no more. As this error S3 answers; other services answer with one of their own."""

    def __init__(self, limit: int) -> None:
        message = (
            f"This local AWS may keep at most {limit:,} bytes, so nothing was stored. Delete objects that you do not need: a few seconds "
            "later their space is free again."
        )
        super().__init__("InsufficientStorage", message, 507)


class StateQuota:
    """May be used from any thread.

    Parameters
    ----------
    folder : Path
        The state folder.
    limit : int or None
        In bytes. None for no limit: then nothing is measured.
    """

    def __init__(self, folder: Path, limit: int | None = None) -> None:
        self._folder, self.limit = folder, limit
        self._measured, self._since = 0, 0  # bytes: at the last measurement, and admitted after it began
        self._counting = threading.Lock()
        self._ended = threading.Event()
        if limit is not None:
            self._measure()
            threading.Thread(target=self._measure_regularly, name="quota", daemon=True).start()

    def admit(self, size: int) -> None:
        """Count bytes that are about to be written. Raises `QuotaReached`."""
        if self.limit is None:
            return
        with self._counting:
            if self._measured + self._since + size > self.limit:
                raise QuotaReached(self.limit)
            self._since += size

    def admit_request(self, operation: str, size: int) -> None:
        """Count a request by its operation and the bytes of its body. Raises `QuotaReached` if it would keep something."""
        if not operation.startswith(_FREE):
            self.admit(OVERHEAD + size)

    def shutdown(self) -> None:
        self._ended.set()

    def reset(self) -> None:
        """Everything was deleted, so measure again."""
        if self.limit is not None:
            self._measure()

    def _measure(self) -> float:
        """Returns how long it took, in seconds."""
        began = time.monotonic()
        with self._counting:
            before = self._since
        try:
            used = disk_used([str(self._folder)])
        except Unbounded:  # a job's folder that nobody can measure counts as all there is, until it is gone
            used = self.limit
        with self._counting:
            self._measured = used
            self._since -= before
        return time.monotonic() - began

    def _measure_regularly(self) -> None:
        seconds = 0.0
        while not self._ended.wait(max(PAUSE_SECONDS, SHARE * seconds)):
            seconds = self._measure()
