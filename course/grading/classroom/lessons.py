"""Generates and releases lessons with nbgrader's own commands."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from course.grading.classroom.schedule import ClassSchedule

SECONDS = 600  # for one command
LINES_SHOWN = 12


class CommandError(Exception):
    """An nbgrader command failed; the message has its last lines."""


def available_lessons(root: Path) -> list[str]:
    """The lessons that can be generated, in order."""
    return sorted(path.name for path in (root / "solutions").glob("m*") if any(path.glob("*.ipynb")))


def nbgrader(root: Path, *arguments: str) -> str:
    """Run an nbgrader command in the course's folder; returns its output.

    Raises
    ------
    CommandError
    """
    command = [sys.executable, "-m", "nbgrader", *arguments]
    try:
        done = subprocess.run(command, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise CommandError(f"`nbgrader {' '.join(arguments)}` did not end within {SECONDS} seconds.") from None
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-LINES_SHOWN:])
        raise CommandError(f"`nbgrader {' '.join(arguments)}` failed:\n{said}")
    return done.stdout + done.stderr


def generate(root: Path, lesson: str, db_url: str = "") -> None:
    """Make a lesson's notebooks and its rows in the gradebook; replaces the ones in ``notebooks/`` only on success.

    Raises
    ------
    CommandError
    """
    with tempfile.TemporaryDirectory(prefix=".generate-", dir=root) as stage:
        made, target = Path(stage, lesson), root / "notebooks" / lesson
        nbgrader(
            root,
            "generate_assignment",
            lesson,
            "--force",
            f"--CourseDirectory.release_directory={Path(stage).name}",
            *([f"--CourseDirectory.db_url={db_url}"] if db_url else []),
        )
        if not same(made, target):
            target.parent.mkdir(exist_ok=True)
            if target.exists():
                target.rename(Path(stage, "before"))
            made.rename(target)


def release(root: Path, lesson: str, schedule: ClassSchedule) -> bool:
    """Release a lesson to the exchange, where students fetch it; False when it is there already.

    Raises
    ------
    CommandError
    """
    assert schedule.exchange is not None
    if (schedule.exchange / schedule.course / "outbound" / lesson).is_dir():
        return False
    nbgrader(root, "release_assignment", lesson, f"--course={schedule.course}", f"--Exchange.root={schedule.exchange}")
    return True


def same(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files."""

    def content(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}

    return other.is_dir() and content(one) == content(other)
