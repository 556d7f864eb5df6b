"""Checks the arguments of steps whose type has rules of its own: Lambda, Fail, Endpoint, InferenceComponent, Lineage and Cleanup.

Source: "Lambda step" of the developer guide; `lineage_step.py` and `cleanup_step.py` of `sagemaker-mlops` 1.27; LineageMetadata in
botocore's model. Read 2026-11-28. The texts are the local AWS's own.
"""

from __future__ import annotations

from course.localaws.sagemaker.pipelines.language import arguments
from course.localaws.sagemaker.pipelines.language.definition import Step
from course.localaws.sagemaker.pipelines.language.expressions import function_of
from course.localaws.sagemaker.pipelines.language.faults import as_list, require
from course.localaws.sagemaker.pipelines.language.limits import limit
from course.localaws.sagemaker.pipelines.language.references import References

# An Endpoint or InferenceComponent step looks for what it would update, so it cannot do without these.
NEEDED = {"Endpoint": ("EndpointName", "EndpointConfigName"), "InferenceComponent": ("InferenceComponentName",)}
ENTITIES = {"Actions": "CreateAction", "Artifacts": "CreateArtifact", "Contexts": "CreateContext"}
ASSOCIATIONS = "Associations"
ENDS = ("Source", "Destination")
_ENTITY_TYPES = ("Action", "Artifact", "Context")
_WITH_URIS = ("Processing", "Transform")


def check(step: Step, place: str, references: References) -> None:
    """Check the arguments of a step. ``place`` is where they are. Raises AwsError."""
    for member in NEEDED.get(step.type, ()):
        require(step.arguments.get(member), place, f"a step of type {step.type} needs {member}")
    match step.type:
        case "Lambda":
            for name, value in step.arguments.items():
                flat = not isinstance(value, dict | list) or function_of(value)
                require(flat, f"{place}.{name}", "an input of a Lambda step must be text, a number, a Boolean or a function")
        case "Fail":
            _check_text(step.arguments.get("ErrorMessage", ""), f"{place}.ErrorMessage")
        case "Lineage":
            _check_lineage(step, place, references)
        case "Cleanup":
            _check_cleanup(step, place, references)


def _check_lineage(step: Step, place: str, references: References) -> None:
    members, most = (*ENTITIES, ASSOCIATIONS), limit("lineage")
    require(set(step.arguments) <= set(members), place, f"the arguments of a Lineage step are {', '.join(members)}")
    require(any(step.arguments.get(member) for member in members), place, "a Lineage step needs one entity or association at least")
    for member in members:
        here = f"{place}.{member}"
        listed = as_list(step.arguments.get(member), here)
        allowed = most["associations" if member == ASSOCIATIONS else "entities"]
        require(len(listed) <= allowed, here, f"it has more than {allowed} entries")
        for number, entry in enumerate(listed):
            if member == ASSOCIATIONS:
                _check_association(entry, f"{here}[{number}]")
            else:
                arguments.check_request(ENTITIES[member], entry, f"{here}[{number}]", references.type_of)
                name = entry.get(f"{member[:-1]}Name")
                require(name or member == "Artifacts", f"{here}[{number}]", f"it needs {member[:-1]}Name")
                require(entry.get("Source"), f"{here}[{number}]", "it needs a Source")


def _check_association(entry: object, place: str) -> None:
    require(
        isinstance(entry, dict) and set(entry) <= {*ENDS, "AssociationType"}, place, "its members are Source, Destination, AssociationType"
    )
    for end in ENDS:
        found = entry.get(end)
        fits = isinstance(found, dict) and (set(found) == {"Arn"} or set(found) == {"Name", "Type"} and found["Type"] in _ENTITY_TYPES)
        require(fits, f"{place}.{end}", f"it needs Arn, or Name and a Type of {', '.join(_ENTITY_TYPES)}")


def _check_cleanup(step: Step, place: str, references: References) -> None:
    resources = step.arguments.get("Resources")
    fits = isinstance(resources, dict) and set(resources) == {"S3"} and set(step.arguments) == {"Resources"}
    require(fits, place, "the arguments of a Cleanup step are Resources with the member S3")
    place = f"{place}.Resources.S3"
    listed = as_list(resources["S3"], place)
    require(listed, place, "a Cleanup step needs one source at least")
    for number, source in enumerate(listed):
        _check_source(step, source, f"{place}[{number}]", references)


def _check_source(step: Step, source: object, place: str, references: References) -> None:
    fits = isinstance(source, dict) and set(source) <= {"StepName", "S3Uris"} and isinstance(source.get("StepName"), str)
    require(fits, place, "a source has StepName, and S3Uris or not")
    name, uris = source["StepName"], as_list(source.get("S3Uris"), f"{place}.S3Uris")
    found = references.find(name, place)
    waits = [entry.get("Step") if isinstance(entry, dict) else entry for entry in step.document.get("DependsOn") or ()]
    require(name in waits, place, f"the step must depend on '{name}'")
    fits = found.type == "Training" and not uris or found.type in _WITH_URIS and uris
    require(fits, place, "a source is a Training step without S3Uris, or a Processing or Transform step with S3Uris")
    for number, uri in enumerate(uris):
        _check_text(uri, f"{place}.S3Uris[{number}]")


def _check_text(value: object, place: str) -> None:
    require(isinstance(value, str) or function_of(value), place, "it must be text or a function")
