"""Reads the tables of a page."""

from __future__ import annotations

from html.parser import HTMLParser


class _Tables(HTMLParser):
    """Collects the caption and the rows of cells of every table, with the heading first."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.captions: list[str] = []
        self.rows: list[list[list[str]]] = []
        self._into: list[str] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag == "table":
            self.rows.append([])
        elif tag == "tr":
            self.rows[-1].append([])
        elif tag == "caption":
            self.captions.append("")
            self._into = self.captions
        elif tag in ("td", "th"):
            self.rows[-1][-1].append("")
            self._into = self.rows[-1][-1]
        elif tag == "br" and self._into:
            self._into[-1] += "\n"

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "caption"):
            self._into = None

    def handle_data(self, data: str) -> None:
        if self._into:
            self._into[-1] += data


def tables(text: str) -> dict[str, list[dict[str, str]]]:
    """The rows of each table by caption, each row a dict by column heading."""
    read = _Tables(text)
    return {
        caption: [dict(zip(heading, row, strict=True)) for row in body]
        for caption, (heading, *body) in zip(read.captions, read.rows, strict=True)
    }


def rows(text: str, caption: str) -> list[dict[str, str]]:
    """The rows of the one table whose caption begins with that text."""
    [only] = [each for name, each in tables(text).items() if name.startswith(caption)]
    return only
