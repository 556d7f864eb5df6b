"""Creates the trial component of each job, in a trial if the job's ``ExperimentConfig`` names one.

The content of such components is known from tests and answers of AWS (read 2026-11-25): tests/integ/test_track_from_*_job.py of
https://github.com/aws/sagemaker-experiments (times, parameters, artifacts), test_codec.py of sagemaker-core (a training job). Two things
are not known and chosen here: the text of a training job's status, which follows the other jobs; and ``<job>-aws-trial``, the name of the
trial if the request names only an experiment.
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Iterator

from course.localaws.context import Context
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.platform import Platform
from course.localaws.sagemaker.experiments import experiments, job_lineage, lineage
from course.localaws.sagemaker.experiments.experiments import EXPERIMENT, TRIAL, TRIAL_COMPONENT
from course.localaws.sagemaker.experiments.metric_series import summary
from course.localaws.sagemaker.experiments.trial_components import add_to_trial

TRACKED = ("TrainingJob", "ProcessingJob", "TransformJob")
MOST_PARAMETERS = 300
LONGEST_VALUE = 2500  # characters
LONGEST_NAME = 120
LONGEST_MESSAGE = 1024
logger = logging.getLogger(__name__)


def check(engine: ResourceEngine, context: Context, params: dict) -> None:
    """Check that the experiment, trial and run in a new job's ``ExperimentConfig`` exist. Raises AwsError."""
    config = params.get("ExperimentConfig", {})
    experiment = engine.get(context, EXPERIMENT, config["ExperimentName"]) if "ExperimentName" in config else None
    if "TrialName" in config:
        trial = engine.get(context, TRIAL, config["TrialName"])
        if experiment and trial["ExperimentName"] != experiment["ExperimentName"]:
            raise invalid(
                f"Trial {trial['TrialName']} belongs to the experiment {trial['ExperimentName']}, not to {experiment['ExperimentName']}."
            )
    if "RunName" in config:
        engine.get(context, TRIAL_COMPONENT, config["RunName"])


def begun(engine: ResourceEngine, context: Context, kind: ResourceKind, job: Document) -> None:
    """Create the trial component of a new job, in its trial. It replaces the component of a deleted job with the same name."""
    if kind.name not in TRACKED:
        return
    name, config = component_of(kind, job), job.get("ExperimentConfig", {})
    source = {"SourceArn": job[kind.arn_member], "SourceType": f"SageMaker{kind.name}"}
    document = {"DisplayName": config.get("TrialComponentDisplayName", name), "Source": source, "Sources": [source]}
    document |= {"Parameters": dict(parameters(job)), "InputArtifacts": inputs(job), "OutputArtifacts": outputs(job)}
    document |= status_of(kind, job)
    if "RunName" in config:
        document["_run"] = config["RunName"]
    try:
        engine.create(context, TRIAL_COMPONENT, name, document)
    except AwsError:
        lineage.unlink(engine, context, engine.delete(context, TRIAL_COMPONENT, name)[TRIAL_COMPONENT.arn_member])
        engine.create(context, TRIAL_COMPONENT, name, document)
    if "TrialName" in config or "ExperimentName" in config:
        add_to_trial(engine, context, name, _trial(engine, context, kind, job, config))
    if "RunName" in config:
        engine.update(context, TRIAL_COMPONENT, config["RunName"], lambda run: {"Sources": [*run.get("Sources", []), source]})
    job_lineage.record_sources(engine, context, engine.arn_of(context, TRIAL_COMPONENT, name), job)


def ending(engine: ResourceEngine, context: Context, kind: ResourceKind, job: Document, status: str) -> None:
    """Record what a job has made, before its description says that it has ended with ``status``."""
    component = engine.arn_of(context, TRIAL_COMPONENT, component_of(kind, job)) if kind.name in TRACKED else ""
    if component and engine.exists(component):
        job_lineage.record_results(engine, context, component, job, status)


class Tracking:
    """Updates the status of a job's trial component, and its outputs and metrics when the job has ended.

    `ResourceEngine` calls it after each change of a resource. An error in the component never affects the job.
    """

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._platform, self._engine = platform, engine

    def follows(self, kind: ResourceKind) -> bool:
        return kind.name in TRACKED

    def __call__(self, context: Context, kind: ResourceKind, before: Document | None, job: Document) -> None:
        if before is None:  # `begun` creates the component of a new job
            return
        try:
            self._engine.update(context, TRIAL_COMPONENT, component_of(kind, job), self._members(context, kind, job))
        except AwsError:
            pass  # it was deleted
        except Exception:
            logger.exception("the trial component of %s", job[kind.arn_member])

    def _members(self, context: Context, kind: ResourceKind, job: Document) -> dict:
        stem = kind.name.removesuffix("Job")
        members = status_of(kind, job) | {"OutputArtifacts": outputs(job)}
        members |= {time: job[f"{stem}{time}"] for time in ("StartTime", "EndTime") if f"{stem}{time}" in job}
        if "EndTime" in members:
            members["Metrics"] = list(metrics(self._platform, context, kind, job))
        return members


def component_of(kind: ResourceKind, job: Document) -> str:
    return f"{job[kind.name_member]}-aws-{kind.arn}"[:LONGEST_NAME]


def status_of(kind: ResourceKind, job: Document) -> dict:
    details = {"Status": job[kind.status], "failure reason": job.get("FailureReason", "null")}
    match kind.name:
        case "TrainingJob":
            details = {"Status": job[kind.status], "secondary status": job.get("SecondaryStatus", "null")} | details
        case "ProcessingJob":
            details = {"Status": job[kind.status], "exit message": job.get("ExitMessage", "null")} | details
    message = ", ".join(f"{name}: {value}" for name, value in details.items())
    return {"Status": {"PrimaryStatus": job[kind.status], "Message": message[:LONGEST_MESSAGE]}}


def parameters(job: Document) -> Iterator[tuple[str, dict]]:
    """A job's hyperparameters, image or model, and its instances; numbers are stored as numbers."""
    cluster = job.get("ResourceConfig") or job.get("TransformResources") or job.get("ProcessingResources", {}).get("ClusterConfig", {})
    image = (job.get("AlgorithmSpecification") or {}).get("TrainingImage")
    about = {name: cluster.get(name) for name in ("InstanceCount", "InstanceType", "VolumeSizeInGB")}
    about |= {"ImageUri": image, "ModelName": job.get("ModelName")}
    about = {f"SageMaker.{name}": value for name, value in about.items() if value is not None}
    given = list(job.get("HyperParameters", {}).items())[: MOST_PARAMETERS - len(about)]
    for name, value in [*given, *about.items()]:
        number = _number(value)
        yield name, {"StringValue": str(value)[:LONGEST_VALUE]} if number is None else {"NumberValue": number}


def inputs(job: Document) -> dict:
    """The data of a job by name, and a processing job's image."""
    sources = {entry["InputName"]: (entry.get("S3Input"), None) for entry in job.get("ProcessingInputs", [])}
    for channel in job.get("InputDataConfig", []):
        sources[channel["ChannelName"]] = (channel["DataSource"].get("S3DataSource"), channel.get("ContentType"))
    if transformed := job.get("TransformInput"):
        sources["SageMaker.TransformInput"] = (transformed["DataSource"].get("S3DataSource"), transformed.get("ContentType"))
    found = {name: _artifact(source["S3Uri"], media) for name, (source, media) in sources.items() if source}
    image = job.get("AppSpecification", {}).get("ImageUri")
    return found | ({"SageMaker.ImageUri": _artifact(image)} if image else {})


def outputs(job: Document) -> dict:
    """The locations of a job's results."""
    uris = {
        entry["OutputName"]: entry["S3Output"]["S3Uri"]
        for entry in job.get("ProcessingOutputConfig", {}).get("Outputs", [])
        if "S3Output" in entry
    }
    uris["SageMaker.ModelArtifact"] = job.get("ModelArtifacts", {}).get("S3ModelArtifacts")
    uris["SageMaker.TransformOutput"] = job.get("TransformOutput", {}).get("S3OutputPath")
    return {name: _artifact(uri) for name, uri in uris.items() if uri}


def metrics(platform: Platform, context: Context, kind: ResourceKind, job: Document) -> Iterator[dict]:
    """The metrics of a job's log, as published to CloudWatch."""
    for final in job.get("FinalMetricDataList", []):
        dimensions = [{"Name": kind.name_member, "Value": job[kind.name_member]}]
        metric = {"Namespace": f"/aws/sagemaker/{kind.name}s", "MetricName": final["MetricName"], "Dimensions": dimensions}
        rows = platform.metrics.data(context.region, metric, -math.inf, math.inf)
        points = [(row["timestamp"], None, row["sum"] / row["count"]) for row in rows] or [(final["Timestamp"], None, final["Value"])]
        yield summary(job[kind.arn_member], final["MetricName"], points) | {"Last": final["Value"], "TimeStamp": final["Timestamp"]}


def _trial(engine: ResourceEngine, context: Context, kind: ResourceKind, job: Document, config: dict) -> Document:
    if "TrialName" in config:
        return engine.get(context, TRIAL, config["TrialName"])
    name = f"{job[kind.name_member]}-aws-trial"
    with contextlib.suppress(AwsError):  # an earlier job of that name had one
        experiments.create(engine, context, TRIAL, {"TrialName": name, "ExperimentName": config["ExperimentName"]})
    return engine.get(context, TRIAL, name)


def _artifact(uri: str, media_type: str | None = None) -> dict:
    return {"Value": uri} | ({"MediaType": media_type} if media_type else {})


def _number(value: object) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
