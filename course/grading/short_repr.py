"""Short texts: of values that learners handed over, and of what AWS or an exception says."""

from __future__ import annotations

import reprlib
from typing import Any

LONGEST = 120  # characters of a string, or of an object without a form below


class _Short(reprlib.Repr):
    """`reprlib` with forms for tables and arrays."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = LONGEST
        self.maxlist = self.maxdict = self.maxtuple = self.maxset = 8
        self.maxlevel = 4

    def repr_DataFrame(self, table: Any, _: int) -> str:
        columns = self.repr([str(name) for name in table.columns])
        return f"a table of {len(table)} rows and the columns {columns}"

    def repr_Series(self, column: Any, _: int) -> str:
        return f"a column of {len(column)} values: {self.repr(column.head(self.maxlist).tolist())}"

    def repr_ndarray(self, array: Any, _: int) -> str:
        return f"an array of shape {array.shape}: {self.repr(array.ravel()[: self.maxlist].tolist())}"


_short = _Short()


def short(value: Any) -> str:
    """A value on one line."""
    return " ".join(_short.repr(value).split())


def cut(text: str, longest: int = LONGEST) -> str:
    """A text on one line, cut between words if it is longer than ``longest`` characters."""
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    start = line[:longest]
    return f"{start.rpartition(' ')[0] or start} …"
