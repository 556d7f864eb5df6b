"""Event times: ``Fractional`` features hold Unix seconds, ``String`` features ISO 8601 in UTC, both to the nanosecond.

Source: "Quotas, naming rules and data types" of the developer guide, read 2026-11-28: ``yyyy-MM-dd'T'HH:mm:ssZ`` or
``yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSSZ``, from 0000-01-01T00:00:00.000000000Z to 9999-12-31T23:59:59.999999999Z. Older pages show three digits,
and the SDKs' notebooks write three or six, so one to nine are accepted here.
"""

from __future__ import annotations

import re
from calendar import timegm
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from course.localaws.core.errors import AwsError, validation_error

NANOSECONDS = 10**9
FIRST = -62_167_219_200 * NANOSECONDS  # 0000-01-01T00:00:00Z
LAST = 253_402_300_800 * NANOSECONDS - 1  # 9999-12-31T23:59:59.999999999Z

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)
_FRACTIONAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
# Python's dates begin with the year 1. The calendar repeats every 400 years.
_CYCLE_YEARS, _CYCLE_SECONDS = 400, 146_097 * 86_400


def nanoseconds(name: str, text: str, feature_type: str) -> int:
    """Returns an event time in Unix nanoseconds.

    Parameters
    ----------
    name : str
        The feature's name, for the message.
    feature_type : str
        ``"Fractional"`` or ``"String"``.

    Raises
    ------
    AwsError
        ``ValidationError`` for another format, and for a time outside of the documented range.
    """
    try:
        found = _from_seconds(text) if feature_type == "Fractional" else _from_iso(text)
    except (ValueError, InvalidOperation):
        found = None
    if found is None or not FIRST <= found <= LAST:
        raise _invalid(name, text, feature_type)
    return found


def iso(moment: int) -> str:
    """Returns Unix nanoseconds as ISO 8601, with milliseconds or nanoseconds only where they are not zero."""
    seconds, fraction = divmod(min(max(moment, FIRST), LAST), NANOSECONDS)
    year, date = _calendar(seconds)
    digits = f".{fraction // 10**6:03d}" if fraction % 10**6 == 0 else f".{fraction:09d}"
    return f"{year:04d}-{date:%m-%dT%H:%M:%S}{digits if fraction else ''}Z"


def written(moment: int, feature_type: str) -> str:
    """Returns Unix nanoseconds as the text of an event time feature."""
    if feature_type != "Fractional":
        return iso(moment)
    seconds, fraction = divmod(moment, NANOSECONDS)
    return str(seconds) if fraction == 0 else f"{Decimal(moment) / NANOSECONDS:f}"


def hour(moment: int) -> tuple[str, str, str, str]:
    """Returns year, month, day and hour of Unix nanoseconds, as the offline store's partitions have them."""
    year, date = _calendar(moment // NANOSECONDS)
    return f"{year:04d}", f"{date:%m}", f"{date:%d}", f"{date:%H}"


def compact(moment: int) -> str:
    """Returns Unix nanoseconds as the offline store's file names have them, e.g. ``20230501T120000Z``."""
    year, date = _calendar(moment // NANOSECONDS)
    return f"{year:04d}{date:%m%dT%H%M%SZ}"


def _from_seconds(text: str) -> int | None:
    if not _FRACTIONAL.fullmatch(text) or len(text) > 64:
        return None
    return int(Decimal(text).scaleb(9).to_integral_value("ROUND_FLOOR"))


def _from_iso(text: str) -> int | None:
    found = _ISO.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    cycle = _CYCLE_SECONDS if year == 0 else 0
    checked = datetime(year + (_CYCLE_YEARS if cycle else 0), month, day, hour, minute, second)
    seconds = timegm(checked.timetuple()) - cycle
    return seconds * NANOSECONDS + int((found[7] or "0").ljust(9, "0"))


def _calendar(seconds: int) -> tuple[int, datetime]:
    """Returns the year, and a date and time whose other parts are right."""
    early = seconds < -62_135_596_800  # 0001-01-01
    date = datetime.fromtimestamp(seconds + (_CYCLE_SECONDS if early else 0), UTC)
    return date.year - (_CYCLE_YEARS if early else 0), date


def _invalid(name: str, text: str, feature_type: str) -> AwsError:
    expected = (
        "Unix seconds"
        if feature_type == "Fractional"
        else "ISO 8601 in UTC, in the format yyyy-MM-dd'T'HH:mm:ssZ or yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSSZ"
    )
    return validation_error(
        f"Validation Error: the value {text[:100]!r} of the event time feature [{name}] is not valid. It must be {expected}, "
        "in the range of [0000-01-01T00:00:00.000000000Z, 9999-12-31T23:59:59.999999999Z]."
    )
