"""One host of a training job: its /opt/ml, its data, its box, and its failure."""

from __future__ import annotations

import json
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from course.localaws.core.errors import AwsError
from course.localaws.images import Image, custom
from course.localaws.images.shared import remote_shell
from course.localaws.images.shared.script_mode import SUBMIT_DIRECTORY
from course.localaws.jobs import job_images
from course.localaws.jobs.boxes import BoxSpec, as_inside, host_name_setup, is_private, make_box, make_overlay, variables
from course.localaws.jobs.control import JobFailure
from course.localaws.jobs.folder_sync import FolderSync
from course.localaws.jobs.pipes import PipeFeeder
from course.localaws.jobs.s3_data import DataError, inside, split
from course.localaws.sagemaker.core import ml_folder
from course.localaws.sagemaker.core.cluster import Host, resource_config
from course.localaws.sagemaker.core.failure_reasons import download_failed, limit_exceeded, read_message, shorten
from course.localaws.sagemaker.core.job_family import JobRun
from course.localaws.sagemaker.training import debugger, mpi
from course.localaws.sagemaker.training.channels import TrainingChannel
from course.sandbox import trees
from course.sandbox.box import Box, best_mode
from course.sandbox.limits import Limits
from course.sandbox.mounts import BindMount
from course.sandbox.process import BoxProcess, OnLines
from course.sandbox.trees import Directory, LinkRule, TreeError

SDK_INSTALLS = re.compile(r"install_requirements\.py (\S+)")  # in the sm_train.sh of SDK v3
FUNCTION_CHANNEL = "pre_exec_script_and_dependencies"  # of `sagemaker.remote_function.job`


class TrainingHost:
    """One host of a job.

    Parameters
    ----------
    run : JobRun
        The job's run.
    cluster : list of Host
        All hosts of the job.
    host : Host
        This host.
    folder : Path
        Its own folder, which is created.
    image : Image

    Attributes
    ----------
    syncs : list of FolderSync
        The folders that are copied to S3 while the program runs.
    """

    def __init__(self, run: JobRun, cluster: list[Host], host: Host, folder: Path, image: Image) -> None:
        self.host, self.folder, self.root = host, folder, folder / "ml"
        self._run, self._cluster, self._image = run, cluster, image
        self._pipes: list[PipeFeeder] = []
        self._box: Box | None = None
        self._running: BoxProcess | None = None
        self._feeding_failure = ""
        self.syncs: list[FolderSync] = []
        self.root.mkdir(parents=True, exist_ok=True)  # it exists when a warm pool's cache is there

    def fetch(self, channels: list[TrainingChannel]) -> None:
        """Write the configuration files, and fetch data, checkpoints and code. Raises DataError, AwsError, TreeError, JobFailure."""
        document = self._run.document
        mine = [(channel, items) for channel in channels if (items := channel.of(self._cluster, self.host)) is not None]
        described = {channel.name: channel.described() for channel, _ in mine}
        checkpoint = document.get("CheckpointConfig")
        resources = resource_config(self._cluster, self.host)
        ml_folder.create_training_layout(self.root, document.get("HyperParameters", {}), described, resources, checkpoint)
        custom.copy_opt_ml(self._image.files, self.root, ("input", "model", "output"))
        with Directory.open(self.root / "input/data") as data:
            for channel, items in mine:
                if channel.mode == "Pipe":
                    channel.require_read(self._run.data)
                    self._pipes.append(PipeFeeder(data, channel.name, self._content(channel), self._feeding_failed))
                    continue
                with data.enter(channel.name, make=True) as folder:
                    self._download(items, folder, channel.mode == "FastFile")
        self.syncs = list(debugger.prepare(self.root, document, self._run.data))
        if checkpoint:
            path = checkpoint.get("LocalPath", ml_folder.CHECKPOINTS)
            place = ml_folder.make(self.root, path)
            with ml_folder.reach(self.root, path) as folder:
                self._download(self._run.data.below(checkpoint["S3Uri"].rstrip("/") + "/"), folder, False)
            self.syncs.append(FolderSync(self._run.data, self.root, place, checkpoint["S3Uri"]))
        self._fetch_code()
        mpi.prepare(self.root, requirements_of(self.root), best_mode() == "namespace")

    def box(self, addresses: dict[str, str], network_pid: int | None) -> Box:
        """This host's box, with its code staged. ``addresses`` has the address of each host by its name; ``network_pid`` as in `BoxSpec`.

        Raises ServerShuttingDown, StoppedBeforeStart.
        """
        run, image = self._run, self._image
        overlay = make_overlay(run.runner, run.job, self.folder, requirements_of(self.root), image)
        binds, names = host_name_setup(self.folder, overlay, addresses, self.host.name)
        if len(self._cluster) > 1:
            sockets = self.folder.parent / "sockets"
            sockets.mkdir(mode=0o700, exist_ok=True)
            binds.append(BindMount(sockets, writable=True))
            names[remote_shell.DIRECTORY] = str(sockets)
        extra = ml_folder.ENVIRONMENT | image.environment
        extra |= {"TRAINING_JOB_NAME": run.name, "TRAINING_JOB_ARN": run.document["TrainingJobArn"]}
        extra |= run.document.get("Environment", {}) | names
        spec = BoxSpec(
            self.folder,
            variables(run.platform, run.context, run.role, overlay, extra, run.network),
            image,
            installed=overlay,
            binds=[*self._fast_channels(), *binds],
            isolated=run.document["EnableNetworkIsolation"],
            private=is_private(run.platform, run.network),
            network_pid=network_pid,
            hostname=self.host.name,
            hosts=len(self._cluster),
        )
        box = make_box(run.platform, spec)
        for code in (self.root / "code", self.root / "input/data"):
            box.stage(code)
        return box

    def start(self, box: Box, on_lines: OnLines) -> BoxProcess:
        """Start the program in its box, and feed its pipes."""
        specification = self._run.document["AlgorithmSpecification"]
        command = [*(specification.get("ContainerEntrypoint") or self._image.train()), *specification.get("ContainerArguments", [])]
        for note in job_images.notes(self._image):
            on_lines([note])
        self._box, self._running = box, box.start(command, as_inside(box, on_lines), self._image.workdir or "/opt/ml/code")
        for pipe in self._pipes:
            pipe.start()
        return self._running

    def end(self) -> None:
        """Stop feeding."""
        for pipe in self._pipes:
            pipe.end()

    def failure(self, limits: Limits) -> str:
        """The ``FailureReason`` of this host's program, which has ended; ``""`` when it succeeded."""
        message = read_message(self.root, "output/failure", self._box.as_inside) or ""
        return self._feeding_failure or failure_of(self._running, message, limits, self._image.client_error)

    def _content(self, channel: TrainingChannel) -> Callable[[int], Iterator[bytes]]:
        return lambda epoch: channel.stream(self._run.data, channel.of(self._cluster, self.host, epoch))

    def _feeding_failed(self, error: Exception) -> None:
        self._feeding_failure = download_failed(error)
        self._running.kill()

    def _download(self, items: list, folder: Directory, link: bool) -> None:
        self._run.data.download(items, folder, link, self._run.job)
        self._run.job.check()

    def _fetch_code(self) -> None:
        """Unpack the archive of ``sagemaker_submit_directory``. In AWS's containers the training toolkit does it."""
        run = self._run
        location = run.document.get("HyperParameters", {}).get(SUBMIT_DIRECTORY, "").strip('"')
        if not location:
            return
        try:
            if not location.startswith("s3://"):
                self._unpack_from(inside(location.removeprefix("/opt/ml/")))
                return
            run.data.require_read(*split(location))
            objects = run.platform.objects
            with objects.bodies.reading(), tempfile.TemporaryDirectory(dir=self.folder) as folder:
                stored = objects.head(*split(location))
                run.platform.requests.record(run.caller, "s3", "GetObject", "/".join(split(location)))
                with objects.plain_file(stored, Path(folder)).open("rb") as archive:
                    self._unpack(archive)
        except AwsError as error:
            reason = f"An error occurred ({error.status}) when calling the HeadObject operation: {error.message} ({location})"
            raise JobFailure(f"AlgorithmError: Framework Error: \n{reason}, exit code: 1") from error
        except (OSError, TreeError, DataError) as error:
            raise JobFailure(f"AlgorithmError: Framework Error: \n{location} cannot be unpacked: {error}, exit code: 1") from error

    def _unpack_from(self, path: PurePosixPath) -> None:
        """Take the code from a folder or an archive in the box, which a channel has brought."""
        with Directory.open(self.root) as top, top.reach(path.parts[:-1]) as above:
            status = above.status(path.name)
            if status is None or not stat.S_ISDIR(status.st_mode):
                with above.read(path.name) as archive:
                    self._unpack(archive)
                return
            with above.enter(path.name) as source, top.reach(("code",)) as code:
                trees.copy(source, code, LinkRule.INSIDE)

    def _unpack(self, archive: BinaryIO) -> None:
        with Directory.open(self.root / "code") as code:
            trees.unpack(archive, code, reserve=self._run.data.reserve)

    def _fast_channels(self) -> Iterator[BindMount]:
        """Binds that make channels of hard links read-only, as FastFile's are on AWS: a write would change the stored objects."""
        described = json.loads((self.root / "input/config/inputdataconfig.json").read_text())
        for channel, members in described.items():
            if members["TrainingInputMode"] == "FastFile":
                name = f"input/data/{channel}"
                yield from (BindMount(self.root / name), BindMount(self.root / name, Path("/opt/ml") / name))


def failure_of(running: BoxProcess, message: str, limits: Limits, client_error: int | None = None) -> str:
    """The ``FailureReason`` of a program that has ended and left this message; ``""`` when it succeeded.

    The exit code ``client_error`` is reported as a ClientError, any other as an AlgorithmError.
    """
    reached = limit_exceeded(running, limits)
    if reached or running.exit_code == 0:
        return reached
    kind = "ClientError" if running.exit_code == client_error else "AlgorithmError"
    return shorten(f"{kind}: {message}", f", exit code: {running.exit_code}")


def requirements_of(root: Path) -> Path | None:
    """The requirements file that the job will install: beside the script, as SDK v3's sm_train.sh names it, or that of a function that
    the SDKs' ``@step`` and ``@remote`` send. None without one.
    """
    if shipped := next((root / "input/data" / FUNCTION_CHANNEL).glob("*.txt"), None):
        return shipped
    script = root / "input/data/sm_drivers/sm_train.sh"
    if script.exists():
        named = SDK_INSTALLS.search(script.read_text(errors="replace"))
        path = PurePosixPath("input/data/code") / inside(json.loads(f'"{named[1]}"') if named else "requirements.txt")
    else:
        path = PurePosixPath("code/requirements.txt")
    return root / path if ml_folder.is_plain(root, path) else None
