"""Which step waits for which: by ``DependsOn``, and by the results that a step uses.

Source: "Data dependency between steps" and "Custom dependency between steps" of the developer guide; `step_dependency.py` of
`sagemaker-mlops` 1.27 for triggers; read 2026-11-28.
"""

from __future__ import annotations

from collections.abc import Iterator

from course.localaws.core.errors import invalid
from course.localaws.sagemaker.pipelines.language import arguments, check_steps, special_arguments
from course.localaws.sagemaker.pipelines.language.definition import TRIGGERS, Definition, Step
from course.localaws.sagemaker.pipelines.language.faults import fault, require
from course.localaws.sagemaker.pipelines.language.references import References, check_selector

_NOT_OF_THE_STEP = ("Arguments", "DependsOn")


def connect(definition: Definition) -> None:
    """Fill the triggers of all steps. Raises AwsError for an expression or a dependency that is not valid."""
    for step in definition.steps.values():
        step.triggers.update(_triggers(References(definition, step), step))
        for inner in step.body:
            for name, trigger in _triggers(References(definition, inner, step), inner).items():
                waiting = inner if definition.loops.get(name) is step else step
                waiting.triggers[name] = trigger
        if step.body:
            require(step.name not in step.triggers, step.place, f"the body of '{step.name}' depends on '{step.name}' itself")
            _check_body_cycles(step)
            check_selector(step)


def _triggers(references: References, step: Step) -> dict[str, str]:
    """The steps that a step depends on, each with its trigger. Raises AwsError."""
    place = f"{step.place}.Arguments"
    own = {name: value for name, value in step.own_arguments.items() if not (step.body and name == "Selector")}
    used = references.check(own, place)
    used |= references.check({name: value for name, value in step.document.items() if name not in _NOT_OF_THE_STEP}, step.place)
    found = dict.fromkeys(sorted(used), "Completed") | dict(_depends_on(references, step))
    require(step.name not in found, step.place, f"the step '{step.name}' depends on itself")
    arguments.check(step.type, own, place, references.type_of)
    special_arguments.check(step, place, references)
    check_steps.check(step, references)
    return found


def _depends_on(references: References, step: Step) -> Iterator[tuple[str, str]]:
    listed = step.document.get("DependsOn") or []
    require(isinstance(listed, list), f"{step.place}.DependsOn", "it must be a list")
    for number, entry in enumerate(listed):
        place = f"{step.place}.DependsOn[{number}]"
        entry = {"Step": entry} if isinstance(entry, str) else entry
        fits = isinstance(entry, dict) and set(entry) <= {"Step", "Trigger"} and isinstance(entry.get("Step"), str)
        require(fits, place, "it must be the name of a step, or an object with Step and Trigger")
        trigger = entry.get("Trigger", "Completed")
        require(trigger in TRIGGERS, f"{place}.Trigger", f"'{trigger}' is not one of {', '.join(TRIGGERS)}")
        if references.find(entry["Step"], place).type == "Fail":  # AWS's text, from tests/integ of the SDK, test_fail_steps.py
            raise invalid(f"{step.name} can not depends on {entry['Step']}. It is at {place}.")
        yield entry["Step"], trigger


def check_cycles(definition: Definition) -> None:
    """Refuse steps that wait for each other. Raises AwsError.

    A step in a branch also waits for its Condition step. A step that depends on a Condition step waits for the steps of both branches.
    """
    waits = {name: step.needs for name, step in definition.steps.items()}
    for name, step in definition.steps.items():
        for other in step.triggers:
            if other not in dict(step.branch):
                waits[name] |= {inner.name for inner in definition.inside(other)}
    _refuse_cycle(waits, "$.Steps")


def _check_body_cycles(loop: Step) -> None:
    _refuse_cycle({step.name: set(step.triggers) for step in loop.body}, f"{loop.place}.Arguments.ForEachBody")


def _refuse_cycle(waits: dict[str, set[str]], place: str) -> None:
    while waits:
        free = {name for name, others in waits.items() if not others & set(waits)}
        if not free:
            raise fault(place, f"these steps wait for each other: {', '.join(sorted(waits))}")
        waits = {name: others for name, others in waits.items() if name not in free}
