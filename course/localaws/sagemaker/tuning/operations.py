"""Hyperparameter tuning jobs: AWS's checks of a request, and Describe, List, Stop and Delete. `run` runs a job."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

from course.localaws import images
from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, invalid
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.platform import Platform
from course.localaws.sagemaker.core import quotas
from course.localaws.sagemaker.core.family import Family, list_page
from course.localaws.sagemaker.core.job_family import LOST, RUNNING
from course.localaws.sagemaker.core.protection import require_role
from course.localaws.sagemaker.training.operations import TRAINING_JOB, TrainingJobs
from course.localaws.sagemaker.tuning import autotune, training_jobs, warm_start
from course.localaws.sagemaker.tuning.plan import TuningPlan, plans_of, stopping_of
from course.localaws.sagemaker.tuning.ranges import check_combinations
from course.localaws.sagemaker.tuning.run import MOST_JOBS, TuningRun
from course.localaws.sagemaker.tuning.strategies.sampling import LossObservation

TUNING_JOB = ResourceKind(
    name="HyperParameterTuningJob",
    arn="hyper-parameter-tuning-job",
    # The code and the first sentence come from the constants of a client in Go (DescribeHyperParameterTuningJob404MessagePrefix); the
    # second sentence is ours.
    missing="Amazon SageMaker can't find a tuning job with the name, {name}. Provide the name of a tuning job of this account and region.",
    missing_code="ResourceNotFound",
    # https://github.com/aws/amazon-sagemaker-examples/issues/2440
    exists="A hyperparameter tuning job with the name, {name}, already exists. Choose a different name.",
    exists_code="ResourceInUse",
    status="HyperParameterTuningJobStatus",
    event="SageMaker HyperParameter Tuning Job State Change",
    summary=(
        "HyperParameterTuningEndTime",
        "TrainingJobStatusCounters",
        "ObjectiveStatusCounters",
        "HyperParameterTuningJobConfig.Strategy",
        "HyperParameterTuningJobConfig.ResourceLimits",
    ),
)
NOUN = "hyperparameter tuning job"
MOST_PARALLEL = "Maximum number of training jobs each hyper parameter tuning job can run in parallel at once"
MOST_TUNING_JOBS = "Maximum number of hyper parameter tuning jobs that can run at once in parallel"
# Members of a request that Describe returns.
KEPT = ("HyperParameterTuningJobConfig", "TrainingJobDefinition", "TrainingJobDefinitions", "WarmStartConfig", "Autotune")
# https://github.com/aws/amazon-sagemaker-examples/issues/1207
NO_METRIC = "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric definitions."
SAMPLE = "-001-00000000"  # the end of a training job's name, for checks only


class HyperParameterTuningJobs(Family):
    """The family of tuning jobs; ``training`` is the family of the training jobs that they launch."""

    kinds, needs = (TUNING_JOB,), (TrainingJobs,)

    def __init__(self, platform: Platform, engine: ResourceEngine, training: TrainingJobs) -> None:
        self._platform, self._engine, self._training = platform, engine, training
        self._runs: dict[str, TuningRun] = {}
        self._lock = threading.Lock()
        self.operations: dict[str, Operation] = {
            "CreateHyperParameterTuningJob": self.create,
            "DescribeHyperParameterTuningJob": self.describe,
            "ListHyperParameterTuningJobs": list_page(engine, TUNING_JOB, "HyperParameterTuningJobSummaries"),
            "StopHyperParameterTuningJob": self.stop,
            "DeleteHyperParameterTuningJob": self.delete,
            "ListTrainingJobsForHyperParameterTuningJob": self.list_training_jobs,
        }

    async def create(self, context: Context, params: dict) -> dict:
        return {TUNING_JOB.arn_member: await asyncio.to_thread(self._create, context, params)}

    def _create(self, context: Context, params: dict) -> str:
        name = params[TUNING_JOB.name_member]
        params = autotune.applied(params)
        plans = plans_of(params)
        definitions = self._checked(context, params, plans)
        warm = params.get("WarmStartConfig", {})
        parents = [self._parent(context, parent) for parent in warm.get("ParentHyperParameterTuningJobs", [])]
        warm_start.check(parents, warm.get("WarmStartType", ""), plans)
        _check_number(context, params["HyperParameterTuningJobConfig"], plans, sum(len(parent["_trials"]) for parent in parents))
        earlier: list[list[LossObservation]] = [
            [observation for parent in parents for observation in warm_start.observations_of(parent, plan, warm["WarmStartType"])]
            for plan in plans
        ]
        one = {"TrainingJobDefinition": definitions[0]}
        described = one if "TrainingJobDefinition" in params else {"TrainingJobDefinitions": definitions}
        # SDK v2 reads this from every tuning job that it attaches to; Off is the API reference's default.
        config = {"TrainingJobEarlyStoppingType": "Off"} | params["HyperParameterTuningJobConfig"]
        kept = {member: params[member] for member in KEPT if member in params}
        document = kept | {"HyperParameterTuningJobConfig": config} | described | _begun()
        arn = self._engine.create(context, TUNING_JOB, name, document, params.get("Tags", ()))
        document = self._engine.get(context, TUNING_JOB, name)
        run = TuningRun(self._engine, self._training, TUNING_JOB, context, document, plans, earlier)
        with self._lock:
            self._runs = {key: other for key, other in self._runs.items() if other.alive} | {arn: run}
            run.start()
        return arn

    def describe(self, context: Context, params: dict) -> dict:
        document = self._engine.get(context, TUNING_JOB, params[TUNING_JOB.name_member])
        if document[TUNING_JOB.status] in RUNNING:
            seconds = int(self._engine.now() - document["CreationTime"])
            document["ConsumedResources"] = {"RuntimeInSeconds": seconds}
        if document.get("WarmStartConfig", {}).get("WarmStartType") == warm_start.IDENTICAL:
            document["OverallBestTrainingJob"] = self._overall_best(context, document)
        return document

    def list_training_jobs(self, context: Context, params: dict) -> dict:
        document = self._engine.get(context, TUNING_JOB, params[TUNING_JOB.name_member])
        summaries, token = training_jobs.page(list(self._summaries(context, document)), params)
        return {"TrainingJobSummaries": summaries} | ({"NextToken": token} if token else {})

    def stop(self, context: Context, params: dict) -> None:
        """Stop a tuning job; a second call does nothing."""

        def changes(document: Document) -> dict:
            status = document[TUNING_JOB.status]
            if status not in RUNNING:
                raise invalid(f"The request was rejected because the {NOUN} is in status {status}.")
            return {TUNING_JOB.status: "Stopping"}

        document = self._engine.update(context, TUNING_JOB, params[TUNING_JOB.name_member], changes)
        if run := self._runs.get(document[TUNING_JOB.arn_member]):
            run.stop()

    def delete(self, context: Context, params: dict) -> None:
        """Delete a tuning job but not its training jobs. The model lists no errors of this operation, so all are ValidationException."""
        name = params[TUNING_JOB.name_member]
        try:
            status = self._engine.get(context, TUNING_JOB, name)[TUNING_JOB.status]
        except AwsError as error:
            raise invalid(error.message) from None
        if status in RUNNING:
            message = f"The {NOUN} {name} is in status {status}; only one that is Completed, Failed or Stopped can be deleted."
            raise invalid(message)
        self._engine.delete(context, TUNING_JOB, name)

    def recover(self) -> None:
        """Fail the tuning jobs, and their training jobs, that ran when the local AWS was killed."""
        for context, document in list(self._engine.every(TUNING_JOB, RUNNING)):
            summaries = [self._lost(context, summary) for summary in document["_trials"]]
            now = self._engine.now()
            changes = {TUNING_JOB.status: "Failed", "HyperParameterTuningEndTime": now, "FailureReason": LOST, "_trials": summaries}
            changes["ConsumedResources"] = {"RuntimeInSeconds": int(now - document["CreationTime"])}
            self._engine.update(context, TUNING_JOB, document[TUNING_JOB.name_member], changes | training_jobs.counters(summaries))

    def shutdown(self) -> None:
        """End the threads, and leave the jobs as they are for `recover`."""
        with self._lock:
            runs, self._runs = self._runs, {}
        for run in runs.values():
            run.abandon()

    def _checked(self, context: Context, params: dict, plans: list[TuningPlan]) -> list[dict]:
        """Check a request, and its training jobs as CreateTrainingJob does; returns the definitions as Describe shows them.

        Raises AwsError.
        """
        config = params["HyperParameterTuningJobConfig"]
        limits = config["ResourceLimits"]
        quotas.check(context, MOST_PARALLEL, limits["MaxParallelTrainingJobs"])
        quotas.check(context, "Maximum run time for a hyperparameter tuning job", limits.get("MaxRuntimeInSeconds", 0))
        running = sum(other.region == context.region for other, _ in self._engine.every(TUNING_JOB, RUNNING))
        quotas.check(context, MOST_TUNING_JOBS, 1, running)
        check_combinations([plan.space for plan in plans], config["Strategy"], limits.get("MaxNumberOfTrainingJobs"))
        for plan in plans:
            stopping_of(config, plan)
        sample, parallel = f"{params[TUNING_JOB.name_member]}{SAMPLE}", limits["MaxParallelTrainingJobs"]
        return [self._checked_plan(context, sample, plan, parallel) for plan in plans]

    def _checked_plan(self, context: Context, name: str, plan: TuningPlan, parallel: int) -> dict:
        quotas.check(context, "Number of hyperparameters that can be searched", len(plan.space.parameters))
        request = plan.request(name, plan.space.values([0.0] * len(plan.space.parameters)))
        require_role(self._platform, request["RoleArn"])
        sample = self._training.prepare(context, request)
        _check_objective(sample["AlgorithmSpecification"], plan)
        usage = TRAINING_JOB.usage(sample)
        held = [
            pair
            for other, job in self._engine.every(TRAINING_JOB, TRAINING_JOB.holding_statuses)
            if other.region == context.region and TRAINING_JOB.usage(job) == usage
            for pair in TRAINING_JOB.instances(job)
        ]
        wanted = [(kind, count * parallel) for kind, count in TRAINING_JOB.instances(sample)]
        quotas.check_instances(context, usage, wanted, held)
        return plan.described(sample["AlgorithmSpecification"]["MetricDefinitions"])

    def _parent(self, context: Context, parent: dict) -> Document:
        if TUNING_JOB.name_member not in parent:
            raise invalid("Each of the ParentHyperParameterTuningJobs needs a HyperParameterTuningJobName.")
        return self._engine.get(context, TUNING_JOB, parent[TUNING_JOB.name_member])

    def _summaries(self, context: Context, document: Document) -> Iterator[dict]:
        """The present summaries of a tuning job's training jobs."""
        for summary in document["_trials"]:
            pending = summary["ObjectiveStatus"] == "Pending"
            job = self._engine.find(context, TRAINING_JOB, summary["TrainingJobName"]) if pending else None
            yield training_jobs.refreshed(summary, job) if job else summary

    def _lost(self, context: Context, summary: dict) -> dict:
        """The summary of a training job after the local AWS was killed."""
        if summary["ObjectiveStatus"] != "Pending":
            return summary
        job = self._engine.find(context, TRAINING_JOB, summary["TrainingJobName"])
        if job and job[TRAINING_JOB.status] in RUNNING:
            job = self._engine.update(context, TRAINING_JOB, summary["TrainingJobName"], self._training.lost)
        return (training_jobs.refreshed(summary, job) if job else summary) | {"ObjectiveStatus": "Failed"}

    def _overall_best(self, context: Context, document: Document) -> dict | None:
        """The best training job of an IdenticalDataAndAlgorithm warm start and of its parents, which may be deleted by now."""
        names = [parent[TUNING_JOB.name_member] for parent in document["WarmStartConfig"]["ParentHyperParameterTuningJobs"]]
        found = [(document[TUNING_JOB.name_member], document["_trials"])]
        for name in names:
            if parent := self._engine.find(context, TUNING_JOB, name):
                found.append((name, parent["_trials"]))
        maximise = plans_of(document)[0].objective["Type"] == "Maximize"
        return training_jobs.best(({"TuningJobName": name} | trial for name, trials in found for trial in trials), maximise)


def _begun() -> dict:
    """The members of a new tuning job."""
    return training_jobs.counters([]) | {
        TUNING_JOB.status: "InProgress",
        "TuningJobCompletionDetails": {"NumberOfTrainingJobsObjectiveNotImproving": 0},
        "ConsumedResources": {"RuntimeInSeconds": 0},
        "_trials": [],
    }


def _check_objective(specification: dict, plan: TuningPlan) -> None:
    """Check that the objective is a metric of the algorithm. Raises AwsError."""
    metric, uri = plan.metric, specification["TrainingImage"]
    known = [definition["Name"] for definition in specification.get("MetricDefinitions", [])]
    if metric in known:
        return
    algorithm = images.find(uri).algorithm
    if not algorithm or not known:
        raise invalid(NO_METRIC)
    raise invalid(f"The objective metric {metric} is none of the metrics that {uri} emits: {', '.join(known)}.")


def _check_number(context: Context, config: dict, plans: list[TuningPlan], earlier: int) -> None:
    """Check that a tuning job ends, and has at most the allowed training jobs, including its parents' ones. Raises AwsError."""
    limits, strategy = config["ResourceLimits"], config["Strategy"]
    most = limits.get("MaxNumberOfTrainingJobs")
    if strategy == "Grid":
        most = int(sum(plan.space.count for plan in plans))
    elif most is None and "MaxRuntimeInSeconds" not in limits and not config.get("TuningJobCompletionCriteria"):
        raise invalid(
            "Give MaxNumberOfTrainingJobs or MaxRuntimeInSeconds in ResourceLimits, or TuningJobCompletionCriteria: "
            f"with the {strategy} strategy the tuning job would have no end.",
        )
    quotas.check(context, MOST_JOBS, most or 1, earlier)
