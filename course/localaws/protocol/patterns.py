"""The models' patterns are Java's. This translates them for Python's `re`, so that none can run for long.

Source of the syntax: ``java.util.regex.Pattern`` of Java SE. The models use of it: Unicode categories (``\\p{L}``), POSIX classes
(``\\p{Alnum}``), UTF-16 surrogate ranges, a quantified ``$``, ``\\z``, and a dot that excludes five line terminators.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import chain, groupby
from pathlib import Path

import yaml

# What POSIX calls these, in Java's reading: ASCII only.
_POSIX = {"Alnum": "a-zA-Z0-9", "ASCII": r"\x00-\x7f", "Print": r"\x20-\x7e"}
_NOT_DOT = r"\n\r\x85\u2028\u2029"
# Java sees a pair of surrogates as the one character that it stands for; so a range over them means all beyond the basic plane.
_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"
# Beyond these Unicode assigns nothing but private use, which is in none of the categories that the models name.
_ASSIGNED = (range(0x40000), range(0xE0000, 0xE1000))
_TOKEN = re.compile(r"\\p\{(?P<category>\w+)\}|\\z|\\.|\[|\]|\.|\$\{\d+,\d+\}", re.DOTALL)


@cache
def pattern(java: str) -> re.Pattern[str]:
    """A compiled pattern to be used with ``fullmatch``, as AWS does.

    Raises
    ------
    re.error
        For syntax that is not translated.
    """
    return re.compile(_equivalents().get(java) or translate(java), re.ASCII)


def translate(java: str) -> str:
    """Java's pattern in Python's syntax (with ``re.ASCII``, since Java's ``\\w``, ``\\d`` and ``\\s`` are ASCII)."""
    in_class = False

    def replaced(token: re.Match) -> str:
        nonlocal in_class
        text = token[0]
        if text in "[]":
            in_class = text == "["
        elif category := token["category"]:
            characters = _POSIX.get(category) or _categories()[category]
            return characters if in_class else f"[{characters}]"
        elif text == "." and not in_class:
            return f"[^{_NOT_DOT}]"
        elif text == r"\z":
            return r"\Z"
        elif text.startswith("${"):
            return "$"  # the end of the text, however often
        return text

    return _TOKEN.sub(replaced, java.replace(_SURROGATES, r"\U00010000-\U0010FFFF"))


@cache
def _equivalents() -> dict[str, str]:
    """Patterns that would backtrack for hours, each with one that matches the same texts in linear time."""
    entries = yaml.safe_load(Path(__file__).with_name("patterns.yaml").read_text())["patterns"]
    return {entry["java"]: entry["python"] for entry in entries}


@cache
def _categories() -> dict[str, str]:
    """The characters of each major Unicode general category (``"L"``) as ranges for a character class."""
    ranges: dict[str, list[str]] = {}
    for category, run in groupby(chain(*_ASSIGNED), lambda code: unicodedata.category(chr(code))[0]):
        codes = list(run)
        ranges.setdefault(category, []).append(f"\\U{codes[0]:08x}-\\U{codes[-1]:08x}")
    return {category: "".join(parts) for category, parts in ranges.items()}
