"""A tiny nbgrader course in a temporary folder, from `fixture/`, with submissions made by editing its released notebook."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import jupytext
import nbformat
import psutil
from nbgrader.api import Gradebook

from course.grading.catalogue import find

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
LESSON, NOTEBOOK = "m98_traps", "m98_1_traps"
SEED = "a secret of this test"

Edit = Callable[[nbformat.NotebookNode], None]


class Course:
    """The course in ``root``, which has one lesson with one notebook: nbgrader's commands and the gradebook."""

    def __init__(self, root: Path, lesson: str = LESSON, notebook: str = NOTEBOOK) -> None:
        self.root, self.lesson, self.notebook = root, lesson, notebook
        self.scratch = root / "tmp"
        shutil.copytree(HERE / "fixture", root, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(REPOSITORY / "nbgrader_config.py", root)
        self.scratch.mkdir()
        source = root / "solutions" / lesson / f"{notebook}.py"
        nbformat.write(solution(source, root / "graders"), source.with_suffix(".ipynb"))

    def nbgrader(self, *arguments: str, expect: int = 0) -> str:
        """Run an nbgrader command in the course's folder and return its output."""
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=self.root,
            env=self.environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=240,
        )
        assert done.returncode == expect, done.stdout
        return done.stdout

    def release(self) -> None:
        """Release the lesson. The first call in a test run uses nbgrader's own command; later calls copy its result."""
        made = _released(self.lesson, self.notebook)
        shutil.copytree(made / "notebooks", self.root / "notebooks")
        shutil.copy(made / "gradebook.db", self.root)

    def environment(self) -> dict[str, str]:
        """The environment variables of an nbgrader command in this course."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COURSE_")}
        environment |= {"GRADING_SEED": SEED, "TMPDIR": str(self.scratch), "JUPYTER_RUNTIME_DIR": str(self.root / "runtime")}
        return environment | {"JUPYTER_CONFIG_DIR": str(self.root / ".jupyter")}

    def leftovers(self) -> list[str]:
        """The processes and temporary files that its commands left."""
        processes = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
        return [each for each in processes if str(self.root) in each] + [str(path) for path in self.scratch.iterdir()]

    def released(self) -> nbformat.NotebookNode:
        return nbformat.read(self.root / "notebooks" / self.lesson / f"{self.notebook}.ipynb", as_version=4)

    def working_copy(self) -> Path:
        """A learner's folder with the released notebook and the given files."""
        folder = self.root / "learner"
        shutil.copytree(self.root / "notebooks" / self.lesson, folder, dirs_exist_ok=True)
        return folder

    def submit(self, student: str, *edits: Edit) -> Path:
        """Hand in the released notebook after some edits."""
        folder = self.root / "submitted" / student / self.lesson
        folder.mkdir(parents=True)
        notebook = self.released()
        for edit in edits:
            edit(notebook)
        path = folder / f"{self.notebook}.ipynb"
        path.write_text(json.dumps(notebook))  # not with nbformat's writer, which would repair the damage of the tests
        return path

    def scores(self, student: str) -> dict[str, float | None]:
        """The automatic score of each exercise."""
        return {name: grade.auto_score for name, grade in self._grades(student).items()}

    def manual_scores(self, student: str) -> dict[str, float | None]:
        """The score of each exercise that a person gave."""
        return {name: grade.manual_score for name, grade in self._grades(student).items()}

    def needs_human(self, student: str) -> set[str]:
        return {name for name, grade in self._grades(student).items() if grade.needs_manual_grade}

    def scores_are_missing(self, student: str) -> bool:
        """Whether the gradebook has no score of this student."""
        with Gradebook(f"sqlite:///{self.root / 'gradebook.db'}") as gradebook:
            found = [each for each in gradebook.assignment_submissions(self.lesson) if each.student_id == student]
            return all(grade.auto_score is None for each in found for notebook in each.notebooks for grade in notebook.grades)

    def shown(self, student: str, exercise: str) -> str:
        """The output of an exercise's graded check cell, as text."""
        notebook = nbformat.read(self.root / "autograded" / student / self.lesson / f"{self.notebook}.ipynb", as_version=4)
        outputs = cell(notebook, find(exercise, self.root / "graders").check_cell).outputs
        return "\n".join(output["data"]["text/plain"] if "data" in output else str(output) for output in outputs)

    def feedback(self, student: str) -> str:
        return (self.root / "feedback" / student / self.lesson / f"{self.notebook}.html").read_text()

    def _grades(self, student: str) -> dict:
        with Gradebook(f"sqlite:///{self.root / 'gradebook.db'}") as gradebook:
            submission = gradebook.find_submission_notebook(self.notebook, self.lesson, student)
            grades = {grade.name.removesuffix("_check"): grade for grade in submission.grades}
            for grade in grades.values():
                gradebook.db.refresh(grade)
                gradebook.db.expunge(grade)
            return grades


@functools.cache
def _released(lesson: str, notebook: str) -> Path:
    """The folder of a course with a released lesson; removed at the end of the test run."""
    folder = Path(tempfile.mkdtemp(prefix="released-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    course = Course(folder / "course", lesson, notebook)
    course.nbgrader("generate_assignment", lesson)
    return course.root


def solution(source: Path, graders: Path) -> nbformat.NotebookNode:
    """The solution notebook of a source, with its cells marked as `course.authoring` marks them."""
    notebook = jupytext.read(source)
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
    """The cell with that id."""
    return next(each for each in notebook.cells if _grade_id(each) == grade_id)


def _grade_id(each: nbformat.NotebookNode) -> str:
    return each.metadata.get("nbgrader", {}).get("grade_id", "")


def answering(**sources: str) -> Edit:
    """An edit that writes these answers: ``answering(ex2="def mean(numbers): ...")``."""

    def edit(notebook: nbformat.NotebookNode) -> None:
        for exercise, source in sources.items():
            next(each for each in notebook.cells if _grade_id(each).endswith(f"_{exercise}")).source = source

    return edit


def starting(source: str) -> Edit:
    """An edit that puts a code cell first."""
    return lambda notebook: notebook.cells.insert(0, nbformat.v4.new_code_cell(source))


def ending(*sources: str) -> Edit:
    """An edit that puts code cells last."""
    return lambda notebook: notebook.cells.extend(map(nbformat.v4.new_code_cell, sources))


def checks_become(*sources: str) -> Edit:
    """An edit that replaces the text of the check cells, one after another."""

    def edit(notebook: nbformat.NotebookNode) -> None:
        checks = [each for each in notebook.cells if each.metadata.get("nbgrader", {}).get("grade")]
        for each, source in zip(checks, sources, strict=True):
            each.source = source

    return edit
