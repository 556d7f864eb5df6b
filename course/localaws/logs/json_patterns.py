"""Conditions on JSON log events: ``{ ($.status >= 500 || $.level = "ERR*") && $.path[0] NOT EXISTS }``.

Source: CloudWatch Logs User Guide, "Using filter patterns to match terms in JSON log events".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from course.localaws.core.errors import AwsError
from course.localaws.core.wildcards import glob

Condition = Callable[[object], bool]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<selector>\$(?:\.[\w-]+|\.\*|\[(?:\d+|\*|'[^']*'|"[^"]*")\])*)
      | (?P<operator>!=|<=|>=|=|<|>|&&|\|\||\(|\)|\{|\})
      | (?P<word>(?:IS|NOT|EXISTS|NULL|TRUE|FALSE)\b)
      | "(?P<quoted>(?:[^"\\]|\\.)*)"
      | (?P<value>[^\s=<>!&|(){}"]+)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_STEP = re.compile(r"""\.([\w-]+|\*)|\[(\d+|\*)\]|\['([^']*)'\]|\["([^"]*)"\]""")
_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")
_MISSING = object()


def json_condition(pattern: str) -> Condition:
    """The condition in a pattern in braces. Raises ``InvalidParameterException``."""
    return _Parser(pattern).parse()


class _Parser:
    """A recursive descent parser. ``&&`` binds more tightly than ``||``."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._tokens: list[tuple[str, str]] = []
        self._next = 0
        at, text = 0, pattern.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise self._invalid()
            self._tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
            at = found.end()

    def parse(self) -> Condition:
        self._take("operator", "{")
        condition = self._any()
        self._take("operator", "}")
        if self._next < len(self._tokens):
            raise self._invalid()
        return condition

    def _any(self) -> Condition:
        terms = [self._all()]
        while self._found("operator", "||"):
            terms.append(self._all())
        return terms[0] if len(terms) == 1 else lambda document: any(term(document) for term in terms)

    def _all(self) -> Condition:
        terms = [self._term()]
        while self._found("operator", "&&"):
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else lambda document: all(term(document) for term in terms)

    def _term(self) -> Condition:
        if self._found("operator", "("):
            condition = self._any()
            self._take("operator", ")")
            return condition
        select = _selector(self._take("selector"))
        if self._found("word", "NOT"):
            self._take("word", "EXISTS")
            return lambda document: select(document) is _MISSING
        if self._found("word", "IS"):
            wanted = {"NULL": None, "TRUE": True, "FALSE": False}.get(self._take("word"), _MISSING)
            if wanted is _MISSING:
                raise self._invalid()
            return lambda document: select(document) is wanted
        return self._comparison(select)

    def _comparison(self, select: Callable[[object], object]) -> Condition:
        comparison = self._take("operator")
        kind, text = self._tokens[self._next] if self._next < len(self._tokens) else ("", "")
        self._next += 1
        if kind not in ("quoted", "value", "word"):
            raise self._invalid()
        if comparison in _ORDER:
            if kind != "value" or not _NUMBER.fullmatch(text):
                raise self._invalid()
            return _ordered(select, _ORDER[comparison], float(text))
        if comparison not in ("=", "!="):
            raise self._invalid()
        equal = _equals(
            re.sub(r"\\(.)", r"\1", text) if kind == "quoted" else text, is_number=kind == "value" and bool(_NUMBER.fullmatch(text))
        )
        if comparison == "=":
            return lambda document: equal(select(document))
        return lambda document: (value := select(document)) is not _MISSING and not equal(value)

    def _found(self, kind: str, text: str) -> bool:
        here = self._next < len(self._tokens) and self._tokens[self._next] == (kind, text)
        self._next += here
        return here

    def _take(self, kind: str, text: str | None = None) -> str:
        found = self._tokens[self._next] if self._next < len(self._tokens) else ("", "")
        if found[0] != kind or (text is not None and found[1].upper() != text):
            raise self._invalid()
        self._next += 1
        return found[1].upper() if kind == "word" else found[1]

    def _invalid(self) -> AwsError:
        return AwsError("InvalidParameterException", f"Invalid JSON filter pattern: {self._pattern!r}")


def _ordered(select: Callable[[object], object], compare: Callable[[float, float], bool], limit: float) -> Condition:
    def holds(document: object) -> bool:
        value = select(document)
        return isinstance(value, int | float) and not isinstance(value, bool) and compare(value, limit)

    return holds


def _equals(text: str, is_number: bool) -> Callable[[object], bool]:
    """Equality in a pattern: numbers are compared by value; in a text ``*`` is a wildcard."""
    wildcard = glob(text)

    def equal(value: object) -> bool:
        if isinstance(value, bool) or value is None or isinstance(value, dict | list):
            return False
        if isinstance(value, int | float):
            return is_number and value == float(text)
        return isinstance(value, str) and wildcard.fullmatch(value) is not None

    return equal


def _selector(text: str) -> Callable[[object], object]:
    steps: list[str | int] = []
    for name, index, *keys in _STEP.findall(text):
        if "*" in (name, index):
            raise AwsError(
                "NotSupportedByLocalAws", f"The local AWS does not support a wildcard in the selector {text!r}; here nothing was done."
            )
        steps.append(int(index) if index else name or keys[0] or keys[1])

    def select(document: object) -> object:
        for step in steps:
            if isinstance(step, int):
                document = document[step] if isinstance(document, list) and step < len(document) else _MISSING
            else:
                document = document.get(step, _MISSING) if isinstance(document, dict) else _MISSING
        return document

    return select
