"""Blocks of README.md and .gitattributes that derive from the declarations of all lessons. The build writes them between two markers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from course.authoring import copies
from course.authoring.declaration import DeclarationError, LessonDeclaration, NotebookDeclaration

README, ATTRIBUTES = Path("README.md"), Path(".gitattributes")
TABLE_BEGINS, TABLE_ENDS = "<!-- lessons: written by `make notebooks` from solutions/*/lesson.yaml -->", "<!-- end of lessons -->"
COPIES_BEGIN, COPIES_END = "# copies: written by `make notebooks` from solutions/*/lesson.yaml", "# end of copies"


def derive(root: Path, lessons: Sequence[LessonDeclaration]) -> dict[Path, bytes]:
    """The files with their derived blocks, by their path below ``root``. A course without such a file does without the block.

    Raises
    ------
    DeclarationError
        When a file does not have both markers.
    """
    wanted = {
        README: (TABLE_BEGINS, f"\n{table(lessons)}\n", TABLE_ENDS),
        ATTRIBUTES: (COPIES_BEGIN, _attributes(lessons), COPIES_END),
    }
    return {path: _replaced(root, path, *block) for path, block in wanted.items() if (root / path).is_file()}


def table(lessons: Sequence[LessonDeclaration]) -> str:
    """README's table of lessons, in Markdown: a row for each notebook."""
    rows = [f"| {shown_name(each)} | {each.does} | {each.minutes} |" for lesson in lessons for each in lesson.notebooks]
    return "\n".join(["| lesson | what you do | minutes |", "|---|---|--:|", *rows, ""])


def shown_name(notebook: NotebookDeclaration) -> str:
    """``m04_1``, or the whole name of a lesson's only notebook: ``m00_start``."""
    return notebook.name if "_" not in notebook.notebook else notebook.notebook


def _attributes(lessons: Sequence[LessonDeclaration]) -> str:
    paths = sorted(path for lesson in lessons for path in copies.targets(lesson))
    return "".join(f"{path.as_posix()} linguist-generated=true\n" for path in paths)


def _replaced(root: Path, path: Path, begin: str, text: str, end: str) -> bytes:
    before = (root / path).read_text(encoding="utf-8")
    after, found = re.subn(
        rf"^({re.escape(begin)}\n).*?^({re.escape(end)})$", lambda match: match[1] + text + match[2], before, flags=re.M | re.S
    )
    if found != 1:
        raise DeclarationError(f"{path}: write the two lines `{begin}` and `{end}` once; the build fills in what is between them.")
    return after.encode()
