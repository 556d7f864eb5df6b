"""Carries out one training job: data in, the container's contract, logs and metrics while it runs, model out, and how it ended."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.containers import images, mlroot
from course.localaws.containers.metrics_regex import MetricScanner
from course.localaws.containers.together import Together
from course.localaws.errors import AwsError
from course.localaws.metrics.store import observed
from course.localaws.sagemaker import channels
from course.localaws.sagemaker.cluster import addresses, hosts
from course.localaws.sagemaker.job_data import DataError
from course.localaws.sagemaker.job_runner import JobFailure, JobLog
from course.localaws.sagemaker.jobs import JobRun
from course.localaws.sagemaker.training_host import TrainingHost, checkpoints, data_failure

if TYPE_CHECKING:
    from course.localaws.containers.box import Running
    from course.localaws.sagemaker.engine import Document

GROUP = "/aws/sagemaker/TrainingJobs"  # of the logs, and the namespace of the metrics
MESSAGES = {
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
}
logger = logging.getLogger(__name__)


class TrainingRun(JobRun):
    """The work of one training job."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self._metrics: dict[str, dict] = {}

    def work(self, folder: Path) -> None:
        document = self.document
        self._step("Downloading", "Downloading input data", TrainingStartTime=self.engine.now())
        image = images.find(document["AlgorithmSpecification"]["TrainingImage"])
        cluster = hosts(document["ResourceConfig"])
        members = [TrainingHost(self, cluster, host, folder / host.name) for host in cluster]
        try:
            self._lay_out(members)
            ran = self._train(folder, members, image)
        finally:
            for member in members:
                member.end()
        failed = None if self.job.stopped_by else ran.failed
        failure = "" if failed is None else members[failed].failure(self.platform.limits.divided(len(members)))
        self._step("Uploading", "Uploading generated training model")
        try:
            self._upload(folder, members, with_model=not failure)
        except DataError as error:
            raise JobFailure(failure or mlroot.shorten(f"ClientError: Artifact upload failed:{error}")) from error
        if failure:
            raise JobFailure(failure)

    def ended(self, document: Document, status: str, failure: str) -> dict:
        metrics = list(self._metrics.values())
        return ({"FinalMetricDataList": metrics} if metrics else {}) | ended(document, self.engine.now(), status, failure)

    def _lay_out(self, members: list[TrainingHost]) -> None:
        mode = self.document["AlgorithmSpecification"]["TrainingInputMode"]
        try:
            found = [channels.find(request, mode, self.data) for request in self.document.get("InputDataConfig", [])]
            for member in members:
                member.lay_out(found)
        except (AwsError, DataError) as error:
            raise JobFailure(data_failure(error)) from error

    def _train(self, folder: Path, members: list[TrainingHost], image: images.Image) -> Together:
        """Run the program on every host, to the end of all."""
        known = addresses([member.host for member in members])
        with self._network(folder, len(members)) as joins:
            boxes = [member.box(image, known, joins) for member in members]
            self._step("Training", "Training image download completed. Training in progress.")
            started = int(self.engine.now())

            def start() -> Together:
                begun: list[Running] = []
                try:
                    for member, box in zip(members, boxes, strict=True):
                        begun.append(member.start(box, self._command(image), self._log(member.host.name, started)))
                except BaseException:
                    Together(begun).kill()
                    raise
                return Together(begun)

            return self.job.run(start, self.document["StoppingCondition"]["MaxRuntimeInSeconds"])

    @contextlib.contextmanager
    def _network(self, folder: Path, hosts: int) -> Iterator[int | None]:
        """A process in whose network the hosts are to meet; None where a single host, or this machine's network, needs none."""
        isolated = self.document["EnableNetworkIsolation"]
        if hosts == 1 or not (isolated or self.platform.sealed):
            yield None
            return
        meeting = self.runner.box(folder, {}, isolated=isolated).open()
        try:
            yield meeting.first
        finally:
            meeting.kill()

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

    def _upload(self, folder: Path, members: list[TrainingHost], with_model: bool) -> None:
        """Store the model, what lies in /opt/ml/output/data, and the checkpoints."""
        document, roots = self.document, [member.root for member in members]
        target = f"{document['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{self.name}/output"
        plain = document["OutputDataConfig"].get("CompressionType") == "NONE"
        for part, name in (("model", "model"), ("output/data", "output")):
            source = self._gathered(roots, part)
            if name == "model" and not with_model or name == "output" and mlroot.is_empty(source):
                continue
            if plain:
                self.data.upload_folder(source, f"{target}/{name}")
                continue
            archive = folder / f"{name}.tar.gz"
            try:
                mlroot.pack(source, archive)
            except OSError as error:
                raise DataError(str(error)) from error
            self.data.upload(archive, f"{target}/{name}.tar.gz")
        if checkpoint := document.get("CheckpointConfig"):
            for root in reversed(roots):  # of what several hosts wrote under one name, the first host's stays
                self.data.upload_folder(checkpoints(root, checkpoint), checkpoint["S3Uri"])

    def _gathered(self, roots: list[Path], part: str) -> Path:
        """What all hosts left in a directory of /opt/ml, as one. AWS says that names must not clash; here the first host's stays."""
        target = roots[0] / part
        for root in roots[1:]:
            if clashes := mlroot.merge(root / part, target):
                logger.warning("%s: %s of another host is there already in %s and left out", self.caller, ", ".join(clashes), part)
        return target

    def _step(self, secondary: str, message: str, **members: object) -> None:
        self.update(lambda document: members | next_step(document, self.engine.now(), secondary, message))


def next_step(document: Document, now: float, secondary: str, message: str) -> dict:
    """The members of a document that change when its job takes its next step."""
    *earlier, last = document.get("SecondaryStatusTransitions", [None])
    done = [*earlier, last | {"EndTime": now}] if last else []
    return {
        "SecondaryStatus": secondary,
        "SecondaryStatusTransitions": [*done, {"Status": secondary, "StartTime": now, "StatusMessage": message}],
    }


def ended(document: Document, now: float, secondary: str, failure: str) -> dict:
    """The members that change when a job ends as ``Completed``, ``Failed``, ``Stopped`` or ``MaxRuntimeExceeded``."""
    changes = {"TrainingJobStatus": "Stopped" if secondary == "MaxRuntimeExceeded" else secondary, "TrainingEndTime": now}
    changes |= next_step(document, now, secondary, failure or MESSAGES[secondary])
    changes["SecondaryStatusTransitions"][-1]["EndTime"] = now
    if failure:
        changes["FailureReason"] = failure
    if "TrainingStartTime" in document:
        seconds = max(1, math.ceil(now - document["TrainingStartTime"]))
        changes |= {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}
    return changes
