"""Reads a Dockerfile into its instructions.

Source: "Dockerfile reference", https://docs.docker.com/reference/dockerfile/, read 2026-11-25. Different on purpose: text that
looks like a JSON array but is not one is refused in every instruction except RUN, while Docker would pass ``['a', 'b']`` to a shell.
Heredocs are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from course.localaws.core import json_text

NAMES = "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR"
KNOWN = frozenset(NAMES.split())
WITH_FLAGS = frozenset({"ADD", "COPY", "FROM", "HEALTHCHECK", "RUN"})
WITH_JSON = frozenset({"ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"})
WITH_HEREDOCS = frozenset({"ADD", "COPY", "RUN"})
DIRECTIVE = re.compile(r"#\s*(\w+)\s*=\s*(\S+)\s*")
FLAG = re.compile(r"--([a-z-]+)(?:=(\S*))?(?:\s+|$)")
HEREDOC = re.compile(r"(?<!<)<<-?[\"']?[A-Za-z_]\w*")


class DockerfileError(Exception):
    """A Dockerfile cannot be built. The message says what is wrong, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of a Dockerfile.

    Attributes
    ----------
    line : int
        The number of its first line, from 1.
    name : str
        In upper case.
    text : str
        Its arguments without flags and line continuations, ``""`` for none.
    words : tuple of str or None
        The elements of its JSON form (the exec form of CMD, ENTRYPOINT and RUN). None in the other form.
    flags : dict
        Its flags: ``{"chmod": "755"}`` for ``--chmod=755``.
    """

    line: int
    name: str
    text: str
    words: tuple[str, ...] | None = None
    flags: dict[str, str] = field(default_factory=dict)

    def error(self, reason: str) -> DockerfileError:
        return DockerfileError(f"line {self.line}, {self.name}: {reason}")


def parse(text: str) -> tuple[list[Instruction], str]:
    """The instructions of a Dockerfile, and its escape character.

    Raises
    ------
    DockerfileError
    """
    lines = text.removeprefix("\ufeff").splitlines()
    escape = _escape(lines)
    instructions = [_instruction(number, joined) for number, joined in _joined(lines, escape)]
    if not instructions:
        raise DockerfileError("the file has no instruction; it should begin with FROM.")
    return instructions, escape


def _escape(lines: list[str]) -> str:
    """The escape character of the parser directive ``# escape=``, by default a backslash."""
    for line in lines:
        found = DIRECTIVE.fullmatch(line.strip())
        if found is None:
            break
        if found[1].lower() == "escape":
            if found[2] not in ("\\", "`"):
                raise DockerfileError(f"the directive escape={found[2]} must be \\ or `.")
            return found[2]
    return "\\"


def _joined(lines: list[str], escape: str):
    """``(line number, text)`` of each instruction. Comments and blank lines within it are dropped, as in Docker."""
    begun, pieces = 0, []
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("#") or not line.strip():
            continue
        begun = begun or number
        stripped = line.rstrip()
        if stripped.endswith(escape):
            pieces.append(stripped[: -len(escape)])
            continue
        yield begun, "".join([*pieces, line]).strip()
        begun, pieces = 0, []
    if "".join(pieces).strip():
        yield begun, "".join(pieces).strip()


def _instruction(line: int, joined: str) -> Instruction:
    name, _, text = joined.partition(" ") if " " in joined.split("\t")[0] else joined.partition("\t")
    name, text = name.upper(), text.strip()
    if name not in KNOWN:
        raise DockerfileError(f"line {line}: {name} is no instruction of a Dockerfile. Those are {', '.join(sorted(KNOWN))}.")
    flags: dict[str, str] = {}
    while name in WITH_FLAGS and (found := FLAG.match(text)):
        flags[found[1]] = found[2] or ""
        text = text[found.end() :]
    instruction = Instruction(line, name, text, None, flags)
    if name in WITH_HEREDOCS and HEREDOC.search(text):
        raise instruction.error("heredocs (<<EOF) are not supported here. Put the text into a file beside the Dockerfile and COPY it.")
    if not text and name != "HEALTHCHECK":
        raise instruction.error("it needs at least one argument.")
    return Instruction(line, name, text, _json(instruction), flags)


def _json(instruction: Instruction) -> tuple[str, ...] | None:
    if instruction.name not in WITH_JSON or not instruction.text.startswith("["):
        return None
    try:
        found = json_text.load(instruction.text)
    except ValueError:
        found = None
    if isinstance(found, list) and all(isinstance(item, str) for item in found):
        return tuple(found)
    if instruction.name == "RUN":
        return None  # the shell's test command: RUN [ -f x ] && …
    raise instruction.error(
        f'{instruction.text} is no JSON array of strings. Write it as ["one", "two"], with double quotes; '
        "Docker would hand it to a shell as it is."
    )
