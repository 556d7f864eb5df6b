"""docs/graders.md shows the records, and the records belong to the current reference answers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from course.grading import catalogue, overview
from course.grading.gate import record

ROOT = Path(__file__).parents[2]
LESSON = "m00_start"


def test_page_is_fresh() -> None:
    written = (ROOT / overview.PAGE).read_text(encoding="utf-8")
    assert written == overview.page(ROOT), "run `python -m course.grading.overview`"


def test_practice_alone_finds_nine_of_ten_wrong_answers() -> None:
    graders = ROOT / "graders"
    scores = {name: record.practice_score(name, graders) for name in catalogue.exercises(graders)}
    assert [name for name, score in scores.items() if not score.wrong] == [], "run the gate with --record"
    total = sum(scores.values(), record.PracticeScore())
    assert total.share <= record.MOST, total.sentence


def test_records_are_of_these_answers() -> None:
    assert overview.stale(ROOT) == []


def _copy(tmp_path: Path) -> Path:
    """A course of the first lesson alone: to make all mutants of all lessons takes many seconds."""
    for name in ("graders", "solutions"):
        shutil.copytree(ROOT / name / LESSON, tmp_path / name / LESSON, ignore=shutil.ignore_patterns("__pycache__", "*.ipynb"))
    (tmp_path / "docs").mkdir()
    return tmp_path


def test_changed_reference_is_named(tmp_path: Path) -> None:
    root = _copy(tmp_path)
    source = root / "solutions/m00_start/m00_start.py"
    source.write_text(source.read_text().replace('["people"] > 20', '["people"] >= 21'))
    assert [line.partition(":")[0] for line in overview.stale(root)] == ["m00_ex2"]


def test_command_writes_the_page(tmp_path: Path) -> None:
    root = _copy(tmp_path)
    (root / "graders/m00_start/answers/m00_ex1/record.yaml").unlink()
    command = [sys.executable, "-m", "course.grading.overview", "--root", str(root)]
    assert subprocess.run(command, text=True, capture_output=True).returncode == 0
    rows = {line.split("`")[1]: line for line in (root / overview.PAGE).read_text().splitlines() if line.startswith("| `m00")}
    assert "not tried yet" in rows["m00_ex1"] and " of " in rows["m00_ex2"]


def test_command_says_what_cannot_be_read(tmp_path: Path) -> None:
    root = _copy(tmp_path)
    (root / "graders/m00_start/m00.py").write_text("def broken(:\n")
    command = [sys.executable, "-m", "course.grading.overview", "--root", str(root)]
    done = subprocess.run(command, text=True, capture_output=True)
    assert done.returncode == 1 and done.stderr.startswith("overview: the definitions in m00_start/m00.py cannot be loaded")
