"""Reads metrics from the lines that a job prints, with the regular expressions of its ``MetricDefinitions``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from course.localaws.core.errors import invalid
from course.localaws.core.regular_expressions import ExpressionError, ExpressionTooSlow, RegularExpressions

LONGEST_LINE = 4096  # characters searched in a line; lines with metrics are far shorter
AT_ONCE = 100  # lines in a call
JOB_SECONDS = 20.0  # of processor time that an expression may use in a job


@dataclass
class _Definition:
    name: str
    regex: str
    left: float  # processor time, in seconds


class MetricScanner:
    """Finds metrics in lines.

    An expression that takes too long is not used any more, because AWS documents no limit, and a job must end.

    Parameters
    ----------
    definitions : iterable of dict
        ``{"Name": ..., "Regex": ...}``: the first group of the expression is the value.
    expressions : RegularExpressions
    """

    def __init__(self, definitions: Iterable[dict], expressions: RegularExpressions) -> None:
        self._expressions = expressions
        self._definitions = [_Definition(each["Name"], each["Regex"], JOB_SECONDS) for each in definitions]
        self.dropped: list[str] = []

    def scan(self, lines: Sequence[str]) -> list[tuple[str, float]]:
        """The metrics of some lines: ``(name, value)``. Values that are not finite numbers are skipped: CloudWatch refuses them.

        Metrics that are not read any more, because their expressions take too long, are added to ``dropped``.
        """
        found = []
        for start in range(0, len(lines), AT_ONCE):
            part = [line[:LONGEST_LINE] for line in lines[start : start + AT_ONCE]]
            values = [value for definition in list(self._definitions) for value in self._values(definition, part)]
            found += [(name, value) for _, name, value in sorted(values, key=lambda value: value[0])]
        return found

    def _values(self, definition: _Definition, lines: list[str]) -> Iterator[tuple[int, str, float]]:
        """The values of one metric: number of the line, name, value."""
        try:
            matches, seconds = self._expressions.search(definition.regex, lines)
            definition.left -= seconds
        except ExpressionTooSlow:
            matches, definition.left = [], 0.0
        if definition.left <= 0:
            self._definitions.remove(definition)
            self.dropped.append(definition.name)
        for number, match in enumerate(matches):
            try:
                value = float(match[1]) if match else math.nan
            except (TypeError, ValueError):
                continue
            if math.isfinite(value):
                yield number, definition.name, value


def check(definitions: Iterable[dict], expressions: RegularExpressions) -> None:
    """Raises ``ValidationException`` for an expression that does not compile or has no group."""
    for definition in definitions:
        name, regex = definition["Name"], definition["Regex"]
        try:
            groups = expressions.groups(regex)
        except ExpressionError as error:
            raise invalid(f"Invalid regular expression {regex!r} for metric {name}: {error}.") from None
        if groups == 0:
            raise invalid(f"The regular expression {regex!r} for metric {name} has no group to capture a value.")
