"""Runs learners' regular expressions in moto where they can be stopped (`course.localaws.core.regular_expressions`).

Some operations of moto make an expression of what the caller sent, e.g. Glue's GetTables of ``Expression``. In the modules listed here
the name ``re`` becomes an object that runs only the module's own expressions at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from types import CodeType, ModuleType
from typing import Any

from course.localaws.core.errors import invalid
from course.localaws.core.regular_expressions import ExpressionError, RegularExpressions
from course.localaws.moto.replay import patch_on_import

MODULES = ("moto.core.utils", "moto.ecr.models", "moto.glue.models", "moto.glue.utils", "moto.iot.models", "moto.sqs.models")
_expressions: RegularExpressions | None = None


def connect(expressions: RegularExpressions) -> None:
    """Sets what runs learners' expressions."""
    global _expressions
    _expressions = expressions


class _GuardedRe:
    """The module ``re``, for a module of moto. A learner's expression gives True or None, not a match."""

    def __init__(self, module: ModuleType) -> None:
        own = (value for value in vars(module).values() if isinstance(value, str))
        self._own = {*own, *_constants(module.__spec__.loader.get_code(module.__name__))}

    def __getattr__(self, name: str) -> Any:
        return getattr(re, name)

    def match(self, pattern: Any, text: str, flags: int = 0) -> Any:
        return self.compile(pattern, flags).match(text)

    def search(self, pattern: Any, text: str, flags: int = 0) -> Any:
        return self.compile(pattern, flags).search(text)

    def fullmatch(self, pattern: Any, text: str, flags: int = 0) -> Any:
        return self.compile(pattern, flags).fullmatch(text)

    def compile(self, pattern: Any, flags: int = 0) -> Any:
        guarded = isinstance(pattern, str) and pattern not in self._own
        return _GuardedPattern(pattern, flags) if guarded else re.compile(pattern, flags)


class _GuardedPattern:
    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern, self.flags = pattern, int(flags)
        self.match, self.search, self.fullmatch = (partial(self._run, how) for how in ("match", "search", "fullmatch"))

    def _run(self, how: str, text: str) -> bool | None:
        try:
            return bool(_expressions.matching(self.pattern, [text], how, self.flags)) or None
        except ExpressionError as error:
            raise invalid(f"Invalid expression {self.pattern!r}: {error}.") from error


def _constants(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, CodeType):
            yield from _constants(constant)


def _guard(module: ModuleType) -> None:
    module.re = _GuardedRe(module)


for name in MODULES:
    patch_on_import(name)(_guard)
