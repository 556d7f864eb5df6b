"""The boxes of a job: what each is made from, its packages, variables and log, and how the hosts of one job reach each other."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from course.localaws.context import Context
from course.localaws.core import sdk_environment
from course.localaws.images import Image, custom
from course.localaws.jobs import container_paths, job_images
from course.localaws.jobs.control import JobControl
from course.localaws.jobs.overlay import Overlay
from course.localaws.jobs.runner import JobRunner
from course.sandbox import host_names
from course.sandbox.box import Box, Network, best_mode
from course.sandbox.mounts import BindMount
from course.sandbox.process import OnLines

if TYPE_CHECKING:
    from course.localaws.core.call import VpcNetwork
    from course.localaws.platform import Platform

HOSTS = Path("/etc/hosts")
CREDENTIAL_SECONDS = 28 * 86_400.0  # lifetime of a job's credentials: the longest run time that a job may have
CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0a-\x1f]|\t")
SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


@dataclass(frozen=True, slots=True)
class BoxSpec:
    """What one box of a job is made from.

    Attributes
    ----------
    folder : Path
        The box's own folder on this machine. Its subfolder ``ml`` is the root that the programs know as ``Box.path``.
    environment : dict of str to str
    image : Image, optional
        The image whose files the box sees.
    overlay : Overlay, optional
        An overlay outside ``folder`` into which the box installs packages.
    installed : Overlay, optional
        The overlay whose packages its programs find.
    binds : sequence of BindMount
        Further files and folders that the box sees.
    isolated : bool
        Whether the job asked for network isolation: no network but the box's own loopback.
    private : bool
        Whether the box reaches the local AWS and nothing else, as in a VPC without a way to the internet.
    published_port : int, optional
        The port of this machine's loopback at which a server in the box is reached.
    container_port : int, optional
        The port on which that server listens, when it is another one. The box then gets its own network, with the local AWS alone in it.
    network_pid : int, optional
        A process whose network the box joins (`Network.network_pid`).
    hostname : str
        The box's host name; ``""`` keeps this machine's.
    hosts : int
        The number of boxes that share the limits of one job.
    memory : int, optional
        Bytes, for a box with less memory than the limits allow.
    output : int, optional
        Bytes that its programs may print, instead of what the limits allow.
    """

    folder: Path
    environment: dict[str, str]
    image: Image | None = None
    overlay: Overlay | None = None
    installed: Overlay | None = None
    binds: Sequence[BindMount] = ()
    isolated: bool = False
    private: bool = False
    published_port: int | None = None
    container_port: int | None = None
    network_pid: int | None = None
    hostname: str = ""
    hosts: int = 1
    memory: int | None = None
    output: int | None = None


def make_box(platform: Platform, spec: BoxSpec) -> Box:
    """The box that a spec describes, with the limits and the network of this local AWS."""
    limits = platform.limits.divided(spec.hosts)
    if spec.output is not None:
        limits = dataclasses.replace(limits, output=spec.output)
    if spec.memory is not None:
        limits = dataclasses.replace(limits, memory=min(spec.memory, limits.memory))
    binds = [BindMount(platform.state / name) for name in (*sdk_environment.FILES, "overlays")]
    if spec.overlay:
        binds.append(BindMount(spec.overlay.folder, writable=True))
    if spec.image:
        binds += map(BindMount, spec.image.packages)
        binds += custom.binds(spec.image.files) if spec.image.files else []
    binds += spec.binds
    shown = container_paths.shown(spec.overlay or spec.installed, spec.image.packages if spec.image else ())
    return Box(spec.folder / "ml", spec.environment, limits, network=_network(platform, spec), binds=binds, shown=shown)


def _network(platform: Platform, spec: BoxSpec) -> Network:
    own = bool(spec.isolated or spec.private or platform.sealed or spec.container_port)
    port = int(platform.endpoint.rpartition(":")[2])
    gateway = (port, platform.sealed) if own and not spec.isolated and spec.network_pid is None else None
    return Network(not own, gateway, spec.published_port, spec.container_port, spec.network_pid, spec.hostname)


def make_overlay(runner: JobRunner, control: JobControl, folder: Path, requirements: Path | None, image: Image) -> Overlay:
    """The packages of the job in ``folder``, with those of its requirements file, and the image's programs.

    Stopping the job also stops the installation.

    Raises ServerShuttingDown, StoppedBeforeStart.
    """

    def install(overlay: Overlay, command: Sequence[str]) -> int:
        box = make_box(runner.platform, BoxSpec(folder, {"PATH": search_path(overlay)}, overlay=overlay, image=image))
        running = control.run(lambda: box.start(command, lambda lines: None))
        control.begin()
        return running.exit_code

    overlay = runner.overlays.make(folder / "overlay", requirements, install, image.packages, image.python)
    job_images.set_up(overlay, image)
    return overlay


def variables(
    platform: Platform, context: Context, role: str, overlay: Overlay, extra: dict[str, str], network: VpcNetwork | None = None
) -> dict[str, str]:
    """The environment of a job's programs: the local AWS with the role's own credentials, the overlay, and ``extra``, which wins.

    With a ``network`` the credentials are for use in that VPC.
    """
    credential = platform.identity.issue(role, seconds=CREDENTIAL_SECONDS, network=network, inside=True)
    extra = extra | ({"PATH": search_path(overlay, extra["PATH"])} if "PATH" in extra else {})
    base = sdk_environment.variables(platform.state, platform.endpoint, {}, credential) | {
        "AWS_DEFAULT_REGION": context.region,
        "AWS_REGION": context.region,
        "PATH": search_path(overlay),
    }
    paths = [part for each in (extra, base) for part in each.get("PYTHONPATH", "").split(os.pathsep) if part]
    return base | extra | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


def is_private(platform: Platform, network: VpcNetwork | None) -> bool:
    """Whether programs in a VPC reach nothing but the local AWS. Waits for moto."""
    return network is not None and not platform.networks.reaches_internet(network)


def search_path(overlay: Overlay, requested: str | None = None) -> str:
    """``PATH`` with the overlay's python and pip first, then this Python's programs, then the machine's.

    When an image or a job requests a path, its own folders come before this Python's programs, and the system's folders after them.
    """
    parts = (os.environ.get("PATH", os.defpath) if requested is None else requested).split(os.pathsep)
    first = [part for part in parts if requested is not None and part not in SYSTEM_PATH]
    return os.pathsep.join([str(overlay.bin), *first, str(Path(sys.executable).parent), *[part for part in parts if part not in first]])


@contextlib.contextmanager
def shared_network(platform: Platform, folder: Path, hosts: int, isolated: bool, private: bool = False) -> Iterator[int | None]:
    """A process whose network all hosts of a job join.

    None for a single host, and for hosts that use this machine's network.
    """
    if hosts == 1 or not (isolated or private or platform.sealed):
        yield None
        return
    box = make_box(platform, BoxSpec(folder, {}, isolated=isolated, private=private)).open()
    try:
        yield box.first
    finally:
        box.kill()


def host_name_setup(folder: Path, overlay: Overlay, addresses: dict[str, str], host: str) -> tuple[list[BindMount], dict[str, str]]:
    """The bind mounts and variables by which one host of a job knows all hosts by name.

    Parameters
    ----------
    folder : Path
        The host's own folder. Its /etc/hosts is written there.
    overlay : Overlay
        The overlay whose Python learns the names where a box cannot have its own /etc/hosts.
    addresses : dict
        The address of each host by its name.
    host : str
        The name of this host.
    """
    if best_mode() == "namespace":
        return [BindMount(_hosts_file(folder, addresses), HOSTS)], {}
    host_names.install(overlay.packages)
    return [], host_names.variables(addresses, host)


def _hosts_file(folder: Path, addresses: dict[str, str]) -> Path:
    """A file with this machine's /etc/hosts and the job's hosts."""
    path = folder / "hosts"
    with contextlib.suppress(OSError):
        path.write_text(HOSTS.read_text())
    with path.open("a") as file:
        file.writelines(f"\n{address} {name}\n" for name, address in addresses.items())
    return path


def as_inside(box: Box, on_lines: OnLines) -> OnLines:
    """Receives what the programs of a box print, and passes it on with the paths that a container has."""
    return lambda lines: on_lines([box.as_inside(line) for line in lines])


class JobLog:
    """Writes a job's lines to its CloudWatch log stream as they are printed.

    A control character is written as ``#`` and three octal digits, as in the logs of AWS's jobs: a tab is ``#011``.

    Parameters
    ----------
    on_lines : callable
        Receives the lines as they are written.
    """

    def __init__(self, platform: Platform, region: str, group: str, stream: str, on_lines: OnLines = lambda lines: None) -> None:
        self._platform, self._stream, self._on_lines = platform, (region, group, stream), on_lines
        platform.logs.append(*self._stream, [])  # creates the stream at once: clients that wait for the job look for it

    def __call__(self, lines: list[str]) -> None:
        moment = self._platform.logs.now()
        texts = [CONTROL_CHARACTER.sub(lambda match: f"#{ord(match[0]):03o}", line.rstrip("\r")) for line in lines]
        # CloudWatch refuses empty messages; AWS's agent leaves empty lines out.
        self._platform.logs.append(*self._stream, [(moment, text) for text in texts if text])
        self._on_lines(texts)
