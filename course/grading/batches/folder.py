"""The folder of a course in nbgrader's layout, with the folder names of `nbgrader_config.py`."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

CHECKS = (".py", ".json")  # files of an assignment's checks: code, and what practice looks up


class FolderError(Exception):
    """A part of the course's folder is missing; the message names it and what to do."""


@dataclass(frozen=True)
class CourseFolder:
    """``root`` holds ``solutions/``, ``notebooks/``, ``graders/``, ``submitted/``; grading adds ``results/`` and more."""

    root: Path

    @property
    def graders(self) -> Path:
        return self.root / "graders"

    def source(self, assignment: str) -> Path:
        return self.root / "solutions" / assignment

    def submission(self, student: str, assignment: str) -> Path:
        return self.root / "submitted" / student / assignment

    def results(self, student: str, assignment: str) -> Path:
        return self.root / "results" / assignment / student

    def drafts(self, student: str, assignment: str) -> Path:
        return self.root / "drafts" / assignment / student

    def autograded(self, student: str, assignment: str) -> Path:
        return self.root / "autograded" / student / assignment

    def assignments(self) -> list[str]:
        """All released assignments, in order."""
        return sorted({path.parent.name for path in (self.root / "notebooks").glob("m*/*.ipynb")})

    def notebooks(self, assignment: str) -> list[str]:
        """The names of the notebooks of a released assignment, in order.

        Raises
        ------
        FolderError
        """
        found = sorted(path.stem for path in (self.root / "notebooks" / assignment).glob("*.ipynb"))
        if not found:
            there = ", ".join(self.assignments()) or "none"
            raise FolderError(
                f"assignment {assignment!r} is not released; released are: {there}. `nbgrader generate_assignment` makes one."
            )
        return found

    def released(self, assignment: str, notebook: str) -> NotebookNode:
        return nbformat.read(self.root / "notebooks" / assignment / f"{notebook}.ipynb", as_version=4)

    def students(self, assignment: str) -> list[str]:
        """The students who handed something in, in order."""
        return sorted(path.parent.name for path in (self.root / "submitted").glob(f"*/{assignment}") if path.is_dir())

    def checks(self, assignment: str) -> str:
        """The version of an assignment's checks: a hash of the files that define its exercises."""
        return digest(path for path in sorted((self.graders / assignment).glob("*")) if path.suffix in CHECKS)


def digest(files: Iterable[Path]) -> str:
    """SHA-256 of the names and contents of files; only the name of a file that cannot be read."""
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.name}\0".encode(errors="surrogateescape"))
        with contextlib.suppress(OSError), path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def handed_in(folder: Path) -> Iterator[Path]:
    """The plain files of a submission, in order."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    return (path for path in files if ".ipynb_checkpoints" not in path.parts)
