"""The common part of training, processing and transform jobs: create, describe, list, stop, run, and recover after a crash."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from course.localaws import images
from course.localaws.context import Context, Operation
from course.localaws.core.call import VpcNetwork
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Changes, Document, ResourceEngine, ResourceKind
from course.localaws.jobs.control import JobControl, JobFailure, ServerShuttingDown, StoppedBeforeStart, persist
from course.localaws.jobs.runner import JobRunner
from course.localaws.jobs.s3_data import JobData
from course.localaws.sagemaker.core.failure_reasons import NO_CAPACITY, internal_error
from course.localaws.sagemaker.core.family import Family
from course.localaws.sagemaker.core.protection import require_role
from course.localaws.sagemaker.experiments import tracking
from course.sandbox.box import best_mode

if TYPE_CHECKING:
    from course.localaws.platform import Platform

RUNNING = ("InProgress", "Stopping")
LOST = "InternalServerError: the local AWS was stopped while the job ran"
DEFAULT_SECONDS = 86_400  # of MaxRuntimeInSeconds
logger = logging.getLogger(__name__)


class JobListener:
    """Receives callbacks from a job's thread. The default does nothing."""

    def on_metrics(self, metrics: list[tuple[str, float]]) -> None:
        """The job printed metrics: names and values, in order."""

    def on_files(self, root: Path) -> None:
        """The job's programs have ended. ``root`` is /opt/ml of one instance, with the files that they left."""

    def on_end(self) -> None:
        """The job has ended, and its description says how."""


class JobRun:
    """One run of a job, which a `JobRunner` runs. A subclass says what the job does and how its end is recorded.

    Attributes
    ----------
    document : dict
        The job's description after the last change by this run.
    data : JobData
        S3 with the rights of the job's role.
    job : JobControl
    """

    stopping = "Stopping"  # the status of a job that was asked to stop

    def __init__(self, runner: JobRunner, engine: ResourceEngine, kind: ResourceKind, context: Context, document: Document) -> None:
        self.runner, self.engine, self.kind, self.context, self.document = runner, engine, kind, context, document
        self.name = document[kind.name_member]
        self.job, self.listener = JobControl(), JobListener()
        self.platform = runner.platform
        self.caller = f"{kind.arn}/{self.name}"
        self.data = JobData(self.platform, self.caller, self.role, self.network)
        self._failure, self._is_internal = "", False

    @property
    def role(self) -> str:
        """The ARN of the job's role."""
        return self.document["RoleArn"]

    @property
    def network(self) -> VpcNetwork | None:
        """The VPC of the job."""
        config = self.document.get("VpcConfig") or self.document.get("NetworkConfig", {}).get("VpcConfig")
        return VpcNetwork.of(self.context.region, config)

    @property
    def instance_types(self) -> list[str]:
        """The types of the job's instances."""
        return [instance_type for instance_type, _ in self.kind.instances(self.document)]

    def launch(self) -> None:
        """Get the job's instances. Raises JobFailure when AWS has none."""
        if self.platform.capacity.lacks(*self.instance_types):
            raise JobFailure(NO_CAPACITY)

    def execute(self, folder: Path) -> None:
        """Do the job in its own folder. Raises JobFailure when it fails."""
        raise NotImplementedError

    def ended(self, document: Document, status: str, failure: str) -> dict:
        """The members that change when it ends as ``Completed``, ``Failed``, ``Stopped`` or ``MaxRuntimeExceeded``."""
        raise NotImplementedError

    def conclude(self, status: str, failure: str) -> None:
        """Called once before the end is recorded."""

    def prepare_retry(self, failure: str) -> bool:
        """Whether to run the job again after an error of the local AWS itself. Then its description says so."""
        return False

    def attempt(self, folder: Path) -> None:
        """Do the job in a new folder."""
        self._failure, self._is_internal = "", False
        try:
            self.document = self.engine.get(self.context, self.kind, self.name)
            if self.document[self.kind.status] == self.stopping:
                self.job.stop("Stopped")  # the request came between creation and submission
            self.job.begin()
            (folder / "ml").mkdir(parents=True)
            self.execute(folder)
        except (ServerShuttingDown, StoppedBeforeStart):
            self.job.check()
        except JobFailure as error:
            self._failure = str(error)
        except Exception as error:
            self.job.check()
            logger.exception("%s", self.caller)
            self._failure, self._is_internal = internal_error(error), True

    def end(self) -> bool:
        """Record how the job ended. Returns False when it must be done again, after an error of the local AWS itself."""
        if self._is_internal and not self.job.stopped_by and self.prepare_retry(self._failure):
            return False
        status = "Failed" if self._failure else self.job.stopped_by or "Completed"
        self.conclude(status, self._failure)
        tracking.ending(self.engine, self.context, self.kind, self.document, status)
        try:
            persist(lambda: self.update(lambda document: self.ended(document, status, self._failure)))
        finally:
            self.listener.on_end()
        return True

    def update(self, changes: Changes) -> None:
        """Change the job's document. Ends the run when the document is gone because everything was reset."""
        try:
            self.document = self.engine.update(self.context, self.kind, self.name, changes)
        except AwsError as error:
            self.job.abandoned = True
            raise ServerShuttingDown from error


class JobFamily(Family):
    """The operations of one kind of job.

    Attributes
    ----------
    kind : ResourceKind
    noun : str
        The kind in error messages.
    run_class : callable
        The family's `JobRun`, or a function with the same parameters that makes one.
    """

    kind: ClassVar[ResourceKind]
    noun: ClassVar[str]
    run_class: Callable[[JobRunner, ResourceEngine, ResourceKind, Context, Document], JobRun]

    def __init__(self, platform: Platform, engine: ResourceEngine) -> None:
        self.kinds = (self.kind,)
        self.platform, self.engine = platform, engine
        self._runner = JobRunner(platform, self.kind.arn)
        name = self.kind.name
        self.operations: dict[str, Operation] = {
            f"Create{name}": self.create,
            f"Describe{name}": self.describe,
            f"List{name}s": self.list,
            f"Stop{name}": self.stop,
            f"Delete{name}": self.delete,
        }

    def role(self, context: Context, params: dict) -> str:
        """The ARN of the role that a request names for its job. Raises AwsError."""
        return params["RoleArn"]

    def prepare(self, context: Context, params: dict) -> Document:
        """Check a request as AWS does before it accepts it, and return the new job's document. Raises AwsError."""
        raise NotImplementedError

    def stopping(self, document: Document) -> dict:
        """The members that change when the job is asked to stop."""
        return {self.kind.status: "Stopping"}

    def lost(self, document: Document) -> dict:
        """The members that change when the local AWS was killed while the job ran."""
        raise NotImplementedError

    def retried(self, document: Document, failure: str) -> dict:
        """The members that change when the job runs again after the local AWS failed; empty when it does not run again."""
        return {}

    async def create(self, context: Context, params: dict) -> dict:
        return {self.kind.arn_member: await asyncio.to_thread(self.begin, context, params)}

    def begin(self, context: Context, params: dict, listener: JobListener | None = None) -> str:
        """Check a request, store the new job, start it, and return its ARN. Waits for IAM, so do not call it in the event loop.

        Raises AwsError with the errors of the Create operation.
        """
        name = params[self.kind.name_member]
        require_role(self.platform, self.role(context, params))
        tracking.check(self.engine, context, params)
        arn = self.engine.create(context, self.kind, name, self.prepare(context, params), params.get("Tags", ()))
        document = self.engine.get(context, self.kind, name)
        try:
            tracking.begun(self.engine, context, self.kind, document)
        except BaseException:
            self.engine.delete(context, self.kind, name)
            raise
        run = self.run_class(self._runner, self.engine, self.kind, context, document)
        run.listener = listener or run.listener
        self._runner.submit(arn, run)
        return arn

    def describe(self, context: Context, params: dict) -> dict:
        return self.engine.get(context, self.kind, params[self.kind.name_member])

    def list(self, context: Context, params: dict) -> dict:
        summaries, token = self.engine.page(context, self.kind, params)
        return {f"{self.kind.name}Summaries": summaries} | ({"NextToken": token} if token else {})

    def stop(self, context: Context, params: dict) -> None:
        """Ask a job to stop; asking again changes nothing."""

        def changes(document: Document) -> dict:
            status = document[self.kind.status]
            if status not in RUNNING:
                raise AwsError("ValidationException", f"The request was rejected because the {self.noun} is in status {status}.")
            return self.stopping(document) if status == "InProgress" else {}

        document = self.engine.update(context, self.kind, params[self.kind.name_member], changes)
        self._runner.stop(document[self.kind.arn_member])

    def delete(self, context: Context, params: dict) -> None:
        name = params[self.kind.name_member]
        status = self.engine.get(context, self.kind, name)[self.kind.status]
        if status in RUNNING:
            raise AwsError(
                "ResourceInUse",
                f"The {self.noun} {name} is in status {status}; only one that is Completed, Failed or Stopped can be deleted.",
            )
        self.engine.delete(context, self.kind, name)

    def recover(self) -> None:
        """Remove processes and folders of jobs that ran when the local AWS was killed, and fail these jobs or run them again."""
        self._runner.recover()
        for context, document in list(self.engine.every(self.kind, RUNNING)):
            name, again = document[self.kind.name_member], self.retried(document, LOST)
            document = self.engine.update(context, self.kind, name, again or self.lost)
            if again:
                self._runner.submit(document[self.kind.arn_member], self.run_class(self._runner, self.engine, self.kind, context, document))

    def shutdown(self) -> None:
        self._runner.shutdown()


def check_isolation(isolated: bool) -> None:
    """Refuse network isolation on a machine that cannot do it. Raises AwsError."""
    if isolated and best_mode() != "namespace":
        raise unsupported("EnableNetworkIsolation on this machine, where the kernel gives it no user namespaces")


def require_installed(uri: str) -> None:
    """Refuse an image whose library is not on this machine. The error names the command that adds it. Raises AwsError."""
    if missing := images.missing(uri):
        raise unsupported(f"the image {uri} on this machine without {missing}")


def unsupported(what: str) -> AwsError:
    """The error for a feature that AWS has and the local AWS has not."""
    return AwsError("NotSupportedByLocalAws", f"The local AWS does not support {what}. It exists on AWS; here nothing was done.")
