"""The kinds of value of evidence and function results, written as Python type hints: ``str``, ``list[str]``, ``pandas.DataFrame``."""

from __future__ import annotations

import sys
import types
import typing
from typing import Any

SCALARS = {str: "text (str)", bool: "True or False (bool)", int: "a whole number (int)", float: "a number (float)", type(None): "None"}
CONTAINERS = {list: "a list", dict: "a dict"}
TABLES = {"DataFrame": "a table (pandas DataFrame)", "Series": "a column (pandas Series)", "ndarray": "an array (numpy ndarray)"}


class KindError(ValueError):
    """A value is not of the expected kind; the message says what it is and what was expected."""


def is_kind(kind: Any) -> bool:
    """Whether ``kind`` is a type hint that `conform` understands."""
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return all(is_kind(option) for option in typing.get_args(kind))
    if origin in CONTAINERS:
        arguments = typing.get_args(kind)
        return len(arguments) == (1 if origin is list else 2) and all(is_kind(argument) for argument in arguments)
    return kind is Any or kind in SCALARS or kind in CONTAINERS or _table(kind) is not None


def describe(kind: Any) -> str:
    """``kind`` in words; ``list[str]`` is "a list, each item text (str)"."""
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(describe(option) for option in typing.get_args(kind))
    if origin is list:
        return f"a list, each item {describe(typing.get_args(kind)[0])}"
    if origin is dict:
        key, value = typing.get_args(kind)
        return f"a dict, each key {describe(key)} and each value {describe(value)}"
    if kind is Any:
        return "plain data"
    return SCALARS.get(kind) or CONTAINERS.get(kind) or TABLES[_table(kind)]


def conform(value: Any, kind: Any) -> Any:
    """``value``, which is plain data (`course.grading.values`), as ``kind``; a whole number is accepted as a float.

    A bare ``list`` or ``dict`` is data as JSON has it: it may hold no table, column or array at any depth. A check that compares its
    members with ``==`` would fail on them, since their ``==`` gives no bool.

    Raises
    ------
    KindError
        When it has another kind.
    """
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        for option in typing.get_args(kind):
            try:
                return conform(value, option)
            except KindError:
                continue
        raise _mismatch(value, kind)
    if kind is Any:
        return value
    if kind is float and type(value) is int and abs(value) <= sys.float_info.max:
        return float(value)
    if origin in CONTAINERS:
        return _conform_items(value, origin, typing.get_args(kind), kind)
    if type(value) is kind or (_table(kind) and type(value).__name__ == _table(kind)):
        if kind in CONTAINERS:
            _refuse_tables(value, kind)
        return value
    raise _mismatch(value, kind)


def _conform_items(value: Any, origin: type, arguments: tuple, kind: Any) -> Any:
    if type(value) is not origin:
        raise _mismatch(value, kind)
    try:
        if origin is list:
            return [conform(item, arguments[0]) for item in value]
        return {conform(key, arguments[0]): conform(item, arguments[1]) for key, item in value.items()}
    except KindError as inner:
        raise KindError(f"holds something else: one part {inner}") from None


def _refuse_tables(value: Any, kind: Any, place: str = "") -> None:
    """Raise `KindError` when the list or dict holds a table, a column or an array."""
    for key, item in value.items() if type(value) is dict else enumerate(value):
        there = f"{place}[{show(key, 40)}]"
        if type(item) in CONTAINERS:
            _refuse_tables(item, kind, there)
        elif type(item).__name__ in TABLES:
            raise KindError(f"holds {show(item)} at {there}; expected {describe(kind)} of text, numbers, lists and dicts")


def _mismatch(value: Any, kind: Any) -> KindError:
    return KindError(f"is {show(value)} ({type(value).__name__}); expected {describe(kind)}")


def _table(kind: Any) -> str | None:
    """``"DataFrame"``, ``"Series"`` or ``"ndarray"`` when ``kind`` is that class; does not import pandas or numpy to find out."""
    for library, name in (("pandas", "DataFrame"), ("pandas", "Series"), ("numpy", "ndarray")):
        if library in sys.modules and kind is getattr(sys.modules[library], name, None):
            return name
    return None


def show(value: Any, limit: int = 80) -> str:
    """A short text of plain data for messages, at most ``limit`` characters."""
    name = type(value).__name__
    if name == "DataFrame":
        text = f"a table of {len(value):,} rows and the columns {', '.join(map(str, value.columns))}"
    elif name == "Series":
        text = f"a column {value.name!r} of {len(value):,} values"
    elif name == "ndarray":
        text = f"an array of shape {value.shape}"
    else:
        text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
