"""Reads metrics from the lines that a job prints, with the regular expressions of its ``MetricDefinitions``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

from course.localaws.core.errors import invalid

LONGEST_LINE = 4096  # characters searched in a line; lines with metrics are far shorter


class MetricScanner:
    """Finds metrics in lines.

    Parameters
    ----------
    definitions : iterable of dict
        ``{"Name": ..., "Regex": ...}``: the first group of the expression is the value.

    Raises
    ------
    AwsError
        ``ValidationException`` for an expression that does not compile or has no group.
    """

    def __init__(self, definitions: Iterable[dict]) -> None:
        self._patterns = [(definition["Name"], _compile(definition)) for definition in definitions]

    def scan(self, line: str) -> Iterator[tuple[str, float]]:
        """The metrics of one line: ``(name, value)``. Values that are not finite numbers are skipped: CloudWatch refuses them."""
        for name, pattern in self._patterns:
            match = pattern.search(line[:LONGEST_LINE])
            if match is None:
                continue
            try:
                value = float(match[1])
            except (TypeError, ValueError):
                continue
            if math.isfinite(value):
                yield name, value


def _compile(definition: dict) -> re.Pattern[str]:
    name, regex = definition["Name"], definition["Regex"]
    try:
        pattern = re.compile(regex)
    except re.error as error:
        raise invalid(f"Invalid regular expression {regex!r} for metric {name}: {error}.") from None
    if pattern.groups == 0:
        raise invalid(f"The regular expression {regex!r} for metric {name} has no group to capture a value.")
    return pattern
