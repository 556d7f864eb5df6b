"""Formats values as text as Athena does, in results and in files."""

from __future__ import annotations

import datetime
import math
import struct
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")


def text(value: Any, kind: str = "") -> str | None:
    """The text of a value of DuckDB's Python client. ``kind`` is its DuckDB type (FLOAT and DOUBLE differ). NULL is ``None``."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value, single=kind == "FLOAT")
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime.datetime):
        return f"{value.replace(tzinfo=None).isoformat(' ', 'milliseconds')}{' UTC' if value.tzinfo else ''}"
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex(" ")
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_inner, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_inner(key)}={_inner(each)}' for key, each in value.items())}}}"
    return str(value)


def texts(values: Iterable[Any], kind: str) -> list[str | None]:
    """The texts of a column's values, as of `text` but faster: a result may have millions of them."""
    if kind in _INTEGERS:
        return [None if value is None else str(value) for value in values]
    if kind == "DOUBLE":
        return [None if value is None else _double(value) for value in values]
    return [text(value, kind) for value in values]


def _double(value: float) -> str:
    """As Java's Double.toString. Python and Java write the same digits, and between 0.001 and 10,000,000 in the same form."""
    return repr(value) if 1e-3 <= value < 1e7 or -1e7 < value <= -1e-3 else _number(value, single=False)


def _inner(value: Any) -> str:
    found = text(value)
    return "null" if found is None else found


def _number(value: float, single: bool) -> str:
    """The text of a number as in Java's Double.toString and Float.toString."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    if not single and abs(value) >= 1e7:
        return _large(repr(value))
    digits = _shortest_single(value) if single else repr(value)
    number = Decimal(digits)
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        plain = f"{number:f}"
        return plain if "." in plain else f"{plain}.0"
    sign, digits_of, exponent = number.normalize().as_tuple()
    shown = "".join(map(str, digits_of))
    return f"{'-' if sign else ''}{shown[0]}.{shown[1:] or '0'}E{exponent + len(shown) - 1}"


def _large(digits: str) -> str:
    """Python's text of a number from 10,000,000 on in Java's form: ``1.2345678E7``."""
    sign, digits = ("-", digits[1:]) if digits[0] == "-" else ("", digits)
    mantissa, _, exponent = digits.partition("e")
    whole, _, fraction = mantissa.partition(".")
    rest = (whole[1:] + fraction).rstrip("0") or "0"
    return f"{sign}{whole[0]}.{rest}E{int(exponent or 0) + len(whole) - 1}"


def _shortest_single(value: float) -> str:
    return next(shown for digits in range(1, 18) if _as_single(float(shown := f"{value:.{digits}g}")) == value)


def _as_single(value: float) -> float:
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.inf
