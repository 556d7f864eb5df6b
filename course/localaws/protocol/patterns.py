"""Translates the models' Java patterns for Python's `re`, so that none can run for long.

Source of the syntax: ``java.util.regex.Pattern`` of Java SE. The models use Unicode categories (``\\p{L}``), POSIX classes
(``\\p{Alnum}``), UTF-16 surrogate ranges, a quantified ``$``, ``\\z``, and a dot that excludes five line terminators.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from functools import cache
from itertools import chain, groupby
from pathlib import Path

import yaml

# POSIX classes in Java, which are ASCII only.
_POSIX = {
    "Alnum": "a-zA-Z0-9",
    "Alpha": "a-zA-Z",
    "ASCII": r"\x00-\x7f",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "Digit": "0-9",
    "Graph": r"\x21-\x7e",
    "Lower": "a-z",
    "Print": r"\x20-\x7e",
    "Punct": r"!-/:-@\[-`{-~",
    "Space": r"\t\n\x0b\f\r ",
    "Upper": "A-Z",
    "XDigit": "0-9a-fA-F",
    "all": r"\x00-\U0010ffff",
}
_NOT_DOT = r"\n\r\x85\u2028\u2029"
# Java treats a surrogate pair as one character, so a range over them means all characters beyond the basic plane.
_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"
# Outside these ranges Unicode assigns only private use characters. No category that the models name contains them.
_ASSIGNED = (range(0x40000), range(0xE0000, 0xE1000))
_TOKEN = re.compile(r"\\(?P<sign>[pP])\{(?P<category>\w+)\}|\\x\{(?P<code>[0-9a-fA-F]+)\}|\\z|\\.|\[|\]|\.|\$\{\d+,\d+\}", re.DOTALL)
# Java reads this hyphen literally, Python refuses it.
_HYPHEN = re.compile(r"(?<!\\)(\\[wWdDsS])-(?!\])")


@cache
def pattern(java: str) -> re.Pattern[str]:
    """Returns a compiled pattern. Use it with ``fullmatch``, as AWS does.

    Raises
    ------
    re.error
        For untranslated syntax: 8 of the 4,998 patterns in botocore 1.44.8, none of them SageMaker's.
    """
    with warnings.catch_warnings():  # brackets in a class are literal in both languages; Python warns of a future in which they are not
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(equivalents().get(java) or translate(java), re.ASCII)


def translate(java: str) -> str:
    """Translates a Java pattern to Python's syntax. Compile it with ``re.ASCII``: Java's ``\\w``, ``\\d`` and ``\\s`` are ASCII."""
    in_class = False

    def replaced(token: re.Match) -> str:
        nonlocal in_class
        text = token[0]
        if text in "[]":
            in_class = text == "["
        elif category := token["category"]:
            characters = _characters(category, negated=token["sign"] == "P" and in_class)
            return characters if in_class else f"[{'^' if token['sign'] == 'P' else ''}{characters}]"
        elif code := token["code"]:
            return f"\\U{int(code, 16):08x}"
        elif text == "." and not in_class:
            return f"[^{_NOT_DOT}]"
        elif text == r"\z":
            return r"\Z"
        elif text.startswith("${"):
            return "$"  # repeating the end of the text changes nothing
        return text

    return _TOKEN.sub(replaced, _HYPHEN.sub(r"\1\\-", java.replace(_SURROGATES, r"\U00010000-\U0010FFFF")))


@cache
def equivalents() -> dict[str, str]:
    """Returns replacements for patterns that would backtrack for hours. A replacement matches the same texts in linear time."""
    entries = yaml.safe_load(Path(__file__).with_name("patterns.yaml").read_text())["patterns"]
    return {entry["java"]: entry["python"] for entry in entries}


@cache
def _characters(category: str, negated: bool) -> str:
    """Returns the characters of a POSIX class or a Unicode general category (``"L"``, ``"Zs"``) as ranges for a character class.

    Raises
    ------
    re.error
        For any other property.
    """
    if category in _POSIX and not negated:
        return _POSIX[category]
    if not re.fullmatch("[CLMNPSZ][a-z]?", category):
        raise re.error(f"the property {category} is not translated")
    size = len(category)
    ranges = []
    for inside, run in groupby(chain(*_ASSIGNED), lambda code: (unicodedata.category(chr(code))[:size] == category) != negated):
        codes = list(run)
        if inside:
            ranges.append(f"\\U{codes[0]:08x}-\\U{codes[-1]:08x}")
    return "".join(ranges)
