"""Finds the base image of a FROM: one of AWS's framework images, or a base that is replaced by this machine's Python."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from course.localaws import images
from course.localaws.core import credentials
from course.localaws.core.data_files import table
from course.localaws.core.errors import AwsError
from course.localaws.docker_build.dockerfile import Instruction

BASES = Path(__file__).with_name("bases.yaml")
VERSION = re.compile(r"(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True)
class BaseImage:
    """A base image.

    Attributes
    ----------
    environment : dict
    command : tuple of str
        Its CMD.
    aws : str
        The URI of an AWS image, whose programs the built image inherits. ``""`` for any other base.
    note : str
        A warning for the user, ``""`` for none.
    """

    environment: dict[str, str]
    command: tuple[str, ...] = ()
    aws: str = ""
    note: str = ""


def find(instruction: Instruction, name: str) -> BaseImage:
    """The base that a FROM names.

    Raises
    ------
    DockerfileError
        There is no local base of this name.
    """
    known = table(BASES)
    if parts := images.URI.fullmatch(name):
        if parts["account"] == credentials.ACCOUNT:
            raise instruction.error(
                f"{name} is an image of your own registry; to build on one of those is not supported here. "
                "Name what that one is built FROM, and repeat its steps."
            )
        try:
            image = images.find(name)
        except AwsError as error:
            raise instruction.error(error.message) from None
        inherited = {key: value for key, value in image.environment.items() if key != "PYTHONPATH"}
        return BaseImage({"PATH": known["path"]} | inherited, aws=name)
    repository, _, tag = name.partition("@")[0].partition(":")
    for prefix in known["prefixes"]:
        entry = known["repositories"].get(repository.removeprefix(prefix)) if repository.startswith(prefix) else None
        if entry:
            environment = {"PATH": known["path"]} | entry.get("environment", {})
            return BaseImage(environment, tuple(entry["command"]), note=_note(name, tag) if entry.get("python") else "")
    names = ", ".join(known["repositories"])
    raise instruction.error(
        f"this base is not available without Docker: {name}. Build FROM {names}, which use the Python of this machine, "
        "or from one of AWS's framework images by its URI."
    )


def _note(name: str, tag: str) -> str:
    found = VERSION.match(tag)
    here = sys.version_info
    asked = found and (int(found[1]), int(found[2]) if found[2] else None)
    if not asked or asked[0] == here.major and asked[1] in (None, here.minor):
        return ""
    return f"{name} is replaced by the Python of this machine, which is {here.major}.{here.minor}."
