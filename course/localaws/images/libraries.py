"""Which libraries an image has here, and which on AWS.

An image runs the course's packages, whatever version its tag names. ``course aws add-image`` can add the library of some versions, as
wheels that ``pins`` names with their hashes. They go into a folder of this Python environment, which every local AWS of the environment
shares. Jobs and servers only look whether the folder is there, and a temporary local AWS, such as the one that grading uses, does not.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from course.localaws.images import Image, catalogue

FOLDER = "COURSE_LOCALAWS_IMAGES"
PINS = "pins.txt"  # in an added folder: the pins that it was made from
ADDED = "[local AWS] This image has {title} {runs}, its own, which `course aws add-image` added."
SHORT = {"sagemaker-scikit-learn": "sklearn"}


class AddImageError(Exception):
    """The library of an image cannot be added. The message says why, and what to do."""


def folder() -> Path:
    """Where the libraries of images are: ``COURSE_LOCALAWS_IMAGES``, else in this Python environment."""
    return Path(os.environ.get(FOLDER) or Path(sys.prefix) / "local-aws-images")


def added(repository: str, version: str) -> Path | None:
    """The packages that were added for an image version and this Python. None if they were not, or for pins of another release."""
    path, pins = _path(repository, version), _pins(repository, version)
    if not pins or not (path / PINS).is_file() or (path / PINS).read_text() != pins.read_text():
        return None
    return path / "packages"


def name(repository: str, version: str) -> str:
    """The name of an image for `add`, e.g. ``"xgboost:3.2-0"``."""
    return f"{SHORT.get(repository, repository.removeprefix('sagemaker-'))}:{version}"


def command(repository: str, version: str) -> str:
    """The command that adds an image's own library. ``""`` if it is added already, or has no wheels for this Python."""
    pins = _pins(repository, version)
    if not pins or added(repository, version) or _python() not in catalogue.entry(repository)["own"][version]:
        return ""
    return f"course aws add-image {name(repository, version)}"


def here(repository: str, packages: tuple[Path, ...] = ()) -> str:
    """The version of the library that an image is named for, in ``packages`` or else among the course's. ``""`` if there is none."""
    names = (catalogue.entry(repository) or {}).get("library", {}).get("distributions", ())
    for places in filter(None, ([str(path) for path in packages], sys.path)):
        for distribution in (found for each in names for found in importlib.metadata.distributions(name=each, path=places)):
            return distribution.version
    return ""


def note(image: Image) -> str:
    """What to say in the log of an image's job or server about its library. ``""`` if it has the release that AWS's image has."""
    title = (catalogue.entry(image.repository) or {}).get("library", {}).get("title", "")
    runs = here(image.repository, image.packages) if title else ""
    if not runs:
        return ""
    theirs = image.libraries[title]
    if image.packages:
        return ADDED.format(title=title, runs=runs)
    if theirs.split(".")[:2] == runs.split(".")[:2]:
        return ""
    text = f"[local AWS] The image {image.repository}:{image.version} has {title} {theirs} on AWS, and {title} {runs} here."
    adding = command(image.repository, image.version)
    return f"{text} `{adding}` adds its own." if adding else text


@dataclass(frozen=True, slots=True)
class OwnLibraries:
    """The libraries of one image version that can be added.

    Attributes
    ----------
    repository, version : str
    pinned : dict of str to str
        The versions of the packages that are added on this machine, by name.
    pythons : list of str
        The Pythons for which there are wheels, e.g. ``["3.11"]``.
    """

    repository: str
    version: str
    pinned: dict[str, str]
    pythons: list[str]

    @property
    def name(self) -> str:
        return name(self.repository, self.version)

    @property
    def state(self) -> str:
        """``"added"``, the command that adds them, or why there is none."""
        if added(self.repository, self.version):
            return "added"
        adding = command(self.repository, self.version)
        return adding or f"wheels for Python {', '.join(self.pythons)} only; this is Python {_python()}"


def available() -> list[OwnLibraries]:
    """The own libraries of all images that have some, in the order of the catalogue."""
    return [
        OwnLibraries(entry["repository"], version, pinned(_pins(entry["repository"], version).read_text()), pythons)
        for entry in catalogue.entries()
        for version, pythons in entry.get("own", {}).items()
    ]


def pinned(pins: str) -> dict[str, str]:
    """The packages that a requirements file with hashes installs on this machine, and their versions."""
    lines = [line.rstrip(" \\") for line in pins.splitlines() if line[:1].isalpha()]
    needs = [Requirement(line) for line in lines]
    return {need.name: str(need.specifier).removeprefix("==") for need in needs if need.marker is None or need.marker.evaluate()}


def add(image: str) -> Path:
    """Install the own library of an image version, e.g. ``"xgboost:3.2-0"`` or its URI. Returns the folder of its packages.

    Raises
    ------
    AddImageError
        There is no such image, it has no wheels for this Python, or pip cannot install them.
    """
    own = _found(image)
    repository, version = own.repository, own.version
    if _python() not in own.pythons:
        raise AddImageError(f"the libraries of {own.name} have {own.state}.")
    if packages := added(repository, version):
        return packages
    path, beside = _path(repository, version), folder() / f"{uuid.uuid4().hex}.new"
    pins = _pins(repository, version)
    try:
        beside.mkdir(parents=True)
        _install(pins, beside / "packages")
        (beside / PINS).write_text(pins.read_text())
        shutil.rmtree(path, ignore_errors=True)
        beside.rename(path)
    except OSError as error:
        raise AddImageError(f"{folder()} cannot be written ({error}). {FOLDER} may name another folder.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return path / "packages"


def remove(image: str) -> bool:
    """Remove what `add` added. Returns whether there was something."""
    own = _found(image)
    path = _path(own.repository, own.version)
    there = path.is_dir()
    shutil.rmtree(path, ignore_errors=True)
    return there


def _install(pins: Path, packages: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    done = subprocess.run([*pip, "--target", str(packages), "--requirement", str(pins)], stdout=sys.stderr, stderr=sys.stderr)
    if done.returncode:
        raise AddImageError("pip could not install the libraries; its message is above. Nothing was changed.")


def _found(image: str) -> OwnLibraries:
    """The libraries of the image that a name or a URI means. Raises AddImageError."""
    named, _, tag = image.rpartition("/")[2].partition(":")
    for own in available():
        names = own.repository, own.name.partition(":")[0], catalogue.entry(own.repository)["name"]
        if named in names and (tag == own.version or tag.startswith(f"{own.version}-cpu")):
            return own
    listed = ", ".join(own.name for own in available())
    raise AddImageError(f"there are no libraries to add for {image!r}, only for {listed}. Other images have the course's libraries.")


def _path(repository: str, version: str) -> Path:
    return folder() / f"{repository}-{version}-{sys.implementation.cache_tag}"


def _pins(repository: str, version: str) -> Path | None:
    if version not in (catalogue.entry(repository) or {}).get("own", {}):
        return None
    return catalogue.folder(repository) / "pins" / f"{version}.txt"


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"
