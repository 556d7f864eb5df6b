"""Changed and random definitions: the parser accepts each, or refuses it with a place in the JSON."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from course.localaws.core.errors import AwsError
from course.localaws.sagemaker.pipelines.language.parsing import parse
from course.localaws.sagemaker.pipelines.steps.types import TYPES
from tests.localaws.sagemaker.pipelines.definitions import FILES, condition, fail, get, processing, read, refusal, training

NAMES = st.sampled_from(["a", "b", "c", "d", "e"])


REPORTED = {"Std:JsonGet": {"PropertyFile": get("Steps.p.PropertyFiles.report"), "Path": "a"}}
WHOLE = {  # a definition with all parts of the language
    "Version": "2020-12-01",
    "Metadata": {"a": "b"},
    "Parameters": [
        {"Name": "s", "Type": "String", "DefaultValue": "x", "EnumValues": ["x"], "Description": "d"},
        {"Name": "i", "Type": "Integer"},
    ],
    "PipelineExperimentConfig": {"ExperimentName": get("Execution.PipelineName"), "TrialName": get("Parameters.s")},
    "MlflowConfig": {"MlflowResourceArn": "a", "MlflowExperimentName": None},
    "Steps": [
        processing(Environment={"A": get("PipelineExperimentConfig.TrialName")}, ProcessingInputs=[{"InputName": "x"}])
        | {
            "PropertyFiles": FILES,
            "CacheConfig": {"Enabled": True, "ExpireAfter": "P1D"},
            "RetryPolicies": [{"ExceptionType": ["Step.THROTTLING"], "IntervalSeconds": 1, "BackoffRate": 2.0, "MaxAttempts": 3}],
            "DisplayName": "P",
            "Description": "d",
        },
        training(HyperParameters={"A": {"Std:Join": {"On": "", "Values": [get("Parameters.i"), 1]}}}) | {"DependsOn": ["p"]},
        {
            "Name": "e",
            "Type": "Callback",
            "SqsQueueUrl": get("Parameters.s"),
            "OutputParameters": [{"OutputName": "y", "OutputType": "Float"}],
            "DependsOn": [{"Step": "t", "Trigger": "Any"}],
        },
        {
            "Name": "each",
            "Type": "ForEach",
            "Arguments": {
                "IterableItems": ["a", get("Parameters.s")],
                "MaxConcurrency": 2,
                "Selector": {"Pick": "MaxBy", "Field": get("IterationOutput.inner.FinalMetricDataList['a'].Value")},
                "ForEachBody": [training("inner", Environment={"A": get("ForEach.CurrentItem.b[0]")})],
            },
        },
        condition(
            "c",
            {
                "Type": "In",
                "QueryValue": REPORTED,
                "Values": [1],
            },
            {"Type": "Not", "Condition": {"Type": "Or", "Conditions": [{"Type": "LessThan", "LeftValue": 1, "RightValue": None}]}},
            {"Type": "Equals", "LeftValue": get("Steps.each.Selected.TrainingJobName"), "RightValue": get("Steps.e.OutputParameters['y']")},
            IfSteps=[fail("g", {"Std:Join": {"On": " ", "Values": [get("Steps.each.IterationOutputs[0].inner.TrainingJobName")]}})],
            ElseSteps=[],
        ),
    ],
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["Get", "Std:Join", "Name", "x"]), inner, max_size=2),
    max_leaves=4,
)


def nodes(value: object) -> list[tuple[Any, Any]]:
    """All places in a JSON value, as the container and the key or position in it."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in entries for place in [(value, key), *nodes(inner)]]


def test_the_whole_language_is_accepted() -> None:
    definition = parse(json.dumps(WHOLE), frozenset(TYPES))
    assert {name: set(step.triggers) for name, step in definition.steps.items()} == {
        "p": set(),
        "t": {"p"},
        "e": {"t"},
        "each": set(),
        "c": {"p", "each", "e"},
        "g": {"each"},
    }


@settings(max_examples=200)
@given(st.data())
def test_any_change_of_a_definition_is_accepted_or_refused(data: st.DataObject) -> None:
    changed = json.loads(json.dumps(WHOLE))
    container, key = data.draw(st.sampled_from(nodes(changed)), "place")
    if data.draw(st.booleans(), "remove"):
        del container[key]
    else:
        container[key] = data.draw(JSON, "value")
    try:
        parse(json.dumps(changed), frozenset(TYPES))
    except AwsError as error:
        assert error.code == "ValidationException"
        assert "$" in error.message


@given(st.dictionaries(NAMES, st.sets(NAMES)))
def test_a_graph_is_accepted_just_if_it_can_be_ordered(graph: dict[str, set[str]]) -> None:
    graph = {name: others & graph.keys() for name, others in graph.items()} or {"a": set()}
    steps = [training(name) | {"DependsOn": sorted(others)} for name, others in graph.items()]
    left = dict(graph)
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    if left:
        assert "depends on itself" in (message := refusal(*steps)) or "wait for each other" in message
    else:
        assert {name: set(step.triggers) for name, step in read(*steps).steps.items()} == graph
