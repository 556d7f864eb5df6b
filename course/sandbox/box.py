"""A box: the process tree of one job or model server, in its own folder, which it sees as /opt/ml.

There are two modes, and both are tested:

- ``namespace`` (Linux, where the kernel allows it): user, mount, process and IPC namespaces. The box sees `machine.binds` and its own
  folder, whose root is bound to /opt/ml. It sees no other files of this machine. The kernel kills every process that the job leaves
  running.
- ``rewrite`` (``COURSE_NO_USERNS=1``, macOS, or the kernel refuses): the real path replaces ``/opt/ml`` in arguments, environment and
  staged code (`Box.stage`). A path that a program builds from parts is not replaced. Other binds with a writable layer
  (`mounts.BindMount`) are copied into the box's folder, and their paths are replaced too.

In both modes a supervisor process (`supervisor/`) is the parent: when the local AWS dies in any way, the box dies. On Linux it limits the
memory by a cgroup if the machine has one to give, and measures it otherwise, or with ``COURSE_NO_CGROUP=1``.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

import psutil

from course.sandbox import machine, mounts, trees
from course.sandbox.limits import Limits
from course.sandbox.mounts import BindMount, LayerCopies
from course.sandbox.process import BoxProcess, OnLines

Mode = Literal["namespace", "rewrite"]

# The variables that a box inherits: how boxes are made, locale, where to find certificates and packages, threads of numeric libraries. No
# credentials.
INHERITED = re.compile(
    r"COURSE_NO_(USERNS|CGROUP)|LANG|LC_\w+|TZ|LD_LIBRARY_PATH|SSL_CERT_\w+|PIP_\w+|(https?|no)_proxy|(OPENBLAS|OMP|MKL)_\w+|JAVA_HOME",
    re.I,
)
CODE_SUFFIXES = {".py", ".sh", ".bash", ".r", ".cfg", ".conf", ".ini", ".toml", ".yaml", ".yml", ".ipynb"}
LARGEST_CODE_FILE = 4 << 20
# TMPDIR of a box in namespace mode. It must be short: multiprocessing makes Unix sockets below it, and a socket's path may have 107 bytes
# on Linux and 103 on macOS. For the same reason the box's folder may have 60 bytes in rewrite mode, which leaves 40 for the rest.
SHORT_TMP = "/var/tmp"
LONGEST_FOLDER = 60
PROBE = ": > /opt/ml/runs && : > /usr/bin/.probe && : > /opt/ml/layer"


@dataclass(frozen=True, slots=True)
class Network:
    """What a box can connect to, and how it can be reached.

    Attributes
    ----------
    shared : bool
        Whether it uses this machine's network. Otherwise it reaches its own loopback and the gateway only.
    gateway : (int, Path or None) or None
        A port of its loopback, and the Unix socket outside that answers there. None stands for the same port of this machine's loopback.
    published_port : int or None
        The port of this machine's loopback at which a server in the box is reached.
    container_port : int or None
        The port of the box's loopback on which that server listens, when it is another one.
    network_pid : int or None
        A process (`BoxProcess.first`) whose network the box joins, instead of getting its own.
    hostname : str
        The host name inside; ``""`` keeps this machine's.
    published_by : int or None
        The descriptor of a socket that listens on ``published_port`` already. Without it another process could take the port meanwhile.
    """

    shared: bool = True
    gateway: tuple[int, Path | None] | None = None
    published_port: int | None = None
    container_port: int | None = None
    network_pid: int | None = None
    hostname: str = ""
    published_by: int | None = None

    def as_json(self) -> dict:
        return {
            "network": self.shared,
            "gateway": self.gateway and [self.gateway[0], self.gateway[1] and str(self.gateway[1])],
            "published_port": self.published_port,
            "published_by": self.published_by,
            "container_port": self.container_port or self.published_port,
            "network_pid": self.network_pid,
            "hostname": self.hostname,
        }


class Box:
    """The box in which one job or model server runs.

    Parameters
    ----------
    root : Path
        The folder that the processes see as ``/opt/ml``; it must exist. ``root.parent`` belongs to the box too: ``tmp`` and ``home``
        are made there. The caller removes the folder.
    environment : dict
        Variables of the processes, in addition to those that every box gets (`base_environment`).
    limits : Limits
    mode : {"namespace", "rewrite"}, optional
        By default the better one that works on this machine.
    network : Network
        Only namespace mode can cut a box off from this machine's network.
    binds : sequence of BindMount
        What namespace mode shows in addition to `machine.binds` and the box's own folder. Rewrite mode uses only those with a target and
        a layer.
    shown : mapping of str to str
        Paths of this machine that its programs see, and what `as_inside` writes instead.
    nested : bool
        Whether its programs may make namespaces of their own, as those that make boxes do. In such a box a program has every capability
        over its own namespaces, so it can mount file systems.
    system : {"layer", "read"}
        Whether its programs may write to the system's folders, as those of a container may, or only read them. Layers are overlays, which
        Linux stacks two deep: a box that makes boxes in a container leaves them to those.
    user : int, optional
        The number of the user, and of the group, that its programs run as, in rewrite mode as root. The box's folder is given to that user.

    Attributes
    ----------
    path : str
        The path at which the processes find the root.
    """

    def __init__(
        self,
        root: Path,
        environment: dict[str, str],
        limits: Limits | None = None,
        mode: Mode | None = None,
        network: Network | None = None,
        binds: Sequence[BindMount] = (),
        shown: Mapping[str, str] | None = None,
        nested: bool = False,
        system: Literal["layer", "read"] = "layer",
        user: int | None = None,
    ) -> None:
        self.root = root.resolve()
        self.limits = limits or Limits()
        self.mode = mode or best_mode()
        self._network = network or Network()
        self._binds = tuple(binds)
        self._nested = nested
        self._system = system
        self.user = user
        if not self._network.shared and self.mode != "namespace":
            raise ValueError("a box without a network needs user namespaces")
        # Scripts quote paths carelessly, and the path of a socket has a limit. So a root whose path is long, or has a blank or the like,
        # gets a plain and short link for as long as the job runs.
        plain = re.fullmatch(r"[\w./+-]+", str(self.root)) and len(str(self.root.parent)) <= LONGEST_FOLDER
        plain = self.mode == "namespace" or plain
        self._link = "" if plain else str(Path(tempfile.gettempdir()) / f"ml-{uuid.uuid4().hex[:8]}")
        folder = Path(self._link or self.root.parent)  # the box's own, by the name that its processes get
        self.path = "/opt/ml" if self.mode == "namespace" else str(folder / self.root.name)
        self._layers = LayerCopies(self.root.parent, folder, self._binds if self.mode == "rewrite" else ())
        self._paths = {"/opt/ml": self.path} | self._layers.paths
        self._outward = _replacer(self._paths)
        own = {str(place / name): path for place in (folder, self.root.parent) for name, path in (("home", "/root"), ("tmp", "/tmp"))}
        copies = {copy: target for target, copy in self._layers.paths.items()}
        self._inward = _replacer({**(shown or {}), **own, **copies, str(self.root): "/opt/ml", self.path: "/opt/ml"})
        self.environment = {name: self.translate(value) for name, value in (self._base() | environment).items()}
        self.environment["PATH"] = self._layers.search_path(self.environment["PATH"])

    def translate(self, text: str) -> str:
        """Replace /opt/ml in ``text`` by `path`, and the targets of copied binds by the paths of their copies."""
        return text if self.mode == "namespace" else self._outward(text)

    def as_inside(self, text: str) -> str:
        """Replace paths of this machine in what a program printed or wrote, as if it had run in a container: the inverse of `translate`."""
        return self._inward(text)

    def stage(self, directory: Path) -> None:
        """Prepare code below ``directory`` to run: in rewrite mode, translate /opt/ml in it, also inside a ``sourcedir.tar.gz``.

        Files are replaced, never changed in place: one may be a hard link to a stored object.
        """
        if self.mode == "namespace":
            return
        with trees.Directory.open(directory) as top:
            for entry in filter(lambda each: each.is_file, trees.walk(top)):
                if entry.name == "sourcedir.tar.gz":
                    self._stage_archive(entry)
                elif entry.status.st_size <= LARGEST_CODE_FILE:
                    self._stage_file(entry)

    def _stage_archive(self, entry: trees.Entry) -> None:
        with tempfile.TemporaryDirectory(dir=self.root.parent) as folder:
            code, packed = Path(folder, "code"), Path(folder, "packed")
            code.mkdir()
            with contextlib.suppress(trees.TreeError), entry.folder.read(entry.name) as archive, trees.Directory.open(code) as top:
                trees.unpack(archive, top)
                self.stage(code)
                trees.pack(top, packed, PurePosixPath(self.path))
                with trees.Directory.open(Path(folder)) as beside:
                    beside.move_to(packed.name, entry.folder, entry.name)

    def _stage_file(self, entry: trees.Entry) -> None:
        with entry.folder.read(entry.name) as file:
            data = file.read(LARGEST_CODE_FILE)
        is_code = Path(entry.name).suffix.lower() in CODE_SUFFIXES or data.startswith(b"#!")
        if not is_code or not any(path.encode() in data for path in self._paths):
            return
        with contextlib.suppress(UnicodeDecodeError):
            translated = self.translate(data.decode()).encode()
            with entry.folder.replace(entry.name, entry.status.st_mode & 0o777) as file:
                file.write(translated)

    def open(self) -> BoxProcess:
        """Open the box without a program, for others to join (`BoxProcess.first`). It stays open until killed. Namespace mode only."""
        if self.mode != "namespace":
            raise ValueError("a box that others enter needs user namespaces")
        ready = threading.Event()
        running = self._start(None, lambda lines: ready.set(), "/")
        while not ready.wait(0.05):
            if running.exit_code is not None:
                running.wait()
                raise RuntimeError("the box could not be opened")
        return running

    def start(self, argv: Sequence[str], on_lines: OnLines, cwd: str = "/opt/ml") -> BoxProcess:
        """Start a program in the box and return at once.

        Parameters
        ----------
        argv : sequence of str
            Program and arguments, with paths as the program sees them: ``/opt/ml/...`` in both modes.
        on_lines : callable
            Called from one thread with lists of lines of stdout and stderr, without line ends, as they are printed.
        cwd : str
            The working directory, as the program sees it.
        """
        return self._start([self.translate(argument) for argument in argv], on_lines, self.translate(cwd))

    def prepare(self) -> None:
        """Make the box's folders, and give them with all that is in them to its `user`."""
        for name in ("tmp", "home", "view"):
            (self.root.parent / name).mkdir(exist_ok=True)
        if copies := self._layers.copy():
            self.stage(copies)
        if self.user is None:
            return
        for path in (self.root.parent, *self.root.parent.rglob("*")):
            os.chown(path, self.user, self.user, follow_symlinks=False)

    def _base(self) -> dict[str, str]:
        shown = Path(self._link or self.root.parent) / "tmp"
        return base_environment(self.root) | {"TMPDIR": SHORT_TMP if self.mode == "namespace" else str(shown)}

    def _start(self, argv: list[str] | None, on_lines: OnLines, cwd: str) -> BoxProcess:
        folder = self.root.parent
        self.prepare()
        within = [bind for bind in self._binds if bind.target and bind.target.is_relative_to("/opt/ml")]
        beside = [bind for bind in self._binds if bind not in within]
        own = [BindMount(path, writable=True) for path in folder.iterdir() if path.name != "view"]  # not the folder: it could be replaced
        own.append(BindMount(folder / "tmp", Path(SHORT_TMP), writable=True))
        binds = mounts.order([*self._machine(), *own, *beside])
        binds += [BindMount(self.root, Path("/opt/ml"), writable=True), *within]
        spec = {
            "mode": self.mode,
            "folder": str(folder),
            "link": self._link,
            "view": {"at": str(folder / "view"), "binds": [bind.as_json() for bind in binds]},
            "argv": argv,
            "cwd": cwd,
            "user": self.user,
            "environment": self.environment,
            "rlimits": self.limits.of_a_process(),
            "memory": self.limits.memory,
            "memory_group": not os.environ.get("COURSE_NO_CGROUP"),
            "processes": self.limits.processes,
            "disk": self.limits.disk,
            "files": self.limits.files,
            "folders": [str(folder), *self._written_besides(folder)],
            "nested": self._nested,
            "packages": str(Path(psutil.__file__).parent.parent),
        } | self._network.as_json()
        return BoxProcess(spec, on_lines, self.limits.output)

    def _machine(self) -> Iterable[BindMount]:
        return (replace(bind, layer=bind.layer and self._system == "layer") for bind in machine.binds())

    def _written_besides(self, folder: Path) -> list[str]:
        """The folders outside its own that the box may write to."""
        writable = dict.fromkeys(bind.source.resolve() for bind in self._binds if bind.writable)
        return [str(path) for path in writable if not path.is_relative_to(folder)]


def _replacer(paths: Mapping[str, str]) -> Callable[[str], str]:
    """A function that replaces these paths in a text. Where one of them begins with another, the longer one counts."""
    longest_first = "|".join(re.escape(path) for path in sorted(paths, key=len, reverse=True))
    named = re.compile(rf"(?<![\w.-])(?:{longest_first})(?![\w-])")
    return lambda text: named.sub(lambda found: paths[found[0]], text) if "/" in text else text


def base_environment(root: Path) -> dict[str, str]:
    """The environment of every box: this Python first on PATH, the box's own folders and marker, no credentials."""
    inherited = {name: value for name, value in os.environ.items() if INHERITED.fullmatch(name)}
    # Boxes share the cores, so OpenMP's waiting threads must not spin: two trainings at once on two cores took 80 times as long as one.
    return (
        {"OMP_WAIT_POLICY": "PASSIVE"}
        | inherited
        | {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
            "HOME": str(root.parent / "home"),
            "TMPDIR": str(root.parent / "tmp"),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "COURSE_BOX": str(root),
        }
    )


def best_mode() -> Mode:
    """``namespace`` if a program runs in a box of that mode on this machine, else ``rewrite``. Tried once per process."""
    return "namespace" if "runs" in _tried() else "rewrite"


def has_layers() -> bool:
    """Whether programs in boxes may write to the system's folders, as in a container (overlays). Tried once per process.

    Linux stacks overlays two deep, and the root of a container is one.
    """
    return "layer" in _tried()


@functools.cache
def _tried() -> frozenset[str]:
    """What works in a box of namespace mode: it ``runs``, and it has a ``layer``."""
    if os.environ.get("COURSE_NO_USERNS") or sys.platform != "linux" or not Path("/opt").is_dir():
        return frozenset()
    with tempfile.TemporaryDirectory(prefix="box-") as folder:
        root = Path(folder) / "ml"
        root.mkdir()
        with contextlib.suppress(RuntimeError, TimeoutError):
            Box(root, {}, mode="namespace").start(["/bin/sh", "-c", PROBE], lambda lines: None).wait(timeout=30)
        return frozenset(path.name for path in root.iterdir())
