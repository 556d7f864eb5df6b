"""Runs one processing job: inputs to each instance, the program in a container, and the outputs of all instances to one prefix.

Source: "How to Build Your Own Processing Container" of the SageMaker developer guide, read 2026-11-24.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from course.localaws.core.errors import AwsError
from course.localaws.core.resources import Document
from course.localaws.images import Image, custom
from course.localaws.jobs import job_images
from course.localaws.jobs.boxes import (
    BoxSpec,
    JobLog,
    as_inside,
    host_name_setup,
    is_private,
    make_box,
    make_overlay,
    shared_network,
    variables,
)
from course.localaws.jobs.control import JobFailure
from course.localaws.jobs.folder_sync import FolderSync
from course.localaws.jobs.pipes import PipeFeeder
from course.localaws.jobs.s3_data import DataError, InputObject
from course.localaws.sagemaker.core import ml_folder
from course.localaws.sagemaker.core.cluster import addresses, hosts
from course.localaws.sagemaker.core.failure_reasons import download_failed, limit_exceeded, read_message, shorten, upload_failed
from course.localaws.sagemaker.core.job_family import JobRun
from course.localaws.sagemaker.core.protection import key_of
from course.localaws.sagemaker.processing import datasets
from course.localaws.sagemaker.processing.checks import instances, isolated, managed, outputs
from course.localaws.sagemaker.training import channels
from course.sandbox import trees
from course.sandbox.box import Box
from course.sandbox.limits import Limits
from course.sandbox.process import BoxGroup, BoxProcess
from course.sandbox.trees import Directory, TreeError

GROUP = "/aws/sagemaker/ProcessingJobs"
LARGEST_REQUIREMENTS = 1 << 20  # bytes
# Members of the job in processingjobconfig.json.
CONFIGURED = (
    "AppSpecification", "Environment", "ProcessingInputs", "ProcessingOutputConfig", "ProcessingResources", "RoleArn", "StoppingCondition",
)  # fmt: skip


class ProcessingRun(JobRun):
    """One run of a processing job."""

    exit_message: str | None = None
    _addresses: dict[str, str]  # of all instances, by name
    _continuous: list[FolderSync]
    _boxes: dict[Path, Box]  # by their roots
    _unread = ""  # why an input could not be streamed

    def execute(self, folder: Path) -> None:
        document = self.document
        self.launch()
        self.update({"ProcessingStartTime": self.engine.now()})
        [(kind, count)] = instances(document["ProcessingResources"]["ClusterConfig"])
        self._addresses = addresses(hosts({"InstanceType": kind, "InstanceCount": count}))
        roots = [folder / host / "ml" for host in self._addresses]
        try:
            image, key = job_images.find(self.platform, document["AppSpecification"]["ImageUri"], document["RoleArn"]), self._key()
        except AwsError as error:  # it was deleted after the job was created
            raise JobFailure(shorten(f"ClientError: {error.message}")) from error
        with contextlib.ExitStack() as stack:
            try:
                self._fetch(roots, image, stack)
            except (DataError, TreeError) as error:
                raise JobFailure(download_failed(error)) from error
            private = is_private(self.platform, self.network)
            network_pid = stack.enter_context(shared_network(self.platform, folder, count, isolated(document), private))
            group = self._run_programs(roots, image, stack, network_pid, key)
        self._finish(roots, group)

    def ended(self, document: Document, status: str, failure: str) -> dict:
        return ended(self.engine.now(), status, failure) | ({"ExitMessage": self.exit_message} if self.exit_message else {})

    def _finish(self, roots: list[Path], group: BoxGroup) -> None:
        """Read the exit message and store the outputs. Raises JobFailure when the program failed, or when they cannot be stored."""
        for root in roots:
            self.listener.on_files(root)
        self.exit_message = next(filter(None, map(self._message, roots)), None)
        failure = "" if self.job.stopped_by else failure_of(group, self._unread, self.platform.limits.divided(len(roots)))
        try:
            for upload in self._continuous:
                upload.copy()
            if not failure and not self.job.stopped_by:
                self._upload(roots)
        except (AwsError, DataError) as error:
            raise JobFailure(failure or upload_failed(error)) from error
        if failure:
            raise JobFailure(failure)

    def _message(self, root: Path) -> str | None:
        """What the program of an instance wrote as its exit message."""
        return read_message(root, "output/message", self._boxes[root].as_inside)

    def _key(self) -> str | None:
        """The ARN of the key of all outputs. Raises AwsError when the key cannot be used now."""
        return key_of(self.platform, self.context, self.document.get("ProcessingOutputConfig", {}))

    def _run_programs(
        self, roots: list[Path], image: Image, stack: contextlib.ExitStack, network_pid: int | None, key: str | None
    ) -> BoxGroup:
        """Run the program on every instance, and upload continuous outputs meanwhile. ``network_pid`` as in `BoxSpec`."""
        self._boxes = {root: self._box(root, image, len(roots), network_pid) for root in roots}
        starts = [self._start(root, image) for root in roots]
        self._continuous = [
            FolderSync(self.data, root, Path(output["LocalPath"]).relative_to(ml_folder.ML), output["S3Uri"], complete=True, kms_key=key)
            for root in roots
            for output in self._stored("Continuous")
        ]
        for upload in self._continuous:
            stack.enter_context(upload.running())
        seconds = self.document["StoppingCondition"]["MaxRuntimeInSeconds"]
        return self.job.run(lambda: BoxGroup.begin(starts), seconds)

    def _fetch(self, roots: list[Path], image: Image, stack: contextlib.ExitStack) -> None:
        """Make the folders of every instance and fetch the inputs. Pipes are fed until ``stack`` is closed. Raises DataError."""
        document, names = self.document, list(self._addresses)
        config = {"ProcessingJobArn": document["ProcessingJobArn"], "ProcessingJobName": self.name}
        config |= {member: document[member] for member in CONFIGURED if member in document}
        for root, name in zip(roots, names, strict=True):
            root.mkdir(parents=True)
            ml_folder.create_processing_layout(root, config, name, names)
            custom.copy_opt_ml(image.files, root, ("config", "output"))
        for entry in managed(document.get("ProcessingInputs", [])):
            source = self._dataset(entry["DatasetDefinition"]) if "DatasetDefinition" in entry else entry["S3Input"]
            found = self.data.find(source["S3Uri"], source["S3DataType"])
            sharded = source.get("S3DataDistributionType") == "ShardedByS3Key"
            for number, root in enumerate(roots):
                items = found[number :: len(roots)] if sharded else found
                if source["S3InputMode"] == "Pipe":
                    stack.callback(self._pipe(source, items, root).end)
                else:
                    self._download(items, root, source["LocalPath"])
        for entry in managed(outputs(document)):
            for root in roots:
                ml_folder.reach(root, entry["S3Output"]["LocalPath"], make=True).close()

    def _dataset(self, definition: dict) -> dict:
        """Make the dataset of a definition, and return it as an ``S3Input``. Raises DataError."""
        with datasets.running(self.platform, self.data, self.context, self.document["RoleArn"], definition) as query:
            while not query.ended(0.2) and not self.job.ending:
                pass
        self.job.begin()
        query.check()
        return datasets.as_s3_input(definition)

    def _download(self, items: list[InputObject], root: Path, path: str) -> None:
        with ml_folder.reach(root, path, make=True) as folder:
            self.data.download(items, folder, False, self.job)
        self.job.begin()

    def _pipe(self, source: dict, items: list[InputObject], root: Path) -> PipeFeeder:
        """Start to stream an input. AWS documents the names of pipes for training only; processing uses the same here."""
        objects = [item.stored for item in items if not item.stored.key.endswith("/")]
        zipped = source.get("S3CompressionType") == "Gzip"
        for stored in objects[:1]:
            self.data.require_read(stored.bucket, stored.key)
        path = PurePosixPath(source["LocalPath"])

        def content(epoch: int) -> Iterator[bytes]:
            for stored in objects:
                yield from channels.body(self.data, stored, zipped)

        with ml_folder.reach(root, str(path.parent), make=True) as folder:
            pipe = PipeFeeder(folder, path.name, content, self._feeding_failed)
        pipe.start()
        return pipe

    def _feeding_failed(self, error: Exception) -> None:
        self._unread = str(error)

    def _start(self, root: Path, image: Image) -> Callable[[], BoxProcess]:
        """A function that starts the program of one instance."""
        box, command = self._boxes[root], self._command(image)
        box.stage(root)
        stream = f"{self.name}/{root.parent.name}-{int(self.engine.now())}"
        log = JobLog(self.platform, self.context.region, GROUP, stream)
        for note in job_images.notes(image):
            log([note])
        # The Dockerfiles of AWS's scikit-learn 1.2-1 and XGBoost 1.7-1 (read 2026-12-04) name no WORKDIR, so programs start in the root. In
        # rewrite mode that would be this machine's.
        folder = image.workdir or ("/" if box.mode == "namespace" else "/opt/ml")
        return lambda: box.start(command, as_inside(box, log), folder)

    def _box(self, root: Path, image: Image, count: int, network_pid: int | None) -> Box:
        folder, host = root.parent, root.parent.name
        overlay = make_overlay(self.runner, self.job, folder, requirements_of(folder), image)
        binds, names = host_name_setup(folder, overlay, self._addresses, host)
        extra = ml_folder.ENVIRONMENT | image.environment | self.document.get("Environment", {}) | names
        spec = BoxSpec(
            folder,
            variables(self.platform, self.context, self.role, overlay, extra, self.network),
            image,
            installed=overlay,
            binds=binds,
            isolated=isolated(self.document),
            private=is_private(self.platform, self.network),
            network_pid=network_pid,
            hostname=host,
            hosts=count,
        )
        return make_box(self.platform, spec)

    def _command(self, image: Image) -> list[str]:
        specification = self.document["AppSpecification"]
        command = image.process(specification.get("ContainerEntrypoint", []), specification.get("ContainerArguments", []))
        if not command:
            raise JobFailure("ClientError: neither AppSpecification nor the image says what to run: no command specified")
        return command

    def _stored(self, mode: str) -> list[dict]:
        """The outputs in S3 with this upload mode."""
        stored = [entry["S3Output"] for entry in managed(outputs(self.document))]
        return [output for output in stored if output["S3UploadMode"] == mode]

    def _upload(self, roots: list[Path]) -> None:
        key = self._key()
        for output in self._stored("EndOfJob"):
            for root in roots:
                self.data.upload_folder(root, PurePosixPath(output["LocalPath"]).relative_to(ml_folder.ML).parts, output["S3Uri"], key)


def ended(now: float, status: str, failure: str) -> dict:
    """The members that change when a job ends. A job that ran out of time is ``Stopped``."""
    changes = {"ProcessingJobStatus": "Stopped" if status == "MaxRuntimeExceeded" else status, "ProcessingEndTime": now}
    return changes | ({"FailureReason": failure} if failure else {})


def failure_of(group: BoxGroup, unread: str, limits: Limits) -> str:
    """The ``FailureReason`` of programs that have ended; ``""`` when all succeeded. ``unread`` says why an input was not streamed."""
    failed = group.first_failure
    if failed and (reached := limit_exceeded(failed, limits)):
        return reached
    if unread:
        return download_failed(unread)
    return f"AlgorithmError: See job logs for more information, exit code: {failed.exit_code}" if failed else ""


def requirements_of(folder: Path) -> Path | None:
    """The ``requirements.txt`` extracted from the source archive of a FrameworkProcessor; None when there is none."""
    with contextlib.suppress(FileNotFoundError, TreeError), Directory.open(folder / "ml/processing/input") as inputs:
        for entry in trees.walk(inputs):
            if entry.name == "sourcedir.tar.gz" and entry.is_file:
                with entry.folder.read(entry.name) as archive, contextlib.suppress(TreeError):
                    (folder / "requirements.txt").write_bytes(trees.read_member(archive, "requirements.txt", LARGEST_REQUIREMENTS))
                    return folder / "requirements.txt"
    return None
