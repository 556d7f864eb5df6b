"""A tiny nbgrader course in a temporary folder, from `fixture/`, with submissions made by editing its released notebook."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jupytext
import nbformat
from nbgrader.api import Gradebook

from course.grading.catalogue import find

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
LESSON, NOTEBOOK = "m98_traps", "m98_1_traps"
SEED = "a secret of this test"

Edit = Callable[[nbformat.NotebookNode], None]


class Course:
    """The course in ``root``: nbgrader's commands, and the gradebook."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(HERE / "fixture", root, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(REPOSITORY / "nbgrader_config.py", root)
        nbformat.write(solution(root / "graders"), root / "solutions" / LESSON / f"{NOTEBOOK}.ipynb")

    def nbgrader(self, *arguments: str, expect: int = 0) -> str:
        """Run an nbgrader command in the course's folder and return all it wrote."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COURSE_")}
        environment |= {"GRADING_SEED": SEED, "JUPYTER_CONFIG_DIR": str(self.root / ".jupyter")}
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=self.root,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=240,
        )
        assert done.returncode == expect, done.stdout
        return done.stdout

    def released(self) -> nbformat.NotebookNode:
        return nbformat.read(self.root / "notebooks" / LESSON / f"{NOTEBOOK}.ipynb", as_version=4)

    def submit(self, student: str, *edits: Edit) -> Path:
        """Hand in the released notebook after some edits."""
        folder = self.root / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        notebook = self.released()
        for edit in edits:
            edit(notebook)
        path = folder / f"{NOTEBOOK}.ipynb"
        path.write_text(json.dumps(notebook))  # as it is: nbformat's own writer mends what the tests break
        return path

    def scores(self, student: str) -> dict[str, float | None]:
        """Automatic score by exercise."""
        return {name: grade.auto_score for name, grade in self._grades(student).items()}

    def needs_human(self, student: str) -> set[str]:
        return {name for name, grade in self._grades(student).items() if grade.needs_manual_grade}

    def shown(self, student: str, exercise: str) -> str:
        """All that the graded check cell of an exercise shows, as text."""
        notebook = nbformat.read(self.root / "autograded" / student / LESSON / f"{NOTEBOOK}.ipynb", as_version=4)
        outputs = cell(notebook, find(exercise, self.root / "graders").check_cell).outputs
        return "\n".join(output["data"]["text/plain"] if "data" in output else str(output) for output in outputs)

    def feedback(self, student: str) -> str:
        return (self.root / "feedback" / student / LESSON / f"{NOTEBOOK}.html").read_text()

    def _grades(self, student: str) -> dict:
        with Gradebook(f"sqlite:///{self.root / 'gradebook.db'}") as gradebook:
            submission = gradebook.find_submission_notebook(NOTEBOOK, LESSON, student)
            grades = {grade.name.removesuffix("_check"): grade for grade in submission.grades}
            for grade in grades.values():
                gradebook.db.refresh(grade)
                gradebook.db.expunge(grade)
            return grades


def solution(graders: Path) -> nbformat.NotebookNode:
    """The solution notebook of `fixture/`, its cells marked as the authoring room marks them."""
    notebook = jupytext.read(HERE / "fixture" / "solutions" / LESSON / f"{NOTEBOOK}.py")
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for each in notebook.cells:
        marks = each.metadata
        common = {"schema_version": 3, "task": False}
        if "answer" in marks:
            grade_id = find(marks.pop("answer"), graders).answer_cell
            marks["nbgrader"] = common | {"grade_id": grade_id, "solution": True, "grade": False, "locked": False}
        elif "check" in marks:
            exercise = find(marks.pop("check"), graders)
            check = {"grade_id": exercise.check_cell, "solution": False, "grade": True, "locked": True, "points": exercise.points}
            marks["nbgrader"] = common | check
        marks.pop("exercise", None)
    return notebook


def cell(notebook: nbformat.NotebookNode, grade_id: str) -> nbformat.NotebookNode:
    """The cell of that id."""
    return next(each for each in notebook.cells if each.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def answering(**sources: str) -> Edit:
    """An edit that writes these answers: ``answering(ex2="def mean(numbers): ...")``."""

    def edit(notebook: nbformat.NotebookNode) -> None:
        for exercise, source in sources.items():
            cell(notebook, f"m98_1_{exercise}").source = source

    return edit


def starting(source: str) -> Edit:
    """An edit that puts a code cell first."""
    return lambda notebook: notebook.cells.insert(0, nbformat.v4.new_code_cell(source))


def checks_become(source: str) -> Edit:
    """An edit that replaces the text of every check cell."""

    def edit(notebook: nbformat.NotebookNode) -> None:
        for each in notebook.cells:
            if each.metadata.get("nbgrader", {}).get("grade"):
                each.source = source

    return edit
