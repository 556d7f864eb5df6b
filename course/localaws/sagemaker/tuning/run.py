"""Runs one tuning job: chooses combinations, starts training jobs for them, collects their objective values, and decides when to end.

It has one thread, which sleeps until a training job emits objective values or ends, or until the tuning job is stopped. The family of
training jobs creates and stops the training jobs, so they behave like any other training job.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import queue
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from course.localaws.context import Context
from course.localaws.core.errors import AwsError
from course.localaws.jobs.control import ServerShuttingDown, persist
from course.localaws.sagemaker.core import quotas
from course.localaws.sagemaker.core.failure_reasons import internal_error
from course.localaws.sagemaker.core.job_family import JobListener
from course.localaws.sagemaker.tuning import training_jobs
from course.localaws.sagemaker.tuning.plan import TuningPlan, search_of, stopping_of
from course.localaws.sagemaker.tuning.strategies.progress import ConvergenceTracker
from course.localaws.sagemaker.tuning.strategies.sampling import LossObservation, SearchStrategy
from course.localaws.sagemaker.tuning.strategies.space import Values
from course.localaws.sagemaker.tuning.strategies.stopping import Stopping

if TYPE_CHECKING:
    from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
    from course.localaws.sagemaker.training.operations import TrainingJobs

MOST_JOBS = "Maximum number of training jobs that each hyperparameter tuning job can create"
FIRST_ATTEMPTS = 5  # AWS gives up after so many training jobs if none had an objective value
# Seen in https://github.com/aws/amazon-sagemaker-examples/issues/2437
NO_SUCCESS = "No training job succeeded after {count} attempts. Please take a look at the training job failures to get more details."
# As users report it; no source for the wording was found on 2026-11-25.
NO_METRIC = (
    "No objective metrics found after running {count} training jobs. Please ensure that the custom algorithm is emitting the objective "
    "metric as defined by the regular expression provided."
)
# The longest sleep while it watches the clock or waits for instances that other jobs hold.
PATIENCE = 1.0
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class DefinitionSearch:
    """The search of one training job definition."""

    plan: TuningPlan
    search: SearchStrategy
    stopping: Stopping
    earlier: list[LossObservation]  # of the parents of a warm start
    exhausted: bool = False


@dataclass(slots=True, eq=False)
class TuningTrial:
    """One training job. Losses come from its objective values, in the order in which it emitted them."""

    name: str
    branch: DefinitionSearch
    values: Values
    losses: list[float] = field(default_factory=list)
    summary: dict = field(default_factory=dict)
    stopped: bool = False
    ended: bool = False


class TuningRun:
    """One run of a tuning job.

    Parameters
    ----------
    engine, training, kind, context
        ``training`` is the family that creates training jobs; ``kind`` is the kind of tuning jobs.
    document : dict
        The answer of Describe for the new job.
    plans : sequence of TuningPlan
    earlier : sequence of lists of LossObservation
        For each plan, the observations of the parents of a warm start.
    """

    def __init__(
        self,
        engine: ResourceEngine,
        training: TrainingJobs,
        kind: ResourceKind,
        context: Context,
        document: Document,
        plans: Sequence[TuningPlan],
        earlier: Sequence[list[LossObservation]],
    ) -> None:
        self._engine, self._training, self._kind = engine, training, kind
        self._context = replace(context, call=None)
        self.name, self._arn = document[kind.name_member], document[kind.arn_member]
        self._created = document["CreationTime"]
        config = document["HyperParameterTuningJobConfig"]
        self._limits, self._criteria = config["ResourceLimits"], config.get("TuningJobCompletionCriteria", {})
        self._most = self._limits.get("MaxNumberOfTrainingJobs", quotas.value(context, MOST_JOBS))
        self._maximise = plans[0].objective["Type"] == "Maximize"
        self._config, self._plans, self._earlier = config, plans, earlier
        self._branches: list[DefinitionSearch] = []
        self._turns: Iterator[DefinitionSearch] = iter(())
        self._trials: list[TuningTrial] = []
        self._next: TuningTrial | None = None  # chosen, but waiting for instances
        self._progress, self._converged_at = ConvergenceTracker(), None
        self._status, self._failure = "", ""
        self._events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True, name=f"{kind.arn}/{self.name}")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop the tuning job and its training jobs. Returns at once."""
        self._events.put(partial(self._end, "Stopped"))

    def abandon(self) -> None:
        """Wait for the end of the thread, and leave the jobs as they are."""
        self._events.put(self._abandoned)
        self._thread.join()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _abandoned(self) -> None:
        raise ServerShuttingDown

    def _work(self) -> None:
        status, failure = "Failed", ""
        try:
            self._tune()
            status, failure = self._status, self._failure
        except ServerShuttingDown:
            return
        except Exception as error:
            logger.exception("%s/%s", self._kind.arn, self.name)
            failure = internal_error(error)
            self._end("Failed", failure)
        finally:
            for branch in self._branches:
                branch.search.close()
        try:
            persist(partial(self._save, status, failure))
        except ServerShuttingDown:
            pass
        except Exception:
            logger.exception("%s/%s ended without a status", self._kind.arn, self.name)

    def _branch_out(self) -> None:
        """Begin the search of each plan."""
        config, strategy = self._config, self._config["Strategy"]
        seed = config.get("RandomSeed", uuid.uuid4().int % 2**32)
        for plan, observations in zip(self._plans, self._earlier, strict=True):
            self._branches.append(DefinitionSearch(plan, search_of(strategy, plan.space, seed), stopping_of(config, plan), observations))
        self._turns = itertools.cycle(self._branches)

    def _tune(self) -> None:
        self._branch_out()
        if self._engine.get(self._context, self._kind, self.name)[self._kind.status] == "Stopping":
            self._end("Stopped")  # stopped before this thread began
        while True:
            if not self._status:
                self._launch()
            if not self._running() and (self._status or not self._more()):
                break
            with contextlib.suppress(queue.Empty):
                self._events.get(timeout=self._patience())()
            self._check_time()
        if not self._status:
            reason = self._reason()
            self._end("Failed" if reason else "Completed", reason)

    # Training jobs

    def _launch(self) -> None:
        """Start training jobs while more are allowed."""
        while len(self._running()) < self._limits["MaxParallelTrainingJobs"] and self._more():
            trial = self._next or self._chosen()
            if trial is None:
                continue  # all combinations of this definition are tried
            try:
                self._begin(trial)
            except AwsError as error:
                if error.code == "ResourceLimitExceeded":
                    self._next = trial
                    return
                self._end("Failed", f"{error.code}: {error.message}")
                return
            self._next = None
            self._save()

    def _more(self) -> bool:
        return len(self._trials) < self._most and not all(branch.exhausted for branch in self._branches)

    def _chosen(self) -> TuningTrial | None:
        branch = next(branch for branch in self._turns if not branch.exhausted)
        mine = [trial for trial in self._trials if trial.branch is branch]
        observations = branch.earlier + [
            LossObservation(trial.values, trial.losses[-1]) for trial in mine if training_jobs.METRIC in trial.summary
        ]
        values = branch.search.suggest(observations, [trial.values for trial in mine if not trial.ended])
        if values is None:
            branch.exhausted = True
            return None
        return TuningTrial(f"{self.name}-{len(self._trials) + 1:03d}-{uuid.uuid4().hex[:8]}", branch, values)

    def _begin(self, trial: TuningTrial) -> None:
        request = trial.branch.plan.request(trial.name, trial.values) | {"TuningJobArn": self._arn, "Tags": self._engine.tags(self._arn)}
        self._training.begin(self._context, request, _Follower(self._events, self, trial))
        trial.summary = training_jobs.summary_of(self._job(trial), trial.branch.plan, trial.values)
        self._trials.append(trial)
        trial.branch.stopping.begun(trial.name)

    def _job(self, trial: TuningTrial) -> Document:
        return self._engine.get(self._context, self._training.kind, trial.name)

    def _running(self) -> list[TuningTrial]:
        return [trial for trial in self._trials if not trial.ended]

    def _stop(self, trial: TuningTrial) -> None:
        trial.stopped = True
        try:
            self._training.stop(self._context, {"TrainingJobName": trial.name})
        except AwsError:
            logger.debug("%s had ended before it was stopped", trial.name)

    def measured(self, trial: TuningTrial, values: Sequence[float]) -> None:
        """Called when a training job has emitted objective values."""
        for value in values:
            trial.losses.append(trial.branch.plan.loss(value))
            if not trial.stopped and trial.branch.stopping.reported(trial.name, trial.losses):
                self._stop(trial)

    def finished(self, trial: TuningTrial) -> None:
        """Called when a training job has ended."""
        plan = trial.branch.plan
        trial.ended = True
        try:
            job = self._job(trial)
        except AwsError:
            job = trial.summary | {"TrainingJobStatus": "Stopped"}  # deleted before this thread read it
        trial.summary = training_jobs.evaluated(trial.summary, job, plan, plan.value(trial.losses[-1]) if trial.losses else None)
        if training_jobs.METRIC in trial.summary:
            self._progress.add(trial.losses[-1])
            if trial.summary["TrainingJobStatus"] == "Completed":
                trial.branch.stopping.ended(trial.name, trial.losses)
        if self._progress.converged and self._converged_at is None:
            self._converged_at = self._engine.now()
        if not self._status and (reason := self._reason(FIRST_ATTEMPTS)):
            self._end("Failed", reason)
        elif not self._status and self._done():
            self._end("Completed")
        self._save()

    # The end

    def _end(self, status: str, failure: str = "") -> None:
        """Start no more training jobs, and stop the running ones."""
        if not self._status:
            self._status, self._failure = status, failure
            for trial in self._running():
                self._stop(trial)

    def _done(self) -> bool:
        """Whether a completion criterion is met."""
        target, progress = self._criteria.get("TargetObjectiveMetricValue"), self._progress
        most = self._criteria.get("BestObjectiveNotImproving", {}).get("MaxNumberOfTrainingJobsNotImproving")
        stops = self._criteria.get("ConvergenceDetected", {}).get("CompleteOnConvergence") == "Enabled"
        loss = None if target is None else self._plans[0].loss(target)
        reached = loss is not None and progress.best is not None and progress.best <= loss
        return reached or (most is not None and progress.not_improving >= most) or (stops and self._converged_at is not None)

    def _reason(self, attempts: int = 1) -> str:
        """The FailureReason if no training job had an objective value; ``""`` if the tuning job has not failed."""
        ended = [trial.summary for trial in self._trials if trial.ended]
        if len(ended) < attempts or any(summary["ObjectiveStatus"] == "Succeeded" for summary in ended):
            return ""
        ran = any(summary["TrainingJobStatus"] != "Failed" for summary in ended)
        return (NO_METRIC if ran else NO_SUCCESS).format(count=len(ended))

    def _check_time(self) -> None:
        longest = self._limits.get("MaxRuntimeInSeconds")
        if longest is not None and self._engine.now() - self._created >= longest:
            self._end("Completed")

    def _patience(self) -> float | None:
        return PATIENCE if self._next is not None or "MaxRuntimeInSeconds" in self._limits else None

    def _save(self, status: str = "", failure: str = "") -> None:
        """Store the progress, and the end if there is a status.

        Raises
        ------
        ServerShuttingDown
            The tuning job no longer exists, because everything was reset.
        """
        now, summaries = self._engine.now(), [trial.summary for trial in self._trials]
        details = {"NumberOfTrainingJobsObjectiveNotImproving": self._progress.not_improving}
        changes = training_jobs.counters(summaries) | {
            "_trials": summaries,
            "BestTrainingJob": training_jobs.best(summaries, self._maximise),
            "TuningJobCompletionDetails": details | ({"ConvergenceDetectedTime": self._converged_at} if self._converged_at else {}),
            "ConsumedResources": {"RuntimeInSeconds": int(now - self._created)},
        }
        if status:
            changes |= {self._kind.status: status, "HyperParameterTuningEndTime": now, "FailureReason": failure or None}
        try:
            self._engine.update(self._context, self._kind, self.name, changes)
        except AwsError as error:
            raise ServerShuttingDown from error


class _Follower(JobListener):
    """Passes the events of a training job to the thread of its tuning job."""

    def __init__(self, events: queue.SimpleQueue[Callable[[], None]], run: TuningRun, trial: TuningTrial) -> None:
        self._events, self._run, self._trial = events, run, trial
        self._metric = trial.branch.plan.metric

    def on_metrics(self, metrics: list[tuple[str, float]]) -> None:
        if values := [value for name, value in metrics if name == self._metric]:
            self._events.put(partial(self._run.measured, self._trial, values))

    def on_end(self) -> None:
        self._events.put(partial(self._run.finished, self._trial))
