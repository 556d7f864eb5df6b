"""Runs one execution in its own thread: starts the steps that are ready, follows those that run, and ends the execution.

All that the thread knows is in the execution's document, which it changes before and after each call to AWS. So a new thread can go on
from the document after a crash.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.jobs.s3_data import JobData
from course.localaws.sagemaker.pipelines import experiments, scope
from course.localaws.sagemaker.pipelines.kinds import EXECUTION, RUNNING
from course.localaws.sagemaker.pipelines.language.definition import Definition, Step
from course.localaws.sagemaker.pipelines.readiness import ENDED, Readiness
from course.localaws.sagemaker.pipelines.runs.attempts import LOCAL_FAILURE, Attempts
from course.localaws.sagemaker.pipelines.runs.record import ExecutionRecord
from course.localaws.sagemaker.pipelines.runs.role_clients import UNREACHABLE, RoleClients

if TYPE_CHECKING:
    from course.localaws.platform import Platform

STEP_FAILED = "Step failure: One or multiple steps failed."
MOST_FAILURES = 5  # rounds that fail one after the other, before the execution fails
_SHORTEST_WAIT, _LONGEST_WAIT = 0.05, 0.5  # seconds between two looks at running steps
logger = logging.getLogger(__name__)


class ExecutionThread:
    """The thread of one execution.

    Parameters
    ----------
    platform : Platform
    engine : ResourceEngine
    clients : RoleClients
    context : Context
    document : dict
        The execution.
    definition : Definition

    Attributes
    ----------
    id : str
    awaited : frozenset of str
        The names of what its running steps created. A change of one of them is a reason to look at once.
    """

    def __init__(
        self, platform: Platform, engine: ResourceEngine, clients: RoleClients, context: Context, document: Document, definition: Definition
    ) -> None:
        self.id = document["PipelineExecutionArn"].rpartition("/")[2]
        self.awaited: frozenset[str] = frozenset()
        self._definition = definition
        self._record = ExecutionRecord(engine, context, document["_name"])
        self._attempts = Attempts(document, definition, self._record, clients)
        self._attempts.scope = scope.ExecutionScope(
            definition,
            document["_parameters"],
            lambda: scope.variables(document, platform.clock.now()),
            document.get("PipelineExperimentConfig") or {},
            self._attempts.properties,
            JobData(platform, f"{EXECUTION.arn}/{document['_name']}", document["RoleArn"]),
        )
        self._experiment = document.get("PipelineExperimentConfig")
        self._wake, self._abandoned, self._ended = threading.Event(), False, False
        self._thread = threading.Thread(target=self._run, name=f"pipeline-{self.id}", daemon=True)

    def start(self, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        self._thread.start()

    def wake(self) -> None:
        """Look at once at what has changed."""
        self._wake.set()

    def abandon(self) -> None:
        """End the thread, because the local AWS is stopping, and wait for it. The execution goes on after the next start."""
        self._abandoned = True
        self.wake()
        self._thread.join()

    def _run(self) -> None:
        wait, failures, prepared = _SHORTEST_WAIT, 0, False
        try:
            while not (self._abandoned or self._ended):
                try:
                    if not prepared:
                        experiments.ensure(self._record.engine, self._record.context, self._experiment)
                        prepared = True
                    while not (self._abandoned or self._ended) and self._round():
                        wait = _SHORTEST_WAIT
                    wait, failures = min(_LONGEST_WAIT, wait * 1.2), 0
                except UNREACHABLE:  # the next round does the same again
                    wait = _LONGEST_WAIT
                except Exception:
                    failures, wait = failures + 1, _LONGEST_WAIT
                    self._failed(failures)
                if not self._ended:
                    self._wake.wait(wait)
                    self._wake.clear()
        finally:
            self._on_end()

    def _failed(self, failures: int) -> None:
        """After a round that failed: end the execution if it fails again and again."""
        if self._abandoned:
            return
        logger.exception("the pipeline execution %s", self.id)
        if failures >= MOST_FAILURES:
            with suppress(Exception):  # the disk may be full; the next round tries again
                self._ended = self._record.end(self._record.read()["PipelineExecutionStatus"], "Failed", LOCAL_FAILURE)

    def _round(self) -> bool:
        """Do what can be done now. Returns whether anything has changed, so that more can be done."""
        document = self._record.read()
        status, states = document["PipelineExecutionStatus"], document["_steps"]
        if status not in RUNNING:
            self._ended = True
            return False
        self._attempts.states = states
        running = [self._definition.step(name) for name, state in states.items() if state["StepStatus"] not in ENDED]
        self.awaited = frozenset(states[step.name]["_attempt"] for step in running)
        if any([self._attempts.follow(step, states[step.name], status == "Stopping") for step in running]):
            return True
        return self._start_ready(document, running)

    def _start_ready(self, document: Document, running: list[Step]) -> bool:
        """Start the steps that are ready, or end the execution. Returns whether anything has changed."""
        readiness = Readiness(self._definition, document["_steps"])
        busy = sum(not step.body for step in running)  # a ForEach step only waits for its child steps
        free = document["ParallelismConfiguration"]["MaxParallelExecutionSteps"] - busy
        ready = [] if document["PipelineExecutionStatus"] == "Stopping" else readiness.ready()[: max(free, 0)]
        for step in ready:
            self._attempts.begin(step)
        if ready or running:
            return bool(ready)
        self._conclude(readiness, document)
        return True

    def _conclude(self, readiness: Readiness, document: Document) -> None:
        status = document["PipelineExecutionStatus"]
        if status == "Stopping":
            self._ended = self._record.end(status, "Stopped")
        elif readiness.unhandled_failure():
            self._ended = self._record.end(status, "Failed", STEP_FAILED)
        else:
            failed = any(state["StepStatus"] != "Succeeded" for state in document["_steps"].values())
            self._ended = self._record.end(status, "CompletedWithFailures" if failed else "Succeeded")
