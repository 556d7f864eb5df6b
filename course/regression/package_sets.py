"""Runs every lesson with another set of packages: `python -m course.regression.package_sets studio`.

`package_sets.yaml` declares the sets.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path("build", "package-sets")


class PackageSetError(Exception):
    """There is no such set, or its environment cannot be made."""


class PythonMissingError(PackageSetError):
    """This machine does not have the Python that an environment needs."""


def load_package_sets() -> Mapping[str, Mapping[str, Any]]:
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


def environment(name: str) -> Path:
    """Make the environment of a package set anew and return its Python.

    Raises
    ------
    PackageSetError
    """
    if name not in load_package_sets():
        raise PackageSetError(f"no package set {name!r}; there are {', '.join(load_package_sets())}.")
    chosen, place = load_package_sets()[name], ROOT / FOLDER / name
    place.parent.mkdir(parents=True, exist_ok=True)
    overrides = place.with_suffix(".txt")
    overrides.write_text("\n".join(chosen["overrides"]) + "\n")
    python = place / "bin" / "python"
    _uv("venv", "--clear", "--quiet", "--python", chosen["python"], place)
    _uv("pip", "install", "--quiet", "--compile-bytecode", "--python", python, "--override", overrides, "--editable", ROOT)
    return python


def clean(place: Path, packages: Sequence[str], version: str = sys.executable) -> Path:
    """Make an environment of only these packages from PyPI, anew in ``place``, and return its Python.

    ``version`` is a Python of this machine, as uv takes it: a path, or a version such as ``3.12``.

    Raises
    ------
    PackageSetError
        A `PythonMissingError` if there is no such Python.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    python = place.resolve() / "bin" / "python"
    _uv("venv", "--clear", "--quiet", "--python", version, place)
    _uv("pip", "install", "--quiet", "--compile-bytecode", "--python", python, *packages)
    return python


def _uv(*arguments: str | Path) -> None:
    uv = shutil.which("uv") or str(ROOT / ".venv-uv" / "bin" / "uv")
    done = subprocess.run(
        [uv, *arguments], env={**os.environ, "UV_PYTHON_DOWNLOADS": "never"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        text = done.stdout.decode(errors="replace")
        # the second text: pyenv has a command python3.12 that runs only where this version is chosen
        missing = "No interpreter found" in text or "Failed to inspect Python interpreter" in text
        raise (PythonMissingError if missing else PackageSetError)(f"uv {arguments[0]} failed:\n{text}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Replace this process with `course.regression.run`, using the packages of the named set. Its report goes to ``build/run-NAME``."""
    arguments = sys.argv[1:] if arguments is None else arguments
    name = arguments[0] if arguments else ""
    try:
        python = environment(name)
    except PackageSetError as error:
        print(f"package_sets: {error}", file=sys.stderr)
        return 1
    os.chdir(ROOT)
    os.execv(python, [str(python), "-m", "course.regression.run", f"build/run-{name}", "--all"])  # so that an interrupt reaches it


if __name__ == "__main__":
    sys.exit(main())
