"""A new lesson needs only its folders in solutions/ and graders/. Every other mention of it derives from them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from course import cli
from course.authoring import build, copies, declaration, lint, scaffold, source
from course.authoring.teaching import NOTES
from course.grading import catalogue
from course.regression import execute

ROOT = Path(__file__).parents[2]
FIXTURE = Path(__file__).parent / "fixture"
LESSON, NOTEBOOK = "m90_fixture", "m90_1_round_trip"
OWN_FOLDERS = (Path("solutions", LESSON), Path("graders", LESSON))
DERIVED = {Path("README.md"), Path(".gitattributes"), NOTES / f"{LESSON}.md"}
ANSWERS = "# 5. Which of both costs more?\n#\n# <details><summary>Answers</summary>\n#\n# - To 1: three.\n#\n# </details>\n"


@pytest.fixture
def course(tmp_path, monkeypatch) -> Path:
    """A copy of this course."""
    root = tmp_path / "course"
    for folder in ("solutions", "graders", "notebooks", NOTES):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    for name in ("README.md", ".gitattributes", "nbgrader_config.py"):
        shutil.copy(ROOT / name, root)
    monkeypatch.chdir(root)
    return root


def contents(root: Path) -> Mapping[Path, bytes]:
    files = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(root): path.read_bytes() for path in files}


def add_lesson(root: Path) -> None:
    """Write the files of an author: a source, a declaration, definitions, and an exercise that `course new-exercise` starts."""
    for folder in OWN_FOLDERS:
        shutil.copytree(FIXTURE / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = root / "solutions" / LESSON / f"{NOTEBOOK}.py"
    opened = text.read_text().replace("\n\n# %% [markdown]\n# **By the end", "\n#\n# **By the end")  # teaching notes read the first cell
    text.write_text(opened.replace("# 5. Which of both costs more?\n", ANSWERS))
    declared = root / declaration.place(LESSON)
    slow = "minutes: 5\n    slow: {run: it trains, gate: its answers train}"
    declared.write_text("given_copies: [m06_tuning/given/schedule.py]\n" + declared.read_text().replace("minutes: 5", slow))
    assert scaffold.main(["m90_1_ex4"]) == 0


def test_a_new_lesson_changes_only_its_own_folders(course):
    before = contents(course)
    add_lesson(course)
    assert all(any(path.is_relative_to(own) for own in OWN_FOLDERS) for path in set(contents(course)) - set(before))
    assert {path: text for path, text in contents(course).items() if path in before} == before

    assert build.main([LESSON]) == 0
    assert cli.main(["teaching-note", LESSON, "--root", str(course)]) == 0

    assert "\n| m90_1 | count three flights | 5 |\n" in (course / "README.md").read_text()
    assert "- Count the flights on the board." in (course / NOTES / f"{LESSON}.md").read_text()
    assert [name for name in catalogue.exercises(course / "graders") if name.startswith("m90")] == [f"m90_1_ex{n}" for n in (1, 2, 3, 4)]
    assert execute.lessons(course)[-1] == course / "solutions" / LESSON / f"{NOTEBOOK}.ipynb"
    assert [declaration.slow_notebooks(course, what)["m90_1"] for what in declaration.SLOW] == ["it trains", "its answers train"]
    shared = (course / "notebooks" / LESSON / "given" / "schedule.py").read_text()
    assert (
        shared
        == f"{copies.MARK}solutions/m06_tuning/given/schedule.py\n"
        + (course / "solutions" / "m06_tuning" / "given" / "schedule.py").read_text()
    )

    after = contents(course)
    elsewhere = {path for path in after if after[path] != before.get(path) and not any(map(path.is_relative_to, OWN_FOLDERS))}
    assert {path for path in elsewhere if not path.is_relative_to(Path("notebooks", LESSON))} == DERIVED


def test_the_linter_reads_it(course):
    add_lesson(course)
    parsed = source.read(course / "solutions" / LESSON / f"{NOTEBOOK}.py")
    found = [problem.what.partition(";")[0] for problem in lint.lint(parsed, catalogue.exercises(course / "graders"))]
    assert found == [
        "the exercises give 12 points",
        "m90_1_ex4: its title or a hint still says TODO.",
        "exercise 90.1.4 meets no goal",
    ]
