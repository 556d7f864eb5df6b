"""Lineage steps: they make actions, artifacts and contexts, and then the associations between them.

Source: `sagemaker.mlops.workflow.lineage_step` of SDK v3 3.27, botocore's LineageMetadata; read 2026-11-28.
"""

from __future__ import annotations

from course.localaws.sagemaker.experiments import lineage
from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError
from course.localaws.sagemaker.pipelines.steps.calls import operation
from course.localaws.sagemaker.pipelines.steps.step_type import SUCCEEDED, Attempt, Outcome, StepType

KINDS = {"Actions": lineage.ACTION, "Artifacts": lineage.ARTIFACT, "Contexts": lineage.CONTEXT}


class LineageStep(StepType):
    """Records entities and their associations."""

    def start(self, attempt: Attempt, arguments: dict) -> Outcome:
        interrupted = "Lineage" in attempt.metadata
        empty: dict = {f"{kind.name}Arns": {} for kind in KINDS.values()}
        made = attempt.metadata.setdefault("Lineage", empty | {"Associations": []})
        attempt.save()
        for member, kind in KINDS.items():
            for request in arguments.get(member) or ():
                name = request.get(f"{kind.name}Name") or request["Source"]["SourceUri"]
                made[f"{kind.name}Arns"][name] = _created(attempt, kind, request, interrupted)
                attempt.save()
        made["Associations"] = [_associated(attempt, made, request, interrupted) for request in arguments.get("Associations") or ()]
        return SUCCEEDED

    def properties(self, attempt: Attempt) -> object:
        return attempt.metadata["Lineage"]


def _created(attempt: Attempt, kind: lineage.ResourceKind, request: dict, interrupted: bool) -> str:
    """Create an entity, unless the call that a crash interrupted had created it; returns its ARN."""
    present = attempt.find(kind.arn, lineage.key_of(kind, request)) if interrupted else None
    if present:
        return present[kind.arn_member]
    return operation(attempt.client("sagemaker"), f"Create{kind.name}")(**attempt.tagged(request))[kind.arn_member]


def _associated(attempt: Attempt, made: dict, request: dict, interrupted: bool) -> dict:
    ends = {f"{end}Arn": _arn_of(made, request[end]) for end in lineage.ENDS}
    if not (interrupted and attempt.find(lineage.ASSOCIATION.arn, " ".join(ends.values()))):
        kind = {"AssociationType": request["AssociationType"]} if request.get("AssociationType") else {}
        attempt.client("sagemaker").add_association(**ends | kind)
    return ends


def _arn_of(made: dict, entity: dict) -> str:
    """The ARN of an end of an association: it is given, or it is that of an entity of this step. Raises ExpressionError."""
    if entity.get("Arn"):
        return entity["Arn"]
    kind, name = entity.get("Type"), entity.get("Name")
    try:
        return made[f"{kind}Arns"][name]
    except KeyError:
        raise ExpressionError(f"The step makes no lineage entity of type {kind} with the name {name}") from None


TYPES = {"Lineage": LineageStep()}
