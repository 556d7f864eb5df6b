"""Carries out one processing job: an instance each with its inputs, the container's contract, and the outputs of all under one prefix.

Source: "How to Build Your Own Processing Container" of the SageMaker developer guide, read 2026-11-24.
"""

from __future__ import annotations

import contextlib
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

from course.localaws import images
from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document
from course.localaws.images import Image, custom
from course.localaws.jobs import host_network, ml_folder
from course.localaws.jobs.folder_sync import FolderSync
from course.localaws.jobs.pipes import PipeFeeder
from course.localaws.jobs.runner import JobFailure, JobLog, limit_failure
from course.localaws.jobs.s3_data import DataError, InputObject
from course.localaws.sagemaker.core.cluster import addresses, hosts
from course.localaws.sagemaker.core.job_family import JobRun
from course.localaws.sagemaker.core.protection import key_of
from course.localaws.sagemaker.processing import datasets
from course.localaws.sagemaker.processing.checks import instances, isolated, managed, outputs
from course.localaws.sagemaker.training import channels
from course.sandbox.box import Box
from course.sandbox.box_group import BoxGroup
from course.sandbox.limits import Limits
from course.sandbox.process import BoxProcess

GROUP = "/aws/sagemaker/ProcessingJobs"
TOLD = (
    "AppSpecification",
    "Environment",
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "ProcessingResources",
    "RoleArn",
    "StoppingCondition",
)


class ProcessingRun(JobRun):
    """The work of one processing job."""

    exit_message: str | None = None
    _addresses: dict[str, str]  # of all instances, by their names
    _continuous: list[FolderSync]
    _unread = ""  # why an input could not be streamed

    def execute(self, folder: Path) -> None:
        document = self.document
        self.update({"ProcessingStartTime": self.engine.now()})
        [(kind, count)] = instances(document["ProcessingResources"]["ClusterConfig"])
        self._addresses = addresses(hosts({"InstanceType": kind, "InstanceCount": count}))
        roots = [folder / host / "ml" for host in self._addresses]
        try:
            image, key = images.find(document["AppSpecification"]["ImageUri"], document["RoleArn"]), self._key()
        except AwsError as error:  # it was deleted since the job was created
            raise JobFailure(ml_folder.shorten(f"ClientError: {error.message}")) from error
        with contextlib.ExitStack() as streams:
            try:
                self._lay_out(roots, image, streams)
            except DataError as error:
                raise JobFailure(ml_folder.shorten(f"ClientError: Data download failed:{error}")) from error
            joins = streams.enter_context(host_network.shared_network(self.runner, folder, count, isolated(document)))
            running = self._run(roots, image, streams, joins, key)
        for root in roots:
            ml_folder.sanitize_links(root)
        self.exit_message = next(filter(None, (ml_folder.read_message(root / "output/message") for root in roots)), None)
        failure = "" if self.job.stopped_by else failure_of(running, self._unread, self.platform.limits.divided(len(roots)))
        try:
            for upload in self._continuous:
                upload.copy()
            if not failure and not self.job.stopped_by:
                self._upload(roots)
        except (AwsError, DataError) as error:
            raise JobFailure(failure or ml_folder.shorten(f"ClientError: Artifact upload failed:{error}")) from error
        if failure:
            raise JobFailure(failure)

    def ended(self, document: Document, status: str, failure: str) -> dict:
        return ended(self.engine.now(), status, failure) | ({"ExitMessage": self.exit_message} if self.exit_message else {})

    def _key(self) -> str | None:
        """The ARN of the key of all outputs. Raises AwsError when it cannot be used, now."""
        return key_of(self.platform, self.context, self.document.get("ProcessingOutputConfig", {}))

    def _run(self, roots: list[Path], image: Image, streams: contextlib.ExitStack, joins: int | None, key: str | None) -> BoxGroup:
        """Run the program of every instance; what is to be uploaded meanwhile is. ``joins`` as in `Network`."""
        starts = [self._start(root, image, len(roots), joins) for root in roots]
        self._continuous = [
            FolderSync(self.data, root, output["LocalPath"], output["S3Uri"], complete=True, kms_key=key)
            for root in roots
            for output in self._stored("Continuous")
        ]
        for upload in self._continuous:
            streams.enter_context(upload.running())
        seconds = self.document["StoppingCondition"]["MaxRuntimeInSeconds"]
        return self.job.run(lambda: BoxGroup.begin(starts), seconds)

    def _lay_out(self, roots: list[Path], image: Image, streams: contextlib.ExitStack) -> None:
        """Put in place what the program of every instance finds when it begins; its pipes are fed until ``streams`` are closed."""
        document, names = self.document, ml_folder.hosts(len(roots))
        told = {"ProcessingJobArn": document["ProcessingJobArn"], "ProcessingJobName": self.name}
        told |= {member: document[member] for member in TOLD if member in document}
        for root, name in zip(roots, names, strict=True):
            root.mkdir(parents=True)
            ml_folder.create_processing_layout(root, told, name, names)
            custom.copy_opt_ml(image.files, root, ("config", "output"))
        for entry in managed(document.get("ProcessingInputs", [])):
            source = self._dataset(entry["DatasetDefinition"]) if "DatasetDefinition" in entry else entry["S3Input"]
            found = self.data.find(source["S3Uri"], source["S3DataType"])
            sharded = source.get("S3DataDistributionType") == "ShardedByS3Key"
            for number, root in enumerate(roots):
                items = found[number :: len(roots)] if sharded else found
                if source["S3InputMode"] == "Pipe":
                    streams.callback(self._pipe(source, items, ml_folder.place(root, source["LocalPath"])).end)
                else:
                    self._download(items, ml_folder.place(root, source["LocalPath"]))
        for entry in managed(outputs(document)):
            for root in roots:
                ml_folder.place(root, entry["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)

    def _dataset(self, definition: dict) -> dict:
        """Make the dataset that a definition describes; what it is as an ``S3Input``."""
        with datasets.running(self.platform, self.data, self.context, self.document["RoleArn"], definition) as query:
            while not query.ended(0.2) and not self.job.ending:
                pass
        self.job.begin()
        query.check()
        return datasets.as_s3_input(definition)

    def _download(self, items: list[InputObject], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data.download(items, folder, False, lambda: self.job.ending)
        self.job.begin()

    def _pipe(self, source: dict, items: list[InputObject], path: Path) -> PipeFeeder:
        """Pipe mode, by the names that AWS documents for training; how processing's pipes are called it does not say."""
        objects = [item.stored for item in items if not item.stored.key.endswith("/")]
        zipped = source.get("S3CompressionType") == "Gzip"
        for stored in objects[:1]:
            self.data.require_read(stored.bucket, stored.key)
        path.parent.mkdir(parents=True, exist_ok=True)

        def content(epoch: int) -> Iterator[bytes]:
            for stored in objects:
                yield from channels.body(self.data, stored, zipped)

        pipe = PipeFeeder(path.parent, path.name, content, self._cannot_feed)
        pipe.start()
        return pipe

    def _cannot_feed(self, error: Exception) -> None:
        self._unread = str(error)

    def _start(self, root: Path, image: Image, share: int, joins: int | None) -> Callable[[], BoxProcess]:
        """What starts the program of one instance of ``share``."""
        box, command = self._box(root, image, share, joins), self._command(image)
        box.stage(root)
        stream = f"{self.name}/{root.parent.name}-{int(self.engine.now())}"
        log = JobLog(self.platform, self.context.region, GROUP, stream)
        return lambda: box.start(command, log, image.workdir or "/opt/ml")

    def _box(self, root: Path, image: Image, share: int, joins: int | None) -> Box:
        folder, host = root.parent, root.parent.name
        overlay = self.runner.overlay(self.job, folder, requirements_of(folder), image)
        for name, module in image.programs.items():
            overlay.add_program(name, f"-P -m {module}")
        binds, named = host_network.host_name_setup(folder, overlay, self._addresses, host)
        extra = image.environment | self.document.get("Environment", {}) | named
        variables = self.runner.variables(self.context, self.document["RoleArn"], overlay, extra)
        return self.runner.box(
            folder, variables, isolated=isolated(self.document), hostname=host, joins=joins, share=share, image=image, binds=binds
        )

    def _command(self, image: Image) -> list[str]:
        specification = self.document["AppSpecification"]
        command = image.process(specification.get("ContainerEntrypoint", []), specification.get("ContainerArguments", []))
        if not command:
            raise JobFailure("ClientError: neither AppSpecification nor the image says what to run: no command specified")
        return command

    def _stored(self, mode: str) -> list[dict]:
        """The outputs in S3 that are uploaded in this mode."""
        stored = [entry["S3Output"] for entry in managed(outputs(self.document))]
        return [output for output in stored if output["S3UploadMode"] == mode]

    def _upload(self, roots: list[Path]) -> None:
        key = self._key()
        for output in self._stored("EndOfJob"):
            for root in roots:
                self.data.upload_folder(ml_folder.place(root, output["LocalPath"]), output["S3Uri"], key)


def ended(now: float, status: str, failure: str) -> dict:
    """The members that change when a job ends; one that ran out of time is ``Stopped``."""
    changes = {"ProcessingJobStatus": "Stopped" if status == "MaxRuntimeExceeded" else status, "ProcessingEndTime": now}
    return changes | ({"FailureReason": failure} if failure else {})


def failure_of(together: BoxGroup, unread: str, limits: Limits) -> str:
    """The ``FailureReason`` of containers that have ended, ``""`` when all succeeded; ``unread``: why an input was not streamed."""
    failed = together.first_failure
    if failed and (reached := limit_failure(failed, limits)):
        return reached
    if unread:
        return ml_folder.shorten(f"ClientError: Data download failed:{unread}")
    return f"AlgorithmError: See job logs for more information, exit code: {failed.exit_code}" if failed else ""


def requirements_of(folder: Path) -> Path | None:
    """The ``requirements.txt`` in the source archive of a FrameworkProcessor, taken out of it; None when there is none."""
    for archive in (folder / "ml/processing/input").rglob("sourcedir.tar.gz"):
        try:
            with tarfile.open(archive) as tar:
                tar.extract("requirements.txt", folder, filter="data")
            return folder / "requirements.txt"
        except (KeyError, tarfile.TarError, OSError):
            continue
    return None
