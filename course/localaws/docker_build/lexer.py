"""Splits an instruction into words: quotes, escapes and ``$VARIABLES``, by the rules of Docker's own lexer.

Source: "Environment replacement" of the Dockerfile reference, https://docs.docker.com/reference/dockerfile/#environment-replacement, read
2026-11-25. Not supported, and refused: the pattern modifiers ``${name#pattern}``, ``${name%pattern}``, ``${name/pattern/text}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from course.localaws.docker_build.dockerfile import DockerfileError

SHELL = "&|;<>()`"  # shell operators that end a word
NAME = re.compile(r"[A-Za-z_]\w*|\d|[@*#]")


def words(text: str, variables: Mapping[str, str], escape: str = "\\") -> list[str]:
    """The words of ``text``, separated by white space outside quotes. A variable's value is never split."""
    return _Lexer(text, variables, escape).words()


def expand(text: str, variables: Mapping[str, str], escape: str = "\\") -> str:
    """``text`` as one word, with variables replaced and quotes and escapes removed.

    Raises
    ------
    DockerfileError
        An unclosed quote or brace, an unknown modifier, or ``${name:?reason}`` for a missing variable.
    """
    return _Lexer(text, variables, escape).word(blanks=True)


def commands(text: str, variables: Mapping[str, str]) -> list[list[str]]:
    """The commands of a shell line, separated by ``&&`` and ``;``, each as a list of words.

    Raises
    ------
    DockerfileError
        As `expand`, and for other shell syntax: pipes, redirections, substitutions.
    """
    return _Lexer(text, variables, "\\", SHELL).commands()


class _Lexer:
    def __init__(self, text: str, variables: Mapping[str, str], escape: str, stops: str = "") -> None:
        self._text, self._variables, self._escape, self._stops = text, variables, escape, stops
        self._at = 0

    def words(self) -> list[str]:
        found = []
        while self._begin():
            found.append(self.word())
        return found

    def commands(self) -> list[list[str]]:
        found: list[list[str]] = [[]]
        while char := self._begin():
            if char == ";" or self._text.startswith("&&", self._at):
                self._at += 1 if char == ";" else 2
                found.append([])
            elif char in self._stops:
                raise self._needs_shell()
            else:
                found[-1].append(self.word())
        return [command for command in found if command]

    def _begin(self) -> str:
        """Skip white space and return the next character, ``""`` at the end."""
        while self._peek().isspace():
            self._at += 1
        return self._peek()

    def _needs_shell(self) -> DockerfileError:
        return DockerfileError(
            f"{self._text[self._at :][:20]!r} needs the shell of a container, as pipes, redirections and sub-shells do. "
            "Only plain commands with && or ; between them are supported here."
        )

    def word(self, blanks: bool = False, end: str = "") -> str:
        """Read a word, up to white space (unless ``blanks``), ``end`` or the end of the text."""
        pieces: list[str] = []
        while (char := self._peek()) and char != end and char not in self._stops and (blanks or not char.isspace()):
            if char == "'":
                pieces.append(self._single())
            elif char == '"':
                pieces.append(self._double())
            else:
                pieces.append(self._plain(char))
        return "".join(pieces)

    def _plain(self, char: str) -> str:
        self._at += 1
        if char == self._escape:
            escaped = self._peek()
            self._at += bool(escaped)
            return escaped
        return self._variable() if char == "$" else char

    def _single(self) -> str:
        close = self._text.find("'", self._at + 1)
        if close < 0:
            raise DockerfileError(f"a single quote is not closed in {self._text!r}.")
        piece = self._text[self._at + 1 : close]
        self._at = close + 1
        return piece

    def _double(self) -> str:
        self._at += 1
        pieces = []
        while (char := self._peek()) != '"':
            self._at += 1
            if not char:
                raise DockerfileError(f"a double quote is not closed in {self._text!r}.")
            if self._stops and (char == "`" or char == "$" and self._peek() == "("):
                raise self._needs_shell()
            if char == self._escape and self._peek() and self._peek() in f'"${self._escape}':
                pieces.append(self._peek())
                self._at += 1
            else:
                pieces.append(self._variable() if char == "$" else char)
        self._at += 1
        return "".join(pieces)

    def _variable(self) -> str:
        """Read the variable after a ``$``."""
        if self._peek() == "{":
            self._at += 1
            return self._braced()
        name = self._name()
        return self._variables.get(name, "") if name else "$"

    def _braced(self) -> str:
        name = self._name()
        value, colon = self._variables.get(name), self._peek() == ":"
        self._at += colon
        modifier = self._peek()
        self._at += modifier != ""
        if name and modifier == "}" and not colon:
            return value or ""
        if not name or modifier not in ("-", "+", "?"):
            raise DockerfileError(
                f"of what {self._text!r} asks only ${{NAME}}, ${{NAME:-word}}, ${{NAME:+word}} and ${{NAME:?word}} are understood, "
                "with or without the colon."
            )
        word = self.word(blanks=True, end="}")
        if self._peek() != "}":
            raise DockerfileError(f"a brace is not closed in {self._text!r}.")
        self._at += 1
        there = bool(value) if colon else value is not None
        if modifier == "?" and not there:
            raise DockerfileError(f"{name} has no value: {word}")
        return (word if there else "") if modifier == "+" else value if there else word

    def _name(self) -> str:
        found = NAME.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found[0] if found else ""

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]
