"""Runs the schedules: each at its times on the clock, one after the other.

An execution holds up the clock's later tasks until its job has ended, so that advancing the clock by a day gives the same results as a day
that passes: alarms, for example, see each hour's metrics before the next hour comes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from course.localaws.context import Context
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.jobs.s3_data import DataError
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.job_family import JobListener
from course.localaws.sagemaker.hosting.endpoints import Endpoints
from course.localaws.sagemaker.monitoring import executions, metrics, timing
from course.localaws.sagemaker.monitoring.job_definitions import monitoring_job
from course.localaws.sagemaker.monitoring.jobs import Execution, ExecutionJobs, NoData
from course.localaws.sagemaker.processing.operations import ProcessingJobs

LONGEST_WAIT = 600.0  # seconds of real time that later tasks wait for an execution
logger = logging.getLogger(__name__)


class ExecutionListener(JobListener):
    """Follows a processing job of one execution. ``last`` says that no other comes after it."""

    def __init__(self, runner: ScheduleRunner, context: Context, name: str, execution: Execution, job: str, last: bool) -> None:
        self._runner, self._context, self._name, self._execution = runner, context, name, execution
        self.job, self._last = job, last
        self.ended = threading.Event()

    def on_files(self, root: Path) -> None:
        execution = self._execution
        dimensions = {"Endpoint": execution.job.endpoint, "MonitoringSchedule": execution.name}
        found = metrics.written(root, execution.job.kind, dimensions, execution.scheduled)
        self._runner.platform.metrics.put_data(self._context.region, found)

    def on_end(self) -> None:
        try:
            self._runner.follow(self._context, self._name, self.job, self._last)
        finally:
            self.ended.set()


class ScheduleRunner:
    """Runs executions in the scheduler's thread.

    Parameters
    ----------
    platform : Platform
    engine : ResourceEngine
    kind : ResourceKind
        Of schedules. The member ``_Next`` of a document is the scheduled time of its next execution, and ``_RunAt`` when it runs.
    processing : ProcessingJobs
    endpoints : Endpoints
        Their captured data is written before an execution reads it.
    """

    def __init__(
        self, platform: Platform, engine: ResourceEngine, kind: ResourceKind, processing: ProcessingJobs, endpoints: Endpoints
    ) -> None:
        self.platform, self._engine, self._kind, self._processing, self._endpoints = platform, engine, kind, processing, endpoints
        self._due: tuple[int, float | None] = (-1, None)  # by the revision of the schedules
        platform.scheduler.add(self._next, self._run)

    def _active(self) -> Iterator[tuple[Context, Document]]:
        return ((context, document) for context, document in self._engine.every(self._kind, ["Scheduled"]) if document.get("_RunAt"))

    def _next(self) -> float | None:
        revision = self._engine.revision(self._kind)
        if self._due[0] != revision:
            self._due = revision, min((document["_RunAt"] for _, document in self._active()), default=None)
        return self._due[1]

    def _run(self, moment: float) -> None:
        context, schedule = min(self._active(), key=lambda each: each[1]["_RunAt"])
        if schedule["_RunAt"] > moment:
            return
        scheduled, config = schedule["_Next"], schedule["MonitoringScheduleConfig"]["ScheduleConfig"]
        try:
            self._execute(context, schedule, scheduled)
        finally:
            name = schedule["MonitoringScheduleName"]
            self._engine.update(context, self._kind, name, lambda document: next_times(document, config["ScheduleExpression"], scheduled))

    def _execute(self, context: Context, schedule: Document, scheduled: float) -> None:
        config = schedule["MonitoringScheduleConfig"]
        try:
            job = monitoring_job(self._engine, context, config)
        except AwsError as error:  # its definition was deleted
            self._engine.update(context, self._kind, schedule["MonitoringScheduleName"], {"FailureReason": error.message})
            return
        execution = Execution(schedule, job, timing.window(config["ScheduleConfig"], scheduled, job.input), scheduled)
        name = executions.begun(self._engine, context, execution)
        try:
            self._endpoints.flush()
            jobs = ExecutionJobs(self.platform, self._engine, context, execution)
            if not jobs.merges or self._complete(context, name, execution, jobs.merge()):
                self._complete(context, name, execution, jobs.analysis(), last=True)
        except NoData:
            self._record(context, executions.failed(self._engine, context, name, executions.NO_DATA))
        except (AwsError, DataError) as error:
            text = error.message if isinstance(error, AwsError) else str(error)
            self._record(context, executions.failed(self._engine, context, name, text))

    def _complete(self, context: Context, name: str, execution: Execution, request: dict, last: bool = False) -> bool:
        """Run one job of an execution, and return whether it has completed. The status of the ``last`` one is that of the execution."""
        listener = ExecutionListener(self, context, name, execution, request["ProcessingJobName"], last)
        self._processing.begin(context, request, listener)
        self.follow(context, name, listener.job, last)
        self._wait(listener)
        return listener.ended.is_set() and executions.completed(self._engine, context, listener.job)

    def _wait(self, listener: ExecutionListener) -> None:
        limit = time.monotonic() + LONGEST_WAIT
        while not listener.ended.wait(0.1) and time.monotonic() < limit and not self.platform.scheduler.stopping:
            pass

    def follow(self, context: Context, name: str, job: str, last: bool = True) -> None:
        """Give an execution the status of its job."""
        try:
            self._record(context, executions.follow(self._engine, context, name, job, last))
        except AwsError:  # everything was reset
            logger.debug("execution %s is gone", name)

    def _record(self, context: Context, execution: Document) -> None:
        """Show an execution as the last one of its schedule."""
        shown = {
            member: value for member, value in execution.items() if member not in ("MonitoringExecutionName", "MonitoringExecutionArn")
        }
        self._engine.update(context, self._kind, execution["MonitoringScheduleName"], {"LastMonitoringExecutionSummary": shown})


def next_times(document: Document, expression: str, moment: float) -> dict:
    """The members of a schedule that say when it runs next, after the scheduled time ``moment``. ``NOW`` does not come again."""
    if expression == timing.NOW:
        return {"_Next": None, "_RunAt": None}
    following = timing.following(expression, moment)
    return {"_Next": following, "_RunAt": following + timing.delay(document["MonitoringScheduleName"])}
