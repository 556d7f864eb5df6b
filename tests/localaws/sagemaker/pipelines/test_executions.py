"""Executions: start, parallel steps, stop, retry, and what Describe and List show."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import ROLE
from tests.localaws.sagemaker.pipelines.definitions import condition, fail, get, model, step, text_of
from tests.localaws.sagemaker.pipelines.operation_fixtures import Questions, token
from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines

NEVER = {"Type": "Equals", "LeftValue": 1, "RightValue": 2}
UNKNOWN = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/none/execution/abcdefghijkl"


@pytest.fixture(scope="module")
def questions(pipelines: Pipelines) -> Questions:
    return Questions(pipelines)


@pytest.fixture
def start(pipelines: Pipelines) -> Callable[..., str]:
    """``start(name, **parameters of StartPipelineExecution)`` returns the ARN of the execution."""
    return lambda name, **settings: pipelines.sagemaker.start_pipeline_execution(PipelineName=name, **settings)["PipelineExecutionArn"]


def names(listed: list[dict[str, Any]]) -> list[str]:
    return [each["PipelineExecutionDisplayName"] for each in listed]


def test_an_execution_is_described(pipelines: Pipelines, start: Callable[..., str]) -> None:
    name = pipelines.create(condition("only"))
    arn = start(name, PipelineExecutionDisplayName="nightly", PipelineExecutionDescription="of Monday")
    assert re.fullmatch(rf"arn:aws:sagemaker:us-east-1:123456789012:pipeline/{name}/execution/[a-z0-9]{{12}}", arn)
    assert pipelines.ended(arn) == "Succeeded"
    described = pipelines.describe(arn)
    assert described["PipelineExecutionDisplayName"] == "nightly" and described["PipelineExecutionDescription"] == "of Monday"
    assert described["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 50} and described["PipelineVersionId"] == 1
    assert described["CreatedBy"]["IamIdentity"]["Arn"].startswith("arn:aws:") and "FailureReason" not in described
    pipelines.sagemaker.update_pipeline_execution(PipelineExecutionArn=arn, PipelineExecutionDisplayName="renamed")
    assert pipelines.describe(arn)["PipelineExecutionDisplayName"] == "renamed"
    found = pipelines.sagemaker.describe_pipeline_definition_for_execution(PipelineExecutionArn=arn)
    assert found["PipelineDefinition"] == pipelines.sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"]
    assert re.fullmatch(r"execution-\d{13}", pipelines.describe(start(name))["PipelineExecutionDisplayName"])


def test_a_start_that_is_repeated_starts_once(pipelines: Pipelines, start: Callable[..., str]) -> None:
    name, once = pipelines.create(condition("only")), token()
    arn = start(name, ClientRequestToken=once)
    assert start(name, ClientRequestToken=once) == arn and start(name) != arn
    assert len(pipelines.sagemaker.list_pipeline_executions(PipelineName=name)["PipelineExecutionSummaries"]) == 2
    other = {"PipelineName": name, "ClientRequestToken": once, "PipelineExecutionDisplayName": "other"}
    assert refused(pipelines.sagemaker.start_pipeline_execution, **other)[0] == "ConflictException"


def test_executions_are_listed(pipelines: Pipelines, start: Callable[..., str]) -> None:
    name = pipelines.create(condition("only"))
    arn = pipelines.sagemaker.describe_pipeline(PipelineName=name)["PipelineArn"]
    first = start(name, PipelineExecutionDisplayName="one")
    failing = text_of(step("end", "Fail", {"ErrorMessage": "no"}))
    pipelines.sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=failing, PipelineVersionAliases=["live"])
    second = start(arn, PipelineExecutionDisplayName="two")
    third = start(name, PipelineVersionId=1, PipelineExecutionDisplayName="three")
    for execution in (first, second, third):
        pipelines.ended(execution)

    def listed(**asked: object) -> list[dict]:
        return pipelines.sagemaker.list_pipeline_executions(PipelineName=name, **asked)["PipelineExecutionSummaries"]

    assert names(listed()) == ["three", "two", "one"] and names(listed(SortOrder="Ascending", MaxResults=2)) == ["one", "two"]
    [only] = listed(PipelineVersionAlias="live")
    assert only["PipelineExecutionStatus"] == "Failed" and only["PipelineVersionAliases"] == ["live"]
    assert only["PipelineExecutionFailureReason"] == "Step failure: One or multiple steps failed."
    by_arn = [each["PipelineExecutionArn"] for each in listed(SortBy="PipelineExecutionArn", SortOrder="Ascending")]
    assert by_arn == sorted([first, second, third])
    assert pipelines.describe(second)["PipelineVersionAliases"] == ["live"]
    assert refused(listed, PipelineVersionAlias="none")[0] == "ResourceNotFound"
    pages = pipelines.sagemaker.get_paginator("list_pipeline_executions").paginate(PipelineName=name, PaginationConfig={"PageSize": 1})
    assert [names(page["PipelineExecutionSummaries"])[0] for page in pages] == ["three", "two", "one"]
    newest = pipelines.sagemaker.list_pipeline_versions(PipelineName=name)["PipelineVersionSummaries"][0]
    assert newest["LastExecutionPipelineExecutionArn"] == second


def test_wrong_starts(pipelines: Pipelines) -> None:
    name = pipelines.create(condition("only"), parameters=({"Name": "month", "Type": "String"},))
    call = pipelines.sagemaker.start_pipeline_execution
    given = {"PipelineName": name, "PipelineParameters": [{"Name": "month", "Value": "June"}]}
    for wrong in ({"RoleArn": ROLE}, {"PipelineParameters": []}, {"PipelineVersionId": 1, "PipelineVersionAlias": "a"}):
        assert refused(call, **given | wrong)[0] == "ValidationException"
    for wrong in ({"PipelineVersionId": 2}, {"PipelineVersionAlias": "none"}, {"PipelineName": "nowhere"}):
        assert refused(call, **given | wrong)[0] == "ResourceNotFound"


@pytest.mark.parametrize(
    "operation",
    [
        "describe_pipeline_execution",
        "list_pipeline_execution_steps",
        "list_pipeline_parameters_for_execution",
        "describe_pipeline_definition_for_execution",
        "stop_pipeline_execution",
        "retry_pipeline_execution",
        "update_pipeline_execution",
    ],
)
def test_an_unknown_execution(pipelines: Pipelines, operation: str) -> None:
    code, message = refused(getattr(pipelines.sagemaker, operation), PipelineExecutionArn=UNKNOWN)
    assert code == "ResourceNotFound" and UNKNOWN in message


def test_only_some_steps_run_at_a_time(pipelines: Pipelines, questions: Questions, start: Callable[..., str]) -> None:
    name = pipelines.create(*[questions.ask(each) for each in "abcd"])
    pipelines.sagemaker.update_pipeline(PipelineName=name, ParallelismConfiguration={"MaxParallelExecutionSteps": 1})
    arn = start(name, ParallelismConfiguration={"MaxParallelExecutionSteps": 2})
    questions.token_of(arn, "b")
    assert pipelines.steps(arn).keys() == {"a", "b"}
    questions.succeed(arn, "a")
    questions.token_of(arn, "c")
    pipelines.sagemaker.update_pipeline_execution(PipelineExecutionArn=arn, ParallelismConfiguration={"MaxParallelExecutionSteps": 3})
    for each in "bcd":
        questions.succeed(arn, each)
    assert pipelines.ended(arn) == "Succeeded"
    assert pipelines.describe(start(name))["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 1}


def test_a_step_that_fails_lets_the_others_end(pipelines: Pipelines, questions: Questions) -> None:
    arn = pipelines.start(questions.ask("a"), questions.ask("b"), condition("after") | {"DependsOn": ["b"]})
    questions.token_of(arn, "b")
    questions.fail(arn, "a", "no licence")
    pipelines.waiting(arn, "a", "Failed")
    assert pipelines.describe(arn)["PipelineExecutionStatus"] == "Executing"
    questions.succeed(arn, "b")
    assert pipelines.ended(arn) == "Failed"
    found = pipelines.steps(arn)
    assert found.keys() == {"a", "b"} and found["a"]["FailureReason"] == "no licence" and found["b"]["StepStatus"] == "Succeeded"
    described = pipelines.describe(arn)
    assert described["FailureReason"] == "Step failure: One or multiple steps failed."


def test_stop_ends_what_runs_and_starts_nothing(pipelines: Pipelines, questions: Questions) -> None:
    arn = pipelines.start(questions.ask("a"), condition("after") | {"DependsOn": ["a"]})
    questions.token_of(arn, "a")
    stop, once = pipelines.sagemaker.stop_pipeline_execution, token()
    for _ in range(2):
        assert stop(PipelineExecutionArn=arn, ClientRequestToken=once)["PipelineExecutionArn"] == arn
    assert pipelines.describe(arn)["PipelineExecutionStatus"] == "Stopping"
    questions.succeed(arn, "a", "Stopping")
    assert pipelines.ended(arn) == "Stopped"
    assert pipelines.steps(arn).keys() == {"a"} and "FailureReason" not in pipelines.describe(arn)
    code, message = refused(stop, PipelineExecutionArn=arn)
    assert code == "ValidationException" and "Only pipelines with 'Executing' status can be stopped" in message


def test_a_pipeline_that_runs_cannot_be_deleted(pipelines: Pipelines, questions: Questions) -> None:
    arn = pipelines.start(questions.ask("a"))
    name = arn.split("/")[1]
    assert refused(pipelines.sagemaker.delete_pipeline, PipelineName=name)[0] == "ConflictException"
    questions.succeed(arn, "a")
    pipelines.ended(arn)
    pipelines.sagemaker.delete_pipeline(PipelineName=name)


def test_retry_goes_on_from_the_step_that_failed(pipelines: Pipelines, questions: Questions) -> None:
    after = condition("after") | {"DependsOn": ["middle"]}
    arn = pipelines.start(questions.ask("first", "x"), questions.ask("middle", DependsOn=["first"]), after)
    questions.succeed(arn, "first", x="kept")
    questions.fail(arn, "middle")
    assert pipelines.ended(arn) == "Failed"
    before = pipelines.steps(arn)
    retry, once = pipelines.sagemaker.retry_pipeline_execution, token()
    request = {"PipelineExecutionArn": arn, "ClientRequestToken": once, "ParallelismConfiguration": {"MaxParallelExecutionSteps": 7}}
    assert retry(**request)["PipelineExecutionArn"] == arn
    described = pipelines.describe(arn)
    assert described["PipelineExecutionStatus"] == "Executing" and "FailureReason" not in described
    assert described["ParallelismConfiguration"] == {"MaxParallelExecutionSteps": 7}
    assert refused(retry, PipelineExecutionArn=arn)[0] == "ValidationException"
    assert questions.token_of(arn, "middle") != before["middle"]["Metadata"]["Callback"]["CallbackToken"]
    questions.succeed(arn, "middle")
    assert pipelines.ended(arn) == "Succeeded"
    assert retry(**request)["PipelineExecutionArn"] == arn  # the same request does nothing
    found = pipelines.steps(arn)
    assert found["first"] == before["first"] and found.keys() == {"first", "middle", "after"}
    assert "FailureReason" not in found["middle"] and found["middle"]["StartTime"] > before["middle"]["StartTime"]
    assert refused(retry, PipelineExecutionArn=arn)[0] == "ValidationException"


def test_a_stopped_execution_can_be_retried(pipelines: Pipelines, questions: Questions) -> None:
    arn = pipelines.start(questions.ask("a"))
    questions.token_of(arn, "a")
    pipelines.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
    questions.succeed(arn, "a", "Stopping")
    assert pipelines.ended(arn) == "Stopped"
    pipelines.sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)
    pipelines.ended(arn)
    assert pipelines.describe(arn)["PipelineExecutionStatus"] == "Succeeded"


def test_steps_that_a_failure_started_run_again(pipelines: Pipelines, questions: Questions) -> None:
    rescue = questions.ask("rescue", DependsOn=[{"Step": "risky", "Trigger": "Failed"}])
    arn = pipelines.start(questions.ask("risky"), rescue, questions.ask("other"))
    questions.fail(arn, "risky")
    questions.succeed(arn, "rescue")
    questions.fail(arn, "other")
    assert pipelines.ended(arn) == "Failed"
    pipelines.sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)
    questions.succeed(arn, "risky")
    questions.succeed(arn, "other")
    assert pipelines.ended(arn) == "Succeeded" and pipelines.steps(arn).keys() == {"risky", "other"}


def test_a_loop_after_a_step_that_runs_again_keeps_nothing(pipelines: Pipelines, questions: Questions) -> None:
    rescue = condition("rescue") | {"DependsOn": [{"Step": "risky", "Trigger": "Failed"}]}
    arguments = {"IterableItems": ["x", "y"], "MaxConcurrency": 2, "ForEachBody": [questions.ask("ask")]}
    arn = pipelines.start(questions.ask("risky"), rescue, step("each", "ForEach", arguments, DependsOn=["rescue"]))
    questions.fail(arn, "risky")
    questions.succeed(arn, "ask-0")
    questions.fail(arn, "ask-1")
    assert pipelines.ended(arn) == "Failed" and pipelines.steps(arn).keys() == {"risky", "rescue", "each", "ask-0", "ask-1"}
    pipelines.sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)
    questions.succeed(arn, "risky")
    assert pipelines.ended(arn) == "Succeeded" and pipelines.steps(arn).keys() == {"risky"}


def test_a_failure_that_a_loop_handled_runs_again_in_the_loop(pipelines: Pipelines, questions: Questions) -> None:
    rescue = model("rescue") | {"DependsOn": [{"Step": "ask", "Trigger": "Failed"}]}
    arguments = {"IterableItems": ["x", "y"], "MaxConcurrency": 2, "ForEachBody": [questions.ask("ask"), rescue]}
    arn = pipelines.start(step("each", "ForEach", arguments), questions.ask("other"))
    questions.succeed(arn, "ask-0")
    questions.fail(arn, "ask-1")
    pipelines.waiting(arn, "each", "Succeeded")
    questions.fail(arn, "other")
    assert pipelines.ended(arn) == "Failed"
    before = pipelines.steps(arn)
    pipelines.sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)
    questions.succeed(arn, "ask-1")
    questions.succeed(arn, "other")
    assert pipelines.ended(arn) == "Succeeded"
    found = pipelines.steps(arn)
    assert found["ask-0"] == before["ask-0"] and found.keys() == {"each", "ask-0", "ask-1", "other"}
    counts = {"Status": "Succeeded", "SucceededStepCount": 2, "FailedStepCount": 0}
    assert found["each"]["Metadata"]["ForEach"].items() >= counts.items()


def test_an_execution_that_a_fail_step_ended_cannot_be_retried(pipelines: Pipelines) -> None:
    arn = pipelines.start(condition("good", NEVER, ElseSteps=[fail("bad", "too bad")]))
    assert pipelines.ended(arn) == "Failed" and pipelines.steps(arn)["bad"]["FailureReason"] == "too bad"
    code, message = refused(pipelines.sagemaker.retry_pipeline_execution, PipelineExecutionArn=arn)
    assert code == "ValidationException" and "bad" in message


def test_parameters_and_the_name_of_an_execution(pipelines: Pipelines, start: Callable[..., str]) -> None:
    shown = {"Std:Join": {"On": "|", "Values": [get("Execution.PipelineExecutionArn"), get("Parameters.month"), get("Parameters.n")]}}
    parameters = ({"Name": "month", "Type": "String"}, {"Name": "n", "Type": "Integer", "DefaultValue": 3})
    name = pipelines.create(step("end", "Fail", {"ErrorMessage": shown}), parameters=parameters)
    arn = start(name, PipelineParameters=[{"Name": "month", "Value": "June"}])
    pipelines.ended(arn)
    assert pipelines.steps(arn)["end"]["FailureReason"] == f"{arn}|June|3"
    found = pipelines.sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)["PipelineParameters"]
    assert found == [{"Name": "month", "Value": "June"}, {"Name": "n", "Value": "3"}]


def test_a_page_of_parameters_has_more_than_ten(pipelines: Pipelines, start: Callable[..., str]) -> None:
    names = [f"p{number}" for number in range(14)]
    name = pipelines.create(condition("c"), parameters=tuple({"Name": each, "Type": "String", "DefaultValue": "x"} for each in names))
    arn = start(name)
    found = pipelines.sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)
    assert {each["Name"] for each in found["PipelineParameters"]} == set(names) and "NextToken" not in found
    pipelines.ended(arn)


def test_a_retried_loop_keeps_its_iterations_that_succeeded(pipelines: Pipelines, questions: Questions) -> None:
    arguments = {"IterableItems": ["x", "y"], "MaxConcurrency": 2, "ForEachBody": [questions.ask("ask")]}
    arn = pipelines.start(step("each", "ForEach", arguments), condition("after") | {"DependsOn": ["each"]})
    questions.succeed(arn, "ask-0")
    questions.fail(arn, "ask-1")
    assert pipelines.ended(arn) == "Failed"
    before = pipelines.steps(arn)
    pipelines.sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)
    questions.succeed(arn, "ask-1")
    assert pipelines.ended(arn) == "Succeeded"
    found = pipelines.steps(arn)
    assert found["ask-0"] == before["ask-0"] and found["each"]["Metadata"]["ForEach"]["SucceededStepCount"] == 2
    assert "FailureReason" not in found["each"] and found.keys() == {"each", "ask-0", "ask-1", "after"}
