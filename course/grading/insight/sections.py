"""Sections of an evidence report, shown on a terminal and on a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.console import Console

from course import pages


@dataclass(frozen=True)
class Section:
    """A heading, lines (text in backticks is code), and an optional block of code."""

    title: str
    lines: list[str] = field(default_factory=list)
    code: str = ""

    def show(self, console: Console) -> None:
        console.print(f"\n[bold]{self.title}[/bold]", highlight=False)
        for line in self.lines:
            console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
        if self.code:
            console.print("\n".join(f"    {line}" for line in self.code.splitlines()), markup=False, highlight=False, soft_wrap=True)

    def html(self) -> pages.Markup:
        code = pages.block(self.code, self.title) if self.code else ""
        return pages.Markup(pages.heading(self.title) + pages.bullets([pages.code(line) for line in self.lines]) + code)


def html(sections: Iterable[Section]) -> list[pages.Markup]:
    return [section.html() for section in sections]
