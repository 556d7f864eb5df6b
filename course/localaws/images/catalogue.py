"""The catalogue of local images: the entries that each image's folder declares in its ``image.yaml``.

``image.yaml`` has ``order``, a number that sorts the folders wherever images are listed, and ``images``, a list of entries:

name, title, example
    Of the image; the example is a whole URI. Error messages list title and example.
repository, versions, accounts
    What a URI may name: ``<account>.dkr.ecr.<region>.<suffix>/<repository>:<version>[-cpu-py3|-gpu-py3]``, where more may follow py3
    (``py312-ubuntu22.04``). ``accounts`` is a registry of ``accounts.yaml``.
tag
    A regular expression for tags of another form.
train, serve
    The Python module to run, and its arguments; ``{version}`` is the image's version.
environment
    The variables that the image sets. ``{version}`` is the image's version.
algorithm
    The name of the built-in algorithm that it trains without a script. The folder has an ``algorithm.yaml`` then.
client_error
    The exit code by which the algorithm reports an error of its user.
framework_module
    The value of ``SM_FRAMEWORK_MODULE``.
entrypoint, command
    ENTRYPOINT and CMD of the Dockerfile.
programs
    Programs on the image's PATH that a job may call, each with the module that implements it.
multi_model
    Whether it has the label of an image that serves many models ("Supported algorithms, frameworks, and instances for multi-model
    endpoints" of the SageMaker developer guide, read 2026-11-25).
code
    The folder of a model's script below /opt/ml, if not ``code``.
library
    What the image is named for: ``title``, and ``distributions``, the names on PyPI of which one is installed here.
libraries
    By version, the libraries of AWS's image by their titles. Without this key, the tag's version is that of ``library``.
python
    By version, the Python of AWS's image. A tag that names its Python, such as ``2.1.0-cpu-py310``, needs none.
own
    The versions whose own libraries `course.localaws.images.libraries` can add, each with the Pythons that have wheels of them. The wheels
    are pinned in ``pins/<version>.txt`` beside ``image.yaml``.
startup
    The module of `course.localaws.images.Image.startup`.
needs
    What must be installed on this machine besides the course: a module with its title, a program, and the command that adds the module.
"""

from __future__ import annotations

import difflib
import re
from functools import cache
from pathlib import Path

from course.localaws.core.data_files import table

HERE = Path(__file__).parent
LONGEST = 100  # characters of a name that are compared
KIND = re.compile(r"-[cg]pu\b.*")  # what follows the version in a tag
TAGGED_PYTHON = re.compile(r"\bpy3(\d+)\b")  # in a tag: Python 3.8 is py38


@cache
def entries() -> list[dict]:
    """The entries of all images, in the order in which they are listed."""
    declarations = [table(path) for path in sorted(HERE.rglob("image.yaml"))]
    return [entry for declaration in sorted(declarations, key=lambda it: it["order"]) for entry in declaration["images"]]


def entry(repository: str) -> dict | None:
    """The entry of a repository. None if there is none."""
    return next((entry for entry in entries() if entry["repository"] == repository), None)


def libraries(entry: dict, version: str) -> dict[str, str]:
    """The versions of the libraries that AWS's image of a version has, by title."""
    if "libraries" in entry:
        return entry["libraries"][version]
    return {entry["library"]["title"]: version.partition("-")[0]} if "library" in entry else {}


def python(entry: dict, version: str, tag: str) -> str:
    """The version of the Python in AWS's image of a tag, e.g. ``"3.8"``. ``""`` where it is not known."""
    named = TAGGED_PYTHON.search(tag)
    return f"3.{named[1]}" if named else entry.get("python", {}).get(version, "")


@cache
def folder(repository: str) -> Path:
    """The folder of the image in a repository, which has its ``image.yaml``."""
    return next(path.parent for path in HERE.rglob("image.yaml") if any(each["repository"] == repository for each in table(path)["images"]))


def accounts(registry: str) -> dict[str, str]:
    """The account that owns a registry's images in each region."""
    return table(HERE / "accounts.yaml")[registry]


def not_built() -> dict[str, dict]:
    """The entries of ``not_built.yaml``, AWS's algorithms without a local image, by repository."""
    return table(HERE / "algorithms" / "not_built.yaml")["algorithms"]


def nearest(name: str, region: str, count: int = 3) -> list[str]:
    """The URIs of the images whose names, ``<repository>:<tag>``, are most similar to a name. See `uri`."""
    asked = KIND.sub("", name[:LONGEST])
    found = difflib.get_close_matches(asked, _versions(), n=count, cutoff=0.0)
    return [uri(*_versions()[each], region) for each in found]


def uri(entry: dict, tag: str, region: str) -> str:
    """The URI of an image in a region, or in the region of the entry's example if the image is not in that one."""
    owners = accounts(entry["accounts"])
    region = region if region in owners else entry["example"].split(".")[3]
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"{owners[region]}.dkr.ecr.{region}.{suffix}/{entry['repository']}:{tag}"


@cache
def _versions() -> dict[str, tuple[dict, str]]:
    """The entry and a tag of each ``<repository>:<version>``. The tag has the form of the entry's example."""
    found = {}
    for entry in entries():
        kind = KIND.search(entry["example"])
        for version in entry["versions"]:
            found[f"{entry['repository']}:{version}"] = entry, version + (kind[0] if kind else "")
    return found


def algorithm(name: str) -> dict:
    """The ``algorithm.yaml`` of a built-in algorithm: its hyperparameters, metrics and channels.

    Raises
    ------
    KeyError
        No image declares this algorithm.
    """
    for path in HERE.rglob("image.yaml"):
        if any(entry.get("algorithm") == name for entry in table(path)["images"]):
            return table(path.with_name("algorithm.yaml"))
    raise KeyError(name)
