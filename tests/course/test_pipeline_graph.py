"""Tests the drawing of pipelines: which arrows it has, where the steps are, and what a screen reader gets."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from course import draw_pipeline
from course.pipeline_graph import Graph, describe, graph_of


def step(name: str, kind: str = "Processing", **more: object) -> dict:
    return {"Name": name, "Type": kind, "Arguments": {}, **more}


def of(name: str) -> dict:
    return {"Get": f"Steps.{name}.ModelArtifacts.S3ModelArtifacts"}


METRIC = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.evaluate.PropertyFiles.report"}, "Path": "auc"}}
DEFINITION = {
    "Version": "2020-12-01",
    "Steps": [
        step("prepare"),
        step("train", "Training", DependsOn=["prepare"]),
        step("evaluate", Arguments={"model": of("train"), "rows": [{"Std:Join": {"On": "/", "Values": [of("prepare"), "test"]}}]}),
        step(
            "better",
            "Condition",
            Arguments={
                "Conditions": [{"Type": "GreaterThan", "LeftValue": METRIC, "RightValue": 0}],
                "IfSteps": [step("register", "RegisterModel", Arguments={"model": of("train")})],
                "ElseSteps": [step("worse", "Fail")],
            },
        ),
        step("notify", "Lambda", DependsOn=[{"Step": "train", "Trigger": "Failed"}]),
    ],
}


def test_a_step_waits_for_what_it_depends_on_what_it_uses_and_its_condition():
    assert graph_of(DEFINITION).edges == {
        ("prepare", "train"): "",
        ("train", "evaluate"): "",
        ("prepare", "evaluate"): "",
        ("evaluate", "better"): "",
        ("train", "register"): "",
        ("better", "register"): "true",
        ("better", "worse"): "false",
        ("train", "notify"): "",
    }


def test_an_arrow_that_a_longer_way_implies_is_left_out():
    assert set(graph_of(DEFINITION).edges) - set(graph_of(DEFINITION).drawn_edges()) == {("prepare", "evaluate"), ("train", "register")}


def test_the_plot_has_its_steps_and_their_status_in_words():
    InteractiveShell.instance()
    states = [
        {"StepName": "prepare", "StepStatus": "Succeeded", "CacheHitResult": {"SourcePipelineExecutionArn": "arn:of:it"}},
        {"StepName": "train", "StepStatus": "Failed"},
    ]
    with capture_output() as shown:
        draw_pipeline(json.dumps(DEFINITION), states)
    [output] = shown.outputs
    assert output.data["text/html"].startswith('<img alt="Graph of 7 steps: prepare (Processing, Succeeded from the cache); train (Train')
    assert "register (RegisterModel, not started) after train, better (true)" in output.data["text/plain"]


def test_one_step_is_described_in_the_singular():
    assert describe(graph_of({"Steps": [{"Name": "prepare", "Type": "Processing"}]})) == "Graph of 1 step: prepare (Processing)."


def test_a_definition_without_steps_is_refused():
    with pytest.raises(ValueError, match="no steps"):
        draw_pipeline({"Steps": []})


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    names = [f"s{number}" for number in range(draw(st.integers(1, 8)))]
    pairs = [(first, second) for place, first in enumerate(names) for second in names[place + 1 :]]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    shuffled = draw(st.permutations(names))
    return Graph(dict.fromkeys(shuffled, "Processing"), dict.fromkeys(edges, ""))


@given(graphs())
def test_every_arrow_goes_to_a_later_column(graph):
    column = {name: place for place, layer in enumerate(graph.layers()) for name in layer}
    assert set(column) == set(graph.types)
    assert all(column[before] < column[after] for before, after in graph.edges)


@given(graphs())
def test_the_drawn_arrows_lead_to_the_same_steps(graph):
    assert _reached(graph, graph.edges) == _reached(graph, graph.drawn_edges())


@given(graphs())
def test_the_words_name_every_step(graph):
    words = describe(graph)
    assert all(f"{name} (Processing)" in words for name in graph.types)


def _reached(graph: Graph, edges: dict) -> dict[str, set[str]]:
    reached = {name: {name} for name in graph.types}
    for _ in graph.types:
        for before, after in edges:
            reached[before] |= reached[after]
    return reached
