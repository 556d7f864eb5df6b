"""Finds a learner's work: the copy in a clone of the course, or the notebooks of a lesson's package."""

from __future__ import annotations

import contextlib
import json
import re
from itertools import chain
from pathlib import Path

from course.grading import attempts as _attempts
from course.grading.attempts import Attempt
from course.grading.exercise.exercise import Exercise

NOTEBOOK = re.compile(r"(?P<notebook>m\d\d(_\d)?)_[a-z]")
WORK, NOTEBOOKS, SOURCES = "work", "notebooks", "solutions"  # in a copy that `course.workspace` makes, in a released package, in a clone
LESSONS = "m[0-9][0-9]_*"


class NoLearnerFolderError(Exception):
    """There is no learner's copy of the lessons; the message says how to make one."""


def find_learner_folder(root: Path) -> Path:
    """The folder that holds a learner's lessons, at ``root`` or the nearest folder above it that has one.

    Raises
    ------
    NoLearnerFolderError
        When there is none. The `notebooks/` of a clone are not a learner's copy.
    """
    for folder in (root, *root.parents):
        cloned = (folder / SOURCES).is_dir()
        for place in (folder / WORK, *(() if cloned else (folder / NOTEBOOKS, folder))):
            if any(place.glob(f"{LESSONS}/*.ipynb")):
                return place
        if cloned:
            raise NoLearnerFolderError(f"there is no copy of the lessons in {folder / WORK}; `course start` makes one.")
    raise NoLearnerFolderError(f"there are no lessons in {root} or above it; go to the folder in which you work, or name it with --root.")


def lesson_folder(copy: Path, exercise: Exercise) -> Path:
    """The folder of the exercise's notebook there.

    Raises
    ------
    NoLearnerFolderError
        When the learner has no such lesson.
    """
    for path in sorted(copy.glob(f"{LESSONS}/{exercise.notebook}_*.ipynb")):
        return path.parent
    raise NoLearnerFolderError(f"{copy} has no notebook {exercise.notebook}.")


def all_attempts(copy: Path) -> list[Attempt]:
    """All attempts in the folders of the lessons, oldest first."""
    found = chain.from_iterable(_attempts.read(folder) for folder in sorted(copy.glob(LESSONS)) if folder.is_dir())
    return sorted(found, key=lambda attempt: attempt.at)


def titles(copy: Path) -> dict[str, str]:
    """Each notebook, ``"m04_1"``, with the title from its first heading, or its file name when it cannot be read."""
    paths = sorted(copy.glob(f"{LESSONS}/m*.ipynb"))
    return {name["notebook"]: _title(path) or path.stem for path in paths if (name := NOTEBOOK.match(path.name))}


def _title(path: Path) -> str:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for line in "".join(cell["source"]).splitlines():
                if cell["cell_type"] == "markdown" and line.startswith("# "):
                    return line.removeprefix("# ").strip()
    return ""
