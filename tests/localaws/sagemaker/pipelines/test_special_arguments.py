"""Arguments that are refused when a pipeline is made: those of Lambda, Fail, Endpoint, Lineage and Cleanup steps."""

from __future__ import annotations

import pytest

from tests.localaws.sagemaker.pipelines.definitions import fail, get, processing, read, refusal, training

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
SOURCE = {"SourceUri": "s3://b/k"}
ACTION = {"ActionName": "a", "Source": SOURCE, "ActionType": "t"}


def step(kind: str, arguments: object, **members: object) -> dict:
    return {"Name": "x", "Type": kind, "Arguments": arguments} | members


def cleanup(*sources: object, after: tuple[str, ...] = ("t",)) -> dict:
    return step("Cleanup", {"Resources": {"S3": list(sources)}}, DependsOn=list(after))


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (step("Lambda", {"a": {"b": 1}}, FunctionArn=FUNCTION), "$.Steps[0].Arguments.a: an input of a Lambda step must be"),
        (step("Lambda", {"a": [1]}, FunctionArn=FUNCTION), "$.Steps[0].Arguments.a: an input of a Lambda step must be"),
        (fail(message=["no"]), "$.Steps[0].Arguments.ErrorMessage: it must be text"),
        (step("Endpoint", {"EndpointConfigName": "c"}), "needs EndpointName"),
        (step("Endpoint", {"EndpointName": "c"}), "needs EndpointConfigName"),
        (step("InferenceComponent", {"EndpointName": "e"}), "needs InferenceComponentName"),
        (step("Lineage", {}), "needs one entity or association"),
        (step("Lineage", {"Trials": []}), "the arguments of a Lineage step are"),
        (step("Lineage", {"Actions": ACTION}), "Arguments.Actions: it must be a list"),
        (step("Lineage", {"Actions": [ACTION] * 6}), "it has more than 5 entries"),
        (step("Lineage", {"Actions": [ACTION | {"Color": "red"}]}), "Unknown Argument member 'Color'"),
        (step("Lineage", {"Actions": [{"Source": SOURCE}]}), "Actions[0]: it needs ActionName"),
        (step("Lineage", {"Contexts": [{"ContextName": "c"}]}), "Contexts[0]: it needs a Source"),
        (step("Lineage", {"Associations": [{"Source": {"Arn": "a"}}]}), "Associations[0].Destination: it needs Arn, or Name and a Type"),
        (step("Lineage", {"Associations": [{"Source": {"Name": "a", "Type": "Trial"}}]}), "Associations[0].Source: it needs Arn"),
        (step("Lineage", {"Associations": [3]}), "Associations[0]: its members are"),
        (step("Cleanup", {"Resources": {"S3": []}}), "needs one source"),
        (step("Cleanup", {}), "are Resources with the member S3"),
    ],
)
def test_arguments_are_refused(refused: dict, reason: str) -> None:
    assert reason in refusal(refused)


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (cleanup({"StepName": "other"}), "there is no step 'other'"),
        (cleanup({"StepName": "t"}, after=()), "the step must depend on 't'"),
        (cleanup({"StepName": "t", "S3Uris": ["s3://b/k"]}), "a Training step without S3Uris"),
        (cleanup({"StepName": "p"}, after=("p",)), "a Processing or Transform step with S3Uris"),
        (cleanup({"StepName": "p", "S3Uris": [3]}, after=("p",)), "S3Uris[0]: it must be text"),
        (cleanup("t"), "a source has StepName"),
    ],
)
def test_sources_of_cleanup_are_refused(refused: dict, reason: str) -> None:
    assert reason in refusal(training(), processing(), refused)


def test_arguments_that_the_sdk_writes_are_accepted() -> None:
    uri = {"Std:Join": {"On": "/", "Values": ["s3://b", get("Execution.PipelineExecutionId")]}}
    ends = {"Source": {"Name": "a", "Type": "Action"}, "Destination": {"Arn": get("Parameters.arn")}}
    read(
        training(),
        processing(),
        step("Cleanup", {"Resources": {"S3": [{"StepName": "t"}, {"StepName": "p", "S3Uris": [uri]}]}}, DependsOn=["t", "p"]),
        step("Lineage", {"Actions": [ACTION], "Associations": [ends | {"AssociationType": "Produced"}]}) | {"Name": "y"},
        step("Lambda", {"a": 1, "b": uri, "c": None, "d": True}, FunctionArn=get("Parameters.arn")) | {"Name": "z"},
        Parameters=[{"Name": "arn", "Type": "String"}],
    )
