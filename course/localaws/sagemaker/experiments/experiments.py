"""Experiments and their trials. The parts of a trial are in `trial_components`.

Wording of the error for an existing name: https://github.com/aws/deep-learning-containers/pull/155, and ``is_already_exist_error`` in
sagemaker/core/experiments of the SDK. Order of deletion: API reference of DeleteExperiment, DeleteTrial and DeleteTrialComponent, read
2026-11-25.
"""

from __future__ import annotations

from collections.abc import Callable

from course.localaws.context import Context, Operation
from course.localaws.core import paging
from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.family import Family, describe


def kind(name: str, arn: str, words: str) -> ResourceKind:
    return ResourceKind(
        name=name,
        arn=arn,
        missing=f"{words} '{{name}}' does not exist.",
        missing_code="ResourceNotFound",
        exists=f"{words} names must be unique within an AWS account and region. {words} with name ({{name}}) already exists.",
    )


EXPERIMENT = kind("Experiment", "experiment", "Experiment")
TRIAL = kind("Trial", "experiment-trial", "Trial")
TRIAL_COMPONENT = kind("TrialComponent", "experiment-trial-component", "Trial Component")


class Experiments(Family):
    """Create, Describe, List, Update and Delete of experiments and trials."""

    kinds = (EXPERIMENT, TRIAL)

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._engine = engine
        self.operations: dict[str, Operation] = {
            "CreateExperiment": lambda context, params: create(engine, context, EXPERIMENT, params),
            "CreateTrial": self.create_trial,
            "DescribeExperiment": describe(engine, EXPERIMENT),
            "DescribeTrial": describe(engine, TRIAL),
            "ListExperiments": self.list_experiments,
            "ListTrials": self.list_trials,
            "UpdateExperiment": lambda context, params: update(engine, context, EXPERIMENT, params, params),
            "UpdateTrial": lambda context, params: update(engine, context, TRIAL, params, params),
            "DeleteExperiment": self.delete_experiment,
            "DeleteTrial": self.delete_trial,
        }

    def create_trial(self, context: Context, params: dict) -> dict:
        experiment = self._engine.get(context, EXPERIMENT, params["ExperimentName"])
        return create(self._engine, context, TRIAL, params | {"ExperimentName": experiment["ExperimentName"]})

    def list_experiments(self, context: Context, params: dict) -> dict:
        return listed(EXPERIMENT, self._engine.documents(context, EXPERIMENT), params)

    def list_trials(self, context: Context, params: dict) -> dict:
        found = self._engine.documents(context, TRIAL)
        if "ExperimentName" in params:
            name = self._engine.get(context, EXPERIMENT, params["ExperimentName"])["ExperimentName"]
            found = [trial for trial in found if trial["ExperimentName"] == name]
        if "TrialComponentName" in params:
            held = self._engine.get(context, TRIAL_COMPONENT, params["TrialComponentName"]).get("_trials", [])
            found = [trial for trial in found if trial["TrialName"] in held]
        return listed(TRIAL, found, params)

    def delete_experiment(self, context: Context, params: dict) -> dict:
        name = self._engine.get(context, EXPERIMENT, params["ExperimentName"])["ExperimentName"]
        trials = [trial["TrialName"] for trial in self._engine.documents(context, TRIAL) if trial["ExperimentName"] == name]
        refuse_while_held(f"Experiment {name}", "trials", trials)
        return arn_of(EXPERIMENT, self._engine.delete(context, EXPERIMENT, name))

    def delete_trial(self, context: Context, params: dict) -> dict:
        name = self._engine.get(context, TRIAL, params["TrialName"])["TrialName"]
        components = self._engine.documents(context, TRIAL_COMPONENT)
        held = [component["TrialComponentName"] for component in components if name in component.get("_trials", [])]
        refuse_while_held(f"Trial {name}", "trial components", held)
        return arn_of(TRIAL, self._engine.delete(context, TRIAL, name))


def create(engine: ResourceEngine, context: Context, kind: ResourceKind, params: dict) -> dict:
    """Create an experiment, trial or trial component. Its default display name is its name."""
    name = params[kind.name_member]
    document = {"DisplayName": name} | params | by(context, "CreatedBy") | by(context, "LastModifiedBy")
    return {kind.arn_member: engine.create(context, kind, name, document, params.get("Tags", ()))}


def update(engine: ResourceEngine, context: Context, kind: ResourceKind, params: dict, changes: dict | Callable[[Document], dict]) -> dict:
    """Update an experiment, trial or trial component."""

    def changed(document: Document) -> dict:
        given = changes(document) if callable(changes) else changes
        return {member: value for member, value in given.items() if member != kind.name_member} | by(context, "LastModifiedBy")

    return arn_of(kind, engine.update(context, kind, params[kind.name_member], changed))


def listed(kind: ResourceKind, documents: list[Document], params: dict) -> dict:
    """The answer of a List operation, filtered by creation time and sorted."""
    member = kind.name_member if params.get("SortBy") == "Name" else "CreationTime"
    shown, token = paging.page(made_in(documents, params), kind.arn_member, lambda document: document[member], params)
    source = f"{kind.name}Source"
    members = (kind.name_member, kind.arn_member, "DisplayName", "CreationTime", "LastModifiedTime")
    if kind is TRIAL_COMPONENT:
        members += ("Status", "StartTime", "EndTime", "CreatedBy", "LastModifiedBy")
    summaries = [
        {name: document[name] for name in members if name in document} | ({source: document["Source"]} if "Source" in document else {})
        for document in shown
    ]
    return {f"{kind.name}Summaries": summaries} | ({"NextToken": token} if token else {})


def made_in(documents: list[Document], params: dict) -> list[Document]:
    """The documents created in the time range of a List operation."""
    after, before = params.get("CreatedAfter", float("-inf")), params.get("CreatedBefore", float("inf"))
    return [document for document in documents if after <= document["CreationTime"] < before]


def by(context: Context, member: str) -> dict:
    """The caller, as ``CreatedBy`` and ``LastModifiedBy`` show it."""
    return {member: {"IamIdentity": {"Arn": context.principal.arn}}} if context.principal else {}


def arn_of(kind: ResourceKind, document: Document) -> dict:
    return {kind.arn_member: document[kind.arn_member]}


def refuse_while_held(what: str, kept: str, names: list[str]) -> None:
    if names:
        some = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise invalid(f"{what} cannot be deleted while it has {kept}: {some}.")
