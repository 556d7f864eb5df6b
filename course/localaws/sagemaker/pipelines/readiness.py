"""Which steps of an execution can start now, and whether the execution is over.

A step starts when its branch is taken and the steps that it depends on have ended as its triggers want. A step that depends on a Condition
step also waits for the steps of the branch that was taken. Source: "ConditionStep" and "Configure pipeline dependencies" of the developer
guide, `sagemaker.mlops.workflow.step_dependency` for triggers; read 2026-11-28.
"""

from __future__ import annotations

from collections.abc import Mapping

from course.localaws.sagemaker.pipelines.language.definition import Definition, Step

ENDED = ("Succeeded", "Failed", "Stopped")
States = Mapping[str, dict]
_TRIGGERED_BY = {"Completed": ("Succeeded",), "Failed": ("Failed",), "Stopped": ("Stopped",), "Any": ENDED}


class Readiness:
    """The steps of a definition in the light of their states.

    Parameters
    ----------
    definition : Definition
    states : mapping
        Step -> state, for the steps that have started: ``{"StepStatus": ..., "Metadata": ...}``.
    """

    def __init__(self, definition: Definition, states: States) -> None:
        self._definition, self._states = definition, states
        self._excluded: dict[str, bool] = {}

    def ready(self) -> list[Step]:
        """The steps that can start now, in the definition's order."""
        return [step for step in self._definition.steps.values() if step.name not in self._states and self._can_start(step)]

    def unhandled_failure(self) -> bool:
        """Whether a step has failed or was stopped, and no step waits for that outcome."""
        handled = {(name, trigger) for step in self._definition.steps.values() for name, trigger in step.triggers.items()}
        return any(
            state["StepStatus"] in ("Failed", "Stopped") and not handled & {(name, state["StepStatus"]), (name, "Any")}
            for name, state in self._states.items()
        )

    def _can_start(self, step: Step) -> bool:
        taken = all(self._outcome(condition) == outcome for condition, outcome in step.branch)
        return taken and all(self._triggers(step, name, trigger) for name, trigger in step.triggers.items())

    def _triggers(self, step: Step, name: str, trigger: str) -> bool:
        """Whether the step ``name`` has ended as ``step`` needs it."""
        if self._status(name) not in _TRIGGERED_BY[trigger]:
            return False
        if self._definition.steps[name].type != "Condition" or name in dict(step.branch):
            return True
        return all(self._status(inner.name) in ENDED or self.excluded(inner) for inner in self._definition.inside(name))

    def excluded(self, step: Step) -> bool:
        """Whether a step will never run: its branch is not taken, or a step that it depends on ended otherwise or will never run."""
        if step.name not in self._excluded:
            self._excluded[step.name] = step.name not in self._states and self._is_excluded(step)
        return self._excluded[step.name]

    def _is_excluded(self, step: Step) -> bool:
        steps = self._definition.steps
        for condition, outcome in step.branch:
            if self._outcome(condition) not in ("", outcome) or self.excluded(steps[condition]):
                return True
        return any(
            self.excluded(steps[name]) or self._status(name) in set(ENDED) - set(_TRIGGERED_BY[trigger])
            for name, trigger in step.triggers.items()
        )

    def _status(self, name: str) -> str:
        return self._states.get(name, {}).get("StepStatus", "")

    def _outcome(self, condition: str) -> str:
        """``"True"`` or ``"False"`` of a Condition step that has been evaluated, else ``""``."""
        return self._states.get(condition, {}).get("Metadata", {}).get("Condition", {}).get("Outcome", "")
