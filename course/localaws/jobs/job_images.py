"""The image of a job or model server, with the libraries that it has on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from course.localaws import images
from course.localaws.images import Image, libraries
from course.localaws.jobs.overlay import Overlay, course_packages
from course.sandbox.box import best_mode, has_layers

if TYPE_CHECKING:
    from course.localaws.platform import Platform

NO_LAYERS = (
    "[local AWS] The system's folders, such as /usr, are read-only here; in a container they are not. This machine allows no overlay of "
    "them, or no further one."
)


def find(platform: Platform, uri: str, role: str = "") -> Image:
    """The image of a URI as `images.find` finds it, with its own libraries if they were added. Raises AwsError."""
    image = images.find(uri, role)
    packages = libraries.added(image.repository, image.version) if platform.own_libraries and image.repository else None
    return replace(image, packages=(packages,)) if packages else image


def notes(image: Image) -> Iterator[str]:
    """What the log of a job or model server says at its start of what differs from AWS's image."""
    if note := libraries.note(image):
        yield note
    if best_mode() == "namespace" and not has_layers():
        yield NO_LAYERS


def set_up(overlay: Overlay, image: Image) -> None:
    """Give an overlay the image's programs, and have its Python start as the image's does."""
    for name, module in image.programs.items():
        overlay.add_program(name, f"-P -m {module}")
    if image.startup:
        arguments = image.version, image.libraries, [str(path) for path in course_packages()]
        overlay.at_start(image.startup, f"install{arguments!r}")
