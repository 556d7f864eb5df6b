"""Selective execution: some steps run, others come from an earlier execution."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.pipelines.definitions import condition, get, step
from tests.localaws.sagemaker.pipelines.operation_fixtures import Questions
from tests.localaws.sagemaker.pipelines.step_fixtures import Pipelines


@pytest.fixture(scope="module")
def questions(pipelines: Pipelines) -> Questions:
    return Questions(pipelines)


def chain(questions: Questions) -> tuple[dict, ...]:
    """first -> middle -> choice (good or bad), and aside."""
    said = {"Std:Join": {"On": "-", "Values": [get("Steps.first.OutputParameters['x']"), get("Steps.middle.OutputParameters['x']")]}}
    equal = {"Type": "Equals", "LeftValue": get("Steps.middle.OutputParameters['x']"), "RightValue": "good"}
    branches = {"IfSteps": [condition("good")], "ElseSteps": [step("bad", "Fail", {"ErrorMessage": said})]}
    return (
        questions.ask("first", "x"),
        questions.ask("middle", "x", DependsOn=["first"]),
        step("choice", "Condition", {"Conditions": [equal], **branches}),
        condition("aside"),
    )


@pytest.fixture(scope="module")
def source(pipelines: Pipelines, questions: Questions) -> str:
    """An execution that ended in the step ``bad``."""
    arn = pipelines.start(*chain(questions))
    questions.succeed(arn, "first", x="one")
    questions.succeed(arn, "middle", x="wrong")
    assert pipelines.ended(arn) == "Failed" and pipelines.steps(arn)["bad"]["FailureReason"] == "one-wrong"
    return arn


@pytest.fixture
def select(pipelines: Pipelines, source: str) -> Callable[..., str]:
    """``select(*steps)`` starts an execution of these steps with what ``source`` has."""

    def start(*names: str, arn: str = source) -> str:
        config = {"SelectedSteps": [{"StepName": name} for name in names]} | ({"SourcePipelineExecutionArn": arn} if arn else {})
        found = pipelines.sagemaker.start_pipeline_execution(PipelineName=source.split("/")[1], SelectiveExecutionConfig=config)
        return found["PipelineExecutionArn"]

    return start


def test_selected_steps_take_the_rest_from_their_source(
    pipelines: Pipelines, questions: Questions, select: Callable[..., str], source: str
) -> None:
    arn = select("middle", "choice", "good")
    questions.succeed(arn, "middle", x="good")
    assert pipelines.ended(arn) == "Succeeded"
    found, before = pipelines.steps(arn), pipelines.steps(source)
    assert found.keys() == {"first", "middle", "choice", "good"}
    assert found["first"] == before["first"] | {"SelectiveExecutionResult": {"SourcePipelineExecutionArn": source}}
    assert "SelectiveExecutionResult" not in found["middle"]
    assert pipelines.describe(arn)["SelectiveExecutionConfig"]["SourcePipelineExecutionArn"] == source


def test_steps_that_are_not_selected_do_not_run(pipelines: Pipelines, questions: Questions, select: Callable[..., str]) -> None:
    arn = select("first", arn="")
    questions.succeed(arn, "first", x="two")
    assert pipelines.ended(arn) == "Succeeded" and pipelines.steps(arn).keys() == {"first"}
    arn = select("choice")
    assert pipelines.ended(arn) == "Succeeded" and pipelines.steps(arn).keys() == {"middle", "choice"}


def test_a_step_of_the_branch_that_was_taken_can_be_selected(pipelines: Pipelines, select: Callable[..., str]) -> None:
    arn = select("bad")
    assert pipelines.ended(arn) == "Failed"
    found = pipelines.steps(arn)
    assert found["bad"]["FailureReason"] == "one-wrong" and found.keys() == {"first", "middle", "choice", "bad"}


def test_what_cannot_be_selected(pipelines: Pipelines, questions: Questions, select: Callable[..., str], source: str) -> None:
    code, message = refused(select, "middle", arn="")
    wanted = "Invalid SourcePipelineExecutionArn: null. The selected steps [middle] have dependencies on [first]"
    assert (code, message) == ("ValidationException", wanted)
    for names, word in ((["first", "choice"], "middle"), (["nothing"], "nothing"), (["good"], "choice")):
        code, message = refused(select, *names)
        assert code == "ValidationException" and word in message
    unknown = source[:-12] + "abcdefghijkl"
    assert refused(select, "middle", arn=unknown)[0] == "ResourceNotFound"
    other = pipelines.start(questions.ask("first", "x"))
    assert "another pipeline" in refused(select, "middle", arn=other)[1]
    questions.fail(other, "first")
    failed = select("first", arn="")
    questions.token_of(failed, "first")
    assert "has not ended" in refused(select, "middle", arn=failed)[1]
    questions.fail(failed, "first")
    pipelines.ended(failed)
    assert "has not succeeded" in refused(select, "middle", arn=failed)[1]


def test_a_selective_execution_can_be_retried(pipelines: Pipelines, questions: Questions, select: Callable[..., str]) -> None:
    arn = select("middle")
    questions.fail(arn, "middle")
    assert pipelines.ended(arn) == "Failed"
    pipelines.sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)
    questions.succeed(arn, "middle", x="y")
    assert pipelines.ended(arn) == "Succeeded" and pipelines.steps(arn).keys() == {"first", "middle"}
