"""``.dockerignore``: the files of the build context that are left out.

Source: ".dockerignore file" of https://docs.docker.com/build/concepts/context/, read 2026-11-25.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path, PurePosixPath


class DockerIgnore:
    """The rules of one file. The last matching rule decides.

    Parameters
    ----------
    text : str
        The file's content: one pattern for each line, ``!`` for an exception, ``#`` for a comment.
    """

    def __init__(self, text: str) -> None:
        self._rules: list[tuple[re.Pattern, bool]] = []
        for line in text.splitlines():
            pattern = line.strip()
            if not pattern or pattern.startswith("#"):
                continue
            kept, pattern = pattern.startswith("!"), pattern.removeprefix("!").strip()
            self._rules.append((glob(posixpath.normpath(pattern).lstrip("/")), kept))

    def __call__(self, path: str) -> bool:
        """Whether a file is left out, by its path in the build context. A rule for a folder applies to everything below it."""
        parts = PurePosixPath(path).parts
        names = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        ignored = False
        for pattern, kept in self._rules:
            if any(pattern.fullmatch(name) for name in names):
                ignored = not kept
        return ignored


def read(dockerfile: Path, directory: Path) -> DockerIgnore:
    """The rules for a Dockerfile: from ``<its name>.dockerignore`` beside it, else from the build context's ``.dockerignore``."""
    for path in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), directory / ".dockerignore"):
        if path.is_file():
            return DockerIgnore(path.read_text(encoding="utf-8-sig"))
    return DockerIgnore("")


def glob(pattern: str) -> re.Pattern:
    """Go's ``filepath.Match``, with ``**`` for any number of folders. An unclosed bracket is a literal."""
    pieces, at = [], 0
    while at < len(pattern):
        if pattern.startswith("**", at):
            slash = pattern.startswith("**/", at)
            pieces.append("(?:.*/)?" if slash else ".*")
            at += 2 + slash
            continue
        char, close = pattern[at], pattern.find("]", at + 2)
        if char == "[" and close > 0:
            inside = pattern[at + 1 : close].replace("\\", "\\\\").replace("[", "\\[")
            pieces.append(f"[{inside}]")
            at = close
        elif char == "\\" and at + 1 < len(pattern):
            at += 1
            pieces.append(re.escape(pattern[at]))
        else:
            pieces.append({"*": "[^/]*", "?": "[^/]"}.get(char) or re.escape(char))
        at += 1
    return re.compile("".join(pieces), re.DOTALL)
