"""Jobs as trial components: SageMaker keeps one of each job, in a trial when the job's ``ExperimentConfig`` names one.

Names of the component (``<job>-aws-training-job``), its parameters, artifacts and metrics are those that AWS's examples of experiments
show, e.g. sagemaker-experiments/mnist-handwritten-digits-classification-experiment of https://github.com/aws/amazon-sagemaker-examples,
read 2026-11-25; who creates no trial gets one, whose name AWS does not document: here it is ``<job>-aws-trial``.
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from course.localaws.errors import AwsError
from course.localaws.sagemaker import experiments
from course.localaws.sagemaker.context import Context
from course.localaws.sagemaker.engine import Document, Engine, Kind
from course.localaws.sagemaker.experiments import EXPERIMENT, TRIAL, TRIAL_COMPONENT
from course.localaws.sagemaker.metric_series import summary
from course.localaws.sagemaker.trial_components import add_to_trial

if TYPE_CHECKING:
    from course.localaws.platform import Platform

TRACKED = ("TrainingJob", "ProcessingJob", "TransformJob")
MOST_PARAMETERS = 300
LONGEST_VALUE = 2500  # characters
LONGEST_NAME = 120
logger = logging.getLogger(__name__)


def check(engine: Engine, context: Context, params: dict) -> None:
    """That the experiment, trial and run which a new job's ``ExperimentConfig`` names are there. Raises AwsError."""
    config = params.get("ExperimentConfig", {})
    experiment = engine.get(context, EXPERIMENT, config["ExperimentName"]) if "ExperimentName" in config else None
    if "TrialName" in config:
        trial = engine.get(context, TRIAL, config["TrialName"])
        if experiment and trial["ExperimentName"] != experiment["ExperimentName"]:
            raise AwsError(
                "ValidationException",
                f"Trial {trial['TrialName']} belongs to the experiment {trial['ExperimentName']}, not to {experiment['ExperimentName']}.",
            )
    if "RunName" in config:
        engine.get(context, TRIAL_COMPONENT, config["RunName"])


def begun(engine: Engine, context: Context, kind: Kind, job: Document) -> None:
    """Keep the trial component of a new job, in its trial; a job of that name which was deleted gives its own up."""
    if kind.name not in TRACKED:
        return
    name, config = component_of(kind, job), job.get("ExperimentConfig", {})
    source = {"SourceArn": job[kind.arn_member], "SourceType": f"SageMaker{kind.name}"}
    document = {"DisplayName": config.get("TrialComponentDisplayName", name), "Source": source, "Sources": [source]}
    document |= {"Parameters": dict(parameters(job)), "InputArtifacts": inputs(job), "OutputArtifacts": outputs(job)}
    document["StartTime"] = job["CreationTime"]
    document |= status_of(kind, job) | experiments.by(context, "CreatedBy")
    if "RunName" in config:
        document["_run"] = config["RunName"]
    try:
        engine.create(context, TRIAL_COMPONENT, name, document)
    except AwsError:
        engine.delete(context, TRIAL_COMPONENT, name)
        engine.create(context, TRIAL_COMPONENT, name, document)
    if "TrialName" in config or "ExperimentName" in config:
        add_to_trial(engine, context, name, _trial(engine, context, kind, job, config))
    if "RunName" in config:
        engine.update(context, TRIAL_COMPONENT, config["RunName"], lambda run: {"Sources": [*run.get("Sources", []), source]})


def changed(engine: Engine, platform: Platform, context: Context, kind: Kind, job: Document) -> None:
    """Tell the trial component of a job of its status; of one that has ended, of its outputs and metrics too.

    Whatever goes wrong with it, the job is as it is.
    """
    if kind.name not in TRACKED:
        return
    try:
        members = status_of(kind, job) | {"OutputArtifacts": outputs(job)}
        if ended := job.get(f"{kind.name.removesuffix('Job')}EndTime"):
            members |= {"EndTime": ended, "Metrics": list(metrics(platform, context, kind, job))}
        engine.update(context, TRIAL_COMPONENT, component_of(kind, job), members)
    except AwsError:
        pass  # somebody has deleted it
    except Exception:
        logger.exception("the trial component of %s", job[kind.arn_member])


def component_of(kind: Kind, job: Document) -> str:
    return f"{job[kind.name_member]}-aws-{kind.arn}"[:LONGEST_NAME]


def status_of(kind: Kind, job: Document) -> dict:
    status = {"PrimaryStatus": job[kind.status]}
    if message := job.get("FailureReason") or job.get("SecondaryStatus"):
        status["Message"] = message
    return {"Status": status}


def parameters(job: Document) -> Iterator[tuple[str, dict]]:
    """Hyperparameters and environment of a job, and on what it runs, as numbers where they are numbers."""
    cluster = job.get("ResourceConfig") or job.get("TransformResources") or job.get("ProcessingResources", {}).get("ClusterConfig", {})
    image = (job.get("AlgorithmSpecification") or {}).get("TrainingImage") or job.get("AppSpecification", {}).get("ImageUri")
    given = job.get("HyperParameters") or job.get("Environment", {})
    about = {"ImageUri": image} | {name: cluster.get(name) for name in ("InstanceCount", "InstanceType", "VolumeSizeInGB")}
    about = {f"SageMaker.{name}": value for name, value in about.items() if value is not None}
    room = MOST_PARAMETERS - len(about)
    for name, value in [*list(given.items())[:room], *about.items()]:
        number = _number(value)
        yield name, {"StringValue": str(value)[:LONGEST_VALUE]} if number is None else {"NumberValue": number}


def inputs(job: Document) -> dict:
    """The data of a job and its code, each by its name."""
    named = {entry["InputName"]: entry.get("S3Input") for entry in job.get("ProcessingInputs", [])}
    named |= {channel["ChannelName"]: channel["DataSource"].get("S3DataSource") for channel in job.get("InputDataConfig", [])}
    return {name: {"Value": source["S3Uri"]} for name, source in named.items() if source}


def outputs(job: Document) -> dict:
    found = {
        entry["OutputName"]: {"Value": entry["S3Output"]["S3Uri"]}
        for entry in job.get("ProcessingOutputConfig", {}).get("Outputs", [])
        if "S3Output" in entry
    }
    model = job.get("ModelArtifacts", {}).get("S3ModelArtifacts")
    return found | ({"SageMaker.ModelArtifact": {"Value": model}} if model else {})


def metrics(platform: Platform, context: Context, kind: Kind, job: Document) -> Iterator[dict]:
    """The metrics that a job's log showed, from what was published of them."""
    for final in job.get("FinalMetricDataList", []):
        dimensions = [{"Name": kind.name_member, "Value": job[kind.name_member]}]
        metric = {"Namespace": f"/aws/sagemaker/{kind.name}s", "MetricName": final["MetricName"], "Dimensions": dimensions}
        rows = platform.metrics.data(context.region, metric, -math.inf, math.inf)
        points = [(row["timestamp"], None, row["sum"] / row["count"]) for row in rows] or [(final["Timestamp"], None, final["Value"])]
        yield summary(job[kind.arn_member], final["MetricName"], points) | {"Last": final["Value"], "TimeStamp": final["Timestamp"]}


def _trial(engine: Engine, context: Context, kind: Kind, job: Document, config: dict) -> Document:
    if "TrialName" in config:
        return engine.get(context, TRIAL, config["TrialName"])
    name = f"{job[kind.name_member]}-aws-trial"
    with contextlib.suppress(AwsError):  # an earlier job of that name had one
        experiments.create(engine, context, TRIAL, {"TrialName": name, "ExperimentName": config["ExperimentName"]})
    return engine.get(context, TRIAL, name)


def _number(value: object) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
