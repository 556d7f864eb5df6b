"""Runs one training job: data in, a container on each host, data out, and the description of each step."""

from __future__ import annotations

import contextlib
import logging
import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from course.localaws.cloudwatch.metrics.store import observed
from course.localaws.context import Context
from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document, ResourceEngine, ResourceKind
from course.localaws.jobs import job_images
from course.localaws.jobs.boxes import JobLog, is_private, shared_network
from course.localaws.jobs.control import JobFailure
from course.localaws.jobs.runner import JobRunner
from course.localaws.jobs.s3_data import DataError
from course.localaws.sagemaker.core import ml_folder
from course.localaws.sagemaker.core.cluster import addresses, hosts
from course.localaws.sagemaker.core.failure_reasons import download_failed, shorten, upload_failed
from course.localaws.sagemaker.core.job_family import JobRun
from course.localaws.sagemaker.core.protection import key_of
from course.localaws.sagemaker.training import channels, warm_pools
from course.localaws.sagemaker.training.host import TrainingHost
from course.localaws.sagemaker.training.metric_definitions import MetricScanner
from course.localaws.sagemaker.training.spot import Interruption, Interruptions
from course.localaws.sagemaker.training.warm_pools import WarmPools
from course.sandbox.process import BoxGroup
from course.sandbox.trees import TreeError, remove

GROUP = "/aws/sagemaker/TrainingJobs"  # the log group, and the namespace of the metrics
WAIT_SECONDS = 0.05  # between checks of the clock, which a lesson may advance
MESSAGES = {
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "MaxWaitTimeExceeded": "Training job wait time exceeded MaxWaitTimeInSeconds provided",
}
NO_INSTANCES = "Insufficient capacity error from EC2 while launching instances, retrying!"  # wording: botocore's SecondaryStatusTransition
SPOT = Path(__file__).with_name("spot.yaml")
ACTIVE = ("Downloading", "Training", "Uploading", "Stopping")  # the statuses in which it holds instances
logger = logging.getLogger(__name__)


class TrainingRun(JobRun):
    """One run of a training job."""

    def __init__(
        self, pools: WarmPools, runner: JobRunner, engine: ResourceEngine, kind: ResourceKind, context: Context, document: Document
    ) -> None:
        super().__init__(runner, engine, kind, context, document)
        self.interruptions = Interruptions() if document["EnableManagedSpotTraining"] else None
        if self.interruptions:
            self.job.watch = self.interruptions.watch
        self._pools = pools
        self._cluster = hosts(document["ResourceConfig"])
        self._metrics: dict[str, dict] = {}

    def execute(self, folder: Path) -> None:
        roots = [folder / host.name / "ml" for host in self._cluster]
        with self._pools.cluster(self.context, self.document, roots, self.launch):
            if self.document["SecondaryStatus"] == "Restarting":
                self._step("Starting", "Starting the training job")
            members, group = self._train(folder)
            while self.interruptions and (interruption := self.interruptions.taken()) and not self.job.stopped_by:
                members, group = self._resume(folder, members, interruption)
            self._finish(folder, members, group)

    def _resume(self, folder: Path, members: list[TrainingHost], interruption: Interruption) -> tuple[list[TrainingHost], BoxGroup]:
        """Run the program on new instances after an interruption. Only the checkpoints outlive the old ones."""
        capacity_returns = self.engine.now() + interruption.outage
        self._step("Interrupted", "Training job interrupted, waiting for Spot capacity")
        with contextlib.suppress(DataError):
            copy_last(members)
        remove(folder)
        (folder / "ml").mkdir(parents=True)
        self._await_capacity(lambda: capacity_returns)
        self._step("Starting", "Starting the training job")
        self.launch()
        return self._train(folder)

    def launch(self) -> None:
        """Get new instances. A Spot job waits for them. Raises JobFailure, StoppedBeforeStart."""
        if self.platform.capacity.lacks(*self.instance_types):
            self._explain(NO_INSTANCES)
        if self.interruptions:
            self._await_capacity(lambda: self.platform.capacity.returns(self.instance_types))
        super().launch()

    def ended(self, document: Document, status: str, failure: str) -> dict:
        metrics = list(self._metrics.values())
        changes = ended(document, self.engine.now(), status, failure) | warm_pools.ended(document, failure)
        return changes | ({"FinalMetricDataList": metrics} if metrics else {})

    def prepare_retry(self, failure: str) -> bool:
        changed: dict = {}

        def changes(document: Document) -> dict:
            changed.update(restarting(document, self.engine.now(), failure))
            return changed

        self.update(changes)
        return bool(changed)

    def _train(self, folder: Path) -> tuple[list[TrainingHost], BoxGroup]:
        """Fetch the data and run the program on every host, until it ends or is interrupted."""
        self._step("Downloading", "Downloading input data")
        specification = self.document["AlgorithmSpecification"]
        try:
            image = job_images.find(self.platform, specification["TrainingImage"], self.document["RoleArn"])
        except AwsError as error:  # the image was deleted after the job was created
            raise JobFailure(shorten(f"ClientError: Cannot pull algorithm container. {error.message}")) from error
        members = [TrainingHost(self, self._cluster, host, folder / host.name, image) for host in self._cluster]
        try:
            try:
                requests, mode = self.document.get("InputDataConfig", []), specification["TrainingInputMode"]
                found = [channels.find(request, mode, self.data) for request in requests]
                for member in members:
                    member.fetch(found)
            except (AwsError, DataError, TreeError) as error:
                raise JobFailure(download_failed(error)) from error
            return members, self._run_programs(folder, members)
        finally:
            for member in members:
                member.end()

    def _run_programs(self, folder: Path, members: list[TrainingHost]) -> BoxGroup:
        known = addresses(self._cluster)
        with contextlib.ExitStack() as stack:
            isolated = self.document["EnableNetworkIsolation"]
            private = is_private(self.platform, self.network)
            network_pid = stack.enter_context(shared_network(self.platform, folder, len(members), isolated, private))
            boxes = [member.box(known, network_pid) for member in members]
            self._step("Training", "Training image download completed. Training in progress.")
            started = int(self.engine.now())
            starts = [partial(member.start, box, self._log(member.host.name, started)) for member, box in zip(members, boxes, strict=True)]
            for member in members:
                for sync in member.syncs:
                    stack.enter_context(sync.running())
            return self.job.run(lambda: BoxGroup.begin(starts), *self._time_left())

    def _time_left(self) -> tuple[float, str]:
        """Seconds until the program must end, and the job's status when it does not."""
        condition, now = self.document["StoppingCondition"], self.engine.now()
        limits = [(condition["MaxRuntimeInSeconds"] - seconds_in(self.document, ("Training",), now), "MaxRuntimeExceeded")]
        if "MaxWaitTimeInSeconds" in condition:
            began = self.document.get("TrainingStartTime", self.document["CreationTime"])
            limits.append((condition["MaxWaitTimeInSeconds"] - (now - began), "MaxWaitTimeExceeded"))
        return min(limits)

    def _await_capacity(self, returns: Callable[[], float]) -> None:
        """Wait on the local AWS's clock until Spot capacity returns. Raises StoppedBeforeStart when the job may wait no longer."""
        with self.platform.scheduler.awaiting(returns()):
            while self.engine.now() < returns():
                seconds, late = self._time_left()
                if seconds <= 0:
                    self._step("Stopping", "Stopping the training job")
                    self.job.stop(late)
                self.job.begin()
                time.sleep(WAIT_SECONDS)

    def _log(self, host: str, started: int) -> JobLog:
        scanner = MetricScanner(self.document["AlgorithmSpecification"].get("MetricDefinitions", []), self.platform.expressions)
        stream = f"{self.name}/{host}-{started}"
        return JobLog(self.platform, self.context.region, GROUP, stream, partial(self._publish, scanner, stream))

    def _publish(self, scanner: MetricScanner, stream: str, lines: list[str]) -> None:
        """Publish the metrics in lines of the log. A last line names a metric that is not read any more."""
        found = scanner.scan(lines)
        while scanner.dropped:
            text = f"[local AWS] The metric {scanner.dropped.pop(0)} is not read any more: its regular expression takes too long."
            self.platform.logs.append(self.context.region, GROUP, stream, [(self.platform.logs.now(), text)])
        if not found:
            return
        now, dimensions = self.engine.now(), {"TrainingJobName": self.name}
        self._metrics |= {name: {"MetricName": name, "Value": value, "Timestamp": now} for name, value in found}
        self.platform.metrics.put_data(
            self.context.region, [observed(GROUP, name, [(value, 1.0)], dimensions, "None", now) for name, value in found]
        )
        self.listener.on_metrics(found)

    def _finish(self, folder: Path, members: list[TrainingHost], group: BoxGroup) -> None:
        """Store the results. Raises JobFailure when the program failed, or when they cannot be stored."""
        failed = None if self.job.stopped_by else group.failed
        failure = "" if failed is None else members[failed].failure(self.platform.limits.divided(len(members)))
        self._step("Uploading", "Uploading generated training model")
        try:
            self._upload(folder, [member.root for member in members], with_model=not failure)
            copy_last(members)
        except (AwsError, DataError) as error:
            raise JobFailure(failure or upload_failed(error)) from error
        if failure:
            raise JobFailure(failure)

    def _upload(self, folder: Path, roots: list[Path], with_model: bool) -> None:
        """Store the model and /opt/ml/output/data. Raises AwsError, DataError."""
        output = self.document["OutputDataConfig"]
        target = f"{output['S3OutputPath'].rstrip('/')}/{self.name}/output"
        key = key_of(self.platform, self.context, output)
        for part, name in (("model", "model"), ("output/data", "output")):
            if name == "model" and not with_model:
                continue
            try:
                self._merge(roots, part)
                if name == "output" and ml_folder.is_empty(roots[0], part):
                    continue
                if output.get("CompressionType") == "NONE":
                    self.data.upload_folder(roots[0], part.split("/"), f"{target}/{name}", key)
                    continue
                archive = folder / f"{name}.tar.gz"
                ml_folder.pack(roots[0], part, archive, self.platform.quota.limit)
            except (OSError, TreeError) as error:
                raise DataError(str(error)) from error
            self.data.upload(archive, f"{target}/{name}.tar.gz", kms_key=key)

    def _merge(self, roots: list[Path], part: str) -> None:
        """Move what all hosts left in a folder to the first host. AWS says that names must not clash; here the first host's file is kept.

        Raises TreeError, OSError.
        """
        for root in roots[1:]:
            if clashes := ml_folder.merge(root, roots[0], part):
                logger.warning("%s: %s of another host is there already in %s and left out", self.caller, ", ".join(clashes), part)

    def _step(self, secondary: str, message: str) -> None:
        """Enter a secondary status. The first download is also the start of the job."""
        now = self.engine.now()
        started = {"TrainingStartTime": self.document.get("TrainingStartTime", now)} if secondary == "Downloading" else {}
        self.update(lambda document: started | next_step(document, now, secondary, message))

    def _explain(self, message: str) -> None:
        """Change the message of the present secondary status."""

        def changes(document: Document) -> dict:
            *earlier, last = document["SecondaryStatusTransitions"]
            return {"SecondaryStatusTransitions": [*earlier, last | {"StatusMessage": message}]}

        self.update(changes)


def copy_last(members: list[TrainingHost]) -> None:
    """Copy the last changes of the folders that are copied while the program runs. Raises DataError."""
    for member in reversed(members):  # so that the first host's file is kept when several hosts wrote the same name
        for sync in member.syncs:
            sync.copy()


def next_step(document: Document, now: float, secondary: str, message: str) -> dict:
    """The members that change when the job enters a secondary status."""
    *earlier, last = document.get("SecondaryStatusTransitions", [None])
    done = [*earlier, last | {"EndTime": now}] if last else []
    return {
        "SecondaryStatus": secondary,
        "SecondaryStatusTransitions": [*done, {"Status": secondary, "StartTime": now, "StatusMessage": message}],
    }


def ended(document: Document, now: float, secondary: str, failure: str) -> dict:
    """The members that change when a job ends with one of `MESSAGES` as its secondary status."""
    changes = {"TrainingJobStatus": "Stopped" if secondary.endswith("Exceeded") else secondary, "TrainingEndTime": now}
    changes |= next_step(document, now, secondary, failure or MESSAGES[secondary])
    changes["SecondaryStatusTransitions"][-1]["EndTime"] = now
    if failure:
        changes["FailureReason"] = failure
    if "TrainingStartTime" in document:
        seconds = max(1, math.ceil(seconds_in(document, ACTIVE, now)))
        spot = document["EnableManagedSpotTraining"]
        changes |= {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": billable(seconds, spot)}
    return changes


def restarting(document: Document, now: float, failure: str) -> dict:
    """The members that change when a job is retried after an internal error, if its ``RetryStrategy`` allows that; else none.

    A retried job is ``Starting`` according to the API reference, and ``Restarting`` before that according to SecondaryStatus's enum.
    """
    allowed = document.get("RetryStrategy", {}).get("MaximumRetryAttempts", 0)
    done = sum(step["Status"] == "Restarting" for step in document["SecondaryStatusTransitions"])
    if document["TrainingJobStatus"] != "InProgress" or done >= allowed:
        return {}
    return next_step(document, now, "Restarting", f"Restarting the training job: {failure}")


def seconds_in(document: Document, statuses: tuple[str, ...], now: float) -> float:
    """The seconds that a job has spent in these secondary statuses."""
    steps = [step for step in document["SecondaryStatusTransitions"] if step["Status"] in statuses]
    return sum(step.get("EndTime", now) - step["StartTime"] for step in steps)


def billable(seconds: int, spot: bool) -> int:
    """The billed seconds of a job's training seconds. For Spot instances they are the modelled share in `spot.yaml`."""
    return max(1, math.ceil(seconds * table(SPOT)["billed_share"])) if spot else seconds
