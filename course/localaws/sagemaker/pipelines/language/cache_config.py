"""The member `CacheConfig` of a step: ``{"Enabled": true, "ExpireAfter": "P30D"}``.

Source: "Turn on step caching" of the developer guide, read 2026-11-28. ``ExpireAfter`` is an ISO 8601 duration. The examples are ``30d``,
``5y``, ``T16m`` and ``30dT5h``: the letters may be small, and the ``P`` may be missing. AWS does not document how long a year and a month
are; here they have 365 and 30 days.
"""

from __future__ import annotations

import re

_NUMBER = r"(\d{1,9}(?:[.,]\d{1,9})?)"
_DURATION = re.compile(
    rf"P?(?=\d|T\d)(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?=\d)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?",
    re.IGNORECASE | re.ASCII,
)
_DAY = 86_400
_SECONDS = (365 * _DAY, 30 * _DAY, 7 * _DAY, _DAY, 3600, 60, 1)  # year, month, week, day, hour, minute, second


def seconds(duration: str) -> float:
    """The length of a duration in seconds, e.g. 108000.0 for ``"P1DT6H"``. Raises ValueError."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(f"'{duration}' is not an ISO 8601 duration such as P30D, PT12H or P1DT6H")
    numbers = [float(number.replace(",", ".")) if number else 0.0 for number in found.groups()]
    return sum(number * length for number, length in zip(numbers, _SECONDS, strict=True))


def check(step: dict) -> None:
    """Raise ValueError if the `CacheConfig` of a step's document is not valid. Its text says why."""
    config = step.get("CacheConfig")
    if config is None:
        return
    if not isinstance(config, dict) or not set(config) <= {"Enabled", "ExpireAfter"}:
        raise ValueError("it must be an object with Enabled and ExpireAfter")
    if not isinstance(config.get("Enabled", False), bool):
        raise ValueError("Enabled must be true or false")
    if config.get("ExpireAfter") is not None:
        try:
            seconds(config["ExpireAfter"])
        except (TypeError, ValueError) as error:
            raise ValueError(f"ExpireAfter: {error}") from None


def reuses(step: dict) -> bool:
    """Whether a step may take an earlier result."""
    return bool((step.get("CacheConfig") or {}).get("Enabled"))


def oldest(step: dict) -> float:
    """The greatest age of a result that a step takes, in seconds."""
    limit = (step.get("CacheConfig") or {}).get("ExpireAfter")
    return float("inf") if limit is None else seconds(limit)
