"""Formats values as text as Athena does, in results and in files."""

from __future__ import annotations

import datetime
import math
import struct
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


def field(value: Any, kind: str) -> str:
    """A value as a field of a CSV file. Every field is quoted, and a NULL is empty, so that it differs from an empty string."""
    found = text(value, kind)
    if found is None:
        return ""
    return '"' + found.replace('"', '""') + '"' if '"' in found else f'"{found}"'


def field_in_sql(column: str, digits: str, kind: str) -> tuple[str, str]:
    """`field` as an expression of DuckDB, which is faster than Python.

    Parameters
    ----------
    column, digits : str
        The names of the column and of its cast to VARCHAR, which is used for DOUBLE only.
    kind : str
        The column's DuckDB type.

    Returns
    -------
    (str, str)
        The field, NULL for values that only `field` can write; and those values, NULL for the others.
    """
    if kind in (*_INTEGERS, "BOOLEAN"):
        return f"coalesce('\"' || {column} || '\"', '')", "NULL"
    if kind == "VARCHAR":
        return f"coalesce('\"' || replace({column}, '\"', '\"\"') || '\"', '')", "NULL"
    if kind != "DOUBLE":
        return "NULL", column
    plain, large = f"abs({column}) >= 1e-3 AND abs({column}) < 1e7", f"{column} >= 1e7 AND {column} < 1e15"
    fraction = f"coalesce(nullif(rtrim(replace(substr({digits}, 2), '.', ''), '0'), ''), '0')"
    scientific = f"left({digits}, 1) || '.' || {fraction} || 'E' || (strpos({digits}, '.') - 2)"  # Java's 1.2345678E7
    shown = (
        f"CASE WHEN {column} IS NULL THEN '' WHEN {plain} THEN '\"' || {digits} || '\"' WHEN {large} THEN '\"' || {scientific} || '\"' END"
    )
    return shown, f"CASE WHEN {plain} OR {large} THEN NULL ELSE {column} END"


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
