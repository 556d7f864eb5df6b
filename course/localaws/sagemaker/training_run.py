"""Carries out one training job: data in, the container's contract, logs and metrics while it runs, model out, and how it ended."""

from __future__ import annotations

import contextlib
import json
import math
import re
import shutil
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.containers import images, mlroot
from course.localaws.containers.box import Box, Limits, Running
from course.localaws.containers.images import own
from course.localaws.containers.metrics_regex import MetricScanner
from course.localaws.containers.script_mode import SUBMIT_DIRECTORY
from course.localaws.containers.visible import Bind
from course.localaws.errors import AwsError
from course.localaws.metrics.store import observed
from course.localaws.sagemaker import debugger, warm_pools
from course.localaws.sagemaker.folder_sync import FolderSync, below_ml
from course.localaws.sagemaker.job_data import DataError, Item, inside, split
from course.localaws.sagemaker.job_runner import OUT_OF_MEMORY, JobFailure, JobLog, empty
from course.localaws.sagemaker.jobs import JobRun
from course.localaws.sagemaker.protection import key_arn
from course.localaws.sagemaker.spot import Interruption, billable
from course.localaws.sagemaker.warm_pools import WarmPools

if TYPE_CHECKING:
    from course.localaws.sagemaker.engine import Document

GROUP = "/aws/sagemaker/TrainingJobs"  # of the logs, and the namespace of the metrics
MESSAGES = {
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "MaxWaitTimeExceeded": "Training job wait time exceeded MaxWaitTimeInSeconds provided",
}
ACTIVE = ("Downloading", "Training", "Uploading", "Stopping")  # the steps in which it has instances
CHECKPOINTS = "/opt/ml/checkpoints"  # unless LocalPath says otherwise
WAIT_SECONDS = 0.05  # between looks at the clock for what a lesson may advance
SDK_INSTALLS = re.compile(r"install_requirements\.py (\S+)")  # in the sm_train.sh of SDK v3


class TrainingRun(JobRun):
    """The work of one training job."""

    def __init__(self, pools: WarmPools, *arguments: object) -> None:
        super().__init__(*arguments)
        self._pools = pools
        self._metrics: dict[str, dict] = {}
        self._syncs: list[FolderSync] = []

    def work(self, folder: Path) -> None:
        with self._pools.cluster(self.context, self.document, folder / "ml"):
            self._train(folder)

    def _train(self, folder: Path) -> None:
        root = folder / "ml"
        self.update({"TrainingStartTime": self.engine.now()})
        running, limits = self._attempt(folder)
        while (interruption := self.job.interruptions.taken()) and not self.job.stopped_by:
            self._step("Interrupted", "Training job interrupted, waiting for Spot capacity")
            with contextlib.suppress(DataError):
                self._copy_last()
            empty(folder)
            self._await_capacity(interruption)
            self._step("Starting", "Starting the training job")
            running, limits = self._attempt(folder)
        mlroot.confine(root)
        failure = "" if self.job.stopped_by else failure_of(running, root, limits)
        self._step("Uploading", "Uploading generated training model")
        try:
            self._upload(folder, with_model=not failure)
            self._copy_last()
        except (AwsError, DataError) as error:
            raise JobFailure(failure or mlroot.shorten(f"ClientError: Artifact upload failed:{error}")) from error
        if failure:
            raise JobFailure(failure)

    def ended(self, document: Document, status: str, failure: str) -> dict:
        metrics = list(self._metrics.values())
        changes = ended(document, self.engine.now(), status, failure) | warm_pools.ended(document, failure)
        return changes | ({"FinalMetricDataList": metrics} if metrics else {})

    def _attempt(self, folder: Path) -> tuple[Running, Limits]:
        """Run the program on the data until it ends or is interrupted."""
        root = folder / "ml"
        self._step("Downloading", "Downloading input data")
        image = self._image()
        try:
            self._lay_out(root, image)
        except (AwsError, DataError) as error:
            raise JobFailure(mlroot.shorten(f"ClientError: Data download failed:{error}")) from error
        box = self._box(folder, image)
        for code in (root / "code", root / "input/data"):
            box.stage(code)
        self._step("Training", "Training image download completed. Training in progress.")
        with contextlib.ExitStack() as copying:
            for sync in self._syncs:
                copying.enter_context(sync.running())
            running = self.job.run(
                lambda: box.start(self._command(image), self._log(), image.workdir or "/opt/ml/code"), *self._time_left()
            )
        return running, box.limits

    def _copy_last(self) -> None:
        """Copy to S3 what was written last of what is copied while the program runs. Raises DataError."""
        for sync in self._syncs:
            sync.copy()

    def _time_left(self) -> tuple[float, str]:
        """Seconds until the program has to end, and the status that the job has when it does not."""
        condition, document = self.document["StoppingCondition"], self.engine.get(self.context, self.kind, self.name)
        limits = [(condition["MaxRuntimeInSeconds"] - seconds_in(document, ("Training",), self.engine.now()), "MaxRuntimeExceeded")]
        if "MaxWaitTimeInSeconds" in condition:
            limits.append((condition["MaxWaitTimeInSeconds"] - (self.engine.now() - document["TrainingStartTime"]), "MaxWaitTimeExceeded"))
        return min(limits)

    def _await_capacity(self, interruption: Interruption) -> None:
        """Wait, on the local AWS's clock, until there are Spot instances again. Raises StoppedEarly when the job may wait no longer."""
        returns = self.engine.now() + interruption.outage
        while self.engine.now() < returns:
            seconds, late = self._time_left()
            if seconds <= 0:
                self._step("Stopping", "Stopping the training job")
                self.job.stop(late)
            self.job.begin()
            time.sleep(WAIT_SECONDS)

    def _image(self) -> images.Image:
        try:
            return images.find(self.document["AlgorithmSpecification"]["TrainingImage"], self.document["RoleArn"])
        except AwsError as error:  # it was deleted since the job was created
            raise JobFailure(mlroot.shorten(f"ClientError: Cannot pull algorithm container. {error.message}")) from error

    def _lay_out(self, root: Path, image: images.Image) -> None:
        document = self.document
        channels = {channel["ChannelName"]: self._channel(channel) for channel in document.get("InputDataConfig", [])}
        checkpoint = document.get("CheckpointConfig")
        mlroot.lay_out_training(root, document.get("HyperParameters", {}), channels, document["ResourceConfig"], checkpoint)
        own.lay(image.files, root, ("input", "model", "output"))
        for channel in document.get("InputDataConfig", []):
            source = channel["DataSource"]["S3DataSource"]
            folder = root / "input/data" / channel["ChannelName"]
            folder.mkdir()
            fast = channels[channel["ChannelName"]]["TrainingInputMode"] == "FastFile"
            self._fetch(self.data.find(source["S3Uri"], source["S3DataType"]), folder, fast)
        self._syncs = list(debugger.lay_out(root, document, self.data))
        if checkpoint:
            written = below_ml(root, checkpoint.get("LocalPath", CHECKPOINTS))
            self._fetch(self.data.below(checkpoint["S3Uri"].rstrip("/") + "/"), written, False)
            self._syncs.append(FolderSync(self.data, written, checkpoint["S3Uri"]))
        self._fetch_code(root)

    def _channel(self, channel: dict) -> dict:
        """A channel as ``inputdataconfig.json`` describes it."""
        source = channel["DataSource"]["S3DataSource"]
        described = {
            "TrainingInputMode": channel.get("InputMode", self.document["AlgorithmSpecification"]["TrainingInputMode"]),
            "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
            "RecordWrapperType": channel.get("RecordWrapperType", "None"),
        }
        return described | ({"ContentType": channel["ContentType"]} if "ContentType" in channel else {})

    def _fetch(self, items: list[Item], folder: Path, link: bool) -> None:
        self.data.download(items, folder, link, lambda: self.job.ending)
        self.job.check()

    def _fetch_code(self, root: Path) -> None:
        """The archive of ``sagemaker_submit_directory``, which in AWS's containers the training toolkit fetches."""
        location = self.document.get("HyperParameters", {}).get(SUBMIT_DIRECTORY, "").strip('"')
        if not location:
            return
        try:
            if location.startswith("s3://"):
                archive = self.platform.objects.head(*split(location)).path
                self.platform.requests.record(self.caller, "s3", "GetObject", "/".join(split(location)))
            else:
                archive = root / inside(location.removeprefix("/opt/ml/"))
            if archive.is_dir():
                shutil.copytree(archive, root / "code", dirs_exist_ok=True)
            else:
                mlroot.unpack(archive, root / "code")
        except AwsError as error:
            reason = f"An error occurred ({error.status}) when calling the HeadObject operation: {error.message} ({location})"
            raise JobFailure(f"AlgorithmError: Framework Error: \n{reason}, exit code: 1") from error
        except (OSError, tarfile.TarError) as error:
            raise JobFailure(f"AlgorithmError: Framework Error: \n{location} cannot be unpacked: {error}, exit code: 1") from error

    def _box(self, folder: Path, image: images.Image) -> Box:
        overlay = self.runner.overlay(self.job, folder, requirements_of(folder / "ml"), image)
        extra = image.environment | {"TRAINING_JOB_NAME": self.name, "TRAINING_JOB_ARN": self.document["TrainingJobArn"]}
        extra |= self.document.get("Environment", {})
        variables = self.runner.variables(self.context, self.document["RoleArn"], overlay, extra)
        isolated, fast = self.document["EnableNetworkIsolation"], list(self._fast_channels(folder))
        return self.runner.box(folder, variables, isolated=isolated, image=image, binds=fast)

    def _fast_channels(self, folder: Path) -> Iterator[Bind]:
        """Channels of hard links are read-only, as FastFile's are on AWS: what is written there would be written to the stored objects."""
        for channel in self.document.get("InputDataConfig", []):
            if self._channel(channel)["TrainingInputMode"] == "FastFile":
                name = f"input/data/{channel['ChannelName']}"
                yield from (Bind(folder / "ml" / name), Bind(folder / "ml" / name, Path("/opt/ml") / name))

    def _command(self, image: images.Image) -> list[str]:
        specification = self.document["AlgorithmSpecification"]
        return [*(specification.get("ContainerEntrypoint") or image.train()), *specification.get("ContainerArguments", [])]

    def _log(self) -> JobLog:
        scanner = MetricScanner(self.document["AlgorithmSpecification"].get("MetricDefinitions", []))
        stream = f"{self.name}/algo-1-{int(self.engine.now())}"
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

    def _upload(self, folder: Path, with_model: bool) -> None:
        """Store the model, and what lies in /opt/ml/output/data."""
        root, document = folder / "ml", self.document
        target = f"{document['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{self.name}/output"
        plain = document["OutputDataConfig"].get("CompressionType") == "NONE"
        key = document["OutputDataConfig"].get("KmsKeyId")
        arn = key_arn(self.platform, self.context, key) if key else None
        for source, name in ((root / "model", "model"), (root / "output/data", "output")):
            if name == "model" and not with_model or name == "output" and mlroot.is_empty(source):
                continue
            if plain:
                self.data.upload_folder(source, f"{target}/{name}", arn)
                continue
            archive = folder / f"{name}.tar.gz"
            try:
                mlroot.pack(source, archive)
            except OSError as error:
                raise DataError(str(error)) from error
            self.data.upload(archive, f"{target}/{name}.tar.gz", kms_key=arn)

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
    """The members that change when a job ends, with one of `MESSAGES` as its secondary status."""
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


def seconds_in(document: Document, statuses: tuple[str, ...], now: float) -> float:
    """For how long a job has been in some of its steps."""
    steps = [step for step in document["SecondaryStatusTransitions"] if step["Status"] in statuses]
    return sum(step.get("EndTime", now) - step["StartTime"] for step in steps)


def failure_of(running: Running, root: Path, limits: Limits) -> str:
    """The ``FailureReason`` of a container that has ended, ``""`` when it succeeded."""
    if running.limit == "memory":
        return OUT_OF_MEMORY
    if running.limit == "disk":
        return f"AlgorithmError: [Errno 28] No space left on device, exit code: {running.exit_code}"
    if running.limit == "processes":
        return f"AlgorithmError: the job had more than {limits.processes} processes, exit code: {running.exit_code}"
    if running.exit_code == 0:
        return ""
    message = mlroot.read_message(root / "output/failure") or ""
    return mlroot.shorten(f"AlgorithmError: {message}", f", exit code: {running.exit_code}")


def requirements_of(root: Path) -> Path | None:
    """The requirements file that the job is going to install, if any: beside the script, or as SDK v3's sm_train.sh names it."""
    script = root / "input/data/sm_drivers/sm_train.sh"
    if script.exists():
        named = SDK_INSTALLS.search(script.read_text(errors="replace"))
        path = root / "input/data/code" / (json.loads(f'"{named[1]}"') if named else "requirements.txt")
    else:
        path = root / "code/requirements.txt"
    return path if path.is_file() else None
