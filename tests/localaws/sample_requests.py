"""The smallest and the fullest request that botocore's model allows: the same ones every time, made from the input shapes alone."""

from __future__ import annotations

import functools
import re
from re import _constants as op
from re import _parser as parser

from course.localaws.protocol.model import INTEGERS, NUMBERS, Shape
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


def _structure(shape: Shape, known: dict[str, object], whole: bool, above: tuple[Shape, ...]) -> dict:
    names = list(shape.members)[:1] if shape.union else shape.members if whole else shape.required
    above = (*above, shape)
    parts = {name: shape.members[name].shape for name in names if name in shape.required or not _holds(shape.members[name].shape, above)}
    return {name: _value(part, known, whole, above) for name, part in parts.items() if known.get(part.name, part) is not None}


def _holds(shape: Shape, above: tuple[Shape, ...]) -> bool:
    """Whether a shape is, or is a collection of, one that it is itself a part of."""
    parts = [part for part in (shape.element, shape.value) if part is not None]
    return shape in above or any(_holds(part, above) for part in parts)


def _value(shape: Shape, known: dict[str, object], whole: bool, above: tuple[Shape, ...]) -> object:
    if shape.name in known:
        return known[shape.name]
    if shape.type == "structure":
        return _structure(shape, known, whole, above)
    count = max(int(shape.least or 0), 1 if whole else 0)
    if shape.type == "list":
        return [_value(shape.element, known, whole, above) for _ in range(count)]
    if shape.type == "map":
        return {_value(shape.key, known, whole, above): _value(shape.value, known, whole, above) for _ in range(count)}
    if shape.type in NUMBERS:
        least = 1 if shape.least is None else shape.least
        number = least if shape.most is None else min(least, shape.most)
        return int(number) if shape.type in INTEGERS else float(number)
    if shape.type == "blob":
        return b"a" * max(int(shape.least or 0), 1)
    return {"timestamp": A_TIME, "boolean": True}[shape.type] if shape.type != "string" else text(shape)


@functools.cache
def text(shape: Shape) -> str:
    """A text that satisfies enum, length and pattern of its shape.

    Raises
    ------
    ValueError
        None was found.
    """
    if shape.enum:
        return shape.enum[0]
    if not shape.pattern:
        return "a" * max(int(shape.least or 0), 1)
    compiled = pattern(shape.pattern)
    parsed = parser.parse(compiled.pattern, compiled.flags)
    most = min(shape.most or LONGEST, LONGEST)
    made = (_written(parsed, times) for times in range(1, int(shape.least or 0) + 3))
    for tried in (*made, *TRIED):
        if (shape.least or 0) <= len(tried) <= most and compiled.fullmatch(tried):
            return tried
    raise ValueError(f"no text for {shape.name}: {shape.pattern}")


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
