"""The operation Search: finds the resources of one kind that match an expression."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from botocore.model import Shape

from course.localaws.context import Context, Operation
from course.localaws.core import paging
from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.platform import Platform
from course.localaws.protocol.model import service_model
from course.localaws.sagemaker.core import search_filters
from course.localaws.sagemaker.core.family import Family
from course.localaws.sagemaker.core.job_family import unsupported
from course.localaws.sagemaker.experiments.experiments import EXPERIMENT, TRIAL, TRIAL_COMPONENT
from course.localaws.sagemaker.experiments.metric_series import MetricSeries
from course.localaws.sagemaker.feature_store.group import FEATURE_GROUP, feature_types
from course.localaws.sagemaker.feature_store.metadata import described
from course.localaws.sagemaker.hosting.endpoints import ENDPOINT
from course.localaws.sagemaker.hosting.models import MODEL
from course.localaws.sagemaker.monitoring.searched import Dashboard, shown
from course.localaws.sagemaker.pipelines import searched
from course.localaws.sagemaker.pipelines.kinds import EXECUTION, PIPELINE, VERSION
from course.localaws.sagemaker.registry.model_package_groups import MODEL_PACKAGE_GROUP
from course.localaws.sagemaker.registry.model_packages import MODEL_PACKAGE
from course.localaws.sagemaker.training.operations import TRAINING_JOB

# By the value of ``Resource``: its kind, and the member of a result that holds the record.
SEARCHED: dict[str, tuple[ResourceKind, str]] = {
    "TrainingJob": (TRAINING_JOB, "TrainingJob"),
    "Experiment": (EXPERIMENT, "Experiment"),
    "ExperimentTrial": (TRIAL, "Trial"),
    "ExperimentTrialComponent": (TRIAL_COMPONENT, "TrialComponent"),
    "Endpoint": (ENDPOINT, "Endpoint"),
    "Model": (MODEL, "Model"),
    "ModelPackage": (MODEL_PACKAGE, "ModelPackage"),
    "ModelPackageGroup": (MODEL_PACKAGE_GROUP, "ModelPackageGroup"),
    "FeatureGroup": (FEATURE_GROUP, "FeatureGroup"),
    "FeatureMetadata": (FEATURE_GROUP, "FeatureMetadata"),
    "Pipeline": (PIPELINE, "Pipeline"),
    "PipelineVersion": (VERSION, "PipelineVersion"),
    "PipelineExecution": (EXECUTION, "PipelineExecution"),
}


# Identifies a record. It is internal: no answer shows it.
KEY = "_key"


class SearchFamily(Family):
    """The operation Search, over all kinds that the engine keeps."""

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._engine = engine
        self._series = MetricSeries(platform.state / "sagemaker.db")
        self.operations: dict[str, Operation] = {"Search": self.search}

    def search(self, context: Context, params: dict) -> dict:
        if params["Resource"] not in SEARCHED:
            raise unsupported(f"Search of {params['Resource']}; it searches {', '.join(SEARCHED)}")
        if params.get("CrossAccountFilterOption") == "CrossAccount":
            return {"Results": [], "TotalHits": {"Value": 0, "Relation": "EqualTo"}}
        if "VisibilityConditions" in params:
            raise unsupported("VisibilityConditions of Search")
        kind, member = SEARCHED[params["Resource"]]
        shape = record_shape(member)
        search = search_filters.SearchExpression(params.get("SearchExpression", {}), shape)
        records = self._features(context) if member == "FeatureMetadata" else self._records(context, kind, shape)
        found = [record for record in records if search.matches(record)]
        results, token = paging.page(found, KEY, sorting(params.get("SortBy") or default_sort(shape), shape), params)
        answer = {"Results": [{member: record} for record in results], "TotalHits": {"Value": len(found), "Relation": "EqualTo"}}
        return answer | ({"NextToken": token} if token else {})

    def shutdown(self) -> None:
        self._series.close()

    def _records(self, context: Context, kind: ResourceKind, shape: Shape) -> list[dict]:
        further = self._further(context, kind)
        records = []
        for document in self._engine.documents(context, kind):
            tags = self._engine.tags(document[kind.arn_member])
            tagged = document | ({"Tags": tags} if tags else {})
            # A model's record has the model itself as a member.
            record = {"Model": shown(tagged, shape.members["Model"])} if kind is MODEL else shown(tagged, shape)
            records.append(record | {KEY: document[kind.arn_member]} | further(document))
        return records

    def _further(self, context: Context, kind: ResourceKind) -> Callable[[Document], dict]:
        """A function from a document to the members of its record that the document does not have."""
        if kind is TRIAL_COMPONENT:
            trials = {trial["TrialName"]: trial for trial in self._engine.documents(context, TRIAL)}
            return lambda document: self._of_component(context, document, trials)
        if kind is TRIAL:
            components = self._engine.documents(context, TRIAL_COMPONENT)
            return lambda document: {"TrialComponentSummaries": summaries(document, components)}
        if kind is VERSION or kind is EXECUTION:
            return lambda document: searched.members(self._engine, context, document)
        if kind is ENDPOINT:
            return Dashboard(self._engine, context).endpoint
        if kind is MODEL:
            return Dashboard(self._engine, context).model
        return lambda document: {}

    def _features(self, context: Context) -> list[dict]:
        """The metadata of all features of all feature groups."""
        return [
            described(group, feature, feature_type) | {KEY: f"{group['FeatureGroupArn']}/{feature}"}
            for group in self._engine.documents(context, FEATURE_GROUP)
            for feature, feature_type in feature_types(group).items()
        ]

    def _of_component(self, context: Context, document: Document, trials: dict[str, Document]) -> dict:
        parents = [
            {"TrialName": name, "ExperimentName": trials[name]["ExperimentName"]} for name in document.get("_trials", ()) if name in trials
        ]
        members: dict = {"Parents": parents} | self._series.of(document)
        if "_run" in document:
            members["RunName"] = document["_run"]
        if source := document.get("Source"):
            members["SourceDetail"] = self._job(context, source)
        return members

    def _job(self, context: Context, source: dict) -> dict:
        """The job that a trial component belongs to, if it still exists."""
        name = source.get("SourceType", "").removeprefix("SageMaker")
        kind = next((kind for kind in self._engine.kinds.values() if kind.name == name), None)
        detail = {"SourceArn": source["SourceArn"]}
        members = record_shape("TrialComponent").members["SourceDetail"].members
        if kind is None or name not in members:
            return detail
        job = self._engine.find(context, kind, source["SourceArn"].rpartition("/")[2])
        if job is None:
            return detail
        job |= {"Tags": self._engine.tags(source["SourceArn"])}
        return detail | {name: shown(job, members[name])}


def summaries(trial: Document, components: list[Document]) -> list[dict]:
    """The summaries of a trial's components, as its record has them."""
    return [summary(component) for component in components if trial["TrialName"] in component.get("_trials", ())]


def summary(component: Document) -> dict:
    """A trial component's summary in a trial's record."""
    members = {"TrialComponentName", "TrialComponentArn", "CreationTime", "CreatedBy"}
    found = {member: value for member, value in component.items() if member in members}
    return found | ({"TrialComponentSource": component["Source"]} if "Source" in component else {})


def default_sort(shape: Shape) -> str:
    """The property by which records of a shape are sorted if the request names none."""
    if "Model" in shape.members:
        return "Model.CreationTime"
    return "LastModifiedTime" if "LastModifiedTime" in shape.members else "CreationTime"


def sorting(name: str, shape: Shape) -> Callable[[dict], float | str | None]:
    """A function from a record to the property that it is sorted by, as number or text. Raises AwsError for an unknown property."""
    if search_filters.member(shape, name.partition(".")[0]) is None:
        raise invalid(f"{name!r} is not a property of {shape.name}; SortBy needs one.")

    def value(record: dict) -> float | str | None:
        first = next((value for value, _ in search_filters.found(record, shape, name)), None)
        if first is None and name == "LastModifiedTime":
            return record.get("CreationTime")  # it was never changed
        return first if first is None or isinstance(first, (int, float, str)) else str(first)

    return value


@cache
def record_shape(member: str) -> Shape:
    return service_model("sagemaker").operation_model("Search").output_shape.members["Results"].member.members[member]
