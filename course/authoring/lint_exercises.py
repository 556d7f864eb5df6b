"""Rules about the exercises of a lesson: order, points, hints, goals, and cells that must not depend on an answer."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from course.authoring.consistency import BEGIN, END, Problem
from course.authoring.lesson import LessonSource, count_words, settings
from course.authoring.source import LessonCell
from course.authoring.stub import number
from course.grading import Exercise, Value

GOALS = "By the end you can"
GOAL = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+(\S.*(?:\n(?!\s*(?:[-*+]|\d+[.)])\s|\s*\n).*)*)", re.M)
NAMED = re.compile(r"\bexercises? (\d+(?:\.\d+)+(?:(?:,| and) \d+(?:\.\d+)+)*)")
TABLE_ROW = re.compile(r"^\s*\|.*$", re.M)
REGION = re.compile(rf"^[ \t]*{BEGIN}\n(.*?)^[ \t]*{END}", re.M | re.S)


def order(lesson: LessonSource) -> Iterator[Problem]:
    numbered = [(int(cell.exercise.rpartition("_ex")[2]), cell) for cell in lesson.cells if cell.role == "exercise"]
    for (before, _), (after, cell) in zip(numbered, numbered[1:], strict=False):
        if after < before:
            yield lesson.problem(cell, f"{cell.exercise} comes after exercise {before}; learners count upwards.")


def points(lesson: LessonSource) -> Iterator[Problem]:
    step = settings()["point_step"]
    for exercise in lesson.notebook_exercises:
        if odd := [part for part, worth in exercise.parts.items() if worth % step]:
            yield _at_text(lesson, exercise, f"part {odd[0]!r} is worth {exercise.parts[odd[0]]:g} points; use steps of {step}.")


def length(lesson: LessonSource) -> Iterator[Problem]:
    """Counts the words of an exercise's text. Its tables come on top."""
    most = settings()["exercise_words"]
    for exercise in lesson.notebook_exercises:
        count = count_words(TABLE_ROW.sub("", lesson.source.of(exercise.id, "exercise")[0].text))
        if count > most:
            yield _at_text(lesson, exercise, f"{count} words beside its tables; shorten the text to {most}.")


def hints(lesson: LessonSource) -> Iterator[Problem]:
    wanted = settings()["hints"]
    for exercise in lesson.notebook_exercises:
        say = partial(_at_text, lesson, exercise)
        if len(exercise.hints) != wanted:
            yield say(f"{len(exercise.hints)} hints; the ladder has {wanted}: a nudge, where to look, nearly the code.")
        if len({hint.strip().lower() for hint in exercise.hints}) < len(exercise.hints):
            yield say("a hint occurs twice; each step must say more.")
        if "TODO" in " ".join((exercise.title, *exercise.hints)):
            yield say("its title or a hint still says TODO.")


def given_away(lesson: LessonSource) -> Iterator[Problem]:
    """The text, the title or a hint contains a value that the exercise asks for."""
    for exercise in lesson.notebook_exercises:
        text = lesson.prose(lesson.source.of(exercise.id, "exercise")[0])
        shown = "\n".join((text, exercise.title, *exercise.hints))
        for name, literal in _literals(lesson.source.of(exercise.id, "answer")[0], exercise):
            if re.search(rf"(?<![\w.]){re.escape(literal)}(?![\w.]*\w)", shown):
                yield _at_text(lesson, exercise, f"the text or a hint contains the value of `{name}`.")


def _literals(answer: LessonCell, exercise: Exercise) -> Iterator[tuple[str, str]]:
    """Literal numbers and texts that the reference assigns to the names that the check needs."""
    regions = {line for start, end in _regions(answer.text) for line in range(start, end + 1)}
    for node in ast.walk(ast.parse(answer.text)):
        if not isinstance(node, ast.Assign) or node.lineno not in regions:
            continue
        try:
            values = _leaves(ast.literal_eval(node.value))
        except ValueError:
            continue
        for target in node.targets:
            if isinstance(target, ast.Name) and isinstance(exercise.evidence.get(target.id), Value):
                yield from ((target.id, text) for text in values if len(text) > 1)


def _leaves(value: Any) -> list[str]:
    """The numbers and texts in a literal, as text."""
    if isinstance(value, dict):
        return _leaves(list(value.values()))
    if isinstance(value, (list, tuple, set)):
        return [leaf for item in value for leaf in _leaves(item)]
    return [] if isinstance(value, (bool, type(None))) else [str(value)]


def _regions(text: str) -> Iterator[tuple[int, int]]:
    for region in REGION.finditer(text):
        yield text.count("\n", 0, region.start()) + 1, text.count("\n", 0, region.end()) + 1


def objectives(lesson: LessonSource) -> Iterator[Problem]:
    """An exercise meets each goal, and each exercise meets a goal."""
    cell = next((cell for cell in lesson.markdown if GOALS in lesson.prose(cell)), None)
    if cell is None:
        return  # the rule about openings reports it
    listed = re.split(r"\n\s*\n(?=\S)", lesson.prose(cell).partition(GOALS)[2].lstrip("\n*: …."))[0]
    goals = [goal.strip() for goal in GOAL.findall(listed)]
    numbers = {number(exercise.id): exercise.id for exercise in lesson.notebook_exercises}
    named = [found for goal in goals for words in NAMED.findall(goal) for found in re.findall(r"\d+(?:\.\d+)+", words)]
    without = [goal for goal in goals if not NAMED.search(goal)]
    if len(without) > lesson.setting("goals_without_exercise"):
        yield lesson.problem(cell, f"no exercise meets the goal {without[0]!r}; write `(exercise N)` behind it, or another exercise.")
    for strange in sorted(set(named) - set(numbers)):
        yield lesson.problem(cell, f"a goal names exercise {strange}, which this notebook does not have.")
    for missing in sorted(set(numbers) - set(named)):
        yield lesson.problem(cell, f"exercise {missing} meets no goal; name it behind one, as `(exercise {missing})`.")


def cold_exercises(lesson: LessonSource) -> Iterator[Problem]:
    """A cell must not depend on another exercise's answer: a learner who failed that exercise could not continue."""
    answered: dict[str, str] = {}  # name that only an answer binds -> its exercise
    bound: set[str] = set()
    for cell in lesson.code:
        tree = _tree(cell)
        names, helpers = _bound(tree), {function.name: owner for function, owner in _helpers(tree, answered)}
        if cell.role != "check":
            for name, owner in (answered | helpers).items():
                if owner != cell.exercise and name in _unguarded(tree) and (name in helpers or name not in names):
                    yield lesson.problem(cell, f"uses `{name}`, the answer to {owner}, which may be open or wrong; put it into a `try`.")
        if cell.role == "answer":
            answered |= {name: cell.exercise for name in names - bound}
        else:
            answered = {name: owner for name, owner in answered.items() if name not in names} | helpers
        bound |= names


def _helpers(tree: ast.Module, answered: dict[str, str]) -> Iterator[tuple[ast.FunctionDef, str]]:
    """Functions that use an answer when they are called, with its exercise."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield from ((node, answered[name]) for name in sorted(answered.keys() & _unguarded(ast.Module(node.body, []))))


def _tree(cell: LessonCell) -> ast.Module:
    try:
        return ast.parse(re.sub(r"^\s*[%!].*$", "pass", cell.text, flags=re.M))
    except SyntaxError:  # IPython's own syntax; `consistency` reports what is wrong with an answer
        return ast.parse("")


def _bound(tree: ast.Module) -> set[str]:
    """Names that a cell binds outside of functions."""
    names: set[str] = set()
    for node in _outside_functions(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return names


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            yield from _outside_functions(child)


def _unguarded(node: ast.AST) -> set[str]:
    """Names that the code reads, except in a `try` or in a function, which runs only when it is called."""
    names: set[str] = set()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Try, ast.FunctionDef, ast.Lambda)):
            continue
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load):
            names.add(child.id)
        names |= _unguarded(child)
    return names


def _at_text(lesson: LessonSource, exercise: Exercise, what: str) -> Problem:
    return lesson.problem(lesson.source.of(exercise.id, "exercise")[0], f"{exercise.id}: {what}")


RULES: tuple[Callable[[LessonSource], Iterator[Problem]], ...] = (
    order,
    points,
    length,
    hints,
    given_away,
    objectives,
    cold_exercises,
)
