"""Runs the schedules: each at its times on the clock, one after the other.

An execution holds up the clock's later tasks until its jobs have ended, so that advancing the clock by a day gives the same results as a
day that passes: alarms, for example, see each hour's metrics before the next hour comes.

The execution is recorded first, and then the next time of its schedule. So one that a kill interrupts is neither lost nor run twice.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from course.localaws.context import Context
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.jobs.s3_data import DataError
from course.localaws.platform import Platform
from course.localaws.sagemaker.core.failure_reasons import internal_error
from course.localaws.sagemaker.core.job_family import JobListener
from course.localaws.sagemaker.hosting.endpoints import Endpoints
from course.localaws.sagemaker.monitoring import alerts, executions, metrics, timing
from course.localaws.sagemaker.monitoring.captured_data import NoData
from course.localaws.sagemaker.monitoring.job_definitions import monitoring_job
from course.localaws.sagemaker.monitoring.jobs import Execution, ExecutionJobs
from course.localaws.sagemaker.monitoring.kinds import MONITORING_EXECUTION, MONITORING_SCHEDULE
from course.localaws.sagemaker.processing.operations import PROCESSING_JOB, ProcessingJobs

LONGEST_WAIT = 600.0  # seconds of real time that later tasks wait for an execution
logger = logging.getLogger(__name__)


class ExecutionListener(JobListener):
    """Follows a processing job of the execution ``name``."""

    def __init__(self, runner: ScheduleRunner, context: Context, name: str, execution: Execution, job: str) -> None:
        self._runner, self._context, self._name, self._execution = runner, context, name, execution
        self.job = job
        self.ended = threading.Event()

    def on_files(self, root: Path) -> None:
        found = metrics.written(root, self._execution.job, self._execution.name, self._execution.scheduled)
        self._runner.platform.metrics.put_data(self._context.region, found)

    def on_end(self) -> None:
        try:
            self.follow()
        finally:
            self.ended.set()

    def follow(self) -> None:
        """Give the execution the status of its job."""
        self._runner.follow(self._context, self._name, self.job)


class ScheduleRunner:
    """Runs executions, each in a thread of its own, and the scheduler's thread waits for it.

    Parameters
    ----------
    platform : Platform
    engine : ResourceEngine
        The member ``_Next`` of a schedule's document is the scheduled time of its next execution, and ``_RunAt`` when it runs.
    processing : ProcessingJobs
    endpoints : Endpoints
        Their captured data is written before an execution reads it.
    """

    def __init__(self, platform: Platform, engine: ResourceEngine, processing: ProcessingJobs, endpoints: Endpoints) -> None:
        self.platform, self._engine, self._processing, self._endpoints = platform, engine, processing, endpoints
        self._due: tuple[int, float | None] = (-1, None)  # by the revision of the schedules
        self._running: dict[str, ExecutionListener] = {}  # by the name of the processing job
        self._recording = threading.Lock()  # so that an earlier status never replaces a later one
        platform.scheduler.add(self._next, self._run)

    def recover(self) -> None:
        """After a start: end the executions that ran when the local AWS was killed."""
        for context, execution in list(self._engine.every(MONITORING_EXECUTION, executions.RUNNING)):
            self._record(context, executions.interrupted(self._engine, context, execution))

    def follows(self, kind: ResourceKind) -> bool:
        return kind is PROCESSING_JOB

    def __call__(self, context: Context, kind: ResourceKind, before: Document | None, after: Document) -> None:
        """A listener of `ResourceEngine`: an execution whose job is being stopped is stopping, too."""
        listener = self._running.get(after[kind.name_member])
        if listener and after[kind.status] == "Stopping" and (before or {}).get(kind.status) != "Stopping":
            listener.follow()

    def follow(self, context: Context, name: str, job: str) -> None:
        """Give an execution the status of its job."""
        self._set(context, name, lambda: executions.follow(self._engine, context, name, job))

    def _active(self) -> Iterator[tuple[Context, Document]]:
        found = self._engine.every(MONITORING_SCHEDULE, ["Scheduled"])
        return ((context, document) for context, document in found if document.get("_RunAt"))

    def _next(self) -> float | None:
        revision = self._engine.revision(MONITORING_SCHEDULE)
        if self._due[0] != revision:
            self._due = revision, min((document["_RunAt"] for _, document in self._active()), default=None)
        return self._due[1]

    def _run(self, moment: float) -> None:
        context, schedule = min(self._active(), key=lambda each: each[1]["_RunAt"])
        if schedule["_RunAt"] > moment:
            return
        scheduled, name = schedule["_Next"], schedule["MonitoringScheduleName"]
        begun = executions.begin(self._engine, context, schedule, scheduled)
        following = next_times(name, schedule["MonitoringScheduleConfig"]["ScheduleConfig"]["ScheduleExpression"], scheduled)
        self._engine.update(context, MONITORING_SCHEDULE, name, following)
        if begun:
            thread = threading.Thread(target=self._execute, args=(context, schedule, begun), name=f"monitoring {name}", daemon=True)
            thread.start()
            self._wait(thread)

    def _wait(self, thread: threading.Thread) -> None:
        limit = time.monotonic() + LONGEST_WAIT
        while thread.is_alive() and time.monotonic() < limit and not self.platform.scheduler.stopping:
            thread.join(0.1)

    def _execute(self, context: Context, schedule: Document, begun: Document) -> None:
        """Run the jobs of an execution. Whatever fails, it ends."""
        name = begun["MonitoringExecutionName"]
        try:
            self._set(context, name, lambda: begun)
            self._jobs(context, schedule, begun)
        except NoData:
            self._fail(context, name, executions.NO_DATA)
        except (AwsError, DataError) as error:
            self._fail(context, name, error.message if isinstance(error, AwsError) else str(error))
        except Exception as error:
            logger.exception("execution %s", name)
            self._fail(context, name, internal_error(error))

    def _jobs(self, context: Context, schedule: Document, begun: Document) -> None:
        config, scheduled = schedule["MonitoringScheduleConfig"], begun["ScheduledTime"]
        job = monitoring_job(self._engine, context, config)
        execution = Execution(schedule, job, timing.window(config["ScheduleConfig"], scheduled, job.source), scheduled)
        self._endpoints.flush()
        jobs = ExecutionJobs(self.platform, self._engine, context, execution)
        name = begun["MonitoringExecutionName"]
        if not job.labelled or self._complete(context, name, execution, jobs.merge()):
            self._complete(context, name, execution, jobs.analysis())

    def _complete(self, context: Context, name: str, execution: Execution, request: dict) -> bool:
        """Run one job of an execution, and return whether it has completed."""
        job = request["ProcessingJobName"]
        listener = self._running[job] = ExecutionListener(self, context, name, execution, job)
        try:
            self._processing.begin(context, request, listener)
            if not listener.ended.is_set():
                listener.follow()
            while not listener.ended.wait(0.1) and not self.platform.scheduler.stopping:
                pass
        finally:
            del self._running[job]
        return listener.ended.is_set() and executions.completed(self._engine, context, job)

    def _fail(self, context: Context, name: str, reason: str) -> None:
        self._set(context, name, lambda: executions.failed(self._engine, context, name, reason))

    def _set(self, context: Context, name: str, change: Callable[[], Document]) -> None:
        try:
            with self._recording:
                self._record(context, change())
        except AwsError:  # everything was reset
            logger.debug("execution %s is gone", name)

    def _record(self, context: Context, execution: Document) -> None:
        """Show an execution as the last one of its schedule, and count it for the alert when it has ended."""
        ended, status = execution[executions.STATUS] not in executions.RUNNING, []

        def changes(schedule: Document) -> dict:
            status.append(alerts.alert_of(schedule)["AlertStatus"])
            counted = alerts.counted(self._engine, schedule, execution) if ended else {}
            return {"LastMonitoringExecutionSummary": executions.summary(execution)} | counted

        name = execution["MonitoringScheduleName"]
        if not self._engine.find(context, MONITORING_SCHEDULE, name):
            return  # it was deleted; its executions stay
        schedule = self._engine.update(context, MONITORING_SCHEDULE, name, changes)
        if alerts.alert_of(schedule)["AlertStatus"] != status[-1]:
            alerts.note(self._engine, context, schedule)


def next_times(schedule: str, expression: str, moment: float) -> dict:
    """The members of a schedule that say when it runs next, after the scheduled time ``moment``. ``NOW`` does not come again."""
    if expression == timing.NOW:
        return {"_Next": None, "_RunAt": None}
    following = timing.following(expression, moment)
    return {"_Next": following, "_RunAt": following + timing.delay(schedule)}
