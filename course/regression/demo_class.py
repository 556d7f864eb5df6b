"""A small class of learners, made from the course itself and put through plain nbgrader commands."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course.regression.execute import WORKERS
from course.regression.process_pool import ProcessPool

Answers = Mapping[str, str]
"""Exercise id -> code of its answer cell."""

NBGRADER_SECONDS = 1200


@dataclass(frozen=True, slots=True)
class Learner:
    """A learner: ``choose(references, mistakes)`` gives the answers they hand in, ``expected(share)`` judges what they earned."""

    name: str
    choose: Callable[[Answers, Answers], Answers]
    expected: Callable[[float], bool]
    expectation: str


def _first_half(references: Answers, _: Answers) -> Answers:
    return {name: references[name] for name in list(references)[: (len(references) + 1) // 2]}


LEARNERS = (
    Learner("perfect", lambda references, _: references, lambda share: share == 1, "all points"),
    Learner("half_done", _first_half, lambda share: 0 < share < 1, "some of the points"),
    Learner("untouched", lambda *_: {}, lambda share: share == 0, "no points"),
    Learner("mistaken", lambda _, mistakes: mistakes, lambda share: share < 1, "fewer than all points"),
)


class DemoClassError(Exception):
    """An nbgrader command failed; the message has its last lines."""


class DemoClass:
    """A course folder of its own, below ``folder``, in which nbgrader releases, collects and grades; the repository stays as it is.

    Parameters
    ----------
    root : Path
        The repository.
    folder : Path
        Made anew.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("solutions", "graders", "nbgrader_config.py"):
            (folder / name).symlink_to(root / name)
        self.lessons = sorted(path.name for path in (root / "solutions").glob("m*") if list(path.glob("*.ipynb")))

    def release(self) -> None:
        """Generate every lesson's learner notebooks and their rows in the gradebook that each learner's own begins as."""
        with ProcessPool(1) as crew:
            for lesson in self.lessons:
                self._nbgrader(crew, "generate_assignment", lesson, "--force", "--create")

    def submit(self, learner: Learner) -> None:
        for lesson in self.lessons:
            target = self.folder / "submitted" / learner.name / lesson
            shutil.copytree(self.folder / "notebooks" / lesson, target)
            for path in sorted(target.glob("*.ipynb")):
                references = reference_answers(self.root / "solutions" / lesson / path.name)
                fill_in(path, learner.choose(references, mistaken_answers(self.root / "graders" / lesson, references)))

    def _grade(self, crew: ProcessPool, learner: Learner, on_lesson: Callable[[], None]) -> dict[str, tuple[float, float]]:
        """Autograde one learner's lessons and write their feedback; return lesson -> (points earned, points possible)."""
        gradebook = self.folder / f"gradebook_{learner.name}.db"  # one each, so that two at a time do not wait for one SQLite file
        shutil.copy(self.folder / "gradebook.db", gradebook)
        database = f"--CourseDirectory.db_url=sqlite:///{gradebook}"
        for lesson in self.lessons:
            self._nbgrader(crew, "autograde", lesson, "--student", learner.name, "--create", database)
            self._nbgrader(crew, "generate_feedback", lesson, "--student", learner.name, database)
            on_lesson()
        return scores(gradebook, learner.name)

    def grade_all(self, on_lesson: Callable[[], None]) -> dict[str, dict[str, tuple[float, float]]]:
        for learner in LEARNERS:
            self.submit(learner)
        with ProcessPool(WORKERS) as crew:
            graded = {learner.name: crew.submit(self._grade, crew, learner, on_lesson) for learner in LEARNERS}
            return {name: grade.result() for name, grade in graded.items()}

    def _nbgrader(self, crew: ProcessPool, *arguments: str) -> None:
        command = [sys.executable, "-m", "nbgrader", *arguments]
        with crew.child(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as nbgrader:
            output, _ = nbgrader.communicate(timeout=NBGRADER_SECONDS)
        if nbgrader.returncode:
            raise DemoClassError(f"`nbgrader {' '.join(arguments)}` failed:\n" + "\n".join(output.splitlines()[-15:]))


def reference_answers(solution: Path) -> dict[str, str]:
    """The reference answers of a solution notebook, in the order of its exercises."""
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in nbformat.read(solution, as_version=4).cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    }


def mistaken_answers(graders: Path, references: Answers) -> dict[str, str]:
    """For each exercise the first of its foreseen mistakes, ``answers/<exercise>/wrong_*.py``."""
    return {name: min((graders / "answers" / name).glob("wrong_*.py")).read_text() for name in references}


def fill_in(notebook: Path, answers: Answers) -> None:
    """Type answers into a learner's notebook, as its learner would."""
    content = nbformat.read(notebook, as_version=4)
    for cell in content.cells:
        answer = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if answer is not None:
            cell.source = answer
    nbformat.write(content, notebook)


def scores(gradebook: Path, learner: str) -> dict[str, tuple[float, float]]:
    """Lesson -> (points earned, points possible), from nbgrader's gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{gradebook}") as book:
        return {submission.name: (submission.score, submission.max_score) for submission in book.student_submissions(learner)}


def unexpected(results: Mapping[str, Mapping[str, tuple[float, float]]]) -> list[str]:
    """A line for each learner and lesson whose score is not what that learner deserves."""
    return [
        f"{learner.name} has {earned:g} of {possible:g} points in {lesson}; expected {learner.expectation}."
        for learner in LEARNERS
        for lesson, (earned, possible) in results[learner.name].items()
        if not learner.expected(earned / possible)
    ]
