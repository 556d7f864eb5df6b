"""Sections of an evidence report, shown on a terminal and on a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.text import Text

from course import pages
from course.terminal import Terminal, visible


@dataclass(frozen=True)
class Section:
    """A heading, lines (text in backticks is code), and an optional block of code."""

    title: str
    lines: list[str] = field(default_factory=list)
    code: str = ""

    def show(self, terminal: Terminal) -> None:
        terminal.print(Text(f"\n{visible(self.title)}", style="bold"))
        for line in self.lines:
            terminal.say(f"  {line}")
        if self.code:
            terminal.say("\n".join(f"    {line}" for line in self.code.splitlines()))

    def html(self) -> pages.Markup:
        code = pages.block(self.code, self.title) if self.code else ""
        return pages.Markup(pages.heading(self.title) + pages.bullets([pages.code(line) for line in self.lines]) + code)


def html(sections: Iterable[Section]) -> list[pages.Markup]:
    return [section.html() for section in sections]
