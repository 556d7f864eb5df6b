"""Where the files of this Python are in a container. Logs and failure reasons of jobs and model servers show these paths."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from course.localaws.jobs.overlay import CODE, Overlay, course_packages

LIBRARY = f"/usr/local/lib/python{sys.version_info.major}.{sys.version_info.minor}"
PACKAGES = f"{LIBRARY}/site-packages"
PROGRAMS = "/usr/local/bin"


def shown(overlay: Overlay | None, packages: Iterable[Path] = ()) -> dict[str, str]:
    """Which path of a container to show for each path of this machine.

    Parameters
    ----------
    overlay : Overlay, optional
        The packages that the job installs.
    packages : iterable of Path
        The folders of packages of the job's image.
    """
    found = {sysconfig.get_path("stdlib"): LIBRARY, str(CODE / "course"): f"{PACKAGES}/course"}
    installed = [*course_packages(), *packages, *([*overlay.below, overlay.packages] if overlay else [])]
    found |= {str(path): PACKAGES for path in installed}
    if sys.prefix != sys.base_prefix:  # otherwise it may be the machine's own /usr/bin
        found[str(Path(sys.executable).parent)] = PROGRAMS
    return found | ({str(overlay.bin): PROGRAMS} if overlay else {})
