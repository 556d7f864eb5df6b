"""The report as a document of A4 pages, ``report.pdf``, drawn by matplotlib. As a program it takes path and report, pickled, from stdin."""

from __future__ import annotations

import pickle
import sys
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

from course.localaws.images.clarify.blocks import Bars, Block, Curves, Heading, Listing, Paragraph, Report, Table
from course.localaws.images.clarify.charts import BLUE, COLORS, GREY, INK, LONGEST, MOST_NAMES, RED
from course.sandbox import forkserver

with forkserver.imports():
    import matplotlib as mpl
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure

WIDTH, HEIGHT, MARGIN = 8.27, 11.69, 0.8  # inches
LETTERS, SMALL = 10, 8  # points
LINE, ROW = 0.2, 0.16  # inches from a line to the next one
PROSE, FIXED = 84, 98  # characters of a line
FEWEST = 6  # characters of a narrow column
FONTS = {"pdf.fonttype": 42, "text.parse_math": False, "axes.unicode_minus": False}  # text can be found and copied


def write(path: Path, report: Report) -> None:
    """Write the document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), mpl.rc_context(FONTS), Sheets(path, report.title) as sheets:
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)  # of a font, in a name of the data
        sheets.lines(textwrap.wrap(report.title, PROSE // 2), 18, 0.35, weight="bold")
        for block in report.blocks:
            _add(sheets, block)


class Sheets:
    """Pages that are filled from the top. A new one begins where there is no more room."""

    def __init__(self, path: Path, title: str) -> None:
        self._pages = PdfPages(path, metadata={"Title": title, "CreationDate": None})
        self._page, self._left = Figure((WIDTH, HEIGHT)), HEIGHT - 2 * MARGIN

    def __enter__(self) -> Sheets:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pages.savefig(self._page)
        self._pages.close()

    def need(self, height: float) -> bool:
        """Begin a new page unless there is so much room, in inches. Returns whether one was begun."""
        if height <= self._left:
            return False
        self._pages.savefig(self._page)
        self._page, self._left = Figure((WIDTH, HEIGHT)), HEIGHT - 2 * MARGIN
        return True

    def lines(self, lines: Sequence[str], size: float = LETTERS, step: float = LINE, **style: str) -> None:
        """Lines of text, then half a line of room."""
        for line in lines:
            self.need(step)
            self._left -= step
            self._page.text(MARGIN / WIDTH, (MARGIN + self._left) / HEIGHT, line, size=size, color=INK, **style)

    def space(self, height: float) -> None:
        self._left = max(0.0, self._left - height)

    def axes(self, height: float, left: float = 0.0) -> mpl.axes.Axes:
        """Axes of a height, in inches, ``left`` inches from the margin."""
        self.need(height)
        self._left -= height
        wide = WIDTH - 2 * MARGIN - left
        drawn = self._page.add_axes(((MARGIN + left) / WIDTH, (MARGIN + self._left) / HEIGHT, wide / WIDTH, height / HEIGHT))
        drawn.spines[["top", "right"]].set_visible(False)
        drawn.tick_params(labelsize=SMALL)
        return drawn


def _add(sheets: Sheets, block: Block) -> None:
    match block:
        case Heading(text):
            sheets.space(0.25)
            sheets.need(2.0)  # no heading alone at the end of a page
            sheets.lines([text], 14, 0.3, weight="bold")
        case Paragraph(text):
            _prose(sheets, text)
        case Table(caption, columns, rows, _):
            _table(sheets, caption, columns, rows)
        case Bars():
            _bars(sheets, block)
        case Curves():
            _curves(sheets, block)
        case Listing(name, text):
            _prose(sheets, name)
            cut = [part for line in text.splitlines() for part in textwrap.wrap(line, FIXED, replace_whitespace=False) or [""]]
            sheets.lines(cut, SMALL, ROW, family="monospace")


def _prose(sheets: Sheets, text: str) -> None:
    sheets.space(0.08)
    sheets.lines(textwrap.wrap(text, PROSE))


def _table(sheets: Sheets, caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = _widths([max(len(row[place]) for row in [columns, *rows]) for place in range(len(columns))])
    sheets.space(0.1)
    sheets.need(4 * ROW)
    sheets.lines(textwrap.wrap(caption, PROSE), weight="bold")
    head = list(_row(columns, widths))
    sheets.lines(head, SMALL, ROW, family="monospace", weight="bold")
    for row in rows:
        lines = list(_row(row, widths))
        if sheets.need(len(lines) * ROW):
            sheets.lines(head, SMALL, ROW, family="monospace", weight="bold")
        sheets.lines(lines, SMALL, ROW, family="monospace")
    sheets.space(0.1)


def _widths(natural: Sequence[int]) -> list[int]:
    """The characters of each column: the widest ones give way."""
    widths = list(natural)
    while sum(widths) + 2 * (len(widths) - 1) > FIXED and max(widths) > FEWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _row(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """The lines of a row."""
    cut = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, widths, strict=True)]
    for number in range(max(map(len, cut))):
        parts = [lines[number] if number < len(lines) else "" for lines in cut]
        yield "  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip()


def _bars(sheets: Sheets, block: Bars) -> None:
    values = list(block.values.values())
    sheets.space(0.15)
    axes = sheets.axes(0.24 * len(values) + 0.1, left=2.2)
    places = range(len(values))
    axes.barh(places, values, color=[BLUE if value >= 0 else RED for value in values], height=0.7)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(places, [_short(name) for name in block.values])
    axes.invert_yaxis()
    axes.margins(x=0.15, y=0.02)
    for place, value in zip(places, values, strict=True):
        words = {"ha": "left" if value >= 0 else "right", "va": "center", "size": SMALL}
        axes.annotate(f"{value:.3g}", (value, place), (3 if value >= 0 else -3, 0), textcoords="offset points", **words)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    sheets.space(0.1)
    _prose(sheets, block.said)


def _curves(sheets: Sheets, block: Curves) -> None:
    sheets.space(0.2)
    axes = sheets.axes(2.6, left=0.6)
    places = [float(value) for value in block.values] if block.numerical else list(range(len(block.values)))
    wide = 0.8 * min((abs(b - a) for a, b in zip(places, places[1:], strict=False)), default=1.0)
    behind = axes.twinx()
    behind.bar(places, block.shares, width=wide, color=GREY, alpha=0.45)
    behind.set_ylim(0, 2.5 * (max(block.shares) or 1.0))
    behind.axis("off")
    for number, (name, line) in enumerate(block.lines.items()):
        axes.plot(places, line, marker="o", markersize=4, color=COLORS[number % len(COLORS)], label=_short(name))
    if len(block.lines) > 1:
        axes.legend(fontsize=SMALL, frameon=False)
    step = -(-len(places) // MOST_NAMES)
    names = [f"{value:.3g}" if block.numerical else _short(str(value), 12) for value in block.values]
    axes.set_xticks(places[::step], names[::step])
    sheets.space(0.3)
    _prose(sheets, block.said)


def _short(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


if __name__ == "__main__":
    if given := sys.stdin.buffer.read():  # nothing if the analysis was killed
        write(*pickle.loads(given))
