"""nbgrader's autograding with our grader behind it: `nbgrader_config.py` puts these three preprocessors into its pipeline.

`RepairCells` mends a submission before anything else looks at it. `GradedExecute` runs it while a `GraderServer` judges what its check
cells hand over, and writes the grader's own report over whatever a check cell shows. `SaveGrades` takes the scores from the grader.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbclient.util import run_sync
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output
from nbgrader.api import Gradebook
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    DeduplicateIds,
    Execute,
    IgnorePattern,
    LimitOutput,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from nbgrader.utils import is_solution
from traitlets import Bool, Float, Integer, Unicode

from course import interrupts
from course.grading import catalogue, render, seeds
from course.grading.repair import Master, repair
from course.grading.server import GraderServer, Outcome
from course.grading.submission_aws import NONE, needed, submission_aws

OUTCOMES = "course_outcomes"  # in nbconvert's resources: check cell -> Outcome
GIVEN = "given"  # the folder of a lesson whose files learners may edit


class RepairCells(NbGraderPreprocessor):
    """Makes the notebook hold every released cell once."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        where = resources["nbgrader"]
        for note in repair(nb, masters(where["db_url"], where["assignment"], where["notebook"])):
            self.log.warning("%s, %s: %s; mended", where["student"], where["notebook"], note)
        return nb, resources


class GradedExecute(Execute):
    """Runs a submission in a kernel that can reach the grader, and keeps the grader's outcomes.

    Given files that were not handed in come back first: many hand in the notebook alone.
    """

    graders = Unicode("graders", help="Folder of the exercises, relative to the course's root.").tag(config=True)
    personal = Bool(False, help="Whether learners worked on variants of their own, with COURSE_LEARNER set to their gradebook id.").tag(
        config=True
    )
    cell_seconds = Float(300, help="Time limit of a cell that is neither an answer nor a check.").tag(config=True)

    iopub_timeout = Integer(20, help="Seconds that a kernel has to come back from an interrupt before it is killed.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        self._graders = Path(self.graders).resolve()  # nbgrader works in the course's root
        self._exercises = {exercise.check_cell: exercise for exercise in catalogue.exercises(self._graders).values()}
        self._outcomes: dict[str, Outcome] = {}
        self._dead = ""  # why the kernel is gone
        self.timeout_func = self._limit
        student, assignment = resources["nbgrader"]["student"], resources["nbgrader"]["assignment"]
        learner = student if self.personal else seeds.SELF_STUDY
        coursedir = self.parent.parent.coursedir  # preprocessor < exporter < converter
        restore_given(Path(coursedir.format_path(coursedir.source_directory, ".", assignment)), Path(resources["metadata"]["path"]))
        with interrupts.raised(), contextlib.ExitStack() as stack:
            aws = stack.enter_context(submission_aws()) if needed(nb) else NONE
            draw = seeds.Draw(learner, student, seeds.grading_seed())
            self._server = stack.enter_context(GraderServer(draw, aws.client, self._graders))
            self._environment = self._kernel_environment(learner) | aws.environment
            nb, resources = super().preprocess(nb, resources)
        resources[OUTCOMES] = self._outcomes
        return nb, resources

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict, index: int) -> tuple[NotebookNode, ResourcesDict]:
        exercise = self._exercises.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if exercise:
            self._server.expect(exercise)
        self._run(cell, resources, index)
        if exercise:
            outcome = self._server.settle(exercise, self._dead or _silence(cell))
            if outcome.fault:
                self.log.error("%s needs a human: %s", exercise.id, outcome.fault)
            self._outcomes[exercise.check_cell] = outcome
            cell.outputs = outputs(outcome)
        return cell, resources

    def start_new_kernel(self, **kwargs: Any) -> None:
        super().start_new_kernel(env=self._environment, **kwargs)

    def _kernel_environment(self, learner: str) -> dict[str, str]:
        """This process's environment without the seed that graded cases come from."""
        environment = {name: value for name, value in os.environ.items() if name != "GRADING_SEED"}
        return environment | {
            "COURSE_BACKEND": "local",
            "COURSE_GRADERS": str(self._graders),
            "COURSE_GRADER_SOCKET": self._server.address,
            "COURSE_LEARNER": learner,
        }

    def _run(self, cell: NotebookNode, resources: ResourcesDict, index: int) -> None:
        if self._dead:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
            return
        try:
            super().preprocess_cell(cell, resources, index)
        except DeadKernelError:
            self._dead = f"The kernel died in cell {index + 1}, before this check."
            self.log.error(self._dead)
        except CellTimeoutError:  # it did not even answer to the interrupt that follows a time-out
            self._dead = f"The kernel hung in cell {index + 1} and would not be interrupted."
            self.log.error(self._dead)
            run_sync(self.km.shutdown_kernel)(now=True)

    def _limit(self, cell: NotebookNode) -> float:
        """Seconds a cell may run: the exercise's own for its answer, as long as the grader waits at most for its check."""
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        for exercise in self._exercises.values():
            if name == exercise.answer_cell:
                return exercise.seconds
            if name == exercise.check_cell:
                return 2 * exercise.seconds + 30  # practice and graded checks, each within its own limit, and the checks' own work
        return self.cell_seconds


class SaveGrades(SaveAutoGrades):
    """Writes the grader's scores to the gradebook, whatever the outputs of the cells say."""

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
            self.log.error("%s needs a human: released with other points than graders/ says; generate the assignment again", name)
            score = None
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        grade.auto_score = score
        grade.needs_manual_grade = score is None or grade.manual_score is not None
        self.gradebook.db.commit()


SANITIZE = [RepairCells, ClearOutput, DeduplicateIds, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]
GRADE = [GradedExecute, IgnorePattern, LimitOutput, SaveGrades, AssignLatePenalties, CheckCellMetadata]


def masters(db_url: str, assignment: str, notebook: str) -> list[Master]:
    """The released cells of a notebook, in order, from the gradebook."""
    with Gradebook(db_url) as gradebook:
        released = gradebook.find_notebook(notebook, assignment)
        points = {cell.name: float(cell.max_score) for cell in released.grade_cells}
        solutions = {cell.name for cell in released.solution_cells}
        return [
            Master(
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


def outputs(outcome: Outcome) -> list[NotebookNode]:
    """What a graded check cell shows: the report, and the score as nbgrader itself would read it."""
    report = outcome.report
    data = {"text/plain": render.as_text(report), "text/html": render.as_html(report, ladder=False)}
    shown = [new_output("display_data", data=data)]
    if outcome.score is not None:
        shown.append(new_output("execute_result", data={"text/plain": repr(outcome.score)}))
    return shown


def given_files(source: Path) -> dict[str, list[str]]:
    """Files that learners may edit, by lesson, for `Autograde.exclude_overwriting`: all below ``given/`` of each lesson."""
    return {
        lesson.name: sorted(str(path.relative_to(lesson)) for path in (lesson / GIVEN).rglob("*") if path.is_file())
        for lesson in sorted(source.iterdir() if source.is_dir() else ())
        if (lesson / GIVEN).is_dir()
    }


def restore_given(source: Path, submission: Path) -> None:
    """Copy what lies below ``given/`` of the lesson and is missing in the submission."""
    for path in (source / GIVEN).rglob("*"):
        target = submission / path.relative_to(source)
        if path.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


def _silence(cell: NotebookNode) -> str:
    """Why a check cell ended without having handed anything to the grader."""
    for output in cell.get("outputs", ()):
        if output.output_type == "error":
            return f"The check cell stopped with {output.ename}: {output.evalue}".rstrip(": ")[:300]
    return "The check cell handed nothing to the grader."
