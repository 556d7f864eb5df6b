"""The threads of all executions that run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from course.localaws.context import Context
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.sagemaker.pipelines import selection
from course.localaws.sagemaker.pipelines.kinds import EXECUTION, RUNNING, VERSION, PartKind, version_name
from course.localaws.sagemaker.pipelines.language.definition import Definition
from course.localaws.sagemaker.pipelines.language.parsing import parse
from course.localaws.sagemaker.pipelines.runs.execution import ExecutionThread
from course.localaws.sagemaker.pipelines.runs.role_clients import RoleClients
from course.localaws.sagemaker.pipelines.steps.types import TYPES

if TYPE_CHECKING:
    from course.localaws.platform import Platform


class ExecutionRunner:
    """Starts, wakes and ends the threads of executions. `ResourceEngine` calls it after changes of what steps make."""

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self._platform, self._engine = platform, engine
        self._clients = RoleClients(platform)
        self._threads: dict[str, ExecutionThread] = {}
        self._lock = threading.Lock()

    def submit(self, context: Context, document: Document) -> None:
        """Start the thread of an execution."""
        arn = document["PipelineExecutionArn"]
        definition = self.definition(context, document)
        thread = ExecutionThread(self._platform, self._engine, self._clients, context, document, definition)
        with self._lock:
            self._threads[arn] = thread
        thread.start(lambda: self._forget(arn, thread))

    def wake(self, arn: str) -> None:
        """Let the thread of an execution see at once that its document has changed."""
        with self._lock:
            thread = self._threads.get(arn)
        if thread:
            thread.wake()

    def running(self, context: Context) -> int:
        """The number of executions that run in a region."""
        with self._lock:
            return sum(arn.split(":")[3] == context.region for arn in self._threads)

    def follows(self, kind: ResourceKind) -> bool:
        return bool(kind.status) and not isinstance(kind, PartKind)

    def __call__(self, context: Context, kind: ResourceKind, before: Document | None, after: Document) -> None:
        """Wake the execution that waits for a resource whose status has changed."""
        if before is None or before[kind.status] == after[kind.status]:
            return
        with self._lock:
            waiting = [thread for thread in self._threads.values() if after[kind.name_member] in thread.awaited]
        for thread in waiting:
            thread.wake()

    def recover(self) -> None:
        """Go on with the executions that ran when the last process ended."""
        for context, document in list(self._engine.every(EXECUTION, RUNNING)):
            self.submit(context, document)

    def shutdown(self) -> None:
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.abandon()

    def definition(self, context: Context, execution: Document) -> Definition:
        """The parsed definition of an execution."""
        version = version_name(execution["PipelineName"], execution["PipelineVersionId"])
        definition = parse(self._engine.get(context, VERSION, version)["_definition"], frozenset(TYPES))
        return selection.only(definition, {*execution["_selected"], *execution["_steps"]}) if "_selected" in execution else definition

    def _forget(self, arn: str, thread: ExecutionThread) -> None:
        with self._lock:
            if self._threads.get(arn) is thread:
                del self._threads[arn]
