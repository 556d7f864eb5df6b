"""Finds all exercises: definitions in ``graders/<lesson>/<notebook>.py``, hidden checks in the same folder."""

from __future__ import annotations

import difflib
import hashlib
import importlib
import os
import sys
import traceback
import types
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from course.grading.errors import DefinitionError, UnknownExercise
from course.grading.exercise.definition import ID
from course.grading.exercise.exercise import Exercise

DEFINITIONS = "m[0-9][0-9]*.py"
HIDDEN = "_hidden"


def root() -> Path:
    """The folder of the graders: ``COURSE_GRADERS``, else the nearest ``graders/`` here or above, else the one next to the package.

    Raises
    ------
    FileNotFoundError
        When there is none.
    """
    if named := os.environ.get("COURSE_GRADERS"):
        candidates = [Path(named)]
    else:
        here = Path.cwd()
        candidates = [folder / "graders" for folder in (here, *here.parents, Path(__file__).parents[2])]
    for folder in candidates:
        if any(folder.glob(f"*/{DEFINITIONS}")):
            return folder.resolve()
    raise FileNotFoundError(
        f"no exercises found under {candidates[0]}; run from the course's folder or set COURSE_GRADERS to its `graders`."
    )


def exercises(folder: Path | None = None) -> dict[str, Exercise]:
    """Every exercise by id, in order.

    Raises
    ------
    DefinitionError
        When a definition is wrong or in the wrong file, a file cannot be loaded, or an id occurs twice.
    """
    return dict(_exercises(folder or root()))


def find(exercise_id: str, folder: Path | None = None) -> Exercise:
    """The exercise of that id. Loads only the definitions of its own notebook, unless the exercise is not there.

    Raises
    ------
    UnknownExercise
        The message names the most similar ids.
    """
    folder = folder or root()
    belongs = ID.fullmatch(exercise_id) if isinstance(exercise_id, str) else None
    if belongs and exercise_id in (found := of_notebook(belongs["notebook"], folder)):
        return found[exercise_id]
    known = list(exercises(folder))
    near = difflib.get_close_matches(str(exercise_id), known, n=3, cutoff=0.4) or known[:3]
    raise UnknownExercise(f"there is no exercise {exercise_id!r}. Did you mean {' or '.join(near) or 'none of none'}?")


def of_notebook(notebook: str, folder: Path) -> dict[str, Exercise]:
    """The exercises of a notebook (``"m04_1"``) by id, in order; none when there is no such notebook.

    Raises
    ------
    DefinitionError
        As `exercises`.
    """
    return {name: exercise for path in folder.glob(f"*/{notebook}.py") for name, exercise in _definitions(path).items()}


def checks(cells: Iterable[str], folder: Path) -> dict[str, Exercise]:
    """The exercises whose check cells are among these names of cells (nbgrader's ``grade_id``), by that name.

    Loads only the definitions of their own notebooks: the imports of other lessons would cost each submission a second.

    Raises
    ------
    DefinitionError
        As `exercises`.
    """
    names = set(cells)
    notebooks = sorted({known["notebook"] for name in names if (known := ID.match(name))})
    found = [exercise for notebook in notebooks for exercise in of_notebook(notebook, folder).values()]
    return {exercise.check_cell: exercise for exercise in found if exercise.check_cell in names}


def load_hidden(exercise: Exercise, folder: Path | None = None) -> None:
    """Register the hidden checks of an exercise's notebook. The grader's process and the gate call this; a kernel never does."""
    for path in hidden_checks(exercise, folder):
        load_module(path)


def hidden_checks(exercise: Exercise, folder: Path | None = None) -> list[Path]:
    """The files with the hidden checks of an exercise's notebook; none in a learner's package."""
    return list((folder or root()).glob(f"*/{exercise.notebook}{HIDDEN}.py"))


@cache
def _exercises(folder: Path) -> dict[str, Exercise]:
    found: dict[str, Exercise] = {}
    for path in sorted(folder.glob(f"*/{DEFINITIONS}")):
        if not path.stem.endswith(HIDDEN):
            found |= _definitions(path)
    return found


def _definitions(path: Path) -> dict[str, Exercise]:
    """The exercises that a module defines, in order."""
    found: dict[str, Exercise] = {}
    for exercise in vars(load_module(path)).values():
        if not isinstance(exercise, Exercise):
            continue
        if exercise.notebook != path.stem:
            raise DefinitionError(f"exercise {exercise.id!r} is in {path.name}; it belongs in {exercise.notebook}.py.")
        if found.setdefault(exercise.id, exercise) is not exercise:
            raise DefinitionError(f"two exercises are called {exercise.id!r} in {path.name}.")
    return found


def load_module(path: Path) -> types.ModuleType:
    """Import a file of ``graders/<lesson>/`` as part of a package of that lesson, so that ``from .m04_1 import ex2`` works in it.

    The package's name depends on the folder, so that two courses in one process, as in the tests, do not mix.
    """
    lesson = path.resolve().parent
    package = f"course_graders_{hashlib.sha256(str(lesson).encode()).hexdigest()[:12]}"
    if package not in sys.modules:
        module = types.ModuleType(package, f"The graders of {lesson.name}.")
        module.__path__ = [str(lesson)]
        sys.modules[package] = module
    try:
        return importlib.import_module(f"{package}.{path.stem}")
    except DefinitionError:
        raise
    except Exception as error:
        lines = [
            f"{Path(frame.filename).name}, line {frame.lineno}"
            for frame in traceback.extract_tb(error.__traceback__)
            if Path(frame.filename).is_relative_to(lesson)
        ]
        where = f" ({lines[-1]})" if lines else ""  # the text of a SyntaxError has the line already
        said = f"{type(error).__name__}: {error}{where}"
        raise DefinitionError(f"the definitions in {lesson.name}/{path.name} cannot be loaded: {said}.") from error
