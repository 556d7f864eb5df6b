"""The answers that test an exercise's checks: the stub, the reference, and the right and wrong answers in ``graders/``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import jupytext

from course.grading.errors import DefinitionError
from course.grading.exercise.exercise import Exercise

REGION = re.compile(r"^(?P<indent>[ \t]*)### BEGIN SOLUTION.*?^[ \t]*### END SOLUTION[^\n]*", re.DOTALL | re.MULTILINE)
NOTE = re.compile(r"^# (?P<word>trips|says): *(?P<text>.*\S)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class CodeCell:
    """A code cell of a lesson's text source. ``role`` is ``"answer"``, ``"check"`` or ``""``."""

    text: str
    role: str = ""
    exercise: str = ""


@dataclass(frozen=True)
class Candidate:
    """The code of one answer cell and, for a wrong answer, the feedback that it must get.

    ``name`` is ``stub``, ``reference``, ``right_...`` or ``wrong_...``; ``trips`` is the part that must fail; ``says`` are words that
    the report must show.
    """

    name: str
    code: str
    trips: str = ""
    says: tuple[str, ...] = field(default=())

    @property
    def is_wrong(self) -> bool:
        return self.name.startswith("wrong")

    @property
    def is_right(self) -> bool:
        return self.name == "reference" or self.name.startswith("right")


def code_cells(source: Path) -> list[CodeCell]:
    """The code cells of a text source (jupytext py:percent, ``# %% answer="m04_1_ex2"``), in order."""
    cells = []
    for cell in jupytext.read(source, fmt="py:percent").cells:
        role = next((role for role in ("answer", "check") if role in cell.metadata), "")
        if cell.cell_type == "code":
            cells.append(CodeCell(cell.source, role, cell.metadata.get(role, "")))
    return cells


def source_of(notebook: str, solutions: Path) -> Path:
    """The text source of a notebook, ``solutions/<lesson>/<notebook>_<name>.py``.

    Raises
    ------
    FileNotFoundError
        When there is none, or more than one.
    """
    found = list(solutions.glob(f"*/{notebook}_[a-z]*.py"))
    if len(found) != 1:
        raise FileNotFoundError(f"notebook {notebook} has {len(found)} sources {solutions}/*/{notebook}_*.py; there must be exactly one.")
    return found[0]


def candidates(exercise: Exercise, answer: str, graders: Path) -> Iterator[Candidate]:
    """All candidates of an exercise. The reference is last, since the cells that follow build on it.

    Parameters
    ----------
    exercise : Exercise
    answer : str
        The text of its answer cell, with the solution region.
    graders : Path

    Raises
    ------
    DefinitionError
        When the notes of a wrong answer are missing or wrong.
    """
    yield Candidate("stub", REGION.sub(r"\g<indent>raise NotImplementedError", answer))
    for path in sorted(graders.glob(f"*/answers/{exercise.id}/*.py")):
        yield _from_file(exercise, path)
    yield Candidate("reference", answer)


def _from_file(exercise: Exercise, path: Path) -> Candidate:
    code = path.read_text()
    notes = [(note["word"], note["text"]) for note in NOTE.finditer(code)]
    trips = [text for word, text in notes if word == "trips"]
    says = tuple(text for word, text in notes if word == "says")
    where = "/".join(path.parts[-3:])
    if path.stem.startswith("right_"):
        return Candidate(path.stem, code)
    if not path.stem.startswith("wrong_"):
        raise DefinitionError(f"{where}: a candidate is called right_*.py or wrong_*.py.")
    if len(trips) != 1 or trips[0] not in exercise.parts:
        raise DefinitionError(f"{where}: `# trips:` names one of {', '.join(exercise.parts)}, the part that must fail.")
    if not says:
        raise DefinitionError(f"{where}: `# says:` gives words of the message that must be shown.")
    if not ast.get_docstring(ast.parse(code)):
        raise DefinitionError(f"{where}: opens with a docstring that says what the learner had in mind.")
    return Candidate(path.stem, code, trips[0], says)
