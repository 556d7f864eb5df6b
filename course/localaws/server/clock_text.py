"""Lengths of time and times of the clock as text, for the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime

UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
FORM = re.compile(r"(?:\d+(?:\.\d+)?[dhms])+|\d+(?:\.\d+)?")
PART = re.compile(r"(\d+(?:\.\d+)?)([dhms]?)")


def seconds(text: str) -> float:
    """The seconds of ``90``, ``90s``, ``15m``, ``1.5h`` or ``1d12h``. Raises ValueError with a sentence that says what is right."""
    if not FORM.fullmatch(text):
        raise ValueError(f"{text!r} is not a length of time; give seconds, or numbers with d, h, m and s, such as 90s, 15m, 1.5h or 1d12h")
    return sum(float(number) * UNITS[unit or "s"] for number, unit in PART.findall(text))


def length(seconds: float) -> str:
    """A length of time in its two largest units, e.g. ``1 d 2 h``."""
    whole, parts = round(seconds), []
    for unit, size in UNITS.items():
        count, whole = divmod(whole, size)
        if count or parts:
            parts.append((count, unit))
    return " ".join(f"{count} {unit}" for count, unit in parts[:2] if count) or "0 s"


def sentence(now: float, real: float) -> str:
    """What the clock says, in Unix seconds, when this machine's clock says ``real``."""
    ahead = f"{length(now - real)} ahead of this machine's" if now - real >= 1 else "as this machine's"
    return f"The clock of the local AWS says {datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M:%S} UTC, {ahead}."
