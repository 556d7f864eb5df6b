"""Parses the rule of a composite alarm: ``ALARM(name)``, ``OK(name)``, ``INSUFFICIENT_DATA(name)``, ``TRUE``, ``FALSE``, AND, OR, NOT.

Source: CloudWatch API Reference, PutCompositeAlarm. NOT binds closest, then AND, then OR. A name may be quoted, and may be an ARN.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from course.localaws.core.errors import AwsError, not_supported, validation_error

_TOKEN = re.compile(
    r"\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)+)\"|(?P<bare>[^\s()\"]+))\s*\)"
    r"|(?P<word>TRUE|FALSE|AND|OR|NOT)\b|(?P<sign>[()])|(?P<other>AT_LEAST\b))"
)
_DEEPEST = 100
State = Callable[[str], str]
Rule = Callable[[State], bool]


def parse(text: str) -> tuple[Rule, list[str]]:
    """Returns a function from the states of alarms (by name) to whether the rule is in ALARM, and the names in the rule.

    Raises
    ------
    AwsError
        ``ValidationError``, ``NotSupportedByLocalAws``.
    """
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._next = self._depth = 0
        self.names: list[str] = []
        at, text = 0, text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise _invalid(f"unexpected input at {at}")
            if found["other"]:
                raise not_supported("cloudwatch", "PutCompositeAlarm with AT_LEAST in AlarmRule")
            name = found["quoted"] or found["bare"]
            self._tokens.append((found["state"], name_of(name)) if name else ("", found["word"] or found["sign"]))
            at = found.end()

    def parse(self) -> tuple[Rule, list[str]]:
        rule = self._any()
        if self._next < len(self._tokens):
            raise _invalid(f"unexpected {self._tokens[self._next][1]!r}")
        return rule, self.names

    def _any(self) -> Rule:
        rules = [self._all()]
        while self._found("OR"):
            rules.append(self._all())
        return rules[0] if len(rules) == 1 else lambda state: any(rule(state) for rule in rules)

    def _all(self) -> Rule:
        rules = [self._one()]
        while self._found("AND"):
            rules.append(self._one())
        return rules[0] if len(rules) == 1 else lambda state: all(rule(state) for rule in rules)

    def _one(self) -> Rule:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _invalid("nested too deeply")
        try:
            if self._found("NOT"):
                inner = self._one()
                return lambda state: not inner(state)
            if self._found("("):
                inner = self._any()
                if not self._found(")"):
                    raise _invalid("a parenthesis is not closed")
                return inner
            return self._atom()
        finally:
            self._depth -= 1

    def _atom(self) -> Rule:
        wanted, text = self._tokens[self._next] if self._next < len(self._tokens) else ("", "")
        self._next += 1
        if wanted:
            self.names.append(text)
            return lambda state: state(text) == wanted
        if text in ("TRUE", "FALSE"):
            return lambda state: text == "TRUE"
        raise _invalid(f"unexpected {text!r}" if text else "it ends too early")

    def _found(self, text: str) -> bool:
        found = self._next < len(self._tokens) and self._tokens[self._next] == ("", text)
        self._next += found
        return found


def name_of(name_or_arn: str) -> str:
    return name_or_arn.partition(":alarm:")[2] if name_or_arn.startswith("arn:") else name_or_arn


def _invalid(detail: str) -> AwsError:
    return validation_error(f"AlarmRule is not valid: {detail}.")
