"""What a report is made of, in order. `page`, `notebook` and `document` write it, each in its own format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Table:
    """A table with its caption. ``folded``: a reader first sees no more than that words, where the format can fold."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    folded: str = ""


@dataclass(frozen=True)
class Bars:
    """A bar for each of the values by name. ``said`` says the same as text."""

    values: Mapping[str, float]
    said: str


@dataclass(frozen=True)
class Curves:
    """Lines by name over the values of a feature, and the share of the rows at each value. ``said`` says the same as text."""

    values: Sequence[Any]
    lines: Mapping[str, Sequence[float]]
    shares: Sequence[float]
    numerical: bool
    said: str


@dataclass(frozen=True)
class Listing:
    """The text of a file."""

    name: str
    text: str


Block = Heading | Paragraph | Table | Bars | Curves | Listing


@dataclass(frozen=True)
class Report:
    title: str
    blocks: Sequence[Block]
