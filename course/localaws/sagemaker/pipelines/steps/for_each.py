"""ForEach steps: they run the steps of their body once for each item, as child steps of the execution.

Source: `for_each_step.py` of `sagemaker-mlops` 1.27, and ForEachStepMetadata and IterationContext in botocore's model; read 2026-11-28.
Ours, because AWS documents nothing: after a child step has failed, no further one starts, unless a step of the body waits for the failure;
those that run go on to their end.
"""

from __future__ import annotations

import json
from collections import Counter

from course.localaws.sagemaker.pipelines.language.definition import BODY, Step, child_name
from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError, Scope, resolve, text
from course.localaws.sagemaker.pipelines.language.for_each import selector_field
from course.localaws.sagemaker.pipelines.language.limits import limit
from course.localaws.sagemaker.pipelines.language.parameters import number
from course.localaws.sagemaker.pipelines.readiness import Readiness
from course.localaws.sagemaker.pipelines.steps.step_type import Attempt, Outcome, StepType


class ForEachStep(StepType):
    """Finds its items. The execution starts the child steps, and the step ends with the last of them."""

    def arguments(self, step: Step, scope: Scope) -> dict:
        return {"IterableItems": resolve(step.arguments["IterableItems"], scope)}

    def start(self, attempt: Attempt, arguments: dict) -> Outcome | None:
        attempt.memory["items"] = items = _items(arguments["IterableItems"])
        counts = {"InputItemCount": len(items), "TotalStepCount": len(items) * len(attempt.step.arguments[BODY])}
        attempt.metadata["ForEach"] = counts
        return None

    def check(self, attempt: Attempt) -> Outcome | None:
        readiness = Readiness(attempt.view.definition, attempt.view.states)
        if not readiness.loop_is_over(attempt.step):
            return None
        states = attempt.view.states
        children = [child.name for child in readiness.children(attempt.step)]
        counts = Counter(states[name]["StepStatus"] for name in children if name in states)
        status = _status(states[attempt.step.name]["StepStatus"] == "Stopping", readiness.loop_has_failed(attempt.step), counts)
        ended = {f"{each}StepCount": counts[each] for each in ("Succeeded", "Failed", "Stopped")}
        attempt.metadata["ForEach"] = attempt.metadata["ForEach"] | {"Status": status} | ended
        if status == "Succeeded" and attempt.memory["items"] and attempt.step.arguments.get("Selector"):
            attempt.metadata["ForEach"]["Selector"] = _selected(attempt)
        reason = f"ClientError: {counts['Failed']} of {len(children)} child steps failed" if status == "Failed" else ""
        return Outcome(status, reason)

    def properties(self, attempt: Attempt) -> object:
        return attempt.metadata["ForEach"]


def _status(stopping: bool, failed: bool, counts: Counter[str]) -> str:
    """The status of a step that has ended, given the number of its child steps by status."""
    if stopping:
        return "Stopped"
    if not failed:
        return "Succeeded"
    return "Failed" if counts["Failed"] else "Stopped"


def _items(value: object) -> list:
    """The items of a list, or of a list in JSON. Raises ExpressionError."""
    try:
        items = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError) as error:
        raise ExpressionError(f"IterableItems is not a list in JSON: {value!r} ({error})") from None
    if not isinstance(items, list):
        raise ExpressionError(f"IterableItems is not a list in JSON: {value!r}")
    most = limit("for_each")["item"]
    for index, item in enumerate(items):
        if len(text(item)) > most:
            raise ExpressionError(f"Item {index} of IterableItems is longer than {most} characters")
    return items


def _selected(attempt: Attempt) -> dict:
    """The iteration whose output is the largest or the smallest; the first of several. Raises ExpressionError."""
    body, path = selector_field(attempt.step)
    values = {}
    for index in range(len(attempt.memory["items"])):
        value = attempt.scope.get(f"Steps.{child_name(body, index)}.{path}")
        try:
            values[index] = number(text(value))
        except ValueError:
            raise ExpressionError(f"The Selector cannot compare {value!r} of {child_name(body, index)}: it is not a number") from None
    pick = max if attempt.step.arguments["Selector"]["Pick"] == "MaxBy" else min
    return {"StepName": body, "Index": pick(values, key=lambda index: values[index])}


TYPES = {"ForEach": ForEachStep()}
