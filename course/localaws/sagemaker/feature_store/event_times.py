"""Event times: ``Fractional`` features hold Unix seconds, ``String`` features ISO 8601 in UTC.

Formats: "Event time feature" of the developer guide: ``yyyy-MM-dd'T'HH:mm:ssZ`` and ``yyyy-MM-dd'T'HH:mm:ss.SSSZ``. Read 2026-11-28.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from course.localaws.core.errors import validation_error

_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")


def milliseconds(text: str, feature_type: str) -> int:
    """Returns an event time in Unix milliseconds. Raises AwsError ``ValidationError`` for another format."""
    try:
        if feature_type == "Fractional":
            return round(float(text) * 1000)
        if _ISO.fullmatch(text):
            return round(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        pass
    raise validation_error(f"Invalid event time {text!r}: it must be Unix seconds, or UTC in the format yyyy-MM-dd'T'HH:mm:ss[.SSS]'Z'.")


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
