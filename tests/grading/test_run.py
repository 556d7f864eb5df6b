"""Tests that a run that cannot start says why and does not count as zero."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from course.grading.sandbox import kernel
from course.grading.submission.run import StartError, Submission, run

FIXTURE = Path(__file__).parent / "fixture"


def test_a_kernel_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "COMMAND", ("-c", "print('no module named so'); raise SystemExit(3)"))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    submission = Submission(FIXTURE / "solutions" / "m98_traps", tmp_path, FIXTURE / "graders", "alice", "seed")
    with pytest.raises(StartError, match="no module named so"):
        run(notebook, submission)
