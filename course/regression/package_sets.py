"""Every lesson under another set of packages: `python -m course.regression.package_sets studio`. `mixes.yaml` says which sets there are."""

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
FOLDER = Path("build", "mixes")


class PackageSetError(Exception):
    """No such mix, or its environment cannot be made."""


def load_package_sets() -> Mapping[str, Mapping[str, Any]]:
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


def environment(name: str) -> Path:
    """Make the environment of a mix anew and return its Python.

    Raises
    ------
    MixError
    """
    if name not in load_package_sets():
        raise PackageSetError(f"no mix {name!r}; there are {', '.join(load_package_sets())}.")
    mix, place = load_package_sets()[name], ROOT / FOLDER / name
    place.parent.mkdir(parents=True, exist_ok=True)
    overrides = place.with_suffix(".txt")
    overrides.write_text("\n".join(mix["overrides"]) + "\n")
    python = place / "bin" / "python"
    _uv("venv", "--clear", "--quiet", "--python", mix["python"], place)
    _uv("pip", "install", "--quiet", "--compile-bytecode", "--python", python, "--override", overrides, "--editable", ROOT)
    return python


def clean(place: Path, packages: Sequence[str]) -> Path:
    """Make an environment of packages from PyPI, and nothing else, anew in ``place`` and return its Python.

    Raises
    ------
    MixError
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    python = place.resolve() / "bin" / "python"
    _uv("venv", "--clear", "--quiet", "--python", sys.executable, place)
    _uv("pip", "install", "--quiet", "--compile-bytecode", "--python", python, *packages)
    return python


def _uv(*arguments: str | Path) -> None:
    uv = shutil.which("uv") or str(ROOT / ".venv-uv" / "bin" / "uv")
    done = subprocess.run(
        [uv, *arguments], env={**os.environ, "UV_PYTHON_DOWNLOADS": "never"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        raise PackageSetError(f"uv {arguments[0]} failed:\n{done.stdout.decode(errors='replace')}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Become `course.regression.run` under the mix that the first argument names; it leaves its report in ``build/run-NAME``."""
    arguments = sys.argv[1:] if arguments is None else arguments
    name = arguments[0] if arguments else ""
    try:
        python = environment(name)
    except PackageSetError as error:
        print(f"mixes: {error}", file=sys.stderr)
        return 1
    os.chdir(ROOT)
    os.execv(python, [str(python), "-m", "course.regression.run", f"build/run-{name}"])  # so that an interrupt reaches it


if __name__ == "__main__":
    sys.exit(main())
