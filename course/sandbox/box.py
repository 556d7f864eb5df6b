"""A box: the process tree of one job or model server, in a directory of its own that it knows as /opt/ml.

Two modes, both first class:

- ``namespace`` (Linux, where the kernel lets us): user, mount, process and IPC namespaces. The box sees what `visible.machine` names,
  every other child of /opt among it, and its own folder, whose root is bound to /opt/ml; the rest of this machine's files is not there.
  The kernel ends whatever the job leaves running.
- ``rewrite`` (``COURSE_NO_USERNS=1``, macOS, or the kernel refuses): the real path takes the place of ``/opt/ml`` in arguments,
  environment and staged code (`Box.stage`). A path that a program puts together from pieces is not caught. What else is to lie
  somewhere, with a layer (`visible.BindMount`), is copied into the box's folder, and its path replaced alike.

Either way a supervisor process (`supervisor/`) stands between: when the local AWS dies, however it dies, the box dies.
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
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import psutil

from course.sandbox import archives, visible
from course.sandbox.layers import Layers
from course.sandbox.limits import Limits
from course.sandbox.network import Network
from course.sandbox.process import BoxProcess, OnLines
from course.sandbox.visible import BindMount

Mode = Literal["namespace", "rewrite"]

# What a box inherits: where programs, certificates and packages are found, and how this machine's numerics are set. No credentials.
INHERITED = re.compile(r"LANG|LC_\w+|TZ|LD_LIBRARY_PATH|SSL_CERT_\w+|PIP_\w+|(https?|no)_proxy|(OPENBLAS|OMP|MKL)_\w+|JAVA_HOME", re.I)
CODE_SUFFIXES = {".py", ".sh", ".bash", ".r", ".cfg", ".conf", ".ini", ".toml", ".yaml", ".yml", ".ipynb"}
LARGEST_CODE_FILE = 4 << 20
# Where a box in namespace mode has its TMPDIR: the path of a Unix socket below it, as multiprocessing makes them, may have 107 bytes on
# Linux and 103 on macOS. In the other mode the box's folder may have so many that 40 are left for the rest.
SHORT_TMP = "/var/tmp"
LONGEST_FOLDER = 60


class Box:
    """Where one job or model server runs.

    Parameters
    ----------
    root : Path
        The directory that the processes know as ``/opt/ml``; it must exist. ``root.parent`` is the box's own: ``tmp`` and ``home``
        are made there. Whoever made the directory removes it.
    environment : dict
        Variables for the processes, beside the few that every box gets (`base_environment`).
    limits : Limits
    mode : {"namespace", "rewrite"}, optional
        The better one that works on this machine when not given.
    network : Network
        Namespace mode alone can keep a box from this machine's network.
    binds : sequence of BindMount
        What namespace mode shows beside `visible.machine` and the box's own folder. Rewrite mode heeds those with a target and a layer.
    """

    def __init__(
        self,
        root: Path,
        environment: dict[str, str],
        limits: Limits | None = None,
        mode: Mode | None = None,
        network: Network | None = None,
        binds: Sequence[BindMount] = (),
    ) -> None:
        self.root = root.resolve()
        self.limits = limits or Limits()
        self.mode = mode or best_mode()
        self._network = network or Network()
        self._binds = tuple(binds)
        if not self._network.shared and self.mode != "namespace":
            raise ValueError("a box without a network takes user namespaces")
        # Scripts quote paths carelessly, and a socket's path has a limit, so a root with a blank or the like in it, or a long name, gets
        # a plain and short one for as long as the job runs.
        plain = re.fullmatch(r"[\w./+-]+", str(self.root)) and len(str(self.root.parent)) <= LONGEST_FOLDER
        plain = self.mode == "namespace" or plain
        self._link = "" if plain else str(Path(tempfile.gettempdir()) / f"ml-{uuid.uuid4().hex[:8]}")
        shown = Path(self._link or self.root.parent)  # the folder of the box, under the name that its processes are given
        self.path = "/opt/ml" if self.mode == "namespace" else str(shown / self.root.name)
        self._layers = Layers(self.root.parent, shown, self._binds if self.mode == "rewrite" else ())
        self._places = {"/opt/ml": self.path} | self._layers.places
        longest_first = "|".join(re.escape(path) for path in sorted(self._places, key=len, reverse=True))
        self._named = re.compile(rf"(?<![\w.-])(?:{longest_first})(?![\w-])")
        self.environment = {name: self.translate(value) for name, value in (self._base() | environment).items()}
        self.environment["PATH"] = self._layers.search_path(self.environment["PATH"])

    def translate(self, text: str) -> str:
        """``text`` with /opt/ml replaced by the path under which the processes find the root (`path`), and other places by theirs."""
        return text if self.mode == "namespace" else self._named.sub(lambda found: self._places[found[0]], text)

    def stage(self, directory: Path) -> None:
        """Make code below ``directory`` ready to run: in rewrite mode, translate /opt/ml in it, also inside a ``sourcedir.tar.gz``.

        A file is replaced, never changed in place: it may be a hard link to a stored object.
        """
        if self.mode == "namespace":
            return
        for archive in directory.rglob("sourcedir.tar.gz"):
            with tempfile.TemporaryDirectory(dir=self.root.parent) as folder:
                archives.unpack(archive, Path(folder))
                self.stage(Path(folder))
                archive.unlink()
                archives.pack(Path(folder), archive)
        for path in directory.rglob("*"):
            if not path.is_file() or path.is_symlink() or path.stat().st_size > LARGEST_CODE_FILE or not _is_code(path):
                continue
            data = path.read_bytes()
            if not any(path.encode() in data for path in self._places):
                continue
            with contextlib.suppress(UnicodeDecodeError):
                replacement = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
                replacement.write_text(self.translate(data.decode()), newline="")
                replacement.chmod(path.stat().st_mode)
                replacement.replace(path)

    def open(self) -> BoxProcess:
        """A box of namespace mode with no program in it, for others to enter (`BoxProcess.first`); it is there until it is killed."""
        if self.mode != "namespace":
            raise ValueError("a box that others enter takes user namespaces")
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
            Program and arguments; paths as the program sees them, ``/opt/ml/...`` in both modes.
        on_lines : callable
            Called from one thread with lists of lines of stdout and stderr, without their ends, as they come.
        cwd : str
            The working directory, as the program sees it.
        """
        return self._start([self.translate(argument) for argument in argv], on_lines, self.translate(cwd))

    def _base(self) -> dict[str, str]:
        shown = Path(self._link or self.root.parent) / "tmp"
        return base_environment(self.root) | {"TMPDIR": SHORT_TMP if self.mode == "namespace" else str(shown)}

    def _start(self, argv: list[str] | None, on_lines: OnLines, cwd: str) -> BoxProcess:
        folder = self.root.parent
        for name in ("tmp", "home", "view"):
            (folder / name).mkdir(exist_ok=True)
        if copies := self._layers.copy():
            self.stage(copies)
        within = [bind for bind in self._binds if bind.target and bind.target.is_relative_to("/opt/ml")]
        beside = [bind for bind in self._binds if bind not in within]
        own = [BindMount(path, writable=True) for path in folder.iterdir() if path.name != "view"]  # not the folder: that could be replaced
        own.append(BindMount(folder / "tmp", Path(SHORT_TMP), writable=True))
        binds = visible.order([*visible.machine(), *own, *beside])
        binds += [BindMount(self.root, Path("/opt/ml"), writable=True), *within]
        spec = {
            "mode": self.mode,
            "folder": str(folder),
            "link": self._link,
            "view": {"at": str(folder / "view"), "binds": [bind.as_json() for bind in binds]},
            "argv": argv,
            "cwd": cwd,
            "environment": self.environment,
            "rlimits": self.limits.of_a_process(),
            "memory": self.limits.memory,
            "processes": self.limits.processes,
            "disk": self.limits.disk,
            "folders": [str(folder)],
            "packages": str(Path(psutil.__file__).parent.parent),
        } | self._network.as_json()
        return BoxProcess(spec, on_lines, self.limits.output)


def _is_code(path: Path) -> bool:
    if path.suffix.lower() in CODE_SUFFIXES:
        return True
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def base_environment(root: Path) -> dict[str, str]:
    """What every box finds in its environment: this course's Python first on PATH, its own folders, its marker; no credentials."""
    inherited = {name: value for name, value in os.environ.items() if INHERITED.fullmatch(name)}
    # Boxes share the cores: OpenMP's threads that wait are not to spin. Two trainings at a time on two cores took 80 times as long as one.
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


@functools.cache
def best_mode() -> Mode:
    """``namespace`` if a box of that mode runs a program here, else ``rewrite``; tried once in a process."""
    if os.environ.get("COURSE_NO_USERNS") or sys.platform != "linux" or not Path("/opt").is_dir():
        return "rewrite"
    with tempfile.TemporaryDirectory(prefix="box-") as folder:
        root = Path(folder) / "ml"
        root.mkdir()
        probe = Box(root, {}, mode="namespace").start(["/bin/sh", "-c", "echo works > /opt/ml/probe"], lambda lines: None)
        with contextlib.suppress(RuntimeError):
            probe.wait(timeout=30)
        return "namespace" if (root / "probe").exists() else "rewrite"
