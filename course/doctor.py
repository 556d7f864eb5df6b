"""`course doctor`: finds what is wrong with this machine for the course, and the command that fixes it.

It runs on any Python 3 without the course's packages, because it must be able to find missing packages.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import socket
import sys
import tempfile
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
DISTRIBUTION = "from-data-to-deployment"
PYTHONS = ((3, 11), (3, 13))
MACHINES = {"Linux": ("x86_64", "aarch64"), "Darwin": ("arm64", "x86_64")}
DISK = {"environment": 4, "scratch": 2}  # GB: the environment takes 2.3 and a job's data some hundred MB
BROWSERS = ("chromium", "google-chrome")  # the browser test uses one of them; `.ci/browser` installs one if both are missing
FRAMEWORKS = {"torch": "PyTorch", "tensorflow": "TensorFlow"}  # not extras, because the right wheel depends on the machine
OK, NOTE, WRONG = "ok", "note", "wrong"
ALLOW_NAMESPACES = "sudo sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0"
READ_ONLY_SYSTEM = "Folders of the system, such as /usr, are read-only for them: this machine allows no overlay there, or no further one."


class Diagnosis:
    """The result of one check. ``level`` is `OK`, `NOTE` (a minor problem) or `WRONG`. ``fix`` is the command or step that fixes it."""

    def __init__(self, level: str, what: str, fix: str = "") -> None:
        self.level, self.what, self.fix = level, what, fix

    def __str__(self) -> str:
        return f"{self.level:<6} {self.what}" + (f"\n       fix: {self.fix}" if self.fix else "")


def python_version(version: tuple[int, int] | None = None) -> Diagnosis:
    version = tuple(version or sys.version_info[:2])
    shown = ".".join(map(str, version))
    if PYTHONS[0] <= version <= PYTHONS[1]:
        return Diagnosis(OK, f"Python {shown}")
    return Diagnosis(
        WRONG, f"Python {shown}; the course runs on 3.11 to 3.13", "make clean; make run PYTHON=python3.12 (or another that is installed)"
    )


def virtual_environments() -> Diagnosis:
    if importlib.util.find_spec("ensurepip"):
        return Diagnosis(OK, "Python can make virtual environments")
    return Diagnosis(WRONG, "Python cannot make virtual environments: ensurepip is missing", "apt-get install python3-venv")


def machine(system: str | None = None, processor: str | None = None) -> Diagnosis:
    system, processor = system or platform.system(), processor or platform.machine()
    if processor in MACHINES.get(system, ()):
        return Diagnosis(OK, f"{system} on {processor}")
    fix = "install WSL2 (`wsl --install`) and work inside it" if system == "Windows" else ""
    return Diagnosis(WRONG, f"{system} on {processor}; the course runs on Linux (x86-64, arm64) and macOS", fix)


def loopback() -> Diagnosis:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2], timeout=5):
            return Diagnosis(OK, "ports on 127.0.0.1 open and answer")
    except OSError as error:
        return Diagnosis(WRONG, f"no port can be opened on 127.0.0.1 ({error})", "allow connections to loopback in the firewall or sandbox")


def proxy(environment: Mapping[str, str] = os.environ) -> Diagnosis:
    """Checks the proxy settings: a proxy for loopback addresses keeps SDKs from reaching the local AWS."""
    named = [name for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY") if environment.get(name)]
    excepted = (environment.get("no_proxy") or environment.get("NO_PROXY") or "").replace(" ", "").split(",")
    if not named or {"127.0.0.1", "*"} & set(excepted):
        return Diagnosis(OK, "no proxy is set for 127.0.0.1")
    return Diagnosis(WRONG, f"{named[0]} sends calls to the local AWS to a proxy", "export no_proxy=127.0.0.1,localhost")


def disk(place: Path, gigabytes: float) -> Diagnosis:
    place = next(folder for folder in (place, *place.parents) if folder.exists())
    free = shutil.disk_usage(place).free / 1e9
    if free >= gigabytes:
        return Diagnosis(OK, f"{free:.0f} GB free at {place}")
    return Diagnosis(
        WRONG, f"{free:.1f} GB free at {place}; {gigabytes} are needed", f"free some space; du -sh {place}/* shows what takes it"
    )


def packages() -> Iterator[Diagnosis]:
    """Compares the installed packages with `pyproject.toml`. A missing extra is a note."""
    try:
        from packaging.requirements import Requirement

        required = [Requirement(line) for line in importlib.metadata.requires(DISTRIBUTION) or ()]
    except ImportError:
        yield Diagnosis(WRONG, "the course's packages are not installed", _reinstall())
        return
    missing = [str(need) for need in required if _applies(need) and not _satisfied(need)]
    if missing:
        yield Diagnosis(WRONG, f"missing or of another version: {', '.join(missing)}", _reinstall())
    else:
        yield Diagnosis(OK, "all packages are there in the right versions")
    for extra in importlib.metadata.metadata(DISTRIBUTION).get_all("Provides-Extra") or ():
        if any(not _satisfied(need) for need in required if _applies(need, extra) and not _applies(need)):
            yield Diagnosis(
                NOTE, f"the extra {extra} is not installed; the lessons that need it say so", f"uv sync --inexact --extra {extra}"
            )
    for module, title in FRAMEWORKS.items():
        if importlib.util.find_spec(module) is None:
            command = f"cd {ROOT}; make extra-{module}" if (ROOT / "Makefile").is_file() else f"{sys.executable} -m pip install {module}"
            yield Diagnosis(NOTE, f"{title} is not installed; the images and lessons that need it say so", command)


def _reinstall() -> str:
    if (ROOT / "Makefile").is_file():
        return f"cd {ROOT}; rm -f .venv/.ready; make data"
    return f"{sys.executable} -m pip install --force-reinstall {DISTRIBUTION}"


def _applies(need: Requirement, extra: str = "") -> bool:
    return need.marker is None or need.marker.evaluate({"extra": extra})


def _satisfied(need: Requirement) -> bool:
    try:
        return need.specifier.contains(importlib.metadata.version(need.name), prereleases=True)
    except importlib.metadata.PackageNotFoundError:
        return False


def data() -> Diagnosis:
    from course import datasets

    try:
        for name in datasets.manifest()["files"]:
            datasets.path(name)
    except (datasets.DatasetError, ImportError) as error:
        return Diagnosis(WRONG, str(error), "make data")
    return Diagnosis(OK, "the data files are whole")


def local_aws() -> Diagnosis:
    """Checks for a local AWS that was killed or hangs."""
    from course.localaws.server import instance, launch

    state = launch.default_state()
    known = instance.ServerInfo.read(state)
    if known is None:
        return Diagnosis(OK, "no local AWS is running; a lesson starts it")
    if launch.find(state):
        return Diagnosis(OK, f"the local AWS answers at {known.endpoint}")
    if instance.is_locked(state):
        return Diagnosis(WRONG, f"process {known.pid} of the local AWS at {known.endpoint} does not answer", "course aws stop")
    return Diagnosis(NOTE, f"the local AWS in {state} was killed; its state is kept", "course aws start")


def endpoint_variable(environment: Mapping[str, str] = os.environ) -> Diagnosis:
    """Checks for an `AWS_ENDPOINT_URL` of the shell at which nothing answers."""
    url = environment.get("AWS_ENDPOINT_URL")
    if not url:
        return Diagnosis(OK, "AWS_ENDPOINT_URL is not set")
    parts = urllib.parse.urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)), timeout=3):
            return Diagnosis(OK, f"AWS_ENDPOINT_URL {url} answers")
    except (OSError, ValueError):
        return Diagnosis(WRONG, f"AWS_ENDPOINT_URL is {url}, where nothing answers", "unset AWS_ENDPOINT_URL")


def boxes() -> Diagnosis:
    """Checks how jobs get their `/opt/ml`."""
    from course.sandbox.box import best_mode, has_layers
    from course.sandbox.isolation import isolation, warning

    found = isolation()
    if best_mode() != "namespace":
        what = f"jobs run with /opt/ml rewritten in their scripts, which works, too. For grading, {warning(found, 'this machine')}"
        return Diagnosis(NOTE, what, ALLOW_NAMESPACES if sys.platform == "linux" else "")
    if found != "namespace":
        return Diagnosis(NOTE, f"jobs get a private /opt/ml (user namespaces). For grading, {warning(found, 'this machine')}")
    if not has_layers():
        return Diagnosis(NOTE, f"jobs get a private /opt/ml (user namespaces). {READ_ONLY_SYSTEM}")
    return Diagnosis(OK, "jobs get a private /opt/ml (user namespaces)")


def browser() -> Diagnosis:
    if any(map(shutil.which, BROWSERS)):
        return Diagnosis(OK, "a Chromium for the browser test")
    return Diagnosis(NOTE, "no Chromium: `make test` skips its browser test; lessons need none", "apt-get install chromium")


def findings() -> Iterator[Diagnosis]:
    """The results of all checks. Checks that need the course's packages run only if they are installed."""
    yield python_version()
    yield virtual_environments()
    yield machine()
    yield loopback()
    yield proxy()
    yield endpoint_variable()
    yield disk(ROOT, DISK["environment"] if not (ROOT / ".venv").exists() else DISK["scratch"])
    yield disk(Path(tempfile.gettempdir()), DISK["scratch"])
    installed = list(packages())
    yield from installed
    if installed[0].level == OK:
        yield from (data(), local_aws(), boxes())
    yield browser()


def main(arguments: Sequence[str] = ()) -> int:
    """Print all findings. Returns 1 if something is wrong, 0 if the course can run."""
    if arguments:
        print("usage: course doctor\n\nSay what is wrong with this machine for this course, and the command that fixes it.")
        return 0 if set(arguments) <= {"-h", "--help"} else 2
    found = list(findings())
    for finding in found:
        print(finding)
    wrong = sum(finding.level == WRONG for finding in found)
    print("The course can run here." if not wrong else f"{wrong} to fix.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
