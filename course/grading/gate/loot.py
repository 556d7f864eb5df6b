"""What a learner's kernel can import of a lesson, and what that says when it is called.

That is what `course release` hands out and what the sandbox of a submission holds: the definitions with their practice checks, the
modules that these use, `course.exercises`, and the lesson's given files. The rest of the `course` package knows no lesson. Hidden
modules, whose names end in ``_hidden.py``, are in neither.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import importlib
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from course import exercises
from course.grading import calls, catalogue
from course.grading.capture import captured

SECONDS = 5.0  # of one call
NOTHING = object()  # what a call says that raised an error, or took too long
PARTS = 20  # of a result are read by themselves
DEPTH = 2  # so deep
STATEMENTS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.If)  # of a module, not of a script
LIBRARIES = ("pandas", "numpy", "re", "datetime")  # objects of these are read as they are


@dataclass(frozen=True)
class Loot:
    """``functions`` are functions and classes by their names, ``constants`` are data by their names."""

    functions: Mapping[str, Callable[..., Any]]
    constants: Mapping[str, Any]


def of_lesson(graders: Path, given: Path) -> Loot:
    """The loot of a lesson: ``graders`` is its folder of definitions, ``given`` that of its given files, which may not exist."""
    functions: dict[str, Callable[..., Any]] = {}
    constants: dict[str, Any] = {}
    for module in [*_definitions(graders), *_planted(), *_given(given)]:
        short = module.__name__.rpartition(".")[2]
        for name, thing in vars(module).items():
            if inspect.isfunction(thing) or inspect.isclass(thing):
                if thing.__module__ == module.__name__ and not (inspect.isclass(thing) and _tells_nothing(thing)):
                    functions[f"{short}.{name}"] = thing
            elif isinstance(thing, (str, int, float, list, tuple, set, frozenset, dict)) and not name.startswith("__"):
                constants[f"{short}.{name}"] = thing
    return Loot(functions, constants)


def _tells_nothing(kind: type) -> bool:
    """Whether a class is an error, or only keeps what it is given."""
    own = [member for name, member in vars(kind).items() if not name.startswith("__")]
    computes = any(inspect.isfunction(member) or isinstance(member, (property, cached_property)) for member in own)
    return issubclass(kind, BaseException) or (is_dataclass(kind) and not computes)


def _definitions(folder: Path) -> Iterator[ModuleType]:
    for path in sorted(folder.glob("*.py")):
        if not path.stem.endswith(catalogue.HIDDEN):
            yield catalogue.load_module(path)


def _planted() -> Iterator[ModuleType]:
    for each in pkgutil.iter_modules(exercises.__path__):
        yield importlib.import_module(f"{exercises.__name__}.{each.name}")


def _given(folder: Path) -> Iterator[ModuleType]:
    """The given files that can be imported; a script would run instead."""
    for path in sorted(folder.glob("*.py")):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        if not all(isinstance(each, STATEMENTS) or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)) for each in body):
            continue
        specification = importlib.util.spec_from_file_location(f"given_{path.stem}", path)
        if specification and specification.loader:
            module = importlib.util.module_from_spec(specification)
            sys.modules[module.__name__] = module  # dataclasses look their module up
            with contextlib.suppress(Exception, SystemExit), captured():
                specification.loader.exec_module(module)
                yield module


def said(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What a function returns for copies of these arguments; `NOTHING` when it raises an error or takes longer than `SECONDS`."""
    with contextlib.suppress(Exception, SystemExit, calls.TimeLimit), captured(), calls.limited(SECONDS):
        return function(*copy.deepcopy(arguments), **copy.deepcopy(named))
    return NOTHING


def takes(function: Callable[..., Any], count: int) -> bool:
    """Whether a function can be called with so many arguments."""
    try:
        inspect.signature(function).bind(*range(count))
    except (TypeError, ValueError):
        return False
    return True


def required(function: Callable[..., Any]) -> list[str]:
    """The names of the parameters that have no default."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    free = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [each.name for each in parameters if each.default is each.empty and each.kind not in free]


def readings(result: Any, depth: int = DEPTH) -> dict[str, Any]:
    """What a result says, by how it is read: as it is, its parts, and the key of its largest or least number."""
    found = {"": result}
    if depth:
        for label, part in list(_parts(result).items())[:PARTS]:
            found |= {label + more: inner for more, inner in readings(part, depth - 1).items()}
    return found


def _parts(result: Any) -> dict[str, Any]:
    if isinstance(result, Mapping):
        parts = {f"[{key!r}]": value for key, value in result.items() if isinstance(key, str)}
        if result and all(isinstance(value, (int, float)) for value in result.values()):
            parts = {".most": max(result, key=result.__getitem__), ".least": min(result, key=result.__getitem__)} | parts
        return parts
    if isinstance(result, Sequence) and not isinstance(result, str):
        return {f"[{place}]": part for place, part in enumerate(result)}
    if isinstance(result, (set, frozenset)):
        return {"[any]": next(iter(sorted(result, key=repr)))} if result else {}
    if not hasattr(result, "__dict__") or type(result).__module__.partition(".")[0] in LIBRARIES or inspect.isclass(result):
        return {}
    return {f".{name}": value for name in dir(result) if not name.startswith("_") and (value := _member(result, name)) is not NOTHING}


def _member(thing: Any, name: str) -> Any:
    """An attribute; of a method without parameters, what it returns."""
    value = said(lambda: getattr(thing, name))
    return value if not callable(value) else NOTHING if required(value) else said(value)
