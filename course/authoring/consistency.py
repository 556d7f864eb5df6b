"""Checks that the exercises of a source fit their definitions. A notebook can be derived only if they do."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nbformat.v4 import new_code_cell

from course.authoring.source import ROLES, LessonCell, Source
from course.authoring.stub import ExerciseStub
from course.grading import Exercise

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem in a source: where (file, line, cell), what is wrong, and what to do."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def problems(source: Source, exercises: Mapping[str, Exercise]) -> list[Problem]:
    """All mismatches between a source and the definitions of all exercises."""
    found: list[Problem] = []
    for cell in source.cells:
        where = source.at(cell)
        if cell.role and cell.exercise not in exercises:
            found.append(
                Problem(where, f"no exercise {cell.exercise!r} is defined; `course new-exercise {cell.exercise}` writes its files.")
            )
        elif cell.role and exercises[cell.exercise].notebook != source.notebook:
            found.append(Problem(where, f"exercise {cell.exercise!r} belongs to another notebook than {source.notebook}."))
        elif not cell.role and (BEGIN in cell.text or END in cell.text):
            found.append(
                Problem(where, f'a solution region outside of an answer cell; mark the cell as `# %% answer="{source.notebook}_ex…"`.')
            )
    for exercise in exercises.values():
        if exercise.notebook == source.notebook:
            found += _of_exercise(source, exercise)
    return found


def _of_exercise(source: Source, exercise: Exercise) -> Iterator[Problem]:
    cells = {role: source.of(exercise.id, role) for role in ROLES}
    for role, found in cells.items():
        if len(found) != 1:
            where = source.at(found[1]) if found else source.at(source.cells[-1])
            yield Problem(where, f'{len(found)} cells are marked {role}="{exercise.id}"; there must be exactly one.')
    if any(len(found) != 1 for found in cells.values()):
        return
    text, answer, check = (cells[role][0] for role in ROLES)
    if not text.number < answer.number < check.number:
        yield Problem(source.at(text), f"the cells of {exercise.id} come in the order text, answer, check.")
    if exercise.section and exercise.section not in _headings(source):
        yield Problem(source.at(text), f"{exercise.id} is taught under {exercise.section!r}, but the notebook has no such heading.")
    yield from (Problem(source.at(answer), what) for what in _answer(answer, exercise))
    yield from (Problem(source.at(check), what) for what in _check(check, exercise))


def _headings(source: Source) -> set[str]:
    lines = (line for cell in source.cells if cell.kind != "code" for line in cell.text.splitlines())
    return {line.lstrip("#").strip() for line in lines if line.startswith("#")}


def _answer(cell: LessonCell, exercise: Exercise) -> Iterator[str]:
    marks = [line.strip() for line in cell.text.splitlines() if line.strip() in (BEGIN, END)]
    if not marks or marks != [BEGIN, END] * (len(marks) // 2):
        yield f"an answer cell holds its reference answer between a line `{BEGIN}` and a line `{END}`."
        return
    for what, text in (("reference answer", cell.text), ("learner's stub", cleared(cell))):
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            yield f"the {what} is not Python ({error.msg} in its line {error.lineno}); move the markers or correct the code."
            return
        if missing := [name for name in exercise.evidence if name not in _bound(tree)]:
            yield (
                f"the {what} does not define {', '.join(missing)}, which the check hands over; write `{missing[0]} = ...  # TODO` "
                "or the head of the function above the markers."
            )


def cleared(cell: LessonCell) -> str:
    """The text of an answer cell as nbgrader releases it to learners."""
    metadata = {"nbgrader": {"grade_id": cell.exercise, "solution": True}}
    node, _ = ExerciseStub().preprocess_cell(new_code_cell(cell.text, metadata=metadata), {"language": "python"}, 0)
    return node.source


def _bound(tree: ast.Module) -> set[str]:
    """Names that a cell binds at its top level or in a block there."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return names


def _check(cell: LessonCell, exercise: Exercise) -> Iterator[str]:
    wanted = f'check("{exercise.id}", {", ".join(f"{name}={name}" for name in exercise.evidence)})'
    try:
        statements = ast.parse(cell.text).body
    except SyntaxError:
        statements = []
    call = statements[0].value if len(statements) == 1 and isinstance(statements[0], ast.Expr) else None
    if (
        len(cell.text.splitlines()) != 1
        or not isinstance(call, ast.Call)
        or ast.unparse(call.func) != "check"
        or [ast.unparse(argument) for argument in call.args] != [repr(exercise.id)]
        or {keyword.arg for keyword in call.keywords} != set(exercise.evidence)
    ):
        yield f"a check cell is the one line `{wanted}`."
