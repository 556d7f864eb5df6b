"""Tests that a definition is validated when it is made, and that the error names the mistake."""

from __future__ import annotations

import numpy
import pandas
import pytest

from course.grading import DefinitionError, Function, Value, vocabulary
from tests.error_messages import error_message
from tests.grading.exercise_fixtures import exercise


def test_derives_names_and_points() -> None:
    found = exercise(id="m04_1_ex2", parts={"shape": 1, "unseen": 2.5})
    assert (found.lesson, found.notebook, found.points) == ("m04", "m04_1", 3.5)
    assert (found.answer_cell, found.check_cell) == ("m04_1_ex2", "m04_1_ex2_check")
    assert exercise(id="m00_ex1").notebook == "m00"


WRONG_DEFINITIONS = [
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
]


def test_a_wrong_definition_is_refused_and_the_message_says_why() -> None:
    for changes, words in WRONG_DEFINITIONS:
        message = error_message(DefinitionError, exercise, **changes)
        assert words in message, (changes, message)


def test_a_value_may_have_these_kinds() -> None:
    for kind in [str, int, float, bool, list, dict, list[str], dict[str, float], float | None, numpy.ndarray]:
        assert str(Value(kind)), kind


def test_a_value_of_another_kind_is_refused() -> None:
    for kind in [object, set, list[object], "str", pandas.Index]:
        assert "a kind is" in error_message(DefinitionError, Value, kind), kind


def test_function_reads_its_signature() -> None:
    function = Function("choose(job: dict, size: int) -> DataFrame")
    assert (function.name, function.arguments, function.returns) == ("choose", ("job", "size"), pandas.DataFrame)
    assert Function("f(x) -> None").returns is type(None)
    assert Function("f(x) -> list[str] | None").returns == list[str] | None


def test_a_wrong_signature_is_refused() -> None:
    for signature in ["choose", "choose(job", "choose(job) -> Model", "f(x) -> __import__('os')", "f(): pass; g()"]:
        assert signature in error_message(DefinitionError, Function, signature), signature


def test_two_checks_of_a_phase_are_refused() -> None:
    found = exercise()
    found.practice(lambda answer, report: None)
    with pytest.raises(DefinitionError, match="two practice checks"):
        found.practice(lambda answer, report: None)


def test_vocabulary_is_the_guides() -> None:
    assert (len(vocabulary.skills("C01")), len(vocabulary.skills("C02")), len(vocabulary.topics())) == (133, 107, 83)
    assert sum(skill.get("new", False) for skill in vocabulary.skills("C02").values()) == 45
