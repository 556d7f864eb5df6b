"""What a type of step implements, and what it gets for one attempt of one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine
from course.localaws.sagemaker.pipelines.language.definition import Definition, Step
from course.localaws.sagemaker.pipelines.language.expressions import Scope, resolve
from course.localaws.sagemaker.pipelines.scope import ExecutionScope
from course.localaws.sagemaker.pipelines.steps.names import Names
from course.localaws.sagemaker.registry.lineage import EXECUTION_TAG


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended.

    Attributes
    ----------
    status : str
        ``Succeeded``, ``Failed`` or ``Stopped``.
    reason : str
        The ``FailureReason``; empty unless it failed.
    exception : str
        The exception type of retry policies that the failure belongs to, e.g. ``SageMaker.JOB_INTERNAL_ERROR``; empty for none.
    """

    status: str
    reason: str = ""
    exception: str = ""


SUCCEEDED = Outcome("Succeeded")


@dataclass(frozen=True, slots=True)
class ExecutionView:
    """What a step that depends on other steps can see of its execution.

    Attributes
    ----------
    definition : Definition
    states : mapping
        Step -> state, for the steps that have started, as they were a moment ago.
    """

    definition: Definition
    states: Mapping[str, dict]


@dataclass(frozen=True)
class Attempt:
    """One attempt to run a step.

    Attributes
    ----------
    step : Step
    name : str
        The name of what the attempt creates, unique for each attempt. It is stored before anything is created, so that an attempt which a
        crash interrupted is continued and not repeated.
    metadata : dict
        The step's ``Metadata`` in ListPipelineExecutionSteps. `StepType.start` fills it.
    context : Context
    engine : ResourceEngine
    scope : ExecutionScope
        What the step's expressions refer to.
    client : callable
        botocore's name of a service -> client with the rights of the execution's role.
    execution : str
        The ARN of the execution.
    view : ExecutionView
    memory : dict
        What `StepType.start` must remember and no answer shows, in JSON. It is stored with the metadata.
    save : callable
        Stores `metadata` at once. Otherwise it is stored when `StepType.start` or `StepType.check` has returned.
    answer : dict
        What a program has sent for a Callback step; empty before.
    """

    step: Step
    name: str
    metadata: dict
    context: Context
    engine: ResourceEngine
    scope: ExecutionScope
    client: Callable[[str], Any]
    execution: str
    view: ExecutionView
    memory: dict
    save: Callable[[], None]
    answer: dict

    def find(self, kind: str, name: str) -> Document | None:
        """The document of a SageMaker resource, or None. ``kind`` is its part of the ARN, e.g. ``"training-job"``."""
        return self.engine.find(self.context, self.engine.kinds[kind], name)

    def tagged(self, request: dict) -> dict:
        """A Create request with the tag that names the execution."""
        return request | {"Tags": [*request.get("Tags", ()), {"Key": EXECUTION_TAG, "Value": self.execution}]}


class StepType:
    """How the steps of one type run. Its methods are called in the execution's thread, so they do not wait long.

    They raise botocore's ``ClientError`` for a refused call, and ExpressionError for a value that cannot be resolved.

    Attributes
    ----------
    names : Names
        How its attempts are named.
    operation : str
        The operation of SageMaker whose request the arguments are; empty for types with arguments of another form.
    """

    names = Names()
    operation = ""

    def arguments(self, step: Step, scope: Scope) -> dict:
        """A step's arguments with all expressions resolved. A member that is null counts as absent."""
        resolved = resolve(step.own_arguments, scope)
        assert isinstance(resolved, dict)
        return {name: value for name, value in resolved.items() if value is not None}

    def start(self, attempt: Attempt, arguments: dict) -> Outcome | None:
        """Begin an attempt, and fill its metadata. Called again with the same attempt if a crash interrupted the first call.

        Returns the outcome if the attempt has ended.
        """
        raise NotImplementedError

    def check(self, attempt: Attempt) -> Outcome | None:
        """The outcome of an attempt that was started; None while it runs."""
        raise NotImplementedError

    def stop(self, attempt: Attempt) -> None:
        """Ask an attempt to stop. Returns at once. If it raises an error, the attempt goes on to its own end."""

    def properties(self, attempt: Attempt) -> object:
        """What ``Steps.<name>`` refers to after the attempt has succeeded."""
        return {}
