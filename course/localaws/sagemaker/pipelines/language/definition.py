"""What a parsed definition is: its parameters and its steps, with the steps of all branches."""

from __future__ import annotations

from dataclasses import dataclass, field

from course.localaws.sagemaker.pipelines.language.parameters import Parameter

BRANCHES = {"IfSteps": "True", "ElseSteps": "False"}  # member of a Condition step's arguments -> the outcome that it needs
TRIGGERS = ("Completed", "Failed", "Stopped", "Any")


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
        Step that it depends on -> the outcome of that step that lets it run: one of `TRIGGERS`.
    """

    name: str
    type: str
    document: dict
    place: str
    branch: tuple[tuple[str, str], ...] = ()
    triggers: dict[str, str] = field(default_factory=dict)

    @property
    def arguments(self) -> dict:
        return self.document.get("Arguments") or {}

    @property
    def own_arguments(self) -> dict:
        """The arguments without the steps of the branches."""
        return {name: value for name, value in self.arguments.items() if name not in BRANCHES}


@dataclass(frozen=True, slots=True)
class Definition:
    """A parsed definition.

    Attributes
    ----------
    document : dict
        The definition itself.
    parameters : dict
        Name -> `Parameter`.
    steps : dict
        Name -> `Step`, in the definition's order, with the steps of all branches.
    """

    document: dict
    parameters: dict[str, Parameter]
    steps: dict[str, Step]

    def inside(self, condition: str) -> list[Step]:
        """The steps in the branches of a Condition step."""
        return [step for step in self.steps.values() if condition in dict(step.branch)]
