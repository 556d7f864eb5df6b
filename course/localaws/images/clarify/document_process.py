"""Writes ``report.pdf`` in a process of its own. It imports matplotlib while the analysis runs, which takes as long as a small analysis."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from course.localaws.images.clarify.blocks import Report


class DocumentProcess:
    """A process that waits for a report."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "course.localaws.images.clarify.document"], stdin=subprocess.PIPE)

    def __enter__(self) -> DocumentProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process.poll() is None:  # there was no report
            self._process.kill()
            self._process.communicate()

    def write(self, path: Path, report: Report) -> None:
        """Write the document. Raises RuntimeError if its process fails; the log has its error."""
        self._process.communicate(pickle.dumps((path, report)))
        if self._process.returncode:
            raise RuntimeError(f"{path.name} was not written: its process ended with exit code {self._process.returncode}")
