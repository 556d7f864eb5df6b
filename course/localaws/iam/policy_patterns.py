"""Matches wildcards and expands variables of IAM policies: ``*``, ``?``, ``${aws:username}``.

Source: "IAM JSON policy elements: Resource" and "IAM policy elements: Variables and tags", IAM User Guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from course.localaws.core.wildcards import ANY, SEGMENT, expression

Context = Mapping[str, Sequence[str]]  # condition key in lower case -> its values

_VARIABLE = re.compile(r"\$\{([^},]*)(?:,\s*'([^']*)'\s*)?\}")
_WILDCARD = re.compile(r"(\*+|\?)")
_SPECIAL = ("*", "?", "$")  # ${*} means the character itself

LAST = 5  # the index of an ARN's last segment, which may contain colons

Piece = tuple[str, bool]  # text, and whether it came from a variable; there * and ? are ordinary characters


class Unresolved(Exception):
    """A variable that has neither a single value in this request nor a default."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def expand(template: str, context: Context) -> tuple[Piece, ...]:
    """Replaces the variables in ``template``.

    Raises
    ------
    Unresolved
    """
    if "${" not in template:
        return plain(template)
    pieces: list[Piece] = []
    position = 0
    for match in _VARIABLE.finditer(template):
        pieces.append((template[position : match.start()], False))
        pieces.append((_value(match[1].strip(), match[2], context), True))
        position = match.end()
    pieces.append((template[position:], False))
    return tuple(piece for piece in pieces if piece[0])


def _value(key: str, default: str | None, context: Context) -> str:
    if key in _SPECIAL:
        return key
    values = context.get(key.lower(), ())
    if len(values) == 1:
        return values[0]
    if default is not None:
        return default
    raise Unresolved(key)


def plain(template: str) -> tuple[Piece, ...]:
    """Reads ``template`` as in policies of version 2008-10-17, which have no variables."""
    return ((template, False),) if template else ()


def text(pieces: Iterable[Piece]) -> str:
    return "".join(piece for piece, _ in pieces)


def matches(pieces: tuple[Piece, ...], value: str) -> bool:
    """Returns whether ``value`` matches: ``*`` matches any characters, ``?`` exactly one."""
    return _fits(pieces, value) and _glob(pieces).fullmatch(value) is not None


def action_matches(pattern: str, action: str) -> bool:
    """Returns whether an action matches. Actions are case-insensitive: ``S3:get*`` matches ``s3:GetObject``."""
    return matches(plain(pattern.lower()), action.lower())


def resource_matches(pieces: tuple[Piece, ...], arn: str) -> bool:
    """Like `matches`, but ``*`` and ``?`` match only within their segment of the ARN, unless ``*`` ends the segment."""
    return _fits(pieces, arn) and _segments(pieces).fullmatch(arn) is not None


def arn_like(pieces: tuple[Piece, ...], arn: str) -> bool:
    """Compares as ``ArnLike`` and ``ArnEquals`` do: segment by segment. A value with fewer than six segments never matches."""
    patterns, segments = _split(pieces), arn.split(":", 5)
    return len(patterns) == len(segments) == 6 and all(map(matches, patterns, segments))


def _fits(pieces: tuple[Piece, ...], value: str) -> bool:
    """Whether ``value`` is long enough. A longer pattern need not be compiled: that takes a second for a hundred thousand marks."""
    return sum(len(text) - (0 if literal else text.count("*")) for text, literal in pieces) <= len(value)


@lru_cache(maxsize=4096)
def _glob(pieces: tuple[Piece, ...]) -> re.Pattern[str]:
    return _compiled(_translated(pieces, ANY, "."))


@lru_cache(maxsize=4096)
def _segments(pieces: tuple[Piece, ...]) -> re.Pattern[str]:
    first, *others = _split(pieces)
    parts = _segment(first, SEGMENT, "[^:]")
    for number, segment in enumerate(others, 1):
        parts += [":", *(_segment(segment, SEGMENT, "[^:]") if number < LAST else _segment(segment, ANY, "."))]
    return _compiled(parts)


def _compiled(parts: Sequence[str]) -> re.Pattern[str]:
    return re.compile(expression(parts), re.DOTALL)


def _segment(pieces: tuple[Piece, ...], many: str, one: str) -> list[str]:
    parts = _translated(pieces, many, one)
    if pieces and not pieces[-1][1] and pieces[-1][0].endswith("*"):
        parts[-1] = ANY
    return parts


def _translated(pieces: Iterable[Piece], many: str, one: str) -> list[str]:
    """The parts of an expression (`course.localaws.core.wildcards`)."""
    wildcards = {"*": many, "?": one}
    parts: list[str] = []
    for piece, literal in pieces:
        # Several * in a row are one.
        parts += [re.escape(piece)] if literal else [wildcards.get(text[0]) or re.escape(text) for text in _WILDCARD.split(piece) if text]
    return parts


def _split(pieces: tuple[Piece, ...]) -> list[tuple[Piece, ...]]:
    """Splits pieces at the ARN's colons into six segments. The sixth keeps its colons. A colon in a variable's value does not split."""
    segments: list[list[Piece]] = [[]]
    for piece, literal in pieces:
        parts = [piece] if literal else piece.split(":", 6 - len(segments))
        segments[-1].append((parts[0], literal))
        segments.extend([(part, literal)] for part in parts[1:])
    return [tuple(piece for piece in segment if piece[0]) for segment in segments]
