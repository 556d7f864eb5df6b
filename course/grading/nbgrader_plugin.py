"""nbgrader's autograding with this grader: `nbgrader_config.py` puts these classes into its pipeline.

`StrictExporter` reads a submission. `RepairCells` repairs it before any other step. `GradedExecute` runs and judges it
(`course.grading.submission.run`). `SaveGrades` stores the grader's scores. `course.grading.display.preprocessor.SanitiseNotebook` is last:
it leaves nothing that could run in a browser.
"""

from __future__ import annotations

import contextlib
import weakref
from pathlib import Path
from typing import Any, TextIO

from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    IgnorePattern,
    LimitOutput,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from nbgrader.utils import is_solution
from traitlets import Bool, Float, Unicode

from course.grading.display.preprocessor import SanitiseNotebook
from course.grading.exercise import seeds
from course.grading.plain_files import is_plain
from course.grading.sandbox import kernel_forkserver
from course.grading.sandbox.directory import GIVEN
from course.grading.sandbox.unprotected import unprotected
from course.grading.submission import seed_holder
from course.grading.submission.blame import run
from course.grading.submission.notebook_file import read_notebook
from course.grading.submission.repair import ReleasedCell, repair
from course.grading.submission.run import CELL_SECONDS, Submission
from course.localaws.server import boxed

OUTCOMES = "course_outcomes"  # in nbconvert's resources: check cell -> GradingOutcome


class StrictExporter(NotebookExporter):
    """nbconvert's exporter of notebooks, which reads them by `read_notebook`: nothing in a submission stops nbgrader."""

    def from_filename(self, filename: str, resources: ResourcesDict | None = None, **kw: Any) -> tuple[NotebookNode, ResourcesDict]:
        """Read a notebook; in place of a link or a pipe an empty one, which earns nothing, as in `course grade`."""
        if is_plain(filename):
            return super().from_filename(filename, resources=resources, **kw)
        self.log.warning("%s is a link or not a regular file, so it was not handed in", filename)
        return self.from_notebook_node(new_notebook(), resources=resources, **kw)

    def from_file(self, file_stream: TextIO, resources: ResourcesDict | None = None, **kw: Any) -> tuple[NotebookNode, ResourcesDict]:
        return self.from_notebook_node(read_notebook(Path(file_stream.name)), resources=resources, **kw)


class RepairCells(NbGraderPreprocessor):
    """Repairs the notebook so that it holds every released cell once."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        where = resources["nbgrader"]
        for note in repair(nb, gradebook_cells(where["db_url"], where["assignment"], where["notebook"])):
            self.log.warning("%s, %s: %s; repaired", where["student"], where["notebook"], note)
        return nb, resources


class GradedExecute(NbGraderPreprocessor):
    """Runs a submission in its sandbox, where it can reach the grader, and keeps the grader's outcomes.

    It runs the notebook with the files from the folder in which it was handed in.
    """

    graders = Unicode("graders", help="Folder of the exercises, relative to the course's root.").tag(config=True)
    personal = Bool(False, help="Whether each learner worked on a personal variant, with COURSE_LEARNER set to their gradebook id.").tag(
        config=True
    )
    cell_seconds = Float(CELL_SECONDS, help="Time limit of a cell that is neither an answer nor a check.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        where = resources["nbgrader"]
        student, assignment = where["student"], where["assignment"]
        course = self.parent.parent.coursedir  # preprocessor < exporter < converter
        learner = student if self.personal else seeds.SELF_STUDY
        released = [master.cell() for master in gradebook_cells(where["db_url"], assignment, where["notebook"])]
        with seed_holder.held(seeds.Draw(learner, student, seeds.grading_seed())) as holder:
            submission = Submission(
                source=Path(course.format_path(course.source_directory, ".", assignment)),
                handed_in=Path(course.format_path(course.submitted_directory, student, assignment)),
                graders=Path(self.graders).resolve(),  # nbgrader works in the course's root
                holder=holder,
                learner=learner,
                **_forkservers(self.parent.parent),
            )
            done = run(nb, submission, released, self.cell_seconds)
        for note in done.notes:
            self.log.warning("%s, %s: %s", student, where["notebook"], note)
        for line in unprotected(done.sandbox, Path(course.root)):
            self.log.warning("%s: %s", student, line)
        for cell, outcome in done.outcomes.items():
            if outcome.fault:
                self.log.error("%s needs a human: %s", cell.removesuffix("_check"), outcome.fault)
        resources[OUTCOMES] = done.outcomes
        return nb, resources


class SaveGrades(SaveAutoGrades):
    """Writes the grader's scores to the gradebook and ignores the outputs of the cells."""

    def _add_score(self, cell: NotebookNode, resources: ResourcesDict) -> None:
        if is_solution(cell):  # an answer that a human grades
            super()._add_score(cell, resources)
            return
        name = cell.metadata["nbgrader"]["grade_id"]
        outcome = resources.get(OUTCOMES, {}).get(name)
        score = outcome.score if outcome else None
        if outcome is None:
            self.log.error("%s needs a human: graders/ defines no exercise for this cell", name)
        elif outcome.report.exercise.points != float(cell.metadata["nbgrader"]["points"]):
            self.log.error("%s needs a human: released with different points from those in graders/; generate the assignment again", name)
            score = None
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        grade.auto_score = score
        grade.needs_manual_grade = score is None or grade.manual_score is not None
        self.gradebook.db.commit()


_preloaded: weakref.WeakKeyDictionary[object, dict[str, str]] = weakref.WeakKeyDictionary()


def _forkservers(converter: object) -> dict[str, str]:
    """The addresses of this converter's forkservers, by their names in `Submission`.

    They end with the command or, in the formgrader, with the converter. They start at the second notebook: a single notebook is graded
    sooner without.
    """
    if converter not in _preloaded:
        _preloaded[converter] = {}
    elif not _preloaded[converter]:
        stack = contextlib.ExitStack()
        starts = {"kernels": kernel_forkserver.start_forkserver, "aws": boxed.start_forkserver}
        _preloaded[converter] = {name: stack.enter_context(start()) for name, start in starts.items()}
        weakref.finalize(converter, stack.close)
    return _preloaded[converter]


SANITIZE = [RepairCells, ClearOutput, DeduplicateIds, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]
GRADE = [GradedExecute, IgnorePattern, LimitOutput, SaveGrades, AssignLatePenalties, CheckCellMetadata, SanitiseNotebook]


def gradebook_cells(db_url: str, assignment: str, notebook: str) -> list[ReleasedCell]:
    """The released cells of a notebook, in order, from the gradebook."""
    with Gradebook(db_url) as gradebook:
        released = gradebook.find_notebook(notebook, assignment)
        points = {cell.name: float(cell.max_score) for cell in released.grade_cells}
        solutions = {cell.name for cell in released.solution_cells}
        return [
            ReleasedCell(
                name=cell.name,
                cell_type=cell.cell_type,
                source=cell.source,
                locked=bool(cell.locked),
                solution=cell.name in solutions,
                points=points.get(cell.name),
                checksum=cell.checksum,
            )
            for cell in released.source_cells
        ]


def given_files(source: Path) -> dict[str, list[str]]:
    """Files that learners may edit, by lesson, for `Autograde.exclude_overwriting`: everything below a lesson's ``given/``."""
    return {
        lesson.name: sorted(str(path.relative_to(lesson)) for path in (lesson / GIVEN).rglob("*") if path.is_file())
        for lesson in sorted(source.iterdir() if source.is_dir() else ())
        if (lesson / GIVEN).is_dir()
    }
