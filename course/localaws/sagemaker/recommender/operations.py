"""Inference Recommender: jobs that load-test a model and recommend instance types.

A job's document is the answer of DescribeInferenceRecommendationsJob, plus ``_plan`` (its benchmarks) and ``_steps`` (their results). AWS
starts an endpoint for each benchmark. Here benchmarks of the same container share one model server, whose load test is real (`run`). The
results for each instance type are estimates (`model`), and the job's log says so.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from course.localaws.context import Context, Operation
from course.localaws.core import paging
from course.localaws.core.errors import invalid
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.jobs.runner import JobRunner
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.family import Family, describe
from course.localaws.sagemaker.core.job_family import LOST
from course.localaws.sagemaker.core.protection import require_role
from course.localaws.sagemaker.recommender import checks
from course.localaws.sagemaker.recommender.model_metadata import list_model_metadata
from course.localaws.sagemaker.recommender.run import RecommendationRun, ended, pending
from course.localaws.sagemaker.recommender.traffic import TrafficStep, planned_seconds

RUNNING = ("PENDING", "IN_PROGRESS")


@dataclass(frozen=True)
class RecommendationKind(ResourceKind):
    """A job's name member is ``JobName``, without the name of the resource."""

    @property
    def name_member(self) -> str:
        return "JobName"

    @property
    def arn_member(self) -> str:
        return "JobArn"


# AWS's texts of these two errors are not known; the codes are those of the API reference.
RECOMMENDATIONS_JOB = RecommendationKind(
    name="InferenceRecommendationsJob",
    arn="inference-recommendations-job",
    missing="Inference recommendations job {arn} does not exist.",
    missing_code="ResourceNotFound",
    exists="Inference recommendations job {arn} already exists.",
    exists_code="ResourceInUse",
    status="Status",
    summary=(
        "JobDescription", "JobType", "CompletionTime", "RoleArn", "FailureReason",
        "InputConfig.ModelName", "InputConfig.ModelPackageVersionArn", "_plan.SamplePayloadUrl",
    ),
    filters={"ModelNameEquals": "ModelName", "ModelPackageVersionArnEquals": "ModelPackageVersionArn"},
)  # fmt: skip


class InferenceRecommendationsJobs(Family):
    """Create, Describe, List and Stop of jobs, List of a job's steps, and the models that AWS has benchmarked."""

    kinds = (RECOMMENDATIONS_JOB,)

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._platform, self._engine = platform, engine
        self._runner = JobRunner(platform, RECOMMENDATIONS_JOB.arn)
        self.operations: dict[str, Operation] = {
            "CreateInferenceRecommendationsJob": self.create,
            "DescribeInferenceRecommendationsJob": describe(engine, RECOMMENDATIONS_JOB),
            "ListInferenceRecommendationsJobs": self.list,
            "ListInferenceRecommendationsJobSteps": self.list_steps,
            "ListModelMetadata": list_model_metadata,
            "StopInferenceRecommendationsJob": self.stop,
        }

    async def create(self, context: Context, params: dict) -> dict:
        return {"JobArn": await asyncio.to_thread(self._begin, context, params)}

    def list(self, context: Context, params: dict) -> dict:
        jobs, token = self._engine.page(context, RECOMMENDATIONS_JOB, params)
        return {"InferenceRecommendationsJobs": [{"JobDescription": ""} | job for job in jobs], "NextToken": token}

    def list_steps(self, context: Context, params: dict) -> dict:
        job = self._engine.get(context, RECOMMENDATIONS_JOB, params["JobName"])
        found = [
            {"StepType": "BENCHMARK", "JobName": job["JobName"], "_number": number, **step}
            for number, step in enumerate(job["_steps"])
            if params.get("Status", step["Status"]) == step["Status"]
        ]
        ordered = {"SortOrder": "Ascending"} | params
        shown, token = paging.page(found, "_number", lambda step: step["_number"], ordered)
        return {"Steps": shown} | ({"NextToken": token} if token else {})

    def stop(self, context: Context, params: dict) -> None:
        def changes(job: Document) -> dict:
            if job["Status"] not in (*RUNNING, "STOPPING"):
                raise invalid(f"The inference recommendations job {job['JobArn']} cannot be stopped: its status is {job['Status']}.")
            return {"Status": "STOPPING"}

        self._runner.stop(self._engine.update(context, RECOMMENDATIONS_JOB, params["JobName"], changes)["JobArn"])

    def recover(self) -> None:
        """Fail the jobs that ran when the local AWS was killed."""
        self._runner.recover()
        for context, job in list(self._engine.every(RECOMMENDATIONS_JOB, (*RUNNING, "STOPPING"))):
            self._engine.update(context, RECOMMENDATIONS_JOB, job["JobName"], ended(job, self._engine.now(), "FAILED", LOST))

    def shutdown(self) -> None:
        self._runner.shutdown()

    def _begin(self, context: Context, params: dict) -> str:
        require_role(self._platform, params["RoleArn"])
        plan = checks.plan(self._platform, self._engine, context, params)
        name = params["JobName"]
        document = {member: value for member, value in params.items() if member != "OutputConfig"} | {"Status": "PENDING", "_plan": plan}
        document["_steps"] = [pending(benchmark) for benchmark in plan["Benchmarks"]]
        # The traffic takes less time here than the job says. A job that began earlier has times that fit the lengths of its phases.
        earlier = planned_seconds([TrafficStep(**step) for step in plan["Steps"]])
        arn = self._engine.create(context, RECOMMENDATIONS_JOB, name, document, params.get("Tags", ()), earlier=earlier)
        document = self._engine.get(context, RECOMMENDATIONS_JOB, name)
        self._runner.submit(arn, RecommendationRun(self._runner, self._engine, RECOMMENDATIONS_JOB, context, document))
        return arn
