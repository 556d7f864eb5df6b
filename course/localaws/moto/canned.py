"""Reads `canned.yaml`: operations whose result moto fakes, and those that have their effect here."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError, not_supported


def _table() -> dict:
    return table(Path(__file__).with_suffix(".yaml"))


def _listed(entries: Iterable[dict], service: str, operation: str) -> dict | None:
    for entry in entries:
        if entry["service"] == service and any(fnmatchcase(operation, pattern) for pattern in entry["operations"]):
            return entry
    return None


def check(service: str, operation: str) -> None:
    """Refuses an operation that moto would answer with an invented result.

    Raises
    ------
    AwsError
        ``NotSupportedByLocalAws``, with the reason.
    """
    if entry := _listed(_table()["refused"], service, operation):
        raise _refusal(not_supported(service, operation), entry["reason"])


def check_resource_types(types: Iterable[str], known: set[str]) -> None:
    """Accepts a CloudFormation template only if every resource in it is really created, or is a record.

    Raises
    ------
    AwsError
        ``NotSupportedByLocalAws``, with the first resource type that moto would skip, or create where no service here sees it.
    """
    for kind in types:
        for entry in _table()["refused_resource_types"]:
            if any(fnmatchcase(kind, pattern) for pattern in entry["types"]):
                raise _refusal(not_supported("cloudformation", kind), entry["reason"])
        if kind not in known:
            raise not_supported("cloudformation", kind)


def is_record(service: str, operation: str) -> bool:
    """Whether the operation only keeps a record on which nothing in the local AWS acts. So it is unless the table says that it is real."""
    entry = _listed(_table()["real"], service, operation)
    return entry is None or any(fnmatchcase(operation, pattern) for pattern in entry.get("records", ()))


def is_stateless(service: str, operation: str) -> bool:
    """Whether the operation changes nothing, although its name or its use of randomness suggests a change."""
    return _listed(_table()["stateless"], service, operation) is not None


def _refusal(error: AwsError, reason: str) -> AwsError:
    return AwsError(error.code, f"{error.message} {reason}", error.status)
