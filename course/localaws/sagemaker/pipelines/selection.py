"""Selective execution: an execution that runs only some steps, and takes what they need from an earlier execution.

Source: "Selective execution of pipeline steps" of the developer guide and SelectiveExecutionConfig in the API reference, read 2026-11-28;
the text for a missing source execution is from https://github.com/aws/sagemaker-python-sdk/issues/4444. The other texts are ours. Not
documented, and so our choice: a step cannot be selected whose branch was not taken in the source execution, unless its Condition step is
selected, too. The guide says that the selected steps must be connected; as in the API reference, that means that no step on a way between
two of them is missing. So steps without any way between them can be selected together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document
from course.localaws.sagemaker.pipelines.language.definition import Definition

_TAKEN = (
    "StepName", "StepDisplayName", "StepDescription", "StepStatus", "StartTime", "EndTime", "AttemptCount", "Metadata", "IterationContext",
    "_attempt", "_memory", "_type",
)  # fmt: skip


def names_of(definition: Definition, config: dict) -> list[str]:
    """The selected steps of a SelectiveExecutionConfig. Raises AwsError ``ValidationException`` if they cannot run without others."""
    names = list(dict.fromkeys(entry["StepName"] for entry in config["SelectedSteps"]))
    if unknown := [name for name in names if name not in definition.steps]:
        raise invalid(f"Invalid SelectedSteps: the pipeline has no steps {_listed(unknown)}.")
    selected = set(names)
    upstream = {name: _upstream(definition, name) for name in definition.steps}
    before = set().union(*(upstream[name] for name in selected))
    between = [name for name in definition.steps if name in before - selected and upstream[name] & selected]
    if between:
        raise invalid(f"Invalid SelectedSteps: the steps {_listed(between)} are between selected steps, so they must be selected, too.")
    return names


def taken(definition: Definition, names: list[str], source: Document | None, types: dict[str, str]) -> dict[str, dict]:
    """The states of the steps that selected ones depend on, from the source execution.

    Parameters
    ----------
    definition : Definition
    names : list of str
        The selected steps.
    source : dict or None
        The source execution.
    types : dict
        Step -> type, of the source execution's definition.

    Raises
    ------
    AwsError
        ``ValidationException`` if the source execution does not have what is needed.
    """
    wanted = {name for selected in names for name in definition.steps[selected].needs} - set(names)
    wanted_in_order = [name for name in definition.steps if name in wanted]
    if not wanted:
        return {}
    if source is None:
        raise invalid(
            f"Invalid SourcePipelineExecutionArn: null. The selected steps {_listed(names)} have dependencies on {_listed(wanted_in_order)}"
        )
    arn, states = source["PipelineExecutionArn"], source["_steps"]
    for name in wanted_in_order:
        if states.get(name, {}).get("StepStatus") != "Succeeded" or types.get(name) != definition.steps[name].type:
            raise invalid(
                f"Invalid SourcePipelineExecutionArn: {arn}. The step {name} has not succeeded in it, and selected steps need it."
            )
    _check_branches(definition, names, states, arn)
    found = {**{name: states[name] for name in wanted_in_order}, **_children(states, wanted)}
    reused = {"SelectiveExecutionResult": {"SourcePipelineExecutionArn": arn}}
    return {name: {member: state[member] for member in _TAKEN if member in state} | reused for name, state in found.items()}


def only(definition: Definition, names: Iterable[str]) -> Definition:
    """A definition with only the steps of these names."""
    kept = set(names)
    return replace(definition, steps={name: step for name, step in definition.steps.items() if name in kept}, _children={})


def _upstream(definition: Definition, name: str) -> set[str]:
    """All steps that must end before a step starts."""
    found: set[str] = set()
    waiting = definition.steps[name].needs
    while waiting:
        found |= waiting
        waiting = {inner for each in waiting for inner in definition.steps[each].needs} - found
    return found


def _check_branches(definition: Definition, names: list[str], states: dict[str, dict], arn: str) -> None:
    for name in names:
        for condition, outcome in definition.steps[name].branch:
            if condition not in names and states[condition]["Metadata"]["Condition"]["Outcome"] != outcome:
                raise invalid(
                    f"Invalid SelectedSteps: the step {name} is in a branch of {condition} that the execution {arn} did not take. "
                    f"Select {condition}, too."
                )


def _children(states: dict[str, dict], loops: set[str]) -> dict[str, dict]:
    """The states of the child steps of ForEach steps."""
    return {name: state for name, state in states.items() if state.get("IterationContext", {}).get("ParentStepName") in loops}


def _listed(names: Iterable[str]) -> str:
    return f"[{', '.join(names)}]"
