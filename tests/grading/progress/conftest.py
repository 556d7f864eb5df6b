"""A learner of the course of traps, with a copy of its lesson and some attempts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jupytext
import nbformat
import pytest

from course.grading import attempts

FIXTURE = Path(__file__).parents[1] / "fixture"
LESSON, NOTEBOOK = "m98_traps", "m98_1_traps"
BEGIN = datetime(2026, 11, 1, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Learner:
    """A clone of the course, and in it the learner's copy of one lesson."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / "work" / LESSON

    def run(self, command: str, *arguments: str, where: Path | None = None, expect: int = 0, **environment: str) -> str:
        """The output of a `course` command."""
        done = subprocess.run(
            [sys.executable, "-m", "course.cli", command, *arguments],
            cwd=where or self.root,
            env=os.environ | {"COURSE_GRADERS": str(self.root / "graders"), "COLUMNS": "160"} | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr

    def tried(self, exercise: str, days: float, score: float = 0.0, points: float = 2.0, event: str = "judge", hints: int = 0) -> None:
        at = (BEGIN + timedelta(days=days)).isoformat()
        line = {"at": at, "exercise": exercise, "event": event, "score": score, "points": points, "hints": hints}
        with (self.folder / attempts.FILE).open("a") as file:
            file.write(json.dumps(line) + "\n")


@pytest.fixture
def learner(tmp_path: Path) -> Learner:
    for name in ("graders", "solutions"):
        shutil.copytree(FIXTURE / name, tmp_path / name)
    made = Learner(tmp_path)
    made.folder.mkdir(parents=True)
    notebook = jupytext.read(FIXTURE / "solutions" / LESSON / f"{NOTEBOOK}.py")
    nbformat.write(notebook, made.folder / f"{NOTEBOOK}.ipynb")
    return made
