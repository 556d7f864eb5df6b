"""What a parsed definition is: its parameters and its steps, with the steps of all branches and loops."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property

from course.localaws.sagemaker.pipelines.language.expressions import in_iteration
from course.localaws.sagemaker.pipelines.language.parameters import Parameter

BRANCHES = {"IfSteps": "True", "ElseSteps": "False"}  # member of a Condition step's arguments -> the outcome that it needs
BODY = "ForEachBody"  # member of a ForEach step's arguments
TRIGGERS = ("Completed", "Failed", "Stopped", "Any")
CHILD_NAME = re.compile(r"(?P<body>.+)-(?P<index>0|[1-9]\d*)")


@dataclass(frozen=True, slots=True)
class Iteration:
    """Which iteration of which ForEach step a child step belongs to; ``index`` counts from 0."""

    loop: str
    index: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a definition.

    Attributes
    ----------
    name, type : str
    document : dict
        The step as the definition has it.
    place : str
        Where it is in the definition, e.g. ``$.Steps[2].Arguments.IfSteps[0]``.
    branch : tuple of (str, str)
        The Condition steps around it, outermost first, each with the outcome that it needs: ``"True"`` or ``"False"``.
    triggers : dict
        Step that it depends on -> the outcome of that step that lets it run: one of `TRIGGERS`. A ForEach step also depends on what the
        steps of its body need from outside.
    body : tuple of Step
        Of a ForEach step: the steps that it runs for each item. Their triggers name steps of the same body.
    iteration : Iteration or None
        Of a child step, which runs a step of a body for one item.
    """

    name: str
    type: str
    document: dict
    place: str
    branch: tuple[tuple[str, str], ...] = ()
    triggers: dict[str, str] = field(default_factory=dict)
    body: tuple[Step, ...] = ()
    iteration: Iteration | None = None

    @property
    def arguments(self) -> dict:
        return self.document.get("Arguments") or {}

    @property
    def own_arguments(self) -> dict:
        """The arguments without the steps of branches and bodies."""
        return {name: value for name, value in self.arguments.items() if name not in BRANCHES and name != BODY}

    @property
    def needs(self) -> set[str]:
        """The steps that it depends on, with the Condition steps around it."""
        return {*self.triggers, *dict(self.branch)}

    def child(self, loop: Step, index: int) -> Step:
        """This step of a ForEach body, for one item. References to steps of the same body become references to the same iteration."""
        siblings = {step.name for step in loop.body}
        document = in_iteration(self.document, siblings, index)
        triggers = {child_name(name, index): trigger for name, trigger in self.triggers.items()}
        name, iteration = child_name(self.name, index), Iteration(loop.name, index)
        return replace(self, name=name, document=document, triggers=triggers, iteration=iteration)


@dataclass(frozen=True)
class Definition:
    """A parsed definition.

    Attributes
    ----------
    document : dict
        The definition itself.
    parameters : dict
        Name -> `Parameter`.
    steps : dict
        Name -> `Step`, in the definition's order, with the steps of all branches, without those of ForEach bodies.
    """

    document: dict
    parameters: dict[str, Parameter]
    steps: dict[str, Step]
    _children: dict[str, Step] = field(default_factory=dict, compare=False)

    @property
    def every_step(self) -> list[Step]:
        """The steps, and those of ForEach bodies."""
        return [each for step in self.steps.values() for each in (step, *step.body)]

    @cached_property
    def loops(self) -> dict[str, Step]:
        """Name of a step in a ForEach body -> the ForEach step."""
        return {inner.name: loop for loop in self.steps.values() for inner in loop.body}

    def inside(self, condition: str) -> list[Step]:
        """The steps in the branches of a Condition step."""
        return [step for step in self.steps.values() if condition in dict(step.branch)]

    def step(self, name: str) -> Step:
        """The step of this name, also a child step of a ForEach step, such as ``train-3``. Raises KeyError."""
        if name in self.steps:
            return self.steps[name]
        found = CHILD_NAME.fullmatch(name)
        if name not in self._children and found and found["body"] in self.loops:
            loop = self.loops[found["body"]]
            body = next(step for step in loop.body if step.name == found["body"])
            self._children[name] = body.child(loop, int(found["index"]))
        return self._children[name]

    def children(self, loop: Step, count: int) -> list[Step]:
        """The child steps of a ForEach step with ``count`` items, one iteration after the other."""
        return [self.step(child_name(inner.name, index)) for index in range(count) for inner in loop.body]


def child_name(body: str, index: int) -> str:
    """The name of a child step, from the step of the body and the position of the item."""
    return f"{body}-{index}"
