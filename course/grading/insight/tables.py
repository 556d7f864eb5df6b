"""A table for both a page and a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from course import pages
from course.grading.render import number

Value = str | float | int | None
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run learners' text that begins so as a formula


@dataclass(frozen=True)
class ReportTable:
    """``name`` is the CSV file's; values are numbers, text, or None for an empty cell.

    ``percent`` names columns of shares in 0..1, ``seconds`` columns of durations: a page formats them, a CSV file has the plain numbers.
    """

    name: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]
    percent: Sequence[str] = ()
    seconds: Sequence[str] = ()

    def html(self) -> pages.Markup:
        if not self.rows:
            return pages.paragraph(f"{self.caption}: none.")
        return pages.table(self.caption, self.columns, [tuple(map(self._shown, row, self.columns)) for row in self.rows])

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.csv"
        with path.open("w", newline="", encoding="utf-8", errors="replace") as file:
            csv.writer(file).writerows([self.columns, *([_cell(value) for value in row] for row in self.rows)])
        return path

    def _shown(self, value: Value, column: str) -> str:
        if value is None:
            return "–"
        if isinstance(value, str):
            return pages.code(value)
        if column in self.percent:
            return f"{value:.0%}"
        return duration(value) if column in self.seconds else number(round(value, 2))


def duration(seconds: float) -> str:
    """ "40 s", "12 min", "3.5 h", "2 days"."""
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size or (unit != "days" and seconds >= size):
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.0f} s"


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return f"{value:.6g}"
