"""Begins, follows and ends the attempts of an execution's steps.

An attempt's name is in the execution's document before anything is created under it. So a new thread can go on after a crash: it continues
the attempt by its name, and creates nothing twice.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError

from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document
from course.localaws.sagemaker.pipelines import experiments
from course.localaws.sagemaker.pipelines.cache import StepCache, key_of
from course.localaws.sagemaker.pipelines.language import retry_policies
from course.localaws.sagemaker.pipelines.language.definition import Definition, Step
from course.localaws.sagemaker.pipelines.language.expressions import ExpressionError, text
from course.localaws.sagemaker.pipelines.runs.record import ExecutionRecord
from course.localaws.sagemaker.pipelines.runs.role_clients import UNREACHABLE, RoleClients
from course.localaws.sagemaker.pipelines.scope import ExecutionScope
from course.localaws.sagemaker.pipelines.steps import failures
from course.localaws.sagemaker.pipelines.steps.step_type import SUCCEEDED, Attempt, ExecutionView, Outcome
from course.localaws.sagemaker.pipelines.steps.types import TYPES

LONGEST_REASON = 1024
LOCAL_FAILURE = "InternalServerError: the local AWS failed; its log says why"
NAMED_BY = 20  # the number of first characters of a step's name that are in the name of its session
logger = logging.getLogger(__name__)


class Attempts:
    """The attempts of one execution.

    Parameters
    ----------
    document : dict
        The execution.
    definition : Definition
    record : ExecutionRecord
    clients : RoleClients
    """

    def __init__(self, document: Document, definition: Definition, record: ExecutionRecord, clients: RoleClients) -> None:
        self._arn, self._role = document["PipelineExecutionArn"], document["RoleArn"]
        self._execution = self._arn.rpartition("/")[2]
        self._definition, self._record, self._clients = definition, record, clients
        self._experiment = document.get("PipelineExperimentConfig")
        self._cache = StepCache(record.engine, record.context, document)
        self._sessions: dict[str, ReadOnlyCredentials] = {}
        self._properties: dict[str, object] = {}
        self.scope: ExecutionScope  # set by the execution; it refers to `properties`
        self.states: dict[str, dict] = document["_steps"]  # at the beginning of the round

    def begin(self, step: Step) -> None:
        """Start a step."""
        state = {
            "StepName": step.name,
            "StepStatus": "Starting",
            "StartTime": self._record.engine.now(),
            "AttemptCount": 1,
            "Metadata": {},
            "_type": step.type,
            "_attempt": TYPES[step.type].names.new(step, self._execution, self.scope.of_job("", self._item(step))),
        }
        state |= {f"Step{member}": step.document[member] for member in ("DisplayName", "Description") if step.document.get(member)}
        if step.iteration:
            shown = {"ParentStepName": step.iteration.loop, "Index": step.iteration.index, "Item": text(self._item(step))}
            state["IterationContext"] = shown
        self._record.change_step(step.name, state)
        self._launch(step, state)

    def follow(self, step: Step, state: dict, stopping: bool) -> bool:
        """Look after a step that has started. Returns whether its state has changed."""
        if "_retry_at" in state:
            return self._wait(step, state, stopping)
        if state["StepStatus"] == "Starting":  # a crash interrupted it
            self._launch(step, state)
            return True
        attempt = self._attempt(step, state)
        if stopping and state["StepStatus"] != "Stopping":
            guarded(lambda: TYPES[step.type].stop(attempt))  # if this is refused, the step goes on to its own end
            self._record.change_step(step.name, {"StepStatus": "Stopping"})
            return True
        outcome = guarded(lambda: TYPES[step.type].check(attempt))
        if outcome:
            self._end(step, state, attempt, outcome, stopping)
        return outcome is not None

    def properties(self, name: str) -> object:
        """The properties of a step that has succeeded. Raises ExpressionError."""
        if name not in self._properties:
            state = self._record.read()["_steps"].get(name, {"StepStatus": "not started"})
            if state["StepStatus"] != "Succeeded":
                raise ExpressionError(f"The step {name} has no properties: its status is {state['StepStatus']}")
            step = self._definition.step(name)
            self._properties[name] = TYPES[step.type].properties(self._attempt(step, state))
        return self._properties[name]

    def _launch(self, step: Step, state: dict) -> None:
        attempt = self._attempt(step, state)
        outcome = guarded(lambda: self._start(step, state, attempt))
        if outcome:
            self._end(step, state, attempt, outcome, stopping=False)
        else:
            self._record.change_step(step.name, {"StepStatus": "Executing", "Metadata": attempt.metadata, "_memory": attempt.memory})

    def _start(self, step: Step, state: dict, attempt: Attempt) -> Outcome | None:
        """Take the step's result from the cache, or start the attempt. The cache is asked once, before the step makes anything."""
        kind = TYPES[step.type]
        arguments = kind.arguments(step, attempt.scope)
        key = key_of(step, arguments)
        if key and "_cache_key" not in state:
            cached = self._cache.find(step, key)
            self._record.change_step(step.name, {"_cache_key": key} | (cached or {}))
            if cached:
                attempt.metadata.update(cached["Metadata"])
                return SUCCEEDED
        return kind.start(attempt, experiments.with_experiment(step.type, arguments, self._experiment))

    def _end(self, step: Step, state: dict, attempt: Attempt, outcome: Outcome, stopping: bool) -> None:
        """Record how an attempt ended, and when the next one begins, if there is one."""
        now = self._record.engine.now()
        policy = retry_policies.policy_for(outcome.exception, step.document) if outcome.exception else None
        again = _again(policy, state, outcome, now) if policy and not stopping else None
        if again:
            self._record.change_step(step.name, again | {"Metadata": attempt.metadata})
            return
        reason = outcome.reason if policy else failures.not_retried(outcome, self._arn, step.name)
        ended = {"StepStatus": outcome.status, "FailureReason": reason[:LONGEST_REASON] or None, "EndTime": now}
        ended |= {"Metadata": attempt.metadata}
        if outcome.status == "Succeeded":
            self._cache.keep(self._record.read()["_steps"][step.name] | ended)
        self._record.change_step(step.name, ended)

    def _wait(self, step: Step, state: dict, stopping: bool) -> bool:
        """Begin the next attempt of a step if its time has come. Returns whether its state has changed."""
        now = self._record.engine.now()
        if stopping:
            self._record.change_step(step.name, {"StepStatus": "Stopped", "EndTime": now, "_retry_at": None})
        elif now >= state["_retry_at"]:
            count = state["AttemptCount"]
            name = state["_attempt"] if count == 1 else state["_attempt"].rpartition("-")[0]
            members = {"StepStatus": "Starting", "AttemptCount": count + 1, "Metadata": {}, "_attempt": f"{name}-{count}"}
            members |= {"_retry_at": None, "_memory": None, "_answer": None}
            self._record.change_step(step.name, members)
            self._launch(step, {name: value for name, value in (state | members).items() if value is not None})
        return stopping or now >= state["_retry_at"]

    def _attempt(self, step: Step, state: dict) -> Attempt:
        name, record, metadata = state["_attempt"], self._record, copy.deepcopy(state["Metadata"])
        return Attempt(
            step=step,
            name=name,
            metadata=metadata,
            context=record.context,
            engine=record.engine,
            scope=self.scope.of_job(name, self._item(step)),
            client=lambda service: self._clients.client(service, record.context.region, self._session(step.name)),
            execution=self._arn,
            view=ExecutionView(self._definition, self.states),
            memory=dict(state.get("_memory", {})),
            save=lambda: record.change_step(step.name, {"Metadata": metadata}),
            answer=state.get("_answer", {}),
        )

    def _item(self, step: Step) -> object:
        """The item of a ForEach step that a child step is for; None for any other step."""
        return self.states[step.iteration.loop]["_memory"]["items"][step.iteration.index] if step.iteration else None

    def _session(self, step: str) -> ReadOnlyCredentials:
        if step not in self._sessions:
            self._sessions[step] = self._clients.session(self._role, f"sagemaker-pipeline-{self._execution}-{step[:NAMED_BY]}")
        return self._sessions[step]


def _again(policy: retry_policies.RetryPolicy, state: dict, outcome: Outcome, now: float) -> dict | None:
    """The members that let a step wait for its next attempt; None if there is none."""
    retries = state.get("_retries", {})
    count = retries.get(outcome.exception, 0)
    moment = policy.next_attempt(count, state["StartTime"], now)
    return None if moment is None else {"_retries": retries | {outcome.exception: count + 1}, "_retry_at": moment}


def guarded(act: Callable[[], Outcome | None]) -> Outcome | None:
    """The outcome of an action of a step type. Its errors are a failure of the step, except that the gateway cannot be reached."""
    try:
        return act()
    except ClientError as error:
        return failures.refused(error)
    except ExpressionError as error:
        return Outcome("Failed", f"ClientError: {error}")
    except AwsError as error:
        return Outcome("Failed", f"ClientError: {error.message}")
    except UNREACHABLE:
        raise
    except Exception:
        logger.exception("a step of a pipeline failed")
        return Outcome("Failed", LOCAL_FAILURE)
