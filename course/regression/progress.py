"""The progress of a run: bars on a terminal; elsewhere a line for each notebook and submission, printed when it ends."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping

from rich.progress import TaskID

from course.regression import report
from course.regression.execute import Executed
from course.terminal import DescriptionColumn, ProgressBar, Terminal


class RunProgress:
    """Receives the events of a run. Its methods may be called in any thread."""

    def __init__(self, terminal: Terminal, bars: ProgressBar | None) -> None:
        self._terminal = terminal
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()
        self._ended: dict[str, int] = {}

    def start_notebooks(self, cells: Mapping[str, int]) -> None:
        """The notebooks to execute, with the number of their code cells."""
        if self._bars:
            self._tasks |= {name: self._bars.add_task(name, total=total) for name, total in cells.items()}
        self.say(f"{len(cells)} notebooks run, two at a time.")

    def cell_done(self, notebook: str) -> None:
        if self._bars:
            self._bars.advance(self._tasks[notebook])

    def notebook_done(self, run: Executed, total: int) -> None:
        name, _, points, _, seconds, result = report.lesson_row(run)
        self._end("notebook", total, f"{name} {result}, {points} points, {seconds} s")

    def start_submissions(self, total: int) -> None:
        """The number of notebooks that the class hands in."""
        if self._bars:
            self._tasks["class"] = self._bars.add_task("class of four", total=total)
        self.say(f"A class of four is graded on {total} submissions, two at a time.")

    def submission_done(self, line: str, total: int) -> None:
        if self._bars:
            self._bars.advance(self._tasks["class"])
        self._end("submission", total, line)

    def say(self, line: str) -> None:
        """Print a line where there are no bars."""
        if not self._bars:
            self._terminal.say(line)

    def _end(self, kind: str, total: int, line: str) -> None:
        with self._lock:
            self._ended[kind] = self._ended.get(kind, 0) + 1
            self.say(f"{kind} {self._ended[kind]} of {total}: {line}")


@contextlib.contextmanager
def show_progress(terminal: Terminal) -> Iterator[RunProgress]:
    """Show a run's progress while the block runs."""
    if not terminal.is_terminal:
        yield RunProgress(terminal, None)
        return
    columns = (DescriptionColumn(width=16), *ProgressBar.get_default_columns()[1:])
    with ProgressBar(*columns, console=terminal) as bars:
        yield RunProgress(terminal, bars)
