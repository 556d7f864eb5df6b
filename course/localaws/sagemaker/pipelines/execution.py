"""Runs one execution in its own thread: starts the steps that are ready, follows those that run, and records how each ends.

All that the thread knows is in the execution's document, which it changes before and after each call to AWS. So a new thread can go on
from the document after a crash: it continues each attempt by its name, and creates nothing twice.
"""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, HTTPClientError

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.jobs.s3_data import JobData
from course.localaws.sagemaker.pipelines import experiments, scope
from course.localaws.sagemaker.pipelines.cache import StepCache, key_of
from course.localaws.sagemaker.pipelines.kinds import EXECUTION, RUNNING
from course.localaws.sagemaker.pipelines.language.definition import Definition, Step
from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError, text
from course.localaws.sagemaker.pipelines.readiness import ENDED, Readiness
from course.localaws.sagemaker.pipelines.role_clients import RoleClients
from course.localaws.sagemaker.pipelines.steps import failures
from course.localaws.sagemaker.pipelines.steps.step_type import SUCCEEDED, Attempt, ExecutionView, Outcome
from course.localaws.sagemaker.pipelines.steps.types import TYPES

if TYPE_CHECKING:
    from course.localaws.platform import Platform

LONGEST_REASON = 1024
STEP_FAILED = "Step failure: One or multiple steps failed."
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
    """

    def __init__(
        self, platform: Platform, engine: ResourceEngine, clients: RoleClients, context: Context, document: Document, definition: Definition
    ) -> None:
        self._engine, self._context, self._definition = engine, context, definition
        self._name, self._role = document["_name"], document["RoleArn"]
        self._client = lambda service: clients.client(service, context.region, self._role)
        self._properties: dict[str, object] = {}
        self._states: dict[str, dict] = document["_steps"]  # at the beginning of the round
        self._wake, self._abandoned = threading.Event(), False
        self._arn = document["PipelineExecutionArn"]
        self.id = self._arn.rpartition("/")[2]
        self._scope = scope.ExecutionScope(
            definition,
            document["_parameters"],
            scope.variables(document, platform.clock.now()),
            document.get("PipelineExperimentConfig") or {},
            self._properties_of,
            JobData(platform, f"{EXECUTION.arn}/{self._name}", self._role),
        )
        self._experiment = document.get("PipelineExperimentConfig")
        self._cache = StepCache(engine, context, document)
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
        try:
            wait = _SHORTEST_WAIT
            experiments.ensure(self._engine, self._context, self._experiment)
            while not self._abandoned and (document := self._document())["PipelineExecutionStatus"] in RUNNING:
                wait = _SHORTEST_WAIT if self._progress(document) else min(_LONGEST_WAIT, wait * 1.2)
                self._wake.wait(wait)
                self._wake.clear()
        except Exception:
            if not self._abandoned:
                logger.exception("the pipeline execution %s", self.id)
                self._finish("Failed", "InternalServerError: the local AWS failed; its log says why")
        finally:
            self._on_end()

    # One round

    def _progress(self, document: Document) -> bool:
        """Do what can be done now. Returns whether anything has changed."""
        try:
            return self._advance(document)
        except HTTPClientError:  # the gateway is not open yet, or has closed; the next round does the same again
            return False

    def _advance(self, document: Document) -> bool:
        states = self._states = document["_steps"]
        stopping = document["PipelineExecutionStatus"] == "Stopping"
        running = [name for name, state in states.items() if state["StepStatus"] not in ENDED]
        changed = any([self._follow(self._definition.step(name), states[name], stopping) for name in running])
        if changed:
            return True
        readiness = Readiness(self._definition, states)
        busy = sum(not self._definition.step(name).body for name in running)  # a ForEach step only waits for its child steps
        free = document["ParallelismConfiguration"]["MaxParallelExecutionSteps"] - busy
        ready = [] if stopping else readiness.ready()[: max(free, 0)]
        for step in ready:
            self._begin(step)
        if not ready and not running:
            self._conclude(readiness, states, stopping)
        return bool(ready) or not running

    def _conclude(self, readiness: Readiness, states: dict[str, dict], stopping: bool) -> None:
        if stopping:
            self._finish("Stopped")
        elif readiness.unhandled_failure():
            self._finish("Failed", STEP_FAILED)
        else:
            failed = any(state["StepStatus"] != "Succeeded" for state in states.values())
            self._finish("CompletedWithFailures" if failed else "Succeeded")

    def _begin(self, step: Step) -> None:
        now = self._engine.now()
        state = {"StepName": step.name, "StepStatus": "Starting", "StartTime": now, "AttemptCount": 1, "Metadata": {}, "_answer": None}
        state |= {"_attempt": TYPES[step.type].names.new(step, self.id, self._scope)}
        state |= {f"Step{member}": step.document[member] for member in ("DisplayName", "Description") if step.document.get(member)}
        if step.iteration:
            shown = {"ParentStepName": step.iteration.loop, "Index": step.iteration.index, "Item": text(self._item(step))}
            state["IterationContext"] = shown
        self._change(step, state)
        self._launch(step, state)

    def _follow(self, step: Step, state: dict, stopping: bool) -> bool:
        """Look after a step that has started. Returns whether its state has changed."""
        if state["StepStatus"] == "Starting":  # a crash interrupted it
            self._launch(step, state)
            return True
        attempt = self._attempt(step, state)
        if stopping and state["StepStatus"] != "Stopping":
            TYPES[step.type].stop(attempt)
            self._change(step, {"StepStatus": "Stopping"})
            return True
        outcome = self._guarded(lambda: TYPES[step.type].check(attempt))
        if outcome:
            self._end(step, attempt, outcome)
        return outcome is not None

    def _launch(self, step: Step, state: dict) -> None:
        attempt = self._attempt(step, state)
        outcome = self._guarded(lambda: self._start(step, state, attempt))
        if outcome:
            self._end(step, attempt, outcome)
        else:
            self._change(step, {"StepStatus": "Executing", "Metadata": attempt.metadata, "_memory": attempt.memory})

    def _start(self, step: Step, state: dict, attempt: Attempt) -> Outcome | None:
        """Take the step's result from the cache, or start the attempt. The cache is asked once, before the step makes anything."""
        kind = TYPES[step.type]
        arguments = kind.arguments(step, attempt.scope)
        key = key_of(step, arguments)
        if key and "_cache_key" not in state:
            cached = self._cache.find(step, key)
            self._change(step, {"_cache_key": key} | (cached or {}))
            if cached:
                attempt.metadata.update(cached["Metadata"])
                return SUCCEEDED
        return kind.start(attempt, experiments.with_experiment(step.type, arguments, self._experiment))

    def _end(self, step: Step, attempt: Attempt, outcome: Outcome) -> None:
        reason = failures.not_retried(outcome, self._arn, step.name)[:LONGEST_REASON] or None
        members = {"StepStatus": outcome.status, "FailureReason": reason, "EndTime": self._engine.now(), "Metadata": attempt.metadata}
        if outcome.status == "Succeeded":
            self._cache.keep(self._document()["_steps"][step.name] | members)
        self._change(step, members)

    def _guarded(self, act: Callable[[], Outcome | None]) -> Outcome | None:
        """The outcome of an action of a step type; its errors are a failure of the step."""
        try:
            return act()
        except ClientError as error:
            return failures.refused(error)
        except ExpressionError as error:
            return Outcome("Failed", f"ClientError: {error}")

    # The document

    def _document(self) -> Document:
        return self._engine.get(self._context, EXECUTION, self._name)

    def _change(self, step: Step, members: dict) -> None:
        def changed(document: Document) -> dict:
            state = document["_steps"].get(step.name, {}) | members
            return {"_steps": document["_steps"] | {step.name: {name: value for name, value in state.items() if value is not None}}}

        self._engine.update(self._context, EXECUTION, self._name, changed)

    def _finish(self, status: str, reason: str = "") -> None:
        self._engine.update(self._context, EXECUTION, self._name, {"PipelineExecutionStatus": status, "FailureReason": reason or None})

    def _attempt(self, step: Step, state: dict) -> Attempt:
        name = state["_attempt"]
        metadata, memory = copy.deepcopy(state["Metadata"]), dict(state.get("_memory", {}))
        scope, view = self._scope.of_job(name, self._item(step)), ExecutionView(self._definition, self._states)

        def save() -> None:
            self._change(step, {"Metadata": metadata})

        return Attempt(
            step,
            name,
            metadata,
            self._context,
            self._engine,
            scope,
            self._client,
            self._arn,
            view,
            memory,
            save,
            state.get("_answer", {}),
        )

    def _item(self, step: Step) -> object:
        """The item of a ForEach step that a child step is for; None for any other step."""
        return self._states[step.iteration.loop]["_memory"]["items"][step.iteration.index] if step.iteration else None

    def _properties_of(self, name: str) -> object:
        """The properties of a step that has succeeded. Raises ExpressionError."""
        if name not in self._properties:
            state = self._document()["_steps"].get(name, {"StepStatus": "not started"})
            if state["StepStatus"] != "Succeeded":
                raise ExpressionError(f"The step {name} has no properties: its status is {state['StepStatus']}")
            step = self._definition.step(name)
            self._properties[name] = TYPES[step.type].properties(self._attempt(step, state))
        return self._properties[name]
