"""A box: the process tree of one job or model server, in a directory of its own that it knows as /opt/ml.

Two modes, both first class:

- ``namespace`` (Linux, where the kernel lets us): user, mount, process and IPC namespaces. The box sees what `visible.machine` names,
  every other child of /opt among it, and its own folder, whose root is bound to /opt/ml; the rest of this machine's files is not there.
  The kernel ends whatever the job leaves running.
- ``rewrite`` (``COURSE_NO_USERNS=1``, macOS, or the kernel refuses): the real path takes the place of ``/opt/ml`` in arguments,
  environment and staged code (`Box.stage`). A path that a program puts together from pieces is not caught. What else is to lie
  somewhere, with a layer (`visible.Bind`), is copied into the box's folder, and its path replaced alike.

Either way a supervisor process (`supervisor/`) stands between: when the local AWS dies, however it dies, the box dies.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import psutil

from course.localaws.containers import mlroot, visible
from course.localaws.containers.layers import Layers
from course.localaws.containers.visible import Bind

Mode = Literal["namespace", "rewrite"]
OnLines = Callable[[list[str]], None]

SUPERVISOR = Path(__file__).with_name("supervisor")
# What a box inherits: where programs, certificates and packages are found, and how this machine's numerics are set. No credentials.
INHERITED = re.compile(r"LANG|LC_\w+|TZ|LD_LIBRARY_PATH|SSL_CERT_\w+|PIP_\w+|(https?|no)_proxy|(OPENBLAS|OMP|MKL)_\w+|JAVA_HOME", re.I)
CODE_SUFFIXES = {".py", ".sh", ".bash", ".r", ".cfg", ".conf", ".ini", ".toml", ".yaml", ".yml", ".ipynb"}
LARGEST_CODE_FILE = 4 << 20
# Where a box in namespace mode has its TMPDIR: the path of a Unix socket below it, as multiprocessing makes them, may have 107 bytes on
# Linux and 103 on macOS. In the other mode the box's folder may have so many that 40 are left for the rest.
SHORT_TMP = "/var/tmp"
LONGEST_FOLDER = 60
LONGEST_LINE = 256 << 10  # bytes; the largest event that CloudWatch Logs took for years
GRACE_SECONDS = 120.0  # between SIGTERM and SIGKILL, says the API reference of StopTrainingJob


@dataclass(frozen=True, slots=True)
class Limits:
    """What a box may use before it is ended; sizes in bytes.

    ``memory`` is the resident memory of all processes together, ``processes`` their number, ``disk`` what lies in the box's folder; all
    three are looked at twice a second. ``file_size`` and ``cpu_seconds`` hold for each process (None: no limit of ours). Output past
    ``output`` is dropped, and a last line says how much.
    """

    memory: int = field(default_factory=lambda: psutil.virtual_memory().total * 4 // 5)
    processes: int = 512
    disk: int | None = None
    file_size: int | None = None
    cpu_seconds: int | None = None
    output: int = 256 << 20

    def divided(self, boxes: int) -> Limits:
        """The limits of each of several boxes that together may use as much as one."""
        disk = None if self.disk is None else self.disk // boxes
        return dataclasses.replace(self, memory=self.memory // boxes, processes=self.processes // boxes, disk=disk)

    def of_a_process(self) -> dict[str, int]:
        """What the kernel itself holds each process to, by the names of the module ``resource``."""
        numbers = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": self.file_size, "RLIMIT_CPU": self.cpu_seconds}
        return {name: number for name, number in numbers.items() if number is not None}


@dataclass(frozen=True, slots=True)
class Network:
    """What a box reaches, and who reaches it.

    Attributes
    ----------
    shared : bool
        Whether it has this machine's network. Otherwise it reaches its own loopback and what follows.
    gateway : (int, Path or None) or None
        A port of its loopback, and the Unix socket outside that answers there; None for the same port of this machine's loopback.
    serves : int or None
        A port of its loopback that is to be reached at the same port of this machine's.
    inside : int or None
        The port of its loopback instead, where that is another.
    joins : int or None
        A process (`Running.first`) in whose network it lives, instead of one of its own.
    hostname : str
        What it is called inside; ``""`` for this machine's name.
    """

    shared: bool = True
    gateway: tuple[int, Path | None] | None = None
    serves: int | None = None
    inside: int | None = None
    joins: int | None = None
    hostname: str = ""

    def as_json(self) -> dict:
        gateway = self.gateway and [self.gateway[0], self.gateway[1] and str(self.gateway[1])]
        reached = {"gateway": gateway, "serves": self.serves, "inside": self.inside or self.serves}
        return {"network": self.shared, "joins": self.joins, "hostname": self.hostname} | reached


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
    binds : sequence of Bind
        What namespace mode shows beside `visible.machine` and the box's own folder. Rewrite mode heeds those with a target and a layer.
    """

    def __init__(
        self,
        root: Path,
        environment: dict[str, str],
        limits: Limits | None = None,
        mode: Mode | None = None,
        network: Network | None = None,
        binds: Sequence[Bind] = (),
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
                mlroot.unpack(archive, Path(folder))
                self.stage(Path(folder))
                archive.unlink()
                mlroot.pack(Path(folder), archive)
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

    def open(self) -> Running:
        """A box of namespace mode with no program in it, for others to enter (`Running.first`); it is there until it is killed."""
        if self.mode != "namespace":
            raise ValueError("a box that others enter takes user namespaces")
        ready = threading.Event()
        running = self._start(None, lambda lines: ready.set(), "/")
        while not ready.wait(0.05):
            if running.exit_code is not None:
                running.wait()
                raise RuntimeError("the box could not be opened")
        return running

    def start(self, argv: Sequence[str], on_lines: OnLines, cwd: str = "/opt/ml") -> Running:
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

    def _start(self, argv: list[str] | None, on_lines: OnLines, cwd: str) -> Running:
        folder = self.root.parent
        for name in ("tmp", "home", "view"):
            (folder / name).mkdir(exist_ok=True)
        if copies := self._layers.copy():
            self.stage(copies)
        within = [bind for bind in self._binds if bind.target and bind.target.is_relative_to("/opt/ml")]
        beside = [bind for bind in self._binds if bind not in within]
        own = [Bind(path, writable=True) for path in folder.iterdir() if path.name != "view"]  # not the folder: that could be replaced
        own.append(Bind(folder / "tmp", Path(SHORT_TMP), writable=True))
        binds = visible.order([*visible.machine(), *own, *beside])
        binds += [Bind(self.root, Path("/opt/ml"), writable=True), *within]
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
        return Running(spec, on_lines, self.limits.output)


class Running:
    """A program that was started in a box.

    Attributes
    ----------
    exit_code : int or None
        None while it runs; afterwards as Docker reports it: 128 + n when signal n ended it.
    limit : str
        Which limit ended it: ``"memory"``, ``"processes"``, ``"disk"`` or ``""``.
    first : int or None
        Process 1 of its process namespace, by its number on this machine; None in rewrite mode.
    """

    def __init__(self, spec: dict, on_lines: OnLines, output: int) -> None:
        self.exit_code: int | None = None
        self.limit = ""
        self._failure: BaseException | None = None
        self._ended = threading.Event()
        self._lifeline_lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(SUPERVISOR)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={},
            start_new_session=True,
        )
        document = json.dumps(spec).encode()
        self._process.stdin.write(b"%08x" % len(document) + document)
        begun = self._process.stderr.readline()
        has_begun = begun.startswith(b'{"first"')
        self.first: int | None = json.loads(begun)["first"] if has_begun else None
        self._complaint = b"" if has_begun else begun
        threading.Thread(target=self._follow, args=(on_lines, output), name="box", daemon=True).start()
        if spec["mode"] == "rewrite":
            threading.Thread(target=self._clear_up, args=(Path(spec["folder"]),), name="box", daemon=True).start()

    @property
    def pid(self) -> int:
        """The supervisor's process id; everything in the box descends from it."""
        return self._process.pid

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code.

        Raises
        ------
        TimeoutError
            After ``timeout`` seconds; the program goes on.
        RuntimeError
            The supervisor itself failed; the message says how.
        Exception
            Whatever ``on_lines`` raised: the program was killed then, because its output could not be kept.
        """
        if not self._ended.wait(timeout):
            raise TimeoutError(f"the box still runs after {timeout} s")
        if self._failure is not None:
            raise self._failure
        return self.exit_code

    def interrupt(self) -> None:
        """Send SIGINT to the program and its process group, as Ctrl-C in a terminal does; returns at once."""
        self._command(b"i")

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Ask the program to end (SIGTERM), and kill it after ``grace`` seconds; returns when it has ended."""
        self._command(b"t")
        if not self._ended.wait(grace):
            self.kill()

    def kill(self) -> None:
        """End every process of the box at once; returns when they have ended."""
        self._command(b"k")
        self._ended.wait()

    def _command(self, letter: bytes) -> None:
        with self._lifeline_lock, contextlib.suppress(OSError, ValueError):  # it may have ended meanwhile
            self._process.stdin.write(letter)

    def _clear_up(self, folder: Path) -> None:
        """End what a supervisor that was killed leaves running, as the kernel does in namespace mode: it would hold the output open."""
        if self._process.wait() < 0:
            sweep(folder)

    def _follow(self, on_lines: OnLines, output: int) -> None:
        """Read the output to its end, then learn from the supervisor how the program ended."""
        try:
            self._read_output(on_lines, output)
        except BaseException as error:  # e.g. the disk of the log store is full
            self._failure = error
            self._command(b"k")
            while self._process.stdout.read(1 << 16):
                pass
        report = (self._complaint + self._process.stderr.read()).decode(errors="replace")
        self._process.wait()
        with self._lifeline_lock:
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                pipe.close()
        try:
            outcome = json.loads(report)
            self.exit_code, self.limit = outcome["exit_code"], outcome["limit"]
        except ValueError:
            self.exit_code = 128 - self._process.returncode if self._process.returncode < 0 else self._process.returncode
            reason = report.strip() or f"it was ended by signal {-self._process.returncode}"
            self._failure = self._failure or RuntimeError(f"the supervisor of the box failed: {reason}")
        self._ended.set()

    def _read_output(self, on_lines: OnLines, output: int) -> None:
        received, rest = 0, b""
        while piece := self._process.stdout.read(1 << 16):
            received += len(piece)
            if received > output:
                continue
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            if lines:
                on_lines([line.decode(errors="replace") for line in lines])
        if rest:
            on_lines([rest.decode(errors="replace")])
        if received > output:
            on_lines([f"[local AWS] The output was longer than {output:,} bytes; what came later was dropped ({received:,} bytes in all)."])


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


def sweep(folder: Path) -> None:
    """End every process of a box below ``folder``: what a killed supervisor may have left in rewrite mode."""
    prefix, mine = f"{folder.resolve()}{os.sep}", psutil.Process()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process != mine and process.environ().get("COURSE_BOX", "").startswith(prefix):
                process.kill()
