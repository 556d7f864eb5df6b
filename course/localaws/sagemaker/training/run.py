"""Carries out one training job: data in, the container's contract, logs and metrics while it runs, model out, and how it ended."""

from __future__ import annotations

import contextlib
import logging
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws import images
from course.localaws.cloudwatch.metrics.store import observed
from course.localaws.core.errors import AwsError
from course.localaws.jobs import host_network, ml_folder
from course.localaws.jobs.runner import JobFailure, JobLog, empty
from course.localaws.jobs.s3_data import DataError
from course.localaws.sagemaker.core.cluster import addresses, hosts
from course.localaws.sagemaker.core.job_family import JobRun
from course.localaws.sagemaker.core.protection import key_of
from course.localaws.sagemaker.training import channels, warm_pools
from course.localaws.sagemaker.training.host import TrainingHost, data_failure
from course.localaws.sagemaker.training.metric_definitions import MetricScanner
from course.localaws.sagemaker.training.steps import ended, next_step, restarting, seconds_in
from course.localaws.sagemaker.training.warm_pools import WarmPools
from course.sandbox import archives
from course.sandbox.box_group import BoxGroup

if TYPE_CHECKING:
    from course.localaws.core.resources import Document

GROUP = "/aws/sagemaker/TrainingJobs"  # of the logs, and the namespace of the metrics
WAIT_SECONDS = 0.05  # between looks at the clock for what a lesson may advance
logger = logging.getLogger(__name__)


class TrainingRun(JobRun):
    """The work of one training job."""

    def __init__(self, pools: WarmPools, *arguments: object) -> None:
        super().__init__(*arguments)
        self._pools = pools
        self._cluster = hosts(self.document["ResourceConfig"])
        self._metrics: dict[str, dict] = {}

    def execute(self, folder: Path) -> None:
        roots = [folder / host.name / "ml" for host in self._cluster]
        with self._pools.cluster(self.context, self.document, roots):
            self._carry_out(folder)

    def prepare_retry(self, failure: str) -> bool:
        changed: dict = {}

        def changes(document: Document) -> dict:
            changed.update(restarting(document, self.engine.now(), failure))
            return changed

        self.update(changes)
        return bool(changed)

    def _carry_out(self, folder: Path) -> None:
        if self.engine.get(self.context, self.kind, self.name)["SecondaryStatus"] == "Restarting":
            self._step("Starting", "Starting the training job")
        self.update(lambda document: {"TrainingStartTime": document.get("TrainingStartTime", self.engine.now())})
        members, ran = self._attempt(folder)
        while (interruption := self.job.interruptions.taken()) and not self.job.stopped_by:
            returns = self.engine.now() + interruption.outage
            self._step("Interrupted", "Training job interrupted, waiting for Spot capacity")
            with contextlib.suppress(DataError):
                copy_last(members)
            empty(folder)
            self._await_capacity(returns)
            self._step("Starting", "Starting the training job")
            members, ran = self._attempt(folder)
        failed = None if self.job.stopped_by else ran.failed
        failure = "" if failed is None else members[failed].failure(self.platform.limits.divided(len(members)))
        self._step("Uploading", "Uploading generated training model")
        try:
            self._upload(folder, members, with_model=not failure)
            copy_last(members)
        except (AwsError, DataError) as error:
            raise JobFailure(failure or ml_folder.shorten(f"ClientError: Artifact upload failed:{error}")) from error
        if failure:
            raise JobFailure(failure)

    def ended(self, document: Document, status: str, failure: str) -> dict:
        metrics = list(self._metrics.values())
        changes = ended(document, self.engine.now(), status, failure) | warm_pools.ended(document, failure)
        return changes | ({"FinalMetricDataList": metrics} if metrics else {})

    def _attempt(self, folder: Path) -> tuple[list[TrainingHost], BoxGroup]:
        """Run the program on the data, on every host, until it ends or is interrupted."""
        self._step("Downloading", "Downloading input data")
        image = self._image()
        members = [TrainingHost(self, self._cluster, host, folder / host.name) for host in self._cluster]
        try:
            self._lay_out(members, image)
            return members, self._train(folder, members, image)
        finally:
            for member in members:
                member.end()

    def _image(self) -> images.Image:
        try:
            return images.find(self.document["AlgorithmSpecification"]["TrainingImage"], self.document["RoleArn"])
        except AwsError as error:  # it was deleted since the job was created
            raise JobFailure(ml_folder.shorten(f"ClientError: Cannot pull algorithm container. {error.message}")) from error

    def _lay_out(self, members: list[TrainingHost], image: images.Image) -> None:
        mode = self.document["AlgorithmSpecification"]["TrainingInputMode"]
        try:
            found = [channels.find(request, mode, self.data) for request in self.document.get("InputDataConfig", [])]
            for member in members:
                member.lay_out(found, image)
        except (AwsError, DataError) as error:
            raise JobFailure(data_failure(error)) from error

    def _train(self, folder: Path, members: list[TrainingHost], image: images.Image) -> BoxGroup:
        known = addresses(self._cluster)
        with contextlib.ExitStack() as meanwhile:
            isolated = self.document["EnableNetworkIsolation"]
            joins = meanwhile.enter_context(host_network.shared_network(self.runner, folder, len(members), isolated))
            boxes = [member.box(image, known, joins) for member in members]
            self._step("Training", "Training image download completed. Training in progress.")
            started = int(self.engine.now())

            starts = [
                partial(member.start, box, self._command(image), self._log(member.host.name, started))
                for member, box in zip(members, boxes, strict=True)
            ]
            for member in members:
                for sync in member.syncs:
                    meanwhile.enter_context(sync.running())
            return self.job.run(lambda: BoxGroup.begin(starts), *self._time_left())

    def _time_left(self) -> tuple[float, str]:
        """Seconds until the program has to end, and the status that the job has when it does not."""
        condition, document = self.document["StoppingCondition"], self.engine.get(self.context, self.kind, self.name)
        limits = [(condition["MaxRuntimeInSeconds"] - seconds_in(document, ("Training",), self.engine.now()), "MaxRuntimeExceeded")]
        if "MaxWaitTimeInSeconds" in condition:
            limits.append((condition["MaxWaitTimeInSeconds"] - (self.engine.now() - document["TrainingStartTime"]), "MaxWaitTimeExceeded"))
        return min(limits)

    def _await_capacity(self, returns: float) -> None:
        """Wait, on the local AWS's clock, until there are Spot instances again. Raises StoppedEarly when the job may wait no longer."""
        while self.engine.now() < returns:
            seconds, late = self._time_left()
            if seconds <= 0:
                self._step("Stopping", "Stopping the training job")
                self.job.stop(late)
            self.job.begin()
            time.sleep(WAIT_SECONDS)

    def _command(self, image: images.Image) -> list[str]:
        specification = self.document["AlgorithmSpecification"]
        return [*(specification.get("ContainerEntrypoint") or image.train()), *specification.get("ContainerArguments", [])]

    def _log(self, host: str, started: int) -> JobLog:
        scanner = MetricScanner(self.document["AlgorithmSpecification"].get("MetricDefinitions", []))
        stream = f"{self.name}/{host}-{started}"
        return JobLog(self.platform, self.context.region, GROUP, stream, lambda lines: self._publish(scanner, lines))

    def _publish(self, scanner: MetricScanner, lines: list[str]) -> None:
        found = [metric for line in lines for metric in scanner.scan(line)]
        if not found:
            return
        now, where = self.engine.now(), {"TrainingJobName": self.name}
        self._metrics |= {name: {"MetricName": name, "Value": value, "Timestamp": now} for name, value in found}
        self.platform.metrics.put_data(
            self.context.region, [observed(GROUP, name, [(value, 1.0)], where, "None", now) for name, value in found]
        )
        self.listener.on_metrics(found)

    def _upload(self, folder: Path, members: list[TrainingHost], with_model: bool) -> None:
        """Store the model, and what lies in /opt/ml/output/data. Raises AwsError, DataError."""
        output, roots = self.document["OutputDataConfig"], [member.root for member in members]
        target = f"{output['S3OutputPath'].rstrip('/')}/{self.name}/output"
        key = key_of(self.platform, self.context, output)
        for part, name in (("model", "model"), ("output/data", "output")):
            source = self._gathered(roots, part)
            if name == "model" and not with_model or name == "output" and ml_folder.is_empty(source):
                continue
            if output.get("CompressionType") == "NONE":
                self.data.upload_folder(source, f"{target}/{name}", key)
                continue
            archive = folder / f"{name}.tar.gz"
            try:
                archives.pack(source, archive)
            except OSError as error:
                raise DataError(str(error)) from error
            self.data.upload(archive, f"{target}/{name}.tar.gz", kms_key=key)

    def _gathered(self, roots: list[Path], part: str) -> Path:
        """What all hosts left in a directory of /opt/ml, as one. AWS says that names must not clash; here the first host's stays."""
        target = roots[0] / part
        for root in roots[1:]:
            if clashes := ml_folder.merge(root / part, target):
                logger.warning("%s: %s of another host is there already in %s and left out", self.caller, ", ".join(clashes), part)
        return target

    def _step(self, secondary: str, message: str, **members: object) -> None:
        self.update(lambda document: members | next_step(document, self.engine.now(), secondary, message))


def copy_last(members: list[TrainingHost]) -> None:
    """Copy to S3 what was written last of what is copied while the program runs. Raises DataError."""
    for member in reversed(members):  # of what several hosts wrote under one name, the first host's stays
        for sync in member.syncs:
            sync.copy()
