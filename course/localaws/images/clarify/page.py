"""The report as a page, ``report.html``, without a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from course import pages
from course.localaws.images.clarify import charts
from course.localaws.images.clarify.blocks import Bars, Block, Curves, Heading, Listing, Paragraph, Report, Table


def write(path: Path, report: Report) -> None:
    """Write the page."""
    first, *others = report.blocks
    contents = pages.contents([each.text for each in report.blocks if isinstance(each, Heading)])
    pages.write(path, report.title, [part(first), contents, *map(part, others)])


def part(block: Block, drawing: Callable[[str, str], str] = pages.drawing) -> str:
    """A block as HTML. ``drawing`` makes it of an SVG drawing and its description."""
    match block:
        case Heading(text):
            return pages.heading(text)
        case Paragraph(text):
            return pages.paragraph(text)
        case Table(caption, columns, rows, folded):
            table = pages.table(caption, columns, rows)
            return pages.fold(folded, [table]) if folded else table
        case Bars(values, said):
            return drawing(charts.bars(values), said)
        case Curves(values, lines, shares, numerical, said):
            return drawing(charts.curves(values, lines, shares, numerical), said)
        case Listing(name, text):
            return pages.fold(name, [pages.block(text, name)])
