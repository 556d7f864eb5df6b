"""Tests `course demo-class` as its user runs it, on a few of its learners."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LEARNERS = ["perfect_2", "mistaken_02", "unreadable", "not_handed_in"]


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_a_few_learners_from_roster_to_scores(tmp_path):
    command = [sys.executable, "-m", "course.cli", "demo-class", "--to", str(tmp_path / "class"), "--lessons", "m00_start", "--no-open"]
    done = subprocess.run([*command, "--learners", *LEARNERS], text=True, capture_output=True, timeout=800)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 learners in" in done.stdout and "Not as expected" not in done.stdout
    results = tmp_path / "class" / "results" / "m00_start"
    graded = json.loads((results / "perfect_2" / "m00_start.json").read_text())
    assert sum(each["score"] for each in graded["exercises"].values()) == 4
    assert sorted(path.name for path in results.iterdir() if path.is_dir()) == sorted(LEARNERS[:3])


def test_a_folder_that_is_not_a_demo_class_is_left_unchanged(tmp_path):
    (tmp_path / "precious").write_text("x")
    command = [sys.executable, "-m", "course.cli", "demo-class", "--to", str(tmp_path)]
    done = subprocess.run(command, text=True, capture_output=True, timeout=120)
    assert done.returncode == 2 and "name another folder" in done.stderr
    assert [path.name for path in Path(tmp_path).iterdir()] == ["precious"]
