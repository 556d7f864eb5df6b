"""Creates the lineage of each job: artifacts of its image, its inputs and its results, and their associations with its trial component.

Source: "Tracking Entities for SageMaker AI Jobs" of the developer guide; types and associations as public notebooks show the tables of
`LineageTableVisualizer` for jobs, and tests/integ/sagemaker/lineage/conftest.py of the SDK follows them. Read 2026-11-28. Artifacts are
known by the URIs of the request, not by the content of the objects; one URI is one artifact, in all jobs. Our choice: results are recorded
when a job has made them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.experiments import lineage

logger = logging.getLogger(__name__)


def record_sources(engine: ResourceEngine, context: Context, component: str, job: Document) -> None:
    """Record what a job uses. ``component`` is the ARN of its trial component. An error in it never affects the job."""
    _record(engine, context, component, _sources(job), "ContributedTo")


def record_results(engine: ResourceEngine, context: Context, component: str, job: Document, status: str) -> None:
    """Record what a job that ends with ``status`` has made. An error in it never affects the job."""
    _record(engine, context, component, _results(job, status), "Produced")


def _record(engine: ResourceEngine, context: Context, component: str, found: Iterable[tuple[str, str]], kind: str) -> None:
    try:
        for uri, type in dict.fromkeys(found):
            ends = (lineage.artifact(engine, context, uri, type), component)
            lineage.link(engine, context, *(ends if kind == "ContributedTo" else ends[::-1]), kind)
    except Exception:
        logger.exception("the lineage of %s", component)


def _sources(job: Document) -> Iterator[tuple[str, str]]:
    """The URIs and types of what a job uses."""
    image = (job.get("AlgorithmSpecification") or {}).get("TrainingImage") or job.get("AppSpecification", {}).get("ImageUri")
    if image:
        yield image, "Image"
    data = [entry.get("S3Input") for entry in job.get("ProcessingInputs", ())]
    data += [channel["DataSource"].get("S3DataSource") for channel in job.get("InputDataConfig", ())]
    data += [job["TransformInput"]["DataSource"].get("S3DataSource")] if "TransformInput" in job else []
    for source in data:
        if source and source.get("S3Uri"):
            yield source["S3Uri"], "DataSet"


def _results(job: Document, status: str) -> Iterator[tuple[str, str]]:
    """The URIs and types of what a job has made."""
    if status != "Failed" and "TrainingStartTime" in job:  # a job that is stopped uploads its model
        yield job["ModelArtifacts"]["S3ModelArtifacts"], "Model"
    if status != "Completed":
        return
    if checkpoints := job.get("CheckpointConfig", {}).get("S3Uri"):
        yield checkpoints, "Checkpoint"
    for entry in job.get("ProcessingOutputConfig", {}).get("Outputs", ()):
        if "S3Output" in entry:
            yield entry["S3Output"]["S3Uri"], "DataSet"
    if transformed := job.get("TransformOutput", {}).get("S3OutputPath"):
        yield transformed, "DataSet"
