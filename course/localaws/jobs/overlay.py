"""Overlay environments: packages that a job installs with pip go on top of the course's packages, never into them.

An overlay is a virtual environment of three files, whose Python searches several ``site-packages`` in this order: the job's own, a shared
one with the packages of its requirements file (cached by the file's hash), the course's. pip treats the lower ones as installed elsewhere:
it uses what satisfies a requirement and never changes it.
"""

from __future__ import annotations

import hashlib
import re
import sys
import sysconfig
import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from course.localaws.jobs import pip_choice
from course.sandbox.trees import remove

BELOW, START = "below.pth", "start.pth"  # Python reads them in this order
PIP = "course_pip.py"  # the copy of `pip_choice`
# Programs that start a Python. It must be the overlay's, which finds the lower packages and those that the job installs.
PROGRAMS = {"pip": "pip", "pip3": "pip", "torchrun": "torch.distributed.run"}
CODE = Path(__file__).parents[3]
# A requirement that names a file or another requirements file may mean something else tomorrow, so it is not cached.
LOCAL = re.compile(r"^\s*(-|\.|/|file:)|@\s*file:|\.(whl|zip|gz)\b", re.MULTILINE)


class Overlay:
    """A minimal virtual environment in ``folder`` on top of the site-packages ``below``.

    pip chooses packages for ``python``, a version such as ``"3.8"``, if that is older than the Python that runs (`pip_choice`).
    """

    def __init__(self, folder: Path, below: list[Path], python: str = "") -> None:
        self.folder = folder
        self.below = below
        self.bin = folder / "bin"
        self.packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
        self.bin.mkdir(parents=True)
        self.packages.mkdir(parents=True)
        base = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
        (folder / "pyvenv.cfg").write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n")
        for name in ("python", "python3"):
            (self.bin / name).symlink_to(base)
        for name, module in PROGRAMS.items():
            self.add_program(name, f"-m {module}")
        # addsitedir, unlike a plain line, also reads the .pth files there. The course's own code may be outside any site-packages.
        lines = [f"import site; site.addsitedir({str(path)!r})" for path in below]
        (self.packages / BELOW).write_text("\n".join([*lines, str(CODE)]) + "\n")
        (self.packages / PIP).write_bytes(Path(pip_choice.__file__).read_bytes())
        theirs = tuple(map(int, python.split("."))) if python else sys.version_info[:2]
        self.at_start(PIP.removesuffix(".py"), f"install{theirs, [str(path) for path in course_packages()]!r}")

    def add_program(self, name: str, arguments: str) -> None:
        """Put a program on the overlay's PATH that runs its python with ``arguments`` before the program's own arguments."""
        script = self.bin / name
        script.write_text(f'#!/bin/sh\nexec "{self.bin}/python3" {arguments} "$@"\n')
        script.chmod(0o755)

    def at_start(self, module: str, call: str) -> None:
        """Have each Python process of the overlay import a module and make a call in it, once it finds the packages ``below``."""
        with (self.packages / START).open("a") as start:
            start.write(f"import {module}; {module}.{call}\n")

    def installed(self) -> Path:
        """The folder of what was installed into this overlay, and nothing else. The overlay cannot be used any more."""
        for name in (BELOW, START, PIP):
            (self.packages / name).unlink(missing_ok=True)
        return self.packages


class Overlays:
    """Makes the overlays of jobs; the shared ones are kept in ``folder``.

    Opening the folder removes the installations that a killed process left incomplete. So all parts of a local AWS must open it before one
    of them installs anything.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._installing = threading.Lock()
        for path in folder.glob("*.*"):
            remove(path)

    def make(
        self,
        folder: Path,
        requirements: Path | None,
        run: Callable[[Overlay, list[str]], int],
        below: Sequence[Path] = (),
        python: str = "",
    ) -> Overlay:
        """A new overlay in ``folder`` for one job.

        Parameters
        ----------
        folder : Path
            The folder of the overlay, which is removed with the job.
        requirements : Path or None
            A requirements file that the job will install. Its packages are installed once and shared.
        run : callable
            Runs a command with an overlay's ``bin`` first on PATH, and returns its exit code. May raise to give up.
        below : sequence of Path
            The packages of the job's image, which come before the course's packages.
        python : str
            See `Overlay`.
        """
        packages = [*below, *course_packages()]
        shared = self._shared(requirements, run, packages, python) if requirements else None
        return Overlay(folder, [*([shared] if shared else []), *packages], python)

    def _shared(self, requirements: Path, run: Callable[[Overlay, list[str]], int], below: list[Path], python: str) -> Path | None:
        """The shared site-packages with the packages of ``requirements``.

        None when they must not be cached, or could not be installed; the job's own installation then shows the error.
        """
        text = requirements.read_text(errors="replace")
        if LOCAL.search(text) or not text.strip():
            return None
        own = "".join(f"{path}\n" for path in below if path not in course_packages())
        key = hashlib.sha256(f"{sys.version}\n{python}\n{own}{text}".encode()).hexdigest()[:32]
        kept = self._folder / key
        with self._installing:
            if not kept.exists():
                beside = self._folder / f"{key}.{uuid.uuid4().hex}"
                overlay = Overlay(beside, below, python)
                command = [str(overlay.bin / "pip"), "install", "--quiet", "--requirement", str(requirements)]
                try:
                    if run(overlay, command) != 0:
                        return None
                    _move_unless_there(overlay.installed(), kept)
                finally:
                    remove(beside)
        return kept


def _move_unless_there(folder: Path, target: Path) -> None:
    """Rename a folder, unless another kind of job has installed the same packages meanwhile."""
    try:
        folder.rename(target)
    except OSError:
        if not target.exists():
            raise


def course_packages() -> list[Path]:
    """The folders in which this process finds installed packages."""
    return [Path(path) for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
