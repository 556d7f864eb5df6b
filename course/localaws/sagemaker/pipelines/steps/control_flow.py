"""The steps that only control the execution: Condition and Fail."""

from __future__ import annotations

from course.localaws.sagemaker.pipelines.language import conditions
from course.localaws.sagemaker.pipelines.language.definition import Step
from course.localaws.sagemaker.pipelines.language.expressions import Scope, text
from course.localaws.sagemaker.pipelines.steps.step_type import SUCCEEDED, Attempt, Outcome, StepType


class ConditionStep(StepType):
    """Evaluates its conditions. The steps of the branch that is taken become ready."""

    def arguments(self, step: Step, scope: Scope) -> dict:
        return {}  # a condition resolves only what decides it

    def start(self, attempt: Attempt, arguments: dict) -> Outcome:
        holds = conditions.all_hold(attempt.step.arguments["Conditions"], attempt.scope)
        attempt.metadata["Condition"] = {"Outcome": "True" if holds else "False"}
        return SUCCEEDED

    def properties(self, attempt: Attempt) -> object:
        return {"Outcome": attempt.metadata["Condition"]["Outcome"] == "True"}  # "true" in text, as the SDK's tests show


class FailStep(StepType):
    """Ends the execution with a message."""

    def start(self, attempt: Attempt, arguments: dict) -> Outcome:
        message = text(arguments.get("ErrorMessage", ""))
        attempt.metadata["Fail"] = {"ErrorMessage": message}
        return Outcome("Failed", message)


TYPES = {"Condition": ConditionStep(), "Fail": FailStep()}
