"""Types of values by their text, and columns by the types of their values.

The patterns are those of Deequ's ``StatefulDataType`` (https://github.com/awslabs/deequ, read 2026-11-28), with exponents added. A value
without text is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

INTEGRAL, FRACTIONAL, STRING, UNKNOWN = "Integral", "Fractional", "String", "Unknown"
NUMERIC = (INTEGRAL, FRACTIONAL)
INTEGRAL_TEXT = r"^[-+]? ?\d+$"
NUMBER_TEXT = r"^[-+]? ?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
FIRST = 10  # values that a cast is tried on: one that fails is slow, since Arrow words an error for each value that it cannot read


@dataclass
class TypeCounts:
    """How many values of a column have each type."""

    missing: int = 0
    integral: int = 0
    fractional: int = 0
    string: int = 0

    @property
    def present(self) -> int:
        return self.integral + self.fractional + self.string

    @property
    def total(self) -> int:
        return self.missing + self.present

    @property
    def inferred(self) -> str:
        """The narrowest type that all present values have."""
        if not self.present:
            return UNKNOWN
        return STRING if self.string else FRACTIONAL if self.fractional else INTEGRAL

    def share(self, expected: str) -> float:
        """The share of the present values that have a type, 0..1. An integral number is also a fractional one, and all values are text.

        AWS does not document whether integral numbers count as fractional. 1.0 for a column without values, which completeness reports.
        """
        matching = {INTEGRAL: self.integral, FRACTIONAL: self.integral + self.fractional}.get(expected, self.present)
        return matching / self.present if self.present else 1.0

    def add(self, other: TypeCounts) -> None:
        self.missing += other.missing
        self.integral += other.integral
        self.fractional += other.fractional
        self.string += other.string


def parsed(texts: pa.Array) -> tuple[TypeCounts, pa.Array]:
    """The types of the values of a column, and its numbers (null where there is none)."""
    texts = pc.if_else(pc.equal(texts, ""), None, texts)
    missing = texts.null_count
    present = len(texts) - missing
    if (whole := _cast(texts, pa.int64())) is not None:
        return TypeCounts(missing, integral=present), whole.cast(pa.float64(), safe=False)  # rounds whole numbers above 2**53
    integral = pc.sum(pc.match_substring_regex(texts, INTEGRAL_TEXT)).as_py() or 0
    real = _cast(texts, pa.float64())  # also reads nan and inf, which are texts here
    if real is not None and pc.all(pc.is_finite(real)).as_py():
        return TypeCounts(missing, integral, present - integral), real
    numbers = pc.match_substring_regex(texts, NUMBER_TEXT)
    counted = pc.sum(numbers).as_py() or 0
    plain = pc.replace_substring_regex(pc.if_else(numbers, texts, None), r"^\+? ?(-?) ?", r"\1")
    return TypeCounts(missing, integral, counted - integral, present - counted), plain.cast(pa.float64())


def _cast(texts: pa.Array, kind: pa.DataType) -> pa.Array | None:
    try:
        texts[:FIRST].cast(kind)  # raises at once for most columns of another type
        return texts.cast(kind)
    except pa.ArrowInvalid:
        return None
