"""The terminal of the commands: text is shown as it is.

Commands print names, file names and messages of learners. rich would take ``[red]`` in them for markup, fail at ``[/x]`` and make a
picture of ``:bug:``; a terminal would obey their control characters; and half of a surrogate pair cannot be printed. Everything goes
through `Terminal` and `ProgressBar`, so no command has to remember this. `tests/course/test_terminal.py` finds code that does not.
"""

from __future__ import annotations

import re
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.status import Status
from rich.text import Text

# Control characters but newline and tab, those that change the direction of writing, and surrogates.
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """``text`` with everything that a terminal would obey, or could not show, written as in Python: ``\\x1b``."""
    return HIDDEN.sub(lambda found: ascii(found[0])[1:-1], text)


class Terminal(Console):
    """A rich console without markup, emoji and highlighting; takes the other arguments of `rich.console.Console`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def say(self, text: str) -> None:
        """Print lines without breaking long ones, so that they can be copied."""
        self.print(text, soft_wrap=True)

    def render_str(self, text: str, **options: Any) -> Text:
        """Called by rich for each text, the cells of tables included."""
        return super().render_str(visible(text), **options)

    def status(self, status: str, **options: Any) -> Status:  # type: ignore[override]
        return _Status(status, console=self, **options)


class _Status(Status):
    def __init__(self, status: str, **options: Any) -> None:
        super().__init__(Text(visible(status)), **options)

    def update(self, status: str, **options: Any) -> None:  # type: ignore[override]
        super().update(Text(visible(status)), **options)


class DescriptionColumn(TextColumn):
    """What a task of a progress bar does, padded to ``width`` characters."""

    def __init__(self, width: int = 0) -> None:
        super().__init__("", markup=False)
        self._width = width

    def render(self, task: Task) -> Text:
        return Text(f"{visible(task.description):<{self._width}}")


class ProgressBar(Progress):
    """A progress bar; without ``columns``, the description, a bar, how many of how many, and the time."""

    @classmethod
    def get_default_columns(cls) -> tuple[ProgressColumn, ...]:
        return (DescriptionColumn(), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
