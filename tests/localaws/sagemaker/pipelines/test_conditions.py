"""Conditions: how two values are compared, and how a Condition step chooses its branch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.localaws.sagemaker.pipelines.language.conditions import ORDERS, all_hold, holds
from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError
from tests.localaws.sagemaker.pipelines.definitions import condition, fail, get
from tests.localaws.sagemaker.pipelines.pipeline_fixtures import PipelineFixtures


class Plain:
    """A scope of conditions that refer to nothing."""

    def get(self, path: str) -> object:
        raise AssertionError(path)

    def json_file(self, location: dict) -> object:
        raise AssertionError(location)


def compare(kind: str, left: object, right: object) -> bool:
    return holds({"Type": kind, "LeftValue": left, "RightValue": right}, Plain())


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (1, 1.0, True),
        ("1", "1", True),
        ("6", 6.0, True),
        (0.5, "5e-1", True),
        ("1", "1.0", False),
        ("x", 1, False),
        ("nan", float("nan"), False),
        (True, 1, False),
        (True, "True", True),
        ("false", False, True),
        ("1", True, False),
        (None, None, True),
        (None, 0, False),
        ([1], [1], True),
        ([1], "[1]", False),
    ],
)
def test_equality(left: object, right: object, equal: bool) -> None:
    assert compare("Equals", left, right) == compare("Equals", right, left) == equal
    assert compare("NotEquals", left, right) == (not equal)
    assert holds({"Type": "In", "QueryValue": left, "Values": ["other", right]}, Plain()) == equal
    assert holds({"Type": "NotIn", "QueryValue": left, "Values": ["other", right]}, Plain()) == (not equal)


@pytest.mark.parametrize(("left", "right"), [("1", "0"), ("b", "a"), (2, 1.5), ("10", 9), (10, "9.5"), ("9", "10")])
def test_order(left: object, right: object) -> None:
    outcomes = {kind: compare(kind, left, right) for kind in ORDERS}
    assert outcomes == {"GreaterThan": True, "GreaterThanOrEqualTo": True, "LessThan": False, "LessThanOrEqualTo": False}


@pytest.mark.parametrize(("left", "right"), [("x", 1), (None, 1), (True, 1), (True, False), ([1], [2]), ({}, {})])
@pytest.mark.parametrize("kind", sorted(ORDERS))
def test_values_without_an_order(kind: str, left: object, right: object) -> None:
    with pytest.raises(ExpressionError, match=f"The condition {kind} cannot compare"):
        compare(kind, left, right)


PLAIN = st.booleans().map(lambda value: {"Type": "Equals", "LeftValue": value, "RightValue": True})
CONDITIONS = st.recursive(
    PLAIN,
    lambda inner: (
        inner.map(lambda one: {"Type": "Not", "Condition": one})
        | st.lists(inner, max_size=3).map(lambda several: {"Type": "Or", "Conditions": several})
    ),
)


def truth(value: dict) -> bool:
    match value["Type"]:
        case "Not":
            return not truth(value["Condition"])
        case "Or":
            return any(map(truth, value["Conditions"]))
    return value["LeftValue"]


@given(st.lists(CONDITIONS, min_size=1, max_size=4))
def test_not_or_and_lists_combine_as_in_logic(conditions: list[dict]) -> None:
    assert all_hold(conditions, Plain()) == all(map(truth, conditions))


@given(st.integers() | st.floats(allow_nan=False), st.integers() | st.floats(allow_nan=False))
def test_numbers_compare_as_numbers(left: float, right: float) -> None:
    assert compare("LessThan", left, right) == (left < right)
    assert compare("GreaterThanOrEqualTo", left, right) == (left >= right)


@pytest.fixture(scope="module")
def run(client):
    """Run a condition; returns the steps of the execution by name."""
    fixtures = PipelineFixtures(client)

    def running(*conditions: dict, **parameters: object) -> dict[str, dict]:
        step = condition("c", *conditions, IfSteps=[condition("if", IfSteps=[fail("yes", outcome)])], ElseSteps=[fail("no", outcome)])
        listed = [{"Name": "n", "Type": "Integer", "DefaultValue": 3}, {"Name": "s", "DefaultValue": "b"}]
        return fixtures.steps(fixtures.run(fixtures.create({"Parameters": listed, "Steps": [step]}), **parameters))

    outcome = {"Std:Join": {"On": "", "Values": ["it is ", get("Steps.c.Outcome")]}}
    return running


IN = {"Type": "In", "QueryValue": get("Parameters.s"), "Values": ["a", "b"]}
LESS = {"Type": "LessThan", "LeftValue": get("Parameters.n"), "RightValue": 4}


def test_the_branch_that_is_taken_runs_and_the_other_does_not(run) -> None:
    steps = run(IN, LESS)
    assert list(steps) == ["c", "if", "yes"]
    assert steps["c"]["Metadata"]["Condition"]["Outcome"] == "True"
    assert steps["yes"]["FailureReason"] == "it is true"
    steps = run(IN, LESS, n=4)
    assert list(steps) == ["c", "no"]
    assert (steps["c"]["Metadata"]["Condition"]["Outcome"], steps["no"]["FailureReason"]) == ("False", "it is false")


def test_nested_conditions(run) -> None:
    either = {"Type": "Or", "Conditions": [{"Type": "Not", "Condition": IN}, LESS]}
    assert "yes" in run(either, s="z", n=9)
    assert "no" in run(either, s="a", n=9)


def test_a_condition_that_cannot_be_evaluated_fails_its_step(run) -> None:
    steps = run({"Type": "LessThan", "LeftValue": get("Parameters.s"), "RightValue": 1})
    assert list(steps) == ["c"]
    assert steps["c"]["FailureReason"] == "ClientError: The condition LessThan cannot compare 'b' with 1"
