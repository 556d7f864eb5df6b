"""Lambda steps."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.localaws.awslambda import programs
from tests.localaws.boto_clients import client_factory
from tests.localaws.sagemaker.chaos import KillableAws
from tests.localaws.sagemaker.pipelines.definitions import get, step
from tests.localaws.sagemaker.pipelines.step_fixtures import BUCKET, Pipelines

COUNT = {"Name": "count", "Type": "Integer", "DefaultValue": 2}
OUTPUTS = [("words", "String"), ("count", "Integer"), ("share", "Float"), ("good", "Boolean"), ("nested", "String")]


@pytest.fixture(scope="module")
def function(pipelines: Pipelines) -> Callable[[str], str]:
    """Creates a function whose handler has this code; returns its ARN."""
    role = pipelines.role("lambda.amazonaws.com", "s3:*", "logs:*")
    return lambda code: _function(pipelines, code, role)


def _function(pipelines: Pipelines, code: str, role: str) -> str:
    program = f"import time, boto3\ndef handler(event, context):\n    {code}\n"
    return programs.create(pipelines.client, f"step-{uuid.uuid4().hex[:8]}", program, Role=role)["FunctionArn"]


def call(name: str, arn: str, arguments: dict | None = None, outputs: list[tuple[str, str]] | None = None) -> dict:
    declared = [{"OutputName": output, "OutputType": kind} for output, kind in outputs or ()]
    return step(name, "Lambda", arguments, FunctionArn=arn, OutputParameters=declared)


def test_a_function_gets_the_arguments_and_gives_the_outputs(pipelines: Pipelines, function) -> None:
    arn = function("return event | {'good': True, 'nested': {'a': 1}, 'other': 0}")
    arguments = {"words": {"Std:Join": {"On": " ", "Values": ["a", "b"]}}, "count": get("Parameters.count"), "share": 0.5, "null": None}
    values = [get(f"Steps.call.OutputParameters['{name}']") for name, _ in OUTPUTS]
    shown = step("show", "Fail", {"ErrorMessage": {"Std:Join": {"On": "|", "Values": values}}})
    found = pipelines.failed(call("call", arn, arguments, OUTPUTS), shown, parameters=(COUNT,))
    assert found["show"]["FailureReason"] == 'a b|2|0.5|true|{"a": 1}'
    made = found["call"]["Metadata"]["Lambda"]
    assert made["Arn"] == arn
    assert [parameter["Name"] for parameter in made["OutputParameters"]] == [name for name, _ in OUTPUTS]


def test_functions_run_at_the_same_time(pipelines: Pipelines, function) -> None:
    code = f"""s3 = boto3.client('s3')
    s3.put_object(Bucket='{BUCKET}', Key=event['own'])
    while s3.list_objects_v2(Bucket='{BUCKET}', Prefix=event['other'])['KeyCount'] == 0: time.sleep(0.05)"""
    arn, unique = function(code), uuid.uuid4().hex
    first, second = f"{unique}-1", f"{unique}-2"
    pipelines.run(call("one", arn, {"own": first, "other": second}), call("two", arn, {"own": second, "other": first}))


def test_an_error_of_the_function_is_the_reason(pipelines: Pipelines, function) -> None:
    arn = function("raise ValueError('no rows')")
    found = pipelines.failed(call("call", arn))["call"]
    assert found["FailureReason"] == f"ClientError: The Lambda function {arn} failed. ValueError: no rows"


def test_an_output_of_another_type_fails_the_step(pipelines: Pipelines, function) -> None:
    arn = function("return {'count': 'many'}")
    found = pipelines.failed(call("call", arn, outputs=[("count", "Integer")]))["call"]
    assert found["FailureReason"] == "ClientError: The output parameter count is of type Integer, and its value is 'many'"


def test_an_output_that_is_missing_fails_the_step_that_uses_it(pipelines: Pipelines, function) -> None:
    arn = function("return None")
    used = step("show", "Fail", {"ErrorMessage": get("Steps.call.OutputParameters['words']")})
    found = pipelines.failed(call("call", arn, outputs=[("words", "String")]), used)
    assert found["call"]["StepStatus"] == "Succeeded"
    assert "Failed to get 'Steps.call.OutputParameters['words']'" in found["show"]["FailureReason"]


def test_a_function_that_does_not_exist_fails_the_step(pipelines: Pipelines) -> None:
    found = pipelines.failed(call("call", "arn:aws:lambda:us-east-1:123456789012:function:no-such-function"))["call"]
    assert found["FailureReason"].startswith("ClientError: Failed to invoke lambda:Invoke. Error Details: Function not found")


def test_an_execution_stops_when_its_function_has_answered(pipelines: Pipelines, function) -> None:
    key = uuid.uuid4().hex
    code = f"""s3 = boto3.client('s3')
    while s3.list_objects_v2(Bucket='{BUCKET}', Prefix='{key}')['KeyCount'] == 0: time.sleep(0.05)"""
    arn = pipelines.start(call("call", function(code)), step("never", "Fail", {"ErrorMessage": "x"}, DependsOn=["call"]))
    pipelines.waiting(arn, "call")
    pipelines.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert pipelines.waiting(arn, "call", "Stopping")
    assert pipelines.describe(arn)["PipelineExecutionStatus"] == "Stopping"
    pipelines.put(key, "")
    assert pipelines.ended(arn) == "Stopped"
    assert list(pipelines.steps(arn)) == ["call"]


@pytest.mark.nightly  # its own local AWS; test_steps_chaos kills by day
def test_a_function_is_not_invoked_again_after_a_kill(tmp_path: Path) -> None:
    killable = KillableAws(tmp_path / "state", 1)
    pipelines = Pipelines(client_factory(killable.aws.handle))
    role = pipelines.role("lambda.amazonaws.com", "s3:*", "logs:*")
    code = f"boto3.client('s3').put_object(Bucket='{BUCKET}', Key='called/' + context.aws_request_id); time.sleep(50)"
    arn = pipelines.start(call("call", _function(pipelines, code, role)))
    pipelines.until(lambda: pipelines.keys("called/"))
    killable.kill_gateway()
    pipelines = Pipelines(client_factory(killable.aws.handle))
    assert pipelines.ended(arn) == "Failed"
    assert pipelines.steps(arn)["call"]["FailureReason"] == "InternalServerError: the local AWS stopped while the step was running"
    assert len(pipelines.keys("called/")) == 1
    killable.aws.handle.stop()
