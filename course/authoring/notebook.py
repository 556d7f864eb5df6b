"""The solution notebook of a source: nbgrader's metadata, headings, hints and check comments come from the exercise definitions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course import canary, facts
from course.authoring import admonitions
from course.authoring.consistency import BEGIN, problems
from course.authoring.source import LessonCell, Source, SourceError, place
from course.authoring.stub import number
from course.grading import Exercise

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python", "pygments_lexer": "ipython3"},
}
NBGRADER = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}


def solution(source: Source, exercises: Mapping[str, Exercise]) -> NotebookNode:
    """Make the solution notebook: no outputs, and the same bytes for the same source and definitions.

    Raises
    ------
    SourceError
        When an exercise does not fit its definition or an admonition is malformed. The message has a line for each problem.
    """
    if found := problems(source, exercises):
        raise SourceError("\n".join(map(str, found)))
    cells = [_cell(source, cell, exercises.get(cell.exercise)) for cell in source.cells]
    return new_notebook(cells=cells, metadata=METADATA)


def to_text(notebook: NotebookNode) -> str:
    """The notebook file: keys sorted, one line break at the end."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"


def prose(source: Source, cell: LessonCell, exercise: Exercise | None) -> str:
    """The Markdown of a cell as learners see it.

    Raises
    ------
    SourceError
        When an admonition is malformed, or a fact unknown.
    """
    try:
        text = admonitions.render(facts.fill_in(cell.text))
    except admonitions.AdmonitionError as error:
        raise SourceError(f"{place(source.path, cell.line + 1 + error.line, cell.number)}: {error}") from None
    except facts.UnknownFact as error:
        raise SourceError(f"{source.at(cell)}: {error}") from None
    return f"{heading(exercise)}\n\n{text}\n\n{ladder(exercise)}" if exercise else text


def heading(exercise: Exercise) -> str:
    """``### Exercise 4.1.2: Choose the input mode (3 points)``."""
    return f"### Exercise {number(exercise.id)}: {exercise.title} ({points(exercise.points)})"


def points(value: float) -> str:
    return f"{value:g} point{'' if value == 1 else 's'}"


def ladder(exercise: Exercise) -> str:
    """The line that says how to get a hint. The hints are not in the notebook: learners would read them at once."""
    return f'Stuck? `hint("{exercise.id}")` shows the first of {len(exercise.hints)} hints, and each time the next.'


def _cell(source: Source, cell: LessonCell, exercise: Exercise | None) -> NotebookNode:
    node = new_code_cell(_code(cell, exercise)) if cell.kind == "code" else new_markdown_cell(prose(source, cell, exercise))
    if cell.role in ("answer", "check"):
        node.metadata["nbgrader"] = _nbgrader(cell, exercise)
    if cell.tags:
        node.metadata["tags"] = sorted(cell.tags)
    node["id"] = _id(cell, node)
    return node


def _code(cell: LessonCell, exercise: Exercise | None) -> str:
    if cell.role == "check":
        parts = ", ".join(f"{name} {value:g}" for name, value in exercise.parts.items())
        return f"# Checks exercise {number(exercise.id)}, {points(exercise.points)}: {parts}\n{cell.text}"
    if cell.role == "answer":
        return "\n".join(_with_canary(line) for line in cell.text.splitlines())
    return cell.text


def _with_canary(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    return f"{line}\n{indent}# {canary.NOTE}" if line.strip() == BEGIN else line


def _nbgrader(cell: LessonCell, exercise: Exercise) -> dict:
    if cell.role == "answer":
        return NBGRADER | {"solution": True, "grade_id": exercise.answer_cell}
    value = float(exercise.points)
    return NBGRADER | {
        "grade": True,
        "locked": True,
        "grade_id": exercise.check_cell,
        "points": int(value) if value.is_integer() else value,
    }


def _id(cell: LessonCell, node: NotebookNode) -> str:
    """A cell's position and a hash of its text. Cells of exercises get names: a hash of an answer would help to guess it."""
    if cell.role:
        return f"{cell.exercise}_{cell.role}"
    return f"{cell.number:02d}-{hashlib.sha256(node.source.encode()).hexdigest()[:8]}"
