"""What tests of collecting hand in, and what came of it."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

from course import cli
from course.grading.classroom.roster import Student
from tests.grading.nbgrader_course import LESSON, NOTEBOOK, Course

CLASS = [
    Student("ada", "Ada", "Lovelace", "ada@example.org", "411"),
    Student("bob", "Bob", "Noyce", "bob@example.org", "412"),
    Student("cy", "Cy", "Young"),
]
IPYNB = f"{NOTEBOOK}.ipynb"


def notebook(answer: str) -> bytes:
    return json.dumps({"cells": [], "metadata": {"answer": answer}, "nbformat": 4, "nbformat_minor": 5}).encode()


def zipped(path: Path | None, files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    if path:
        path.write_bytes(file.getvalue())
    return file.getvalue()


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def collect(root: Path, capsys, *arguments: object, expect: int | tuple[int, ...] | None = 0) -> str:
    """Run `course collect`; returns what it said. ``expect`` is its exit code, or several; None for 0 or 1."""
    code = cli.main(["collect", LESSON, "--root", str(root), *map(str, arguments)])
    said = capsys.readouterr()
    expected = (0, 1) if expect is None else (expect,) if isinstance(expect, int) else expect
    assert code in expected, said.out + said.err
    assert not list(root.glob(".collect-*"))
    return said.out + said.err


def answer(root: Path, student: str) -> str:
    return json.loads((root / "submitted" / student / LESSON / IPYNB).read_text())["metadata"]["answer"]


def kept(root: Path, below: str) -> dict[str, bytes]:
    folder = root / "collected" / LESSON / below
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def nbgrader(root: Path, *arguments: str, expect: int = 0) -> str:
    """Run an nbgrader command in the class's folder; returns its output."""
    course = object.__new__(Course)
    course.root, course.scratch = root, root / "tmp"
    return course.nbgrader(*arguments, expect=expect)
