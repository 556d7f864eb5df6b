"""Refuses to grade with two copies of the `course` package.

A copy of the course's folder that runs with the environment of another clone has two: some processes import the package of the folder
that they start in, others that of the environment. Then checks, kernels and jobs do not fit each other, and students lose points.
"""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import course

PACKAGE = "course"
RUNNING = Path(course.__file__).resolve().parent
FIND = f"import importlib.util as u; found = u.find_spec({PACKAGE!r}); print(found.origin if found else '')"


class PackagesError(Exception):
    """There is not exactly one `course` package; the message names the folders and says what to do."""


def require_one_package(root: Path) -> None:
    """Raise `PackagesError` unless this process, the course in ``root``, the working directory and kernels have the same package."""
    for folder in (root.resolve(), Path.cwd()):
        if (folder / PACKAGE / "__init__.py").is_file() and (folder / PACKAGE).resolve() != RUNNING:
            raise PackagesError(
                f"two copies of the course would be mixed: {folder} has the package {folder / PACKAGE}, but this command runs {RUNNING}. "
                f"Use the environment of {folder}: `make run` there makes it, and `.venv/bin/course` is its command."
            )
    kernels = package_of_kernels()
    if kernels is None:
        raise PackagesError(
            f"the environment {sys.prefix} has no package {PACKAGE!r}, so that no kernel could import it; this command runs {RUNNING}. "
            "Use the environment that `make run` makes in the course's folder."
        )
    if kernels != RUNNING:
        raise PackagesError(
            f"two copies of the course would be mixed: this command runs {RUNNING}, but kernels of the environment {sys.prefix} import "
            f"{kernels}. Use the environment of {RUNNING.parent}: `make run` there makes it, and `.venv/bin/course` is its command."
        )


@functools.cache
def package_of_kernels() -> Path | None:
    """The package that a kernel imports: this Python's own, without PYTHONPATH and the working directory. None when it has none."""
    done = subprocess.run([sys.executable, "-I", "-X", "utf8", "-c", FIND], capture_output=True, text=True, check=True, encoding="utf-8")
    origin = done.stdout.strip()
    return Path(origin).resolve().parent if origin else None
