"""The image of a job or model server, with the libraries that it has on this machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from course.localaws import images
from course.localaws.images import Image, libraries
from course.localaws.jobs.overlay import Overlay, course_packages

if TYPE_CHECKING:
    from course.localaws.platform import Platform


def find(platform: Platform, uri: str, role: str = "") -> Image:
    """The image of a URI as `images.find` finds it, with its own libraries if they were added. Raises AwsError."""
    image = images.find(uri, role)
    packages = libraries.added(image.repository, image.version) if platform.own_libraries and image.repository else None
    return replace(image, packages=(packages,)) if packages else image


def set_up(overlay: Overlay, image: Image) -> None:
    """Give an overlay the image's programs, and have its Python start as the image's does."""
    for name, module in image.programs.items():
        overlay.add_program(name, f"-P -m {module}")
    if image.startup:
        arguments = image.version, image.libraries, [str(path) for path in course_packages()]
        overlay.at_start(image.startup, f"install{arguments!r}")
