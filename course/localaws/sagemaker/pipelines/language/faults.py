"""The errors of a definition that is not valid. Each says where in the JSON the fault is."""

from __future__ import annotations

from course.localaws.core.errors import AwsError, invalid

_PREFIX = "Unable to parse pipeline definition."  # AWS's


def fault(place: str, reason: str) -> AwsError:
    """The error for a fault in a definition.

    Parameters
    ----------
    place : str
        Where it is in the JSON, e.g. ``$.Steps[2].Arguments``.
    reason : str
        What is wrong, without a full stop.
    """
    return invalid(f"{_PREFIX} {place}: {reason}.")


def aws_fault(place: str, text: str) -> AwsError:
    """The error for a fault for which AWS's own text is known."""
    return invalid(f"{_PREFIX} {text} It is at {place}.")


def as_list(value: object, place: str) -> list:
    """A member that must be a list; an absent one is an empty list. Raises AwsError."""
    require(value is None or isinstance(value, list), place, "it must be a list")
    return value or []  # type: ignore[return-value]


def require(condition: object, place: str, reason: str) -> None:
    """Raise the fault unless the condition holds."""
    if not condition:
        raise fault(place, reason)
