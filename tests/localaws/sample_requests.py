"""The smallest and the fullest request that botocore's model allows: the same ones every time, made from the input shapes alone."""

from __future__ import annotations

import functools
import math
import re
from re import _constants as op
from re import _parser as parser

from botocore.model import Shape

from course.localaws.protocol.model import INTEGERS, NUMBERS, required
from course.localaws.protocol.patterns import pattern

# Where lookaheads leave no way but to try, and characters in the order in which a class is asked for them.
TRIED = ("aa", "https://templates.example.com/stack.yaml", "s3://aaa/aaa", "aaa/aaa", "1.0")
CHARACTERS = "a0A-/. "
LONGEST = 3000
A_TIME = 1_700_000_000.0


def minimal(shape: Shape | None, known: dict[str, object] | None = None) -> dict:
    """Required members only. ``known`` has a shape's value, by its name, where another is wanted; None where none is."""
    return {} if shape is None else _structure(shape, known or {}, False, ())


def full(shape: Shape | None, known: dict[str, object] | None = None) -> dict:
    """Every member, and every member of these; of a union the first, and of a shape that holds itself one."""
    return {} if shape is None else _structure(shape, known or {}, True, ())


def _structure(shape: Shape, known: dict[str, object], whole: bool, above: tuple[str, ...]) -> dict:
    names = list(shape.members)[:1] if shape.is_tagged_union else shape.members if whole else required(shape)
    above = (*above, shape.name)
    parts = {name: shape.members[name] for name in names if name in required(shape) or not _holds(shape.members[name], above)}
    return {name: _value(part, known, whole, above) for name, part in parts.items() if known.get(part.name, part) is not None}


def _holds(shape: Shape, above: tuple[str, ...]) -> bool:
    """Whether a shape is, or is a collection of, one that it is itself a part of."""
    part = {"list": "member", "map": "value"}.get(shape.type_name)
    return shape.name in above or (part is not None and _holds(getattr(shape, part), above))


def _value(shape: Shape, known: dict[str, object], whole: bool, above: tuple[str, ...]) -> object:
    if shape.name in known:
        return known[shape.name]
    if shape.type_name == "structure":
        return _structure(shape, known, whole, above)
    count = max(int(shape.metadata.get("min", 0)), 1 if whole else 0)
    if shape.type_name == "list":
        return [_value(shape.member, known, whole, above) for _ in range(count)]
    if shape.type_name == "map":
        return {_value(shape.key, known, whole, above): _value(shape.value, known, whole, above) for _ in range(count)}
    if shape.type_name in NUMBERS:
        number = min(shape.metadata.get("min", 1), shape.metadata.get("max", math.inf))
        return int(number) if shape.type_name in INTEGERS else float(number)
    if shape.type_name == "blob":
        return b"a" * max(int(shape.metadata.get("min", 0)), 1)
    return {"timestamp": A_TIME, "boolean": True}[shape.type_name] if shape.type_name != "string" else text(shape)


@functools.cache
def text(shape: Shape) -> str:
    """A text that satisfies enum, length and pattern of its shape.

    Raises
    ------
    ValueError
        None was found.
    """
    java, least = shape.metadata.get("pattern"), int(shape.metadata.get("min", 0))
    if shape.enum:
        return shape.enum[0]
    if not java:
        return "a" * max(least, 1)
    compiled = pattern(java)
    parsed = parser.parse(compiled.pattern, compiled.flags)
    most = min(shape.metadata.get("max", LONGEST), LONGEST)
    made = (_written(parsed, times) for times in range(1, least + 3))
    for tried in (*made, *TRIED):
        if least <= len(tried) <= most and compiled.fullmatch(tried):
            return tried
    raise ValueError(f"no text for {shape.name}: {java}")


def _written(parsed: list, times: int) -> str:
    """A text of a parsed pattern, in which what may be repeated is so many times."""
    return "".join(_part(kind, argument, times) for kind, argument in parsed)


def _part(kind: int, argument: object, times: int) -> str:
    if kind is op.LITERAL:
        return chr(argument)
    if kind is op.NOT_LITERAL:
        return "a" if argument != ord("a") else "b"
    if kind is op.ANY:
        return "a"
    if kind is op.IN:
        return next((each for each in CHARACTERS if _in(argument, ord(each))), None) or chr(_first(argument))
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        least, most, inner = argument
        return _written(inner, min(times, 2)) * max(least, min(most, times))
    if kind is op.SUBPATTERN:
        return _written(argument[-1], times)
    if kind is op.BRANCH:
        return _written(argument[1][0], times)
    assert kind in (op.AT, op.ASSERT, op.ASSERT_NOT), kind
    return ""


def _in(members: list, code: int) -> bool:
    negated = members[0][0] is op.NEGATE
    return negated != any(_is(kind, argument, code) for kind, argument in members[negated:])


def _is(kind: int, argument: object, code: int) -> bool:
    if kind is op.RANGE:
        return argument[0] <= code <= argument[1]
    if kind is op.CATEGORY:
        classes = {op.CATEGORY_WORD: r"\w", op.CATEGORY_NOT_SPACE: r"\S", op.CATEGORY_DIGIT: r"\d", op.CATEGORY_SPACE: r"\s"}
        return re.match(classes[argument], chr(code), re.ASCII) is not None
    return kind is op.LITERAL and argument == code


def _first(members: list) -> int:
    kind, argument = members[0]
    return argument[0] if kind is op.RANGE else argument
