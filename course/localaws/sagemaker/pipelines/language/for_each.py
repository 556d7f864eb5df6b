"""Checks ForEach steps, which run the steps of their body once for each item of a list.

Source: `for_each_step.py` of `sagemaker-mlops` 1.27 (SageMaker's Python SDK 3.27), read 2026-11-28. AWS has no page about them yet.
"""

from __future__ import annotations

import re

from course.localaws.sagemaker.pipelines.language.definition import BODY, CHILD_NAME, Definition, Step
from course.localaws.sagemaker.pipelines.language.expressions import GET, function_of
from course.localaws.sagemaker.pipelines.language.faults import fault, require
from course.localaws.sagemaker.pipelines.language.limits import limit
from course.localaws.sagemaker.pipelines.language.paths import Path, PathError

CURRENT_ITEM = "ForEach.CurrentItem"
NOT_IN_BODY = ("Condition", "Fail", "ForEach")
PICKS = ("MaxBy", "MinBy")
_MEMBERS = {"IterableItems", "MaxConcurrency", "Selector", BODY}
_FIELD = re.compile(r"IterationOutput\.(?P<step>[A-Za-z0-9\-_]+)(?P<rest>[.\[].+)", re.DOTALL)


def check(loop: Step) -> None:
    """Check the arguments of a ForEach step; its body is checked as any steps are. Raises AwsError."""
    place, arguments, limits = f"{loop.place}.Arguments", loop.arguments, limit("for_each")
    require(set(arguments) <= _MEMBERS, place, f"the arguments of a ForEach step are {', '.join(sorted(_MEMBERS))}")
    items, most = arguments.get("IterableItems"), limits["items"]
    if isinstance(items, list):
        require(1 <= len(items) <= most, f"{place}.IterableItems", f"it must have 1 to {most} items")
        scalars = all(function_of(item) or isinstance(item, str | int | float) for item in items)
        require(scalars, f"{place}.IterableItems", "its items must be text, numbers, Booleans or functions")
    else:
        require(function_of(items), f"{place}.IterableItems", "it must be a list, or a function whose value is a list in JSON")
    workers, most = arguments.get("MaxConcurrency"), limits["concurrency"]
    fits = isinstance(workers, int) and not isinstance(workers, bool) and 1 <= workers <= most
    require(fits, f"{place}.MaxConcurrency", f"it must be a whole number from 1 to {most}")
    if selects(loop):
        _check_selector(loop, f"{place}.Selector")


def _check_selector(loop: Step, place: str) -> None:
    selector = loop.arguments["Selector"]
    require(isinstance(selector, dict) and set(selector) == {"Pick", "Field"}, place, "its members are Pick and Field")
    require(selector["Pick"] in PICKS, f"{place}.Pick", f"it must be one of {', '.join(PICKS)}")
    path = selector["Field"].get(GET) if function_of(selector["Field"]) == GET else None
    found = _FIELD.fullmatch(path) if isinstance(path, str) else None
    if not found or found["step"] not in {step.name for step in loop.body}:
        raise fault(f"{place}.Field", "it must be a Get of IterationOutput.<step of the body>.<member>")
    try:
        Path.of(found["rest"].removeprefix("."))
    except PathError as error:
        raise fault(f"{place}.Field", str(error)) from None


def check_names(definition: Definition) -> None:
    """Refuse a step with the name that a child step of a ForEach step will have. Raises AwsError."""
    for step in definition.every_step:
        found = CHILD_NAME.fullmatch(step.name)
        loop = definition.loops.get(found["body"]) if found else None
        require(not loop, f"{step.place}.Name", f"'{step.name}' is the name of a child step of '{loop and loop.name}'")


def selects(loop: Step) -> bool:
    """Whether a ForEach step selects an iteration."""
    return loop.arguments.get("Selector") is not None


def selected_step(loop: Step) -> Step:
    """The step of the body whose output decides which iteration a ForEach step selects."""
    name = selector_field(loop)[0]
    return next(step for step in loop.body if step.name == name)


def selector_field(loop: Step) -> tuple[str, str]:
    """The step of the body and the property that a ForEach step's selector compares, e.g. ``("train", "FinalMetricDataList[0].Value")``."""
    found = _FIELD.fullmatch(loop.arguments["Selector"]["Field"][GET])
    assert found
    return found["step"], found["rest"].removeprefix(".")
