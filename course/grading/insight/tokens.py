"""Answers as tokens: names, comments and layout normalised, so that renaming and reformatting change nothing."""

from __future__ import annotations

import ast
import builtins
import io
import keyword
import re
import tokenize
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

NAME = "name"  # replaces every name that the answer itself defines
LAYOUT = {tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENCODING, tokenize.ENDMARKER}
ROUGH = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Token:
    """``text`` is normalised; ``line`` (from 0), ``start`` and ``end`` (columns) give its place in the source."""

    text: str
    line: int
    start: int
    end: int


def tokens(source: str) -> list[Token]:
    """The tokens of a cell. A source that is not Python, such as IPython magics, is split into words."""
    try:
        found = [each for each in tokenize.generate_tokens(io.StringIO(source).readline) if each.type not in LAYOUT]
        given, asides = _given_names(source)
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError, MemoryError):  # for broken code
        return list(_rough(source))
    return list(_normalised(found, given, asides))


def _normalised(found: Sequence[tokenize.TokenInfo], given: set[str], asides: set[int]) -> Iterator[Token]:
    before = ""
    for each in found:
        (line, start), (last, end) = each.start, each.end
        if each.type == tokenize.STRING and line in asides:
            continue
        text = each.string
        if each.type == tokenize.NAME and before != "." and text in given:
            text = NAME
        elif each.type == tokenize.STRING:
            text = _plain_string(text)
        before = each.string
        yield Token(text, line - 1, start, end if last == line else len(each.line.rstrip("\n")))


def _plain_string(text: str) -> str:
    """A string literal with normalised quotes."""
    try:
        return repr(ast.literal_eval(text))
    except (SyntaxError, ValueError):  # an f-string, before Python 3.12
        return text


def _given_names(source: str) -> tuple[set[str], set[int]]:
    """The names that a source defines, and the lines of strings without effect, such as docstrings."""
    names, asides = set(), set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about a learner's code
        tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.alias) and node.asname:
            names.add(node.asname)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            asides.update(range(node.lineno, node.end_lineno + 1))
    return names - set(dir(builtins)) - set(keyword.kwlist), asides


def _rough(source: str) -> Iterator[Token]:
    for number, line in enumerate(source.split("\n")):
        code = line if "'" in line or '"' in line else line.partition("#")[0]
        yield from (Token(word[0], number, word.start(), word.end()) for word in ROUGH.finditer(code))


def grams(texts: Sequence[str], length: int) -> Iterator[tuple[str, ...]]:
    """All runs of ``length`` tokens."""
    return zip(*(texts[i:] for i in range(length)), strict=False)


def distinctive_tokens(found: Sequence[Token], known: set[tuple[str, ...]], length: int) -> list[Token]:
    """The tokens that are in no run of ``length`` tokens that is ``known``."""
    texts = [each.text for each in found]
    covered = {i + j for i, gram in enumerate(grams(texts, length)) if gram in known for j in range(length)}
    return [each for i, each in enumerate(found) if i not in covered]


def known_ngrams(sources: Iterable[str], length: int) -> set[tuple[str, ...]]:
    """All runs of tokens of these sources."""
    return {gram for source in sources for gram in grams([each.text for each in tokens(source)], length)}
