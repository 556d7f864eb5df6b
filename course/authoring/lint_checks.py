"""Rules about the code of checks: what they show, what they depend on, and what their parts are worth.

They read the definitions and the hidden checks of a notebook without running them: `got == wanted` with `{wanted}` in its message is found,
an expected value that is passed in another way is not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from course.authoring.consistency import Problem
from course.authoring.lesson import settings
from course.grading import Exercise

SHORTEST = 2  # length of a literal that the rule searches for in a message
BROAD = {"Exception", "BaseException"}


@dataclass(frozen=True)
class Checks:
    """A module with checks, and the exercises of its notebook."""

    path: Path
    tree: ast.Module
    exercises: Mapping[str, Exercise]

    def problem(self, node: ast.AST, what: str) -> Problem:
        return Problem(f"graders/{self.path.parent.name}/{self.path.name}:{node.lineno}", what)

    @property
    def functions(self) -> list[ast.FunctionDef]:
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]

    def reported(self) -> Iterator[tuple[ast.FunctionDef, ast.Call]]:
        """Each ``report.part(...)``, with the function that contains it."""
        for function in self.functions:
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "report.part":
                    yield function, node


def unknown_parts(checks: Checks) -> Iterator[Problem]:
    parts = {part for exercise in checks.exercises.values() for part in exercise.parts}
    for _, call in checks.reported():
        name = call.args[0] if call.args else None
        if isinstance(name, ast.Constant) and name.value not in parts:
            yield checks.problem(call, f"no exercise of this notebook has a part {name.value!r}; there are {', '.join(sorted(parts))}.")


def expected_values(checks: Checks) -> Iterator[Problem]:
    """A message shows the value that its part compares with."""
    for function, call in checks.reported():
        if len(call.args) < 3:
            continue
        shown, words = _shown(function, call.args[2:] + [keyword.value for keyword in call.keywords])
        for wanted in _compared(call.args[1]):
            if isinstance(wanted, ast.Constant):
                literal = str(wanted.value)
                plain = not isinstance(wanted.value, (bool, type(None)))
                leaks = plain and len(literal) >= SHORTEST and re.search(rf"(?<!\w){re.escape(literal)}(?!\w)", words)
            else:
                leaks = not _is_count(wanted) and ast.unparse(wanted) in shown
            if leaks:
                yield checks.problem(call, f"the message holds the expected value, `{ast.unparse(wanted)}`; say what kind is expected.")


def _is_count(node: ast.expr) -> bool:
    """Whether it only says how many cases there were: "3 of 40"."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "len"


def _compared(condition: ast.expr) -> Iterator[ast.expr]:
    """The right-hand sides of ``==``, as in `got == expected`."""
    for node in ast.walk(condition):
        if isinstance(node, ast.Compare):
            yield from (right for operator, right in zip(node.ops, node.comparators, strict=True) if isinstance(operator, ast.Eq))


def _shown(function: ast.FunctionDef, messages: list[ast.expr]) -> tuple[set[str], str]:
    """The expressions that messages interpolate, and their own words. Variables may hold parts of a message."""
    names = {node.id for message in messages for node in ast.walk(message) if isinstance(node, ast.Name)}
    pieces = list(messages)
    for node in ast.walk(function):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
        if any(isinstance(target, ast.Name) and target.id in names for target in targets):
            pieces.append(node.value)
    texts = [node for piece in pieces for node in ast.walk(piece) if isinstance(node, ast.JoinedStr)]
    shown = {ast.unparse(value.value) for text in texts for value in text.values if isinstance(value, ast.FormattedValue)}
    words = [value.value for text in texts for value in text.values if isinstance(value, ast.Constant)]
    words += [piece.value for piece in pieces if isinstance(piece, ast.Constant) and isinstance(piece.value, str)]
    return shown, " ".join(words)


def forbidden_names(checks: Checks) -> Iterator[Problem]:
    for node in ast.walk(checks.tree):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        imported = {alias.name for alias in node.names} if isinstance(node, (ast.Import, ast.ImportFrom)) else set()
        for word in {name, *imported} & settings()["forbidden_in_checks"].keys():
            yield checks.problem(node, f"`{word}`: {settings()['forbidden_in_checks'][word]}.")


def unrepeatable(checks: Checks) -> Iterator[Problem]:
    for node in ast.walk(checks.tree):
        if isinstance(node, ast.Call) and any(re.fullmatch(known, ast.unparse(node.func)) for known in settings()["unrepeatable"]):
            yield checks.problem(
                node,
                f"`{ast.unparse(node.func)}(...)` differs in each run; draw cases from `answer.rng`, new names from `answer.token()`.",
            )


def kept_between_checks(checks: Checks) -> Iterator[Problem]:
    """A check must not change lists and dictionaries of its module: the check of the next learner would see the change."""
    kept = {
        target.id
        for node in checks.tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.Call))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    changing = {"append", "extend", "add", "update", "pop", "clear", "remove", "insert", "setdefault"}
    for function in checks.functions:
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                yield checks.problem(node, "`global`: a check must not keep anything for the next one, which may be of another learner.")
            changed = None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in changing:
                changed = node.func.value
            elif isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
                changed = node.value
            if isinstance(changed, ast.Name) and changed.id in kept - _local(function):
                yield checks.problem(node, f"changes `{changed.id}` of the module: the next check, of another learner, would see it.")


def _local(function: ast.FunctionDef) -> set[str]:
    names = {argument.arg for argument in ast.walk(function) if isinstance(argument, ast.arg)}
    return names | {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def swallowed(checks: Checks) -> Iterator[Problem]:
    """Assertions and broad handlers: the learner gets no message from them, and no human sees the grade."""
    for function in checks.functions:
        for node in ast.walk(function):
            if isinstance(node, ast.Assert):
                yield checks.problem(node, "an assertion leaves the exercise ungraded; report what fails by report.part.")
            if isinstance(node, ast.ExceptHandler) and (node.type is None or BROAD & _names(node.type)):
                yield checks.problem(node, "catches everything, even mistakes of the check itself; name the exception.")


def _names(node: ast.AST) -> set[str]:
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}


RULES: tuple[Callable[[Checks], Iterator[Problem]], ...] = (
    unknown_parts,
    expected_values,
    forbidden_names,
    unrepeatable,
    kept_between_checks,
    swallowed,
)


def lint(graders: Path, notebook: str, exercises: Mapping[str, Exercise]) -> list[Problem]:
    """All problems of the checks of a notebook."""
    own = {name: exercise for name, exercise in exercises.items() if exercise.notebook == notebook}
    paths = [*graders.glob(f"*/{notebook}.py"), *sorted(graders.glob(f"*/{notebook}_*.py"))]
    modules = [Checks(path, ast.parse(path.read_text(encoding="utf-8")), own) for path in paths]
    found = [problem for checks in modules for rule in RULES for problem in rule(checks)]
    return found + [problem for exercise in own.values() for problem in _unreported(exercise, modules)]


def _unreported(exercise: Exercise, modules: list[Checks]) -> Iterator[Problem]:
    """Parts that no check can report, so that nobody can earn them."""
    if any("exercise.parts" in ast.unparse(function) for checks in modules for function in checks.functions):
        return  # reports all parts there are
    texts = {
        node.value
        for checks in modules
        for function in checks.functions
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for part in exercise.parts.keys() - texts:
        if modules:
            yield modules[0].problem(
                _definition(exercise, modules[0]), f"no check reports part {part!r} of {exercise.id}: nobody can earn it."
            )


def _definition(exercise: Exercise, checks: Checks) -> ast.AST:
    """Where an exercise is defined."""
    for node in checks.tree.body:
        if isinstance(node, ast.Assign) and f"'{exercise.id}'" in ast.unparse(node.value):
            return node
    return checks.tree.body[0]
