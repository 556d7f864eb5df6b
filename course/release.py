"""`course release LESSON --to DIR`: writes what a learner of one lesson needs, without the answers.

The folder holds the lesson's notebooks, its exercises with their practice checks, the data, and the `course` package as a wheel.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from course import canary, datasets
from course.workspace import RELEASED, ROOT

HIDDEN = "*_hidden.py"
LEFT_OUT = shutil.ignore_patterns(HIDDEN, "answers", "__pycache__", ".ipynb_checkpoints")
WHEEL_SECONDS = 300
LINES_SHOWN = 10

README = """\
# {lesson}

A lesson of the course "From Data to Deployment". Python 3.11 to 3.13 is all it needs; no AWS account. In this folder:

    python3 -m venv .venv
    .venv/bin/python -m pip install {wheel}
    .venv/bin/jupyter lab {notebook}

Run the cells from the top. The first one starts a local AWS on this machine; `.venv/bin/course aws stop` ends it.
"""


class ReleaseError(Exception):
    """No release was made. The message says why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="course release", description=__doc__)
    parser.add_argument("lesson", help="for example m00_start")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="made by this command; must not exist")
    options = parser.parse_args(arguments)
    try:
        build(options.lesson, options.to)
    except (ReleaseError, datasets.DatasetError) as error:
        print(f"course release: {error}", file=sys.stderr)
        return 1
    print(f"The learner's package of {options.lesson}: {options.to}")
    return 0


def build(lesson: str, target: Path, root: Path = ROOT) -> None:
    """Build the package of a lesson. ``target`` is created completely or not at all.

    Raises
    ------
    ReleaseError
        The lesson does not exist, ``target`` exists or cannot be written, the wheel cannot be built, or an answer would leak.
    DatasetError
        A data file is missing or damaged.
    """
    _require_lesson(lesson, root)
    target = target.absolute()
    if target.exists():
        raise ReleaseError(f"{target} exists already; name a folder that does not.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as partial:
            package = Path(partial) / lesson
            _fill(package, lesson, root)
            if found := canary.leaks(package):
                raise ReleaseError(f"answers are in these files: {', '.join(found)}. Run `make notebooks`; if it remains, fix the lesson.")
            package.rename(target)
    except OSError as error:
        raise ReleaseError(f"cannot write {target}: {error.strerror or error}.") from error


def _require_lesson(lesson: str, root: Path) -> None:
    lessons = sorted(path.name for path in (root / RELEASED).glob("m*") if any(path.glob("*.ipynb")))
    if lesson not in lessons:
        raise ReleaseError(
            f"there is no released lesson {lesson!r}, but {', '.join(lessons) or 'none'}. Run `make notebooks` after a new one."
        )


def _fill(package: Path, lesson: str, root: Path) -> None:
    notebooks = package / RELEASED / lesson
    shutil.copytree(root / RELEASED / lesson, notebooks, ignore=LEFT_OUT)
    shutil.copytree(root / "graders" / lesson, package / "graders" / lesson, ignore=LEFT_OUT)
    _copy_data(root / "data", package / "data")
    shutil.copy(root / "LICENSE", package)
    wheel = _build_wheel(root, package)
    first = min(notebooks.glob("*.ipynb")).relative_to(package)
    (package / "README.md").write_text(README.format(lesson=lesson, wheel=f"./{wheel.name}", notebook=first))


def _copy_data(source: Path, target: Path) -> None:
    target.mkdir()
    for name, declared in datasets.manifest(source)["files"].items():
        file = source / f"{name}.parquet"
        if problem := datasets.find_problem(file, declared):
            raise ReleaseError(f"{file} {problem}. Run `make data`.")
        shutil.copy(file, target)
    for name in (datasets.MANIFEST, "README.md"):
        shutil.copy(source / name, target)


def _build_wheel(root: Path, package: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(package), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WHEEL_SECONDS)
    if done.returncode:
        raise ReleaseError("the wheel could not be built:\n" + "\n".join(done.stderr.splitlines()[-LINES_SHOWN:]))
    return next(package.glob("*.whl"))


if __name__ == "__main__":
    sys.exit(main())
