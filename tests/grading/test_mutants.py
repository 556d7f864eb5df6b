"""Tests that each mutant is Python, differs in meaning from the answer, is made once, and changes only the reference."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.grading.gate.candidates import code_cells
from course.grading.gate.mutants import fingerprint, mutants

SOLUTIONS = Path(__file__).parents[2] / "solutions"
ANSWER = """
LIMIT = 5  # of the lesson


def choose(size: int, name: str = "none") -> dict:
    ### BEGIN SOLUTION
    {line}
    ### END SOLUTION
"""


def names(line: str) -> list[str]:
    return [mutant.name for mutant in mutants(ANSWER.format(line=line))]


OPERATORS = [
    ("return size < 3", ["return size < 3 -> return size <= 3", "return size < 3 -> return size < 4"]),
    ("return not size", ["return not size -> return size"]),
    ("return size and name", ["return size and name -> return size or name"]),
    ("sagemaker.stop(Name=name)", ["sagemaker.stop(Name=name) -> sagemaker.stop()"]),
    ("create(Name=name, Role=role)", ["create(Name=name, Role=role) -> create(Role=role)"]),
    ('return {"Image": name}', ['return {"Image": name} -> return {}']),
    ('return {"image": name}', ['return {"image": name} -> return {"XXimageXX": name}']),
    ("start(Spot=True)", ["start(Spot=True) -> start(Spot=False)"]),
]


def test_each_operator_makes_its_mutants() -> None:
    for line, expected in OPERATORS:
        assert set(expected) <= set(names(line)), line


def test_a_member_outside_a_request_is_not_removed() -> None:
    assert 'return {"image": name} -> return {}' not in names('return {"image": name}')


def test_a_member_may_be_named_by_an_expression() -> None:
    assert "return {name: 1} -> return {name: 2}" in names("return {name: 1}")


def test_code_outside_the_solution_is_not_changed() -> None:
    for mutant in mutants(ANSWER.format(line="return size < 3")):
        assert mutant.code.startswith(ANSWER.partition("    ### BEGIN")[0])


def test_mutants_of_a_repeated_line_have_unique_names() -> None:
    found = names("a = 1\n    b = 2\n    a = 1")
    assert "a = 1 -> a = 2" in found and "a = 1 -> a = 2 (2)" in found


def test_a_program_in_a_text_is_changed_inside() -> None:
    script = 'return """\nimport sys\nlate = int(sys.argv[1]) > 15\nprint(late)\n"""'
    assert "late = int(sys.argv[1]) > 15 -> late = int(sys.argv[1]) >= 15" in names(script)


def test_a_string_that_is_not_a_program_is_not_changed_inside() -> None:
    assert names('"""\nBegin with the training job.\nThen look.\n"""') == []


def test_code_that_is_not_python_any_more_is_left_out() -> None:
    assert not [name for name in names("for i in range(3):\n        continue") if name.endswith("return")]


CELLS = {cell.exercise: cell.text for path in SOLUTIONS.glob("m*/m*.py") for cell in code_cells(path) if cell.role == "answer"}


@pytest.mark.parametrize("exercise", ["m00_ex2", "m02_1_ex3", "m08_1_ex3"])
def test_mutants_of_a_lesson(exercise: str) -> None:
    made = mutants(CELLS[exercise])
    meanings = [ast.dump(ast.parse(mutant.code)) for mutant in made]
    assert len(made) > 10
    assert len({mutant.name for mutant in made}) == len(set(meanings)) == len(made)
    assert ast.dump(ast.parse(CELLS[exercise])) not in meanings
    assert fingerprint(made) == fingerprint(mutants(CELLS[exercise])) != fingerprint(made[1:])


EXPRESSIONS = st.recursive(
    st.sampled_from(["size", "1", "0.5", "'a'", "True", "None", "[]", "f(size)", "f(size, key=2)"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "<", "and", "in", "is not", "//"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda one: f"(not {one})"),
        st.tuples(inner, inner, inner).map(lambda parts: "({} if {} else {})".format(*parts)),
        inner.map(lambda one: f"[{one} for size in (\n  {one},\n)]"),
    ),
    max_leaves=6,
)


@settings(max_examples=30)
@given(EXPRESSIONS)
def test_any_expression(expression: str) -> None:
    answer = ANSWER.format(line=f"return {expression}")
    made = mutants(answer)
    meanings = {ast.dump(ast.parse(mutant.code)) for mutant in made}
    assert len(meanings) == len({mutant.name for mutant in made}) == len(made)
    assert ast.dump(ast.parse(answer)) not in meanings


def test_without_mutmut_the_error_says_what_to_install() -> None:
    program = "import sys; sys.modules['mutmut'] = None\nfrom course.grading.gate.mutants import mutants\nmutants('x = 1')"
    done = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True)
    assert "install it by `uv sync --group dev`" in done.stderr
