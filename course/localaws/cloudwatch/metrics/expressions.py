"""Evaluates metric math: ``+ - * / ^``, parentheses, numbers, and the ids of other queries.

Source: CloudWatch User Guide, "Using math expressions with CloudWatch metrics". Not supported: functions, comparisons, SEARCH and Metrics
Insights.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping

from course.localaws.core.errors import AwsError, not_supported, validation_error

Series = dict[float, float]
Value = Series | float

_TOKEN = re.compile(r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[a-zA-Z_]\w*)|(?P<sign>[-+*/^()]))")
_OTHER = re.compile(r"\s*(?:[<>=!&|]|\[|\"|'|,)")
_DEEPEST = 100


def evaluate(expression: str, query_id: str, series: Callable[[str], Series | None], operation: str) -> Series:
    """Evaluates an expression at the times that all its time series have in common. A division by zero leaves a gap.

    Parameters
    ----------
    series : callable
        Id of another query -> its time series, or None when there is no such query.
    operation : str
        Name of the operation in errors about unsupported expressions.

    Raises
    ------
    AwsError
        ``ValidationError`` for an invalid expression; ``NotSupportedByLocalAws`` for an unsupported one.
    """
    value = _Parser(expression, query_id, series, operation).parse()
    if not isinstance(value, Mapping):
        raise _invalid(query_id, "The expression must return a time series")
    return value


class _Parser:
    """A recursive descent parser. ``^`` binds most tightly, then a sign before a factor, then ``*``."""

    def __init__(self, expression: str, query_id: str, series: Callable[[str], Series | None], operation: str) -> None:
        self._id, self._operation = query_id, operation
        self._series = series
        self._depth = 0
        self._next = 0
        self._tokens: list[tuple[str, str]] = []
        at, text = 0, expression.rstrip()
        if re.match(r"\s*SELECT\b", text, re.IGNORECASE):
            raise not_supported("cloudwatch", f"{operation} with a Metrics Insights query")
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                if _OTHER.match(text, at):
                    raise not_supported("cloudwatch", f"{operation} with the expression {expression!r}: only + - * / ^ and parentheses")
                raise _invalid(query_id, f"Unexpected character at {at}")
            self._tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
            at = found.end()

    def parse(self) -> Value:
        value = self._sum()
        if self._next < len(self._tokens):
            raise _invalid(self._id, f"Unexpected {self._tokens[self._next][1]!r}")
        return value

    def _sum(self) -> Value:
        value = self._product()
        while sign := self._found("+", "-"):
            value = _apply(operator.add if sign == "+" else operator.sub, value, self._product())
        return value

    def _product(self) -> Value:
        value = self._signed()
        while sign := self._found("*", "/"):
            value = _apply(operator.mul if sign == "*" else operator.truediv, value, self._signed())
        return value

    def _signed(self) -> Value:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _invalid(self._id, "Nested too deeply")
        try:
            if sign := self._found("+", "-"):
                value = self._signed()
                return _apply(operator.mul, -1.0, value) if sign == "-" else value
            base = self._atom()
            return _apply(_power, base, self._signed()) if self._found("^") else base
        finally:
            self._depth -= 1

    def _atom(self) -> Value:
        kind, text = self._tokens[self._next] if self._next < len(self._tokens) else ("", "")
        self._next += 1
        if kind == "number":
            return float(text)
        if kind == "name":
            if self._found("("):
                raise not_supported("cloudwatch", f"{self._operation} with the function {text}")
            found = self._series(text)
            if found is None:
                raise _invalid(self._id, f"Unrecognized variable {text}")
            return found
        if (kind, text) == ("sign", "("):
            value = self._sum()
            if not self._found(")"):
                raise _invalid(self._id, "A parenthesis is not closed")
            return value
        raise _invalid(self._id, f"Unexpected {text!r}" if text else "The expression ends too early")

    def _found(self, *signs: str) -> str:
        kind, text = self._tokens[self._next] if self._next < len(self._tokens) else ("", "")
        if kind != "sign" or text not in signs:
            return ""
        self._next += 1
        return text


def _apply(function: Callable[[float, float], float], left: Value, right: Value) -> Value:
    if not isinstance(left, Mapping) and not isinstance(right, Mapping):
        result = _at(function, left, right)
        return math.nan if result is None else result
    times = [set(side) for side in (left, right) if isinstance(side, Mapping)]
    result: Series = {}
    for moment in sorted(set.intersection(*times)):
        value = _at(function, *(side[moment] if isinstance(side, Mapping) else side for side in (left, right)))
        if value is not None:
            result[moment] = value
    return result


def _at(function: Callable[[float, float], float], left: float, right: float) -> float | None:
    """Applies an operator. Returns None when the result is not finite; CloudWatch has no data point there."""
    try:
        value = function(left, right)
    except (ZeroDivisionError, OverflowError):
        return None
    return value if isinstance(value, float) and math.isfinite(value) else None


def _power(base: float, exponent: float) -> float:
    result = base**exponent
    return result if isinstance(result, float) else math.nan  # a negative base has complex roots


def _invalid(query_id: str, detail: str) -> AwsError:
    return validation_error(f"Error in expression '{query_id}' [{detail}]")
