"""Tests that a definition is validated when it is made, and that the error names the mistake."""

from __future__ import annotations

from typing import Any

import numpy
import pandas
import pytest

from course.grading import DefinitionError, Function, Value, vocabulary
from tests.grading.exercise_fixtures import exercise


def test_derives_names_and_points() -> None:
    found = exercise(id="m04_1_ex2", parts={"shape": 1, "unseen": 2.5})
    assert (found.lesson, found.notebook, found.points) == ("m04", "m04_1", 3.5)
    assert (found.answer_cell, found.check_cell) == ("m04_1_ex2", "m04_1_ex2_check")
    assert exercise(id="m00_ex1").notebook == "m00"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": "ex1"}, "ids look like"),
        ({"id": "m04_1_ex1\n"}, "ids look like"),
        ({"id": "m04_1_ex" + "1" * 30}, "at most 32"),
        ({"id": None}, "ids look like"),
        ({"title": " "}, "title is empty"),
        ({"parts": {}}, "parts is empty"),
        ({"parts": {"Shape": 1}}, "lower_snake_case"),
        ({"parts": {"shape": 0}}, "not a positive number"),
        ({"parts": {"shape": True}}, "not a positive number"),
        ({"parts": {"shape": float("nan")}}, "not a positive number"),
        ({"evidence": {}}, "evidence is empty"),
        ({"evidence": {"a b": Value(str)}}, "not a Python name"),
        ({"evidence": {"a": str}}, "expected Value"),
        ({"hints": ()}, "hints must be"),
        ({"hints": "one"}, "hints must be"),
        ({"hints": ("",)}, "hints must be"),
        ({"skills": {"C01": ["9.9.S9"]}}, "not in skills.yaml"),
        ({"skills": {"C03": []}}, "names exam 'C03'"),
        ({"skills": {}}, "may not be empty"),
        ({"topics": ["train.magic"]}, "not in syllabus.yaml"),
        ({"pattern": 11}, "exercise-patterns.md"),
        ({"seconds": 0}, "positive number"),
    ],
)
def test_refuses_what_is_wrong(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        exercise(**changes)


@pytest.mark.parametrize("kind", [str, int, float, bool, list, dict, list[str], dict[str, float], float | None, numpy.ndarray])
def test_value_kinds(kind: Any) -> None:
    assert str(Value(kind))


@pytest.mark.parametrize("kind", [object, set, list[object], "str", pandas.Index])
def test_value_refuses_other_kinds(kind: Any) -> None:
    with pytest.raises(DefinitionError, match="a kind is"):
        Value(kind)


def test_function_reads_its_signature() -> None:
    function = Function("choose(job: dict, size: int) -> DataFrame")
    assert (function.name, function.arguments, function.returns) == ("choose", ("job", "size"), pandas.DataFrame)
    assert Function("f(x) -> None").returns is type(None)
    assert Function("f(x) -> list[str] | None").returns == list[str] | None


@pytest.mark.parametrize("signature", ["choose", "choose(job", "choose(job) -> Model", "f(x) -> __import__('os')", "f(): pass; g()"])
def test_function_refuses_what_is_no_signature(signature: str) -> None:
    with pytest.raises(DefinitionError):
        Function(signature)


def test_two_checks_of_a_phase_are_refused() -> None:
    found = exercise()
    found.practice(lambda answer, report: None)
    with pytest.raises(DefinitionError, match="two practice checks"):
        found.practice(lambda answer, report: None)


def test_vocabulary_is_the_guides() -> None:
    assert (len(vocabulary.skills("C01")), len(vocabulary.skills("C02")), len(vocabulary.topics())) == (133, 107, 83)
    assert sum(skill.get("new", False) for skill in vocabulary.skills("C02").values()) == 45
