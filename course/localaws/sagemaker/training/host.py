"""One host of a training job: its /opt/ml, its data, its box, and how it ended."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws import images
from course.localaws.core.errors import AwsError
from course.localaws.images import custom
from course.localaws.images.shared import remote_shell
from course.localaws.images.shared.script_mode import SUBMIT_DIRECTORY
from course.localaws.jobs import host_network, ml_folder
from course.localaws.jobs.folder_sync import FolderSync, below_ml
from course.localaws.jobs.pipes import PipeFeeder
from course.localaws.jobs.runner import JobFailure, limit_failure
from course.localaws.jobs.s3_data import inside, split
from course.localaws.sagemaker.core.cluster import Host, resource_config
from course.localaws.sagemaker.training import debugger
from course.localaws.sagemaker.training.channels import TrainingChannel
from course.sandbox import archives
from course.sandbox.box import Box
from course.sandbox.limits import Limits
from course.sandbox.process import BoxProcess
from course.sandbox.visible import BindMount

if TYPE_CHECKING:
    from course.localaws.sagemaker.training.run import TrainingRun
    from course.sandbox.process import OnLines

SDK_INSTALLS = re.compile(r"install_requirements\.py (\S+)")  # in the sm_train.sh of SDK v3
CHECKPOINTS = "/opt/ml/checkpoints"  # unless LocalPath says otherwise
SSHD = Path("/usr/sbin/sshd")
MPI = (
    "AlgorithmError: The MPI driver of the SDK {what}. On the local AWS it runs on one instance, where mpirun and /usr/sbin/sshd are "
    "installed; Torchrun runs on several, exit code: 1"
)


class TrainingHost:
    """What one host does of a job.

    Parameters
    ----------
    run : TrainingRun
    cluster : list of Host
        All hosts of the job.
    host : Host
        Which of them this is.
    folder : Path
        Its own directory, which is made.

    Attributes
    ----------
    syncs : list of FolderSync
        What is copied to S3 while the program runs.
    """

    def __init__(self, run: TrainingRun, cluster: list[Host], host: Host, folder: Path) -> None:
        self.host, self.folder, self.root = host, folder, folder / "ml"
        self._run, self._cluster = run, cluster
        self._pipes: list[PipeFeeder] = []
        self._running: BoxProcess | None = None
        self._feeding_failure = ""
        self._client_error: int | None = None  # the image's exit code for that
        self._workdir = "/opt/ml/code"
        self.syncs: list[FolderSync] = []
        self.root.mkdir(parents=True, exist_ok=True)  # a warm pool's cache may be there

    def lay_out(self, channels: list[TrainingChannel], image: images.Image) -> None:
        """Write what the host is told, and fetch its data and code. Raises DataError, AwsError, JobFailure."""
        document = self._run.document
        mine = [(channel, items) for channel in channels if (items := channel.of(self._cluster, self.host)) is not None]
        described = {channel.name: channel.described() for channel, _ in mine}
        checkpoint = document.get("CheckpointConfig")
        resources = resource_config(self._cluster, self.host)
        ml_folder.create_training_layout(self.root, document.get("HyperParameters", {}), described, resources, checkpoint)
        custom.copy_opt_ml(image.files, self.root, ("input", "model", "output"))
        data = self.root / "input/data"
        for channel, items in mine:
            if channel.mode == "Pipe":
                channel.require_read(self._run.data)
                self._pipes.append(PipeFeeder(data, channel.name, self._content(channel), self._cannot_feed))
                continue
            (data / channel.name).mkdir()
            self._fetch(items, data / channel.name, channel.mode == "FastFile")
        self.syncs = list(debugger.lay_out(self.root, document, self._run.data))
        if checkpoint:
            path = checkpoint.get("LocalPath", CHECKPOINTS)
            self._fetch(self._run.data.below(checkpoint["S3Uri"].rstrip("/") + "/"), below_ml(self.root, path), False)
            self.syncs.append(FolderSync(self._run.data, self.root, path, checkpoint["S3Uri"]))
        self._fetch_code()
        check_driver(self.root, len(self._cluster))

    def box(self, image: images.Image, addresses: dict[str, str], joins: int | None) -> Box:
        """The box of this host, its code staged; ``joins`` as in `Network`. Raises Abandoned, StoppedEarly."""
        run = self._run
        overlay = run.runner.overlay(run.job, self.folder, requirements_of(self.root), image)
        self._client_error, self._workdir = image.client_error, image.workdir or self._workdir
        extra = image.environment | {"TRAINING_JOB_NAME": run.name, "TRAINING_JOB_ARN": run.document["TrainingJobArn"]}
        extra |= run.document.get("Environment", {})
        hosts, named = host_network.host_name_setup(self.folder, overlay, addresses, self.host.name)
        if len(self._cluster) > 1:
            sockets = self.folder.parent / "sockets"
            sockets.mkdir(mode=0o700, exist_ok=True)
            hosts.append(BindMount(sockets, writable=True))
            named[remote_shell.DIRECTORY] = str(sockets)
        box = run.runner.box(
            self.folder,
            run.runner.variables(run.context, run.document["RoleArn"], overlay, extra | named),
            isolated=run.document["EnableNetworkIsolation"],
            hostname=self.host.name,
            joins=joins,
            share=len(self._cluster),
            image=image,
            binds=[*self._fast_channels(), *hosts],
        )
        for code in (self.root / "code", self.root / "input/data"):
            box.stage(code)
        return box

    def start(self, box: Box, command: list[str], log: OnLines) -> BoxProcess:
        self._running = box.start(command, log, self._workdir)
        for pipe in self._pipes:
            pipe.start()
        return self._running

    def end(self) -> None:
        """Nothing feeds it any more, and what it left is safe to read."""
        for pipe in self._pipes:
            pipe.end()
        ml_folder.sanitize_links(self.root)

    def failure(self, limits: Limits) -> str:
        """The ``FailureReason`` of this host's container, which has ended; ``""`` when it succeeded."""
        return self._feeding_failure or failure_of(self._running, self.root, limits, self._client_error)

    def _content(self, channel: TrainingChannel) -> Callable[[int], Iterator[bytes]]:
        return lambda epoch: channel.stream(self._run.data, channel.of(self._cluster, self.host, epoch))

    def _cannot_feed(self, error: Exception) -> None:
        self._feeding_failure = data_failure(error)
        self._running.kill()

    def _fetch(self, items: list, folder: Path, link: bool) -> None:
        job = self._run.job
        self._run.data.download(items, folder, link, lambda: job.ending)
        job.check()

    def _fetch_code(self) -> None:
        """The archive of ``sagemaker_submit_directory``, which in AWS's containers the training toolkit fetches."""
        run, root = self._run, self.root
        location = run.document.get("HyperParameters", {}).get(SUBMIT_DIRECTORY, "").strip('"')
        if not location:
            return
        try:
            if location.startswith("s3://"):
                archive = run.platform.objects.head(*split(location)).path
                run.platform.requests.record(run.caller, "s3", "GetObject", "/".join(split(location)))
            else:
                archive = root / inside(location.removeprefix("/opt/ml/"))
            if archive.is_dir():
                shutil.copytree(archive, root / "code", dirs_exist_ok=True)
            else:
                archives.unpack(archive, root / "code")
        except AwsError as error:
            reason = f"An error occurred ({error.status}) when calling the HeadObject operation: {error.message} ({location})"
            raise JobFailure(f"AlgorithmError: Framework Error: \n{reason}, exit code: 1") from error
        except (OSError, tarfile.TarError) as error:
            raise JobFailure(f"AlgorithmError: Framework Error: \n{location} cannot be unpacked: {error}, exit code: 1") from error

    def _fast_channels(self) -> Iterator[BindMount]:
        """Channels of hard links are read-only, as FastFile's are on AWS: what is written there would be written to the stored objects."""
        described = json.loads((self.root / "input/config/inputdataconfig.json").read_text())
        for channel, facts in described.items():
            if facts["TrainingInputMode"] == "FastFile":
                name = f"input/data/{channel}"
                yield from (BindMount(self.root / name), BindMount(self.root / name, Path("/opt/ml") / name))


def data_failure(error: Exception) -> str:
    return ml_folder.shorten(f"ClientError: Data download failed:{error}")


def failure_of(running: BoxProcess, root: Path, limits: Limits, client_error: int | None = None) -> str:
    """The ``FailureReason`` of a container that has ended, ``""`` when it succeeded; with exit code ``client_error`` it blames its user."""
    reached = limit_failure(running, limits)
    if reached or running.exit_code == 0:
        return reached
    message = ml_folder.read_message(root / "output/failure") or ""
    blamed = "ClientError" if running.exit_code == client_error else "AlgorithmError"
    return ml_folder.shorten(f"{blamed}: {message}", f", exit code: {running.exit_code}")


def check_driver(root: Path, hosts: int) -> None:
    """Refuse SDK v3's MPI where it would wait in vain for SSH: boxes have no port 22. Raises JobFailure."""
    script = root / "input/data/sm_drivers/sm_train.sh"
    if not (script.exists() and "mpi_driver.py" in script.read_text(errors="replace")):
        return
    if hosts > 1:
        raise JobFailure(MPI.format(what="reaches the other hosts by SSH"))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    if missing := [what for what, there in (("mpirun", shutil.which("mpirun", path=path)), (str(SSHD), SSHD.exists())) if not there]:
        raise JobFailure(MPI.format(what=f"takes {' and '.join(missing)}, which this machine lacks"))


def requirements_of(root: Path) -> Path | None:
    """The requirements file that the job is going to install, if any: beside the script, or as SDK v3's sm_train.sh names it."""
    script = root / "input/data/sm_drivers/sm_train.sh"
    if script.exists():
        named = SDK_INSTALLS.search(script.read_text(errors="replace"))
        path = root / "input/data/code" / (json.loads(f'"{named[1]}"') if named else "requirements.txt")
    else:
        path = root / "code/requirements.txt"
    return path if path.is_file() else None
