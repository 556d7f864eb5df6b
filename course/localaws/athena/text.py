"""Formats values as text as Athena does, in results and in files."""

from __future__ import annotations

import datetime
import math
import struct
from decimal import Decimal
from typing import Any


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


def _inner(value: Any) -> str:
    found = text(value)
    return "null" if found is None else found


def _number(value: float, single: bool) -> str:
    """The text of a number as in Java's Double.toString and Float.toString."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    digits = _shortest_single(value) if single else repr(value)
    number = Decimal(digits)
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        plain = f"{number:f}"
        return plain if "." in plain else f"{plain}.0"
    sign, digits_of, exponent = number.normalize().as_tuple()
    shown = "".join(map(str, digits_of))
    return f"{'-' if sign else ''}{shown[0]}.{shown[1:] or '0'}E{exponent + len(shown) - 1}"


def _shortest_single(value: float) -> str:
    return next(shown for digits in range(1, 18) if _as_single(float(shown := f"{value:.{digits}g}")) == value)


def _as_single(value: float) -> float:
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.inf
