"""A lesson's declaration, ``solutions/<lesson>/lesson.yaml``: the facts about a lesson that no source or exercise states.

::

    given_copies: [m06_tuning/given/schedule.py]        # optional: given files of other lessons
    grader_copies: {m10_1_transform.py: given/raw.py}   # optional: given files that the checks run too
    notebooks:
      m04_2_failed_jobs:                                # one for each source, in order
        does: find out why five jobs failed             # the row of README's table
        minutes: 50
        slow: {run: why, gate: why}                     # optional: what runs in `make nightly` only
        teaching: {demo: [...], misconceptions: [...], goes_wrong: [...]}

README's table of lessons, the teaching notes, the copies and the lists of slow notebooks derive from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from course.authoring import source

SOLUTIONS, FILE = "solutions", "lesson.yaml"
SLOW = ("run", "gate")  # the reference run; the gate's candidate answers
TEACHING = ("demo", "misconceptions", "goes_wrong")


class DeclarationError(ValueError):
    """A declaration is missing or wrong. The message names the file, and says what to do."""


@dataclass(frozen=True)
class NotebookDeclaration:
    """The part of a declaration about one notebook.

    Attributes
    ----------
    name : str
        The name of its source without the suffix.
    does : str
        What the learner does in it, one line.
    minutes : int
        How long a learner needs.
    slow : mapping
        A key of `SLOW` to the reason why that takes too long for `make test`.
    teaching : mapping
        A key of `TEACHING` to its texts; empty until they are written.
    """

    name: str
    does: str
    minutes: int
    slow: Mapping[str, str] = field(default_factory=dict)
    teaching: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def notebook(self) -> str:
        """The id with which its exercises begin: ``"m04_1"``."""
        return source.notebook_id(f"{self.name}.py")


@dataclass(frozen=True)
class LessonDeclaration:
    """A lesson's declaration; see the module.

    Attributes
    ----------
    lesson : str
    notebooks : tuple of NotebookDeclaration
    given_copies : tuple of str
        Paths below ``solutions/`` that the build copies into the lesson's ``given/``.
    grader_copies : mapping
        A file name in the lesson's folder of ``graders/`` to the path in its folder of ``solutions/`` from which the build makes it.
    """

    lesson: str
    notebooks: tuple[NotebookDeclaration, ...]
    given_copies: tuple[str, ...] = ()
    grader_copies: Mapping[str, str] = field(default_factory=dict)


def place(lesson: str) -> Path:
    """The path of a lesson's declaration below the course's folder."""
    return Path(SOLUTIONS, lesson, FILE)


def read(root: Path, lesson: str) -> LessonDeclaration:
    """Read the declaration of a lesson.

    Raises
    ------
    DeclarationError
        When it is missing, has an unknown or no value for a key, or names other notebooks than there are sources.
    """
    path = root / place(lesson)
    if not path.is_file():
        raise DeclarationError(f"{place(lesson)} is missing; docs/authoring.md says what it declares.")
    try:
        written = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise DeclarationError(f"{place(lesson)} is not YAML: {' '.join(str(error).split())}") from None
    _known(place(lesson), written, required=("notebooks",), optional=("given_copies", "grader_copies"))
    notebooks = tuple(_notebook(lesson, name, each) for name, each in written["notebooks"].items())
    sources = sorted(each.stem for each in path.parent.glob(f"{lesson[:3]}*.py") if source.is_source(each))
    if [each.name for each in notebooks] != sources:
        named = ", ".join(each.name for each in notebooks)
        raise DeclarationError(f"{place(lesson)} names the notebooks {named}; the sources are {', '.join(sources)}, in this order.")
    return LessonDeclaration(lesson, notebooks, tuple(written.get("given_copies", ())), written.get("grader_copies", {}))


def read_all(root: Path) -> list[LessonDeclaration]:
    """The declarations of all lessons, in order.

    Raises
    ------
    DeclarationError
        As `read`.
    """
    return [read(root, path.parent.name) for path in sorted((root / SOLUTIONS).glob(f"m*/{FILE}"))]


def slow_notebooks(root: Path, what: str) -> dict[str, str]:
    """The ids of notebooks that are slow in one of `SLOW`, with the reason."""
    notebooks = [notebook for lesson in read_all(root) for notebook in lesson.notebooks]
    return {notebook.notebook: notebook.slow[what] for notebook in notebooks if what in notebook.slow}


def _notebook(lesson: str, name: str, written: Any) -> NotebookDeclaration:
    where = f"{place(lesson)}: {name}"
    _known(where, written, required=("does", "minutes"), optional=("slow", "teaching"))
    slow, teaching = written.get("slow") or {}, written.get("teaching") or {}
    _known(f"{where}, slow", slow, optional=SLOW)
    _known(f"{where}, teaching", teaching, optional=TEACHING)
    if not isinstance(written["minutes"], int) or "\n" in written["does"].strip():
        raise DeclarationError(f"{where}: `minutes` is a whole number, and `does` is one line.")
    return NotebookDeclaration(name, written["does"].strip(), written["minutes"], slow, {key: tuple(teaching[key]) for key in teaching})


def _known(where: object, written: Any, *, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> None:
    if not isinstance(written, dict):
        raise DeclarationError(f"{where}: expected keys ({', '.join((*required, *optional))}), but found {written!r}.")
    if missing := [key for key in required if not written.get(key)]:
        raise DeclarationError(f"{where} has no {missing[0]}.")
    if unknown := [key for key in written if key not in (*required, *optional)]:
        raise DeclarationError(f"{where} has an unknown key {unknown[0]!r}; the keys are {', '.join((*required, *optional))}.")
