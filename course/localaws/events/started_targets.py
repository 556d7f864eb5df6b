"""Targets that other packages run: SageMaker pipelines and Lambda functions. Each package adds its kind with the function that starts it.

    platform.events.targets.add(PipelineTarget(start_pipeline))

Until it has, such a target is refused by name. The functions must recognise a repeated token: after a kill, a start is asked for again.

Source: "Schedule Pipeline Runs" of the SageMaker developer guide, `SageMakerPipelineParameters` of EventBridge's API reference, "Dynamic
path parameters" of its User Guide, read 2026-11-28.
"""

from __future__ import annotations

from collections.abc import Callable

from course.localaws.core.errors import AwsError
from course.localaws.events import json_paths
from course.localaws.events.arns import Arn
from course.localaws.events.targets import EVENTS, SCHEDULER, Invocation

StartPipeline = Callable[[str, dict[str, str], str, str], None]
"""Starts an execution of a SageMaker pipeline: ARN, parameters by name, ARN of the role that the caller acts under, client request token.

It raises AwsError, e.g. ``ResourceNotFound``.
"""

InvokeFunction = Callable[[str, str, str], None]
"""Invokes a Lambda function as ``InvocationType="Event"`` does, without waiting for it: ARN, payload (JSON), token. It raises AwsError."""


class PipelineTarget:
    """A SageMaker pipeline."""

    action, callers, needs_role = "sagemaker:StartPipelineExecution", (EVENTS, SCHEDULER), True

    def __init__(self, start: StartPipeline) -> None:
        self._start = start

    def owns(self, arn: Arn) -> bool:
        return arn.service == "sagemaker" and arn.resource.startswith("pipeline/")

    def check(self, caller: str, target: dict) -> None:
        pass

    def invoke(self, invocation: Invocation) -> None:
        given = invocation.target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", ())
        parameters = {each["Name"]: self._value(each["Value"], invocation.event) for each in given}
        self._start(invocation.target["Arn"], parameters, invocation.target["RoleArn"], invocation.seed.hex())

    @staticmethod
    def _value(text: str, event: dict | None) -> str:
        """A parameter's value. For a rule, a whole JSON path stands for a value of the event."""
        if event is None or not text.startswith("$."):
            return text
        found = json_paths.find(event, text)
        if found is json_paths.MISSING:
            raise AwsError("InvalidParameter", f"The event has no {text}, which a parameter of the pipeline refers to.")
        return json_paths.text_of(found)


class FunctionTarget:
    """A Lambda function."""

    action, callers, needs_role = "lambda:InvokeFunction", (EVENTS, SCHEDULER), False

    def __init__(self, invoke: InvokeFunction) -> None:
        self._invoke = invoke

    def owns(self, arn: Arn) -> bool:
        return arn.service == "lambda" and arn.resource.startswith("function:")

    def check(self, caller: str, target: dict) -> None:
        pass

    def invoke(self, invocation: Invocation) -> None:
        self._invoke(invocation.target["Arn"], invocation.payload, invocation.seed.hex())
