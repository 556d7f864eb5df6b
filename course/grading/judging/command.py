"""`course judge`: judges the answers of your saved notebook with the hidden checks, on fresh cases, in a sandbox."""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

from course.grading import attempts, catalogue, render
from course.grading.classroom.schedule import ClassScheduleError
from course.grading.errors import DefinitionError, UnknownExercise
from course.grading.exercise import seeds
from course.grading.exercise.exercise import Exercise
from course.grading.judging import FAULT, SILENCE, availability
from course.grading.progress import learner_folder
from course.grading.submission import seed_holder
from course.grading.submission.blame import run
from course.grading.submission.notebook_file import read_notebook
from course.grading.submission.repair import ReleasedCell, overwrite, released_cells, repair
from course.grading.submission.run import StartError, Submission
from course.grading.submission.server import GradingOutcome
from course.terminal import Terminal


class JudgeError(Exception):
    """The notebook cannot be judged. The message says why and what to do."""


@dataclass(frozen=True)
class SavedNotebook:
    """A learner's notebook, repaired and cut after the last exercise to judge, and the released cells of these exercises."""

    path: Path
    notebook: NotebookNode
    released: tuple[ReleasedCell, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every answer was judged right, 1 when not, 2 when the notebook cannot be judged."""
    parser = argparse.ArgumentParser(prog="course judge", description=__doc__)
    parser.add_argument("notebook", help="for example m02_1")
    parser.add_argument("--exercise", action="append", metavar="ID", help="only this exercise, for example m02_1_ex3; may be repeated")
    options = parser.parse_args(arguments)
    terminal = Terminal()
    try:
        exercises = _chosen(options.notebook, options.exercise)
        copy = learner_folder.find_learner_folder(Path.cwd())
        folder = learner_folder.lesson_folder(copy, exercises[0])
        noted = attempts.read(folder)
        numbers = {exercise.id: availability.require(exercise, noted) for exercise in exercises}
        saved = _saved(folder, options.notebook, exercises)
        terminal.say(f"Judging {saved.path.name} as it is saved: its cells run in a sandbox, with a local AWS of their own.")
        with terminal.status("running the notebook"):
            outcomes = _judged(saved, folder, lambda outcome: _show(outcome, numbers, folder, terminal))
    except (
        JudgeError,
        UnknownExercise,
        DefinitionError,
        ClassScheduleError,
        StartError,
        OSError,
        availability.JudgingUnavailable,
        learner_folder.NoLearnerFolderError,
    ) as error:
        print(f"course judge: {error}", file=sys.stderr)
        return 2
    return 0 if all(outcome.report.passed for outcome in outcomes) else 1


def _chosen(notebook: str, ids: Sequence[str] | None) -> list[Exercise]:
    known = catalogue.of_notebook(notebook, catalogue.root())
    if not known:
        there = sorted({each.notebook for each in catalogue.exercises().values()})
        raise JudgeError(f"there is no notebook {notebook!r} with exercises, but {', '.join(there)}.")
    if unknown := [name for name in ids or () if name not in known]:
        raise UnknownExercise(f"{notebook} has no exercise {unknown[0]!r}, but {', '.join(known)}.")
    return [exercise for name, exercise in known.items() if not ids or name in ids]


def _saved(folder: Path, notebook: str, exercises: Sequence[Exercise]) -> SavedNotebook:
    path = min(folder.glob(f"{notebook}_*.ipynb"))
    released = _released(folder.name, path)
    try:
        content = read_notebook(path)
        repair(content, released)
    except Exception as error:  # nbformat raises many kinds of error for a broken file
        raise JudgeError(f"{path} cannot be read as a notebook ({type(error).__name__}: {error}). Save it again in JupyterLab.") from error
    overwrite(content, released)
    wanted = {exercise.check_cell for exercise in exercises}
    last = max(i for i, cell in enumerate(content.cells) if cell.metadata.get("nbgrader", {}).get("grade_id") in wanted)
    content.cells = content.cells[: last + 1]
    return SavedNotebook(path, content, tuple(cell for cell in released if cell.points is None or cell.name in wanted))


def _released(lesson: str, path: Path) -> list[ReleasedCell]:
    """The cells of the notebook as it was released."""
    released = catalogue.root().parent / learner_folder.NOTEBOOKS / lesson / path.name
    try:
        return released_cells(nbformat.read(released, as_version=4))
    except OSError as error:
        raise JudgeError(f"the released notebook {released} cannot be read: {error.strerror}.") from error


def _judged(saved: SavedNotebook, folder: Path, on_outcome: Callable[[GradingOutcome], None]) -> list[GradingOutcome]:
    learner = seeds.learner()
    with seed_holder.held(seeds.Draw(learner, learner, secrets.token_hex(16))) as holder:
        submission = Submission(
            source=catalogue.root().parent / learner_folder.NOTEBOOKS / folder.name,
            handed_in=folder,
            graders=catalogue.root(),
            holder=holder,
            learner=learner,
        )
        done = run(saved.notebook, submission, [cell.cell() for cell in saved.released], on_outcome=on_outcome, later=True)
    return list(done.outcomes.values())


def _show(outcome: GradingOutcome, numbers: dict[str, int], folder: Path, terminal: Terminal) -> None:
    report = outcome.report
    report.phase = "judged"
    if outcome.doubtful:
        report.problem = SILENCE
    elif outcome.fault:
        report.problem = FAULT
    elif not report.unanswered:
        attempts.append_attempt(attempts.of_report(report, attempts.JUDGE, hints=0), folder)
    more = f"Judged by the hidden checks, run {numbers[report.exercise.id]}."
    terminal.say(render.as_text(report, more))


if __name__ == "__main__":
    sys.exit(main())
