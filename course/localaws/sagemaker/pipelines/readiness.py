"""Which steps of an execution can start now, and whether the execution is over.

A step starts when its branch is taken and the steps that it depends on have ended as its triggers want. A step that depends on a Condition
step also waits for the steps of the branch that was taken. When a step has failed, and no step waits for that outcome, nothing starts any
more, but the steps that run go on to their end, a ForEach step with all its iterations. Source: "ConditionStep" and "Configure pipeline
dependencies" of the developer guide, `step_dependency.py` and `for_each_step.py` of `sagemaker-mlops` 1.27; read 2026-11-28.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from course.localaws.sagemaker.pipelines.language.definition import Definition, Step

ENDED = ("Succeeded", "Failed", "Stopped")
States = Mapping[str, dict]
_TRIGGERED_BY = {"Completed": ("Succeeded",), "Failed": ("Failed",), "Stopped": ("Stopped",), "Any": ENDED}


class Readiness:
    """The steps of a definition, and the states of those that have started.

    Parameters
    ----------
    definition : Definition
    states : mapping
        Step -> state, for the steps that have started: ``{"StepStatus": ..., "Metadata": ...}``. The items of a ForEach step are in
        ``{"_memory": {"items": [...]}}``.
    """

    def __init__(self, definition: Definition, states: States) -> None:
        self._definition, self._states = definition, states
        self._excluded: dict[str, bool] = {}

    def ready(self) -> list[Step]:
        """The steps that can start now, in the definition's order."""
        steps = self._definition.steps.values()
        failed, found = self.unhandled_failure(), []
        for step in steps:
            if step.body and self._status(step.name) == "Executing":
                found += self._ready_children(step)
            elif not failed and step.name not in self._states and self._can_start(step):
                found.append(step)
        return found

    def unhandled_failure(self) -> bool:
        """Whether a step has failed or was stopped, and no step waits for that outcome."""
        return self._unhandled(self._definition.steps.values())

    def loop_is_over(self, loop: Step) -> bool:
        """Whether no child step of a ForEach step runs or will start."""
        children = self.children(loop)
        if any(self._status(child.name) not in ("", *ENDED) for child in children):
            return False
        if self._status(loop.name) == "Stopping" or self.loop_has_failed(loop):
            return True
        return all(child.name in self._states or self.excluded(child) for child in children)

    def loop_has_failed(self, loop: Step) -> bool:
        """Whether a child step of a ForEach step has failed or was stopped, and no other step of the body waits for that outcome."""
        return self._unhandled(self.children(loop))

    def children(self, loop: Step) -> list[Step]:
        """The child steps of a ForEach step that has started, also those that have not."""
        items = self._states.get(loop.name, {}).get("_memory", {}).get("items", ())
        return self._definition.children(loop, len(items))

    def _ready_children(self, loop: Step) -> list[Step]:
        if self.loop_has_failed(loop):
            return []
        children = self.children(loop)
        free = loop.arguments["MaxConcurrency"] - sum(self._status(child.name) not in ("", *ENDED) for child in children)
        return [child for child in children if child.name not in self._states and self._can_start(child)][: max(free, 0)]

    def _unhandled(self, steps: Iterable[Step]) -> bool:
        """Whether one of the steps has failed or was stopped, and none of them waits for that outcome."""
        handled = {(name, trigger) for step in steps for name, trigger in step.triggers.items()}
        return any(
            status in ("Failed", "Stopped") and not handled & {(step.name, status), (step.name, "Any")}
            for step in steps
            for status in [self._outcome(step)]
        )

    def _outcome(self, step: Step) -> str:
        """The status of a step. A ForEach step that runs will fail when one of its child steps has failed."""
        status = self._status(step.name)
        return "Failed" if step.body and status not in ("", *ENDED) and self.loop_has_failed(step) else status

    def _can_start(self, step: Step) -> bool:
        taken = all(self._branch(condition) == outcome for condition, outcome in step.branch)
        return taken and all(self._triggers(step, name, trigger) for name, trigger in step.triggers.items())

    def _triggers(self, step: Step, name: str, trigger: str) -> bool:
        """Whether the step ``name`` has ended as ``step`` needs it."""
        if self._status(name) not in _TRIGGERED_BY[trigger]:
            return False
        if self._definition.step(name).type != "Condition" or name in dict(step.branch):
            return True
        return all(self._status(inner.name) in ENDED or self.excluded(inner) for inner in self._definition.inside(name))

    def excluded(self, step: Step) -> bool:
        """Whether a step will never run: its branch is not taken, or a step that it depends on ended otherwise or will never run."""
        if step.name not in self._excluded:
            self._excluded[step.name] = step.name not in self._states and self._is_excluded(step)
        return self._excluded[step.name]

    def _is_excluded(self, step: Step) -> bool:
        for condition, outcome in step.branch:
            if self._branch(condition) not in ("", outcome) or self.excluded(self._definition.steps[condition]):
                return True
        return any(
            self.excluded(self._definition.step(name)) or self._status(name) in set(ENDED) - set(_TRIGGERED_BY[trigger])
            for name, trigger in step.triggers.items()
        )

    def _status(self, name: str) -> str:
        return self._states.get(name, {}).get("StepStatus", "")

    def _branch(self, condition: str) -> str:
        """A Condition step's outcome, ``"True"`` or ``"False"``, when it has succeeded; else its status, or ``""`` before its end."""
        status = self._status(condition)
        if status == "Succeeded":
            return self._states[condition]["Metadata"]["Condition"]["Outcome"]
        return status if status in ENDED else ""
