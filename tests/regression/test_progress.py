"""Tests a run's progress: on a terminal, bars; elsewhere, a line for each notebook and submission when it ends."""

from __future__ import annotations

import io
from pathlib import Path

from course.regression.execute import Executed
from course.regression.progress import show_progress
from course.terminal import Terminal

GOOD = Executed("m00_start", "m00_start", Path("a.ipynb"), 12.34, 40, 2, 4, 4, "", (0.1, 3.0))
BAD = Executed("m04_training", "m04_1", Path("b.ipynb"), 5.0, 30, 4, 2, 10, "cell 3: ValueError: [no]", (1.0,))


def shown(terminal: bool) -> str:
    written = io.StringIO()
    console = Terminal(file=written, force_terminal=terminal, width=120)
    with show_progress(console) as progress:
        progress.start_notebooks({"m00_start": 2, "m04_1": 1})
        progress.cell_done("m00_start")
        progress.notebook_done(GOOD, 2)
        progress.notebook_done(BAD, 2)
        progress.start_submissions(12)
        progress.submission_done("perfect, m00_start: 4 of 4 points, 9 s", 12)
    return written.getvalue()


def test_lines_without_a_terminal():
    assert shown(terminal=False).splitlines() == [
        "2 notebooks run, two at a time.",
        "notebook 1 of 2: m00_start passed, 4 of 4 points, 12.3 s",
        "notebook 2 of 2: m04_1 failed: cell 3: ValueError: [no], 2 of 10 points, 5.0 s",
        "A class of four is graded on 12 submissions, two at a time.",
        "submission 1 of 12: perfect, m00_start: 4 of 4 points, 9 s",
    ]


def test_bars_on_a_terminal():
    text = shown(terminal=True)
    assert "class of four" in text and "1/12" in text
    assert "notebook 1 of 2" not in text
