"""Tests `course release`: a learner can do the lesson with only the package, and the package answers no exercise."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from course import canary, cli, release
from course.localaws.server import launch
from course.regression.demo_class import fill_in, reference_answers
from course.regression.execute import execute_all

ROOT = Path(__file__).parents[2]
LESSON = "m00_start"
WHERE = """
import course
from course import datasets
from course.grading import catalogue
print(course.__file__, datasets.folder(), catalogue.root())
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("release") / "for-learners"
    assert cli.main(["release", LESSON, "--to", str(target)]) == 0
    return target


def test_it_has_what_the_lesson_needs_and_no_answer(package):
    names = {str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()}
    assert {"README.md", "LICENSE", "data/manifest.json", "data/flights.parquet"} <= names
    assert {"notebooks/m00_start/m00_start.ipynb", "graders/m00_start/m00.py", "graders/m00_start/m00_cases.py"} <= names
    assert not [name for name in names if "answers" in name or "hidden" in name or "solutions" in name]
    assert canary.leaks(package) == []
    wheel = next(package.glob("*.whl"))
    assert wheel.name in (package / "README.md").read_text()
    assert sorted(path.name for path in package.parent.iterdir()) == [package.name]


@pytest.mark.nightly  # the other tests look into the package by day
@pytest.mark.timeout(600)
def test_a_learner_who_has_only_the_package_does_the_lesson(package, tmp_path):
    learner, installed = tmp_path / "learner", tmp_path / "installed"
    shutil.copytree(package, learner)
    with zipfile.ZipFile(next(learner.glob("*.whl"))) as wheel:
        wheel.extractall(installed)
    notebook = learner / "notebooks" / LESSON / "m00_start.ipynb"
    fill_in(notebook, reference_answers(ROOT / "solutions" / LESSON / "m00_start.ipynb"))
    environment = {"PYTHONPATH": str(installed), "COURSE_BACKEND": "local", "COURSE_LOCALAWS_STATE": str(tmp_path / "state")}
    found = subprocess.run(
        [sys.executable, "-c", WHERE], cwd=notebook.parent, env=os.environ | environment, capture_output=True, text=True, timeout=60
    )
    assert found.stdout.split() == [str(installed / "course/__init__.py"), str(learner / "data"), str(learner / "graders")], found.stderr
    try:
        (run,) = execute_all([notebook], tmp_path / "executed", [environment], lambda _: None)
    finally:
        if local_aws := launch.find(tmp_path / "state"):
            local_aws.stop()
    assert run.error == ""
    assert (run.earned, run.points) == (4, 4)


def test_an_unknown_lesson_names_those_there_are(tmp_path, capsys):
    assert cli.main(["release", "m77_none", "--to", str(tmp_path / "out")]) == 1
    assert "no released lesson 'm77_none', but m00_start" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_existing_files_are_not_overwritten(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert cli.main(["release", LESSON, "--to", str(tmp_path)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_an_answer_in_what_learners_get_stops_the_release(tmp_path):
    """The released notebook of this course was edited by hand to hold an answer."""
    root = tmp_path / "course"
    for name in ("course", "graders", "data"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, root)
    notebook = root / "notebooks" / LESSON / "m00_start.ipynb"
    notebook.parent.mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / LESSON / notebook.name, notebook)
    with pytest.raises(release.ReleaseError, match=r"answers are in these files: .*m00_start\.ipynb"):
        release.build(LESSON, tmp_path / "out", root)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["course"]
