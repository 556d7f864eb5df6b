"""Mutants: an exercise's reference answer with one small mistake in it. A good check detects each mistake.

mutmut's operators make them (``a < b`` becomes ``a <= b``, ``3`` becomes ``4``, an argument is dropped), and an operator of this module
for requests to AWS, which leaves out one member of a request. Only code between the markers of the solution is changed. A string that
is itself a program, such as a training script, is changed inside.
"""

from __future__ import annotations

import ast
import hashlib
import itertools
import os
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from course.grading.errors import DefinitionError
from course.grading.gate.candidates import REGION

MEMBER = re.compile(r"""["'][A-Z][A-Za-z]+["']""")  # as botocore and the SDK write the members of a request
SHORTEST_PROGRAM = 3  # the least number of statements of a string that counts as a program
NAME_LENGTH = 160


@dataclass(frozen=True)
class Mutant:
    """The code of an answer cell with one change. ``name`` shows the lines that differ, and so survives edits elsewhere."""

    name: str
    code: str


def mutants(answer: str) -> list[Mutant]:
    """All mutants of the reference in an answer cell, in the order of its lines. All are Python, different, and unlike the reference.

    Parameters
    ----------
    answer : str
        The text of the cell, with the solution region.

    Raises
    ------
    DefinitionError
        When mutmut is not installed.
    SyntaxError
        When the cell is not Python.
    """
    seen, names, found = {ast.dump(ast.parse(answer))}, Counter(), []
    for code in [*_changed(answer, _lines_of_solution(answer)), *_changed_programs(answer)]:
        meaning = _meaning(code)
        if meaning is None or meaning in seen:
            continue
        seen.add(meaning)
        name = _name(answer, code)
        names[name] += 1
        found.append(Mutant(f"{name} ({names[name]})" if names[name] > 1 else name, code))
    return found


def fingerprint(made: Iterable[Mutant]) -> str:
    """A hash that changes when the set of mutants changes."""
    return hashlib.sha256("\0".join(mutant.name for mutant in made).encode()).hexdigest()[:12]


def _lines_of_solution(answer: str) -> set[int]:
    """Numbers of the lines between the markers, from 1."""
    return {
        line
        for region in REGION.finditer(answer)
        for line in range(answer.count("\n", 0, region.start()) + 2, answer.count("\n", 0, region.end()) + 1)
    }


def _changed(code: str, lines: set[int]) -> Iterator[str]:
    """Copies of the code with one change each, only in ``lines``."""
    libcst, operators = _tools()
    wrapper = libcst.metadata.MetadataWrapper(libcst.parse_module(code))
    module, places = wrapper.module, wrapper.resolve(libcst.metadata.WhitespaceInclusivePositionProvider)
    starts = [0, *itertools.accumulate(len(line) for line in code.splitlines(keepends=True))]
    for node in _nodes(module, libcst.Annotation):
        if node not in places or places[node].start.line not in lines:
            continue
        start, end = (starts[place.line - 1] + place.column for place in (places[node].start, places[node].end))
        for kind, operator in operators:
            for changed in operator(node) if isinstance(node, kind) else ():
                if isinstance(node, libcst.BaseCompoundStatement):  # its indentation depends on the enclosing block
                    yield module.deep_replace(node, changed).code
                else:  # twenty times as fast
                    yield code[:start] + module.code_for_node(changed) + code[end:]


def _nodes(node: Any, left_out: type) -> Iterator[Any]:
    """A node and all nodes below it, in source order."""
    if not isinstance(node, left_out):
        yield node
        for child in node.children:
            yield from _nodes(child, left_out)


def _changed_programs(answer: str) -> Iterator[str]:
    """Copies of the answer with one change in a string that is itself a program."""
    tree = ast.parse(answer)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str) and node.lineno in _lines_of_solution(answer)):
            continue
        written = ast.get_source_segment(answer, node) or ""
        if not _is_program(node.value) or node.value not in written:  # a program written with escapes is skipped
            continue
        for program in _changed(node.value, set(range(1, node.value.count("\n") + 2))):
            if _meaning(program) != _meaning(node.value):
                yield answer.replace(written, written.replace(node.value, program), 1)


def _is_program(text: str) -> bool:
    try:
        return "\n" in text.strip() and len(ast.parse(text).body) >= SHORTEST_PROGRAM
    except SyntaxError:
        return False


def _meaning(code: str) -> str | None:
    """The syntax tree as text, equal for code that differs only in spaces and comments; None when it is not Python."""
    try:
        with warnings.catch_warnings(action="ignore"):  # such as "is" with a literal
            compile(code, "mutant", "exec")  # refuses more than the parser alone: `break` outside of a loop
        return ast.dump(ast.parse(code))
    except (SyntaxError, ValueError):
        return None


def _name(before: str, after: str) -> str:
    """The lines that differ, as ``before -> after``; of long lines only the part around the change."""
    old_lines, new_lines = before.splitlines(), after.splitlines()
    first, last = _common(old_lines, new_lines)
    old, new = (" ".join(line.strip() for line in lines[first : len(lines) - last]) for lines in (old_lines, new_lines))
    if len(old) + len(new) > NAME_LENGTH:
        start, end = _common(old, new)
        old, new = (_around(text, start, len(text) - end) for text in (old, new))
    return f"{old or 'nothing'} -> {new or 'nothing'}"


def _common(one: Sequence, other: Sequence) -> tuple[int, int]:
    """The length of the common beginning and, in the rest, of the common end."""
    start = len(os.path.commonprefix([one, other]))
    return start, len(os.path.commonprefix([one[start:][::-1], other[start:][::-1]]))


def _around(text: str, start: int, end: int) -> str:
    """``text[start:end]`` with some text around it, at most `NAME_LENGTH` characters."""
    first, last = max(0, start - 30), min(len(text), end + 20)
    cut = text[first:last] if last - first <= NAME_LENGTH else f"{text[first : first + NAME_LENGTH]}..."
    return f"{'...' * (first > 0)}{cut}{'...' * (last < len(text))}"


def _without_member(call: Any) -> Iterable[Any]:
    """A call with a single keyword argument, without it; mutmut does not drop a single one."""
    if len(call.args) == 1 and call.args[0].keyword is not None:
        yield call.with_changes(args=[])


def _without_item(dictionary: Any) -> Iterable[Any]:
    """Copies of a dictionary that is part of a request, each without one of its members."""
    for number, element in enumerate(dictionary.elements):
        key = getattr(getattr(element, "key", None), "value", "")
        if isinstance(key, str) and MEMBER.fullmatch(key):  # the key of `{names[place]: 1}` is not a string
            rest = [*dictionary.elements[:number], *dictionary.elements[number + 1 :]]
            yield dictionary.with_changes(elements=rest)


def _tools() -> tuple[Any, list[tuple[type, Callable[[Any], Iterable[Any]]]]]:
    """libcst, and the operators with the kind of node that each changes. mutmut is only in the dependency group `dev`."""
    try:
        import libcst
        import libcst.metadata
        from mutmut.mutation.mutators import mutation_operators
    except ImportError as error:
        raise DefinitionError(f"mutants are made by mutmut, which is not here ({error}); install it by `uv sync --group dev`.") from None
    return libcst, [*mutation_operators, (libcst.Call, _without_member), (libcst.Dict, _without_item)]
