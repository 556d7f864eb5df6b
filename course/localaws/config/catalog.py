"""The managed rules that are evaluated here, read from `rules.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from course.localaws.config.checks import Finding
from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.platform import Platform

Check = Callable[[Platform, str, Mapping[str, str]], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class ManagedRule:
    """A managed rule.

    Attributes
    ----------
    types : tuple of str
        The resource types that it evaluates.
    on_changes, periodic : bool
        When it is evaluated.
    parameters : dict
        Name -> default value or ``None``.
    check : callable
        Platform, region and parameters -> what it found about each resource.
    """

    types: tuple[str, ...]
    on_changes: bool
    periodic: bool
    parameters: dict[str, str | None]
    check: Check


def managed_rule(identifier: str) -> ManagedRule:
    """The rule of a ``SourceIdentifier``. Raises AwsError ``NotSupportedByLocalAws``, with the names of those that there are."""
    found = rules().get(identifier)
    if found is None:
        error = not_supported("config", f"the rule {identifier}")
        reason = _document()["refused"].get(identifier) or f"The rules that are evaluated here: {', '.join(sorted(rules()))}."
        raise AwsError(error.code, f"{error.message} {reason}", error.status)
    return found


@cache
def rules() -> dict[str, ManagedRule]:
    """Identifier -> rule."""
    return {identifier: _rule(entry) for identifier, entry in _document()["rules"].items()}


def _rule(entry: dict) -> ManagedRule:
    module, _, name = entry["check"].partition(".")
    check = getattr(import_module(f"course.localaws.config.checks.{module}"), name)
    trigger = entry["trigger"]
    return ManagedRule(tuple(entry["types"]), trigger != "periodic", trigger != "changes", entry["parameters"], check)


@cache
def _document() -> dict:
    return table(Path(__file__).with_name("rules.yaml"))
