"""ForEach steps through boto3. Most bodies create a model, which takes no time; its environment shows what the step got."""

from __future__ import annotations

import json

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.pipelines.definitions import get, model
from tests.localaws.sagemaker.pipelines.pipeline_fixtures import BUCKET, PipelineFixtures

FAILING = "raise SystemExit('no')"


@pytest.fixture(scope="module")
def pipelines(client) -> PipelineFixtures:
    return PipelineFixtures(client)


def loop(name: str, items: object, *body: dict, most: int = 10, **more: object) -> dict:
    arguments = {"IterableItems": items, "MaxConcurrency": most, "ForEachBody": list(body)}
    return {"Name": name, "Type": "ForEach", "Arguments": arguments | more}


def test_the_body_runs_once_for_each_item(pipelines: PipelineFixtures) -> None:
    items = ["a", get("Parameters.second"), '{"name": "c"}']
    name = pipelines.create(
        {
            "Parameters": [{"Name": "second", "Type": "String", "DefaultValue": "b"}],
            "Steps": [loop("each", items, model("make", ITEM=get("ForEach.CurrentItem")))],
        }
    )
    arn = pipelines.run(name)
    steps = pipelines.steps(arn)
    assert list(steps) == ["each", "make-0", "make-1", "make-2"]
    assert [pipelines.environment(steps[f"make-{index}"])["ITEM"] for index in range(3)] == ["a", "b", '{"name": "c"}']
    assert steps["make-1"]["IterationContext"] == {"ParentStepName": "each", "Index": 1, "Item": "b"}
    counts = {"SucceededStepCount": 3, "FailedStepCount": 0, "StoppedStepCount": 0}
    assert steps["each"]["Metadata"]["ForEach"] == {"Status": "Succeeded", "InputItemCount": 3, "TotalStepCount": 3} | counts


def test_items_come_from_json_and_their_fields_go_into_the_body(pipelines: PipelineFixtures) -> None:
    items = [{"name": "x", "tags": {"a.b": ["p", "q"]}}, {"name": "y", "tags": {"a.b": ["r", "s"]}}]
    body = model("make", NAME=get("ForEach.CurrentItem.name"), TAG=get("ForEach.CurrentItem.tags['a.b'][1]"))
    name = pipelines.create({"Parameters": [{"Name": "items", "Type": "String"}], "Steps": [loop("each", get("Parameters.items"), body)]})
    steps = pipelines.steps(pipelines.run(name, items=json.dumps(items)))
    assert [pipelines.environment(steps[f"make-{index}"]) for index in range(2)] == [{"NAME": "x", "TAG": "q"}, {"NAME": "y", "TAG": "s"}]


@pytest.mark.parametrize("items", ["3", "{}", "[1"])
def test_items_that_are_no_list_fail_the_step(pipelines: PipelineFixtures, items: str) -> None:
    definition = {"Parameters": [{"Name": "items"}], "Steps": [loop("each", get("Parameters.items"), model("make"))]}
    arn = pipelines.run(pipelines.create(definition), items=items)
    assert "IterableItems is not a list in JSON" in pipelines.steps(arn)["each"]["FailureReason"]


def test_an_item_without_the_field_fails_its_child_step(pipelines: PipelineFixtures) -> None:
    body = model("make", NAME=get("ForEach.CurrentItem.name"))
    arn = pipelines.run(pipelines.create([loop("each", ['{"name": "x"}', '{"nom": "y"}', "plain"], body)]))
    steps = pipelines.steps(arn)
    assert "'name' of the path 'name' was not found" in steps["make-1"]["FailureReason"]
    assert steps["each"]["Metadata"]["ForEach"]["Status"] == steps["each"]["StepStatus"] == "Failed"
    assert pipelines.ended(arn)["PipelineExecutionStatus"] == "Failed"


def test_steps_of_a_body_use_each_other_and_steps_outside(pipelines: PipelineFixtures) -> None:
    first = model("first", ITEM=get("ForEach.CurrentItem"), BASE=get("Steps.before.PrimaryContainer.Environment['X']"))
    second = model("second", OF=get("Steps.first.PrimaryContainer.Environment['ITEM']"))
    outputs, of = "Steps.each.IterationOutputs[1]", "PrimaryContainer.Environment['OF']"
    counted = {"Std:Join": {"On": "/", "Values": [get("Steps.each.SucceededStepCount"), get("Steps.each.Status")]}}
    after = model("after", LAST=get(f"{outputs}.second.{of}"), QUOTED=get(f"{outputs}['second'].{of}"), COUNT=counted)
    arn = pipelines.run(pipelines.create([after, loop("each", ["p", "q"], second, first), model("before", X="base")]))
    steps = pipelines.steps(arn)
    assert pipelines.environment(steps["first-1"]) == {"ITEM": "q", "BASE": "base"}
    assert pipelines.environment(steps["second-0"]) == {"OF": "p"}
    assert pipelines.environment(steps["after"]) == {"LAST": "q", "QUOTED": "q", "COUNT": "4/Succeeded"}
    assert list(steps)[0] == "before"


@pytest.mark.parametrize(("pick", "index"), [("MaxBy", 1), ("MinBy", 2)])
def test_a_selector_picks_an_iteration(pipelines: PipelineFixtures, pick: str, index: int) -> None:
    selector = {"Pick": pick, "Field": get("IterationOutput.make.PrimaryContainer.Environment['SCORE']")}
    body = model("make", SCORE=get("ForEach.CurrentItem"))
    after = model("after", BEST=get("Steps.each.Selected.PrimaryContainer.Environment['SCORE']"))
    items = ["9", "10.5", "-3e1", "10.5"]
    steps = pipelines.steps(pipelines.run(pipelines.create([loop("each", items, body, Selector=selector), after])))
    assert steps["each"]["Metadata"]["ForEach"]["Selector"] == {"StepName": "make", "Index": index}
    assert pipelines.environment(steps["after"])["BEST"] == items[index]


def test_a_selector_compares_numbers_only(pipelines: PipelineFixtures) -> None:
    selector = {"Pick": "MaxBy", "Field": get("IterationOutput.make.ModelName")}
    steps = pipelines.steps(pipelines.run(pipelines.create([loop("each", ["1", "2"], model("make"), Selector=selector)])))
    assert "is not a number" in steps["each"]["FailureReason"]


def test_an_empty_list_runs_nothing(pipelines: PipelineFixtures) -> None:
    definition = {"Parameters": [{"Name": "items"}], "Steps": [loop("each", get("Parameters.items"), model("make")), model("after")]}
    arn = pipelines.run(pipelines.create(definition), items="[]")
    assert sorted(pipelines.steps(arn)) == ["after", "each"]
    assert pipelines.ended(arn)["PipelineExecutionStatus"] == "Succeeded"


def test_a_failed_iteration_ends_the_loop_and_a_waiting_step_handles_it(pipelines: PipelineFixtures) -> None:
    body = pipelines.processing("work", FAILING)
    handler = model("handler") | {"DependsOn": [{"Step": "each", "Trigger": "Failed"}]}
    arn = pipelines.run(pipelines.create([loop("each", ["1", "2"], body, most=1), handler]))
    steps = pipelines.steps(arn)
    assert list(steps) == ["each", "work-0", "handler"]  # nothing starts after the failure
    counts = {"TotalStepCount": 2, "SucceededStepCount": 0, "FailedStepCount": 1}
    assert steps["each"]["Metadata"]["ForEach"].items() >= counts.items()
    assert pipelines.ended(arn)["PipelineExecutionStatus"] == "CompletedWithFailures"


def test_a_body_that_handles_its_failure_succeeds(pipelines: PipelineFixtures) -> None:
    work = pipelines.processing("work", FAILING)
    clean = model("clean") | {"DependsOn": [{"Step": "work", "Trigger": "Failed"}]}
    arn = pipelines.run(pipelines.create([loop("each", ["1"], work, clean)]))
    assert pipelines.steps(arn)["each"]["Metadata"]["ForEach"].items() >= {"Status": "Succeeded", "FailedStepCount": 1}.items()
    assert pipelines.ended(arn)["PipelineExecutionStatus"] == "CompletedWithFailures"


def test_concurrency_is_limited(pipelines: PipelineFixtures) -> None:
    body = pipelines.processing("wait", "import time; time.sleep(0.3)")
    steps = pipelines.steps(pipelines.run(pipelines.create([loop("each", ["1", "2", "3"], body, most=2)])))
    first_end = min(steps[f"wait-{index}"]["EndTime"] for index in range(2))
    assert steps["wait-1"]["StartTime"] < first_end <= steps["wait-2"]["StartTime"]


def late(pipelines: PipelineFixtures, prefix: str) -> dict:
    """A step that fails while the JSON file of its item is missing."""
    uri = {"Std:Join": {"On": "", "Values": [f"s3://{BUCKET}/{prefix}/", get("ForEach.CurrentItem"), ".json"]}}
    return model("make", X={"Std:JsonGet": {"S3Uri": uri, "Path": "x"}})


def test_a_retry_runs_only_the_iterations_that_have_not_succeeded(pipelines: PipelineFixtures) -> None:
    prefix = pipelines.name("retry")
    pipelines.put(f"{prefix}/a.json", '{"x": "1"}')
    after = model("after", X=get("Steps.each.IterationOutputs[1].make.PrimaryContainer.Environment['X']"))
    arn = pipelines.run(pipelines.create([loop("each", ["a", "b", "c"], late(pipelines, prefix), most=1), after]))
    first = pipelines.steps(arn)
    assert {name: step["StepStatus"] for name, step in first.items()} == {"each": "Failed", "make-0": "Succeeded", "make-1": "Failed"}
    for name in ("b", "c"):
        pipelines.put(f"{prefix}/{name}.json", '{"x": "2"}')
    pipelines.sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)
    assert pipelines.ended(arn)["PipelineExecutionStatus"] == "Succeeded"
    second = pipelines.steps(arn)
    assert second["make-0"] == first["make-0"]
    assert second["each"]["Metadata"]["ForEach"].items() >= {"SucceededStepCount": 3, "FailedStepCount": 0}.items()
    assert pipelines.environment(second["after"]) == {"X": "2"}


def test_a_selected_step_takes_the_outputs_of_a_loop(pipelines: PipelineFixtures) -> None:
    after = model("after", X=get("Steps.each.IterationOutputs[1].make.PrimaryContainer.Environment['X']"))
    name = pipelines.create([loop("each", ["a", "b"], model("make", X=get("ForEach.CurrentItem"))), after])
    source = pipelines.run(name)
    config = {"SourcePipelineExecutionArn": source, "SelectedSteps": [{"StepName": "after"}]}
    answer = pipelines.sagemaker.start_pipeline_execution(PipelineName=name, SelectiveExecutionConfig=config)
    assert pipelines.ended(answer["PipelineExecutionArn"])["PipelineExecutionStatus"] == "Succeeded"
    assert pipelines.environment(pipelines.steps(answer["PipelineExecutionArn"])["after"]) == {"X": "b"}


def test_iterations_take_results_from_the_cache(pipelines: PipelineFixtures) -> None:
    body = pipelines.processing("work") | {"CacheConfig": {"Enabled": True, "ExpireAfter": "P1D"}}
    body["Arguments"]["Environment"] = {"ITEM": get("ForEach.CurrentItem")}
    definition = {"Parameters": [{"Name": "items"}], "Steps": [loop("each", get("Parameters.items"), body)]}
    name = pipelines.create(definition)
    first = pipelines.run(name, items='["a"]')
    steps = pipelines.steps(pipelines.run(name, items='["a", "b"]'))
    assert steps["work-0"]["CacheHitResult"]["SourcePipelineExecutionArn"] == first
    assert "CacheHitResult" not in steps["work-1"]


def test_stopping_an_execution_stops_the_loop(pipelines: PipelineFixtures) -> None:
    body = pipelines.processing("long", "import time; time.sleep(60)")
    arn = pipelines.start(pipelines.create([loop("each", ["1", "2"], body, most=1)]))
    while pipelines.steps(arn).get("long-0", {}).get("StepStatus") != "Executing":
        pass
    pipelines.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert pipelines.ended(arn)["PipelineExecutionStatus"] == "Stopped"
    steps = pipelines.steps(arn)
    assert {name: step["StepStatus"] for name, step in steps.items()} == {"each": "Stopped", "long-0": "Stopped"}
    assert steps["each"]["Metadata"]["ForEach"]["StoppedStepCount"] == 1


BODY = {"Name": "make", "Type": "Model", "Arguments": {}}
FIELD = get("IterationOutput.make.ModelName")


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        ({"IterableItems": []}, "IterableItems: it must have 1 to 100 items"),
        ({"IterableItems": ["x"] * 101}, "IterableItems: it must have 1 to 100 items"),
        ({"IterableItems": [None]}, "IterableItems: its items must be"),
        ({"IterableItems": "[1]"}, "IterableItems: it must be a list, or a function"),
        ({"IterableItems": None}, "IterableItems: it must be a list, or a function"),
        ({"MaxConcurrency": 0}, "MaxConcurrency: it must be a whole number from 1 to 50"),
        ({"MaxConcurrency": 51}, "MaxConcurrency: it must be a whole number"),
        ({"MaxConcurrency": True}, "MaxConcurrency: it must be a whole number"),
        ({"MaxConcurrency": None}, "MaxConcurrency: it must be a whole number"),
        ({"ForEachBody": []}, "ForEachBody: it must have one step at least"),
        ({"ForEachBody": [{"Name": "f", "Type": "Fail"}]}, "ForEachBody[0]: a step of type Fail may not be in the body"),
        ({"ForEachBody": [BODY, BODY]}, "ForEachBody[1]: a step named 'make' exists already"),
        ({"Unknown": 1}, "$.Steps[0].Arguments: the arguments of a ForEach step are"),
        ({"Selector": {"Pick": "MaxBy"}}, "Selector: its members are Pick and Field"),
        ({"Selector": {"Pick": "Max", "Field": FIELD}}, "Selector.Pick: it must be one of MaxBy, MinBy"),
        ({"Selector": {"Pick": "MaxBy", "Field": get("Steps.make.ModelName")}}, "Selector.Field: it must be a Get of IterationOutput"),
        ({"Selector": {"Pick": "MaxBy", "Field": get("IterationOutput.other.ModelName")}}, "Selector.Field: it must be a Get"),
        ({"Selector": {"Pick": "MaxBy", "Field": get("IterationOutput.make.Nothing")}}, "Selector.Field: 'IterationOutput.make.Nothing'"),
        ({"ForEachBody": [BODY | {"DependsOn": ["each"]}]}, "the body of 'each' depends on 'each' itself"),
    ],
)
def test_arguments_are_checked(pipelines: PipelineFixtures, arguments: dict, place: str) -> None:
    step = loop("each", ["1"], BODY)
    step["Arguments"] |= arguments
    code, message = refused(pipelines.create, [step])
    assert code == "ValidationException"
    assert place in message


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (model("make-0"), "'make-0' is the name of a child step of 'each'"),
        (model("after", X=get("ForEach.CurrentItem")), "is known in the body of a ForEach step only"),
        (model("after", X=get("Steps.make.ModelName")), "Steps.each.IterationOutputs[0].make"),
        (model("after") | {"DependsOn": ["make"]}, "the step 'make' is in the body of another step"),
        (model("after", X=get("Steps.each.IterationOutputs.make.ModelName")), "IterationOutputs[<index>]"),
        (model("after", X=get("Steps.each.Selected.ModelName")), "its properties are Status"),
        (model("after", X=get("Steps.each.IterationOutputs[0].make.Nothing")), "there is no 'Nothing'"),
    ],
)
def test_references_to_a_loop_are_checked(pipelines: PipelineFixtures, other: dict, reason: str) -> None:
    code, message = refused(pipelines.create, [loop("each", ["1"], BODY), other])
    assert code == "ValidationException"
    assert reason in message
