"""All exercises of a notebook, each at its place with the reference's evidence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course.grading import AnswerError, catalogue
from course.grading.gate.candidates import code_cells, source_of
from course.grading.gate.exercise_trial import ExerciseTrial
from course.grading.gate.source_runner import run, scratch_workspace

ROOT = Path(__file__).parents[2]
GRADERS = ROOT / "graders"


def trials(notebook: str) -> Iterator[tuple[ExerciseTrial, dict[str, Any]]]:
    """Each exercise of a notebook at its place, with the reference's evidence."""
    source, exercises = source_of(notebook, ROOT / "solutions"), catalogue.of_notebook(notebook, GRADERS)
    with scratch_workspace(source.parent, GRADERS) as bare_aws:
        namespace: dict[str, Any] = {"__name__": "__main__"}
        cells = code_cells(source)
        for number, cell in enumerate(cells, 1):
            if cell.role == "answer":
                exercise = exercises[cell.exercise]
                catalogue.load_hidden(exercise, GRADERS)
                check = next(other for other in cells if other.role == "check" and other.exercise == cell.exercise)
                trial = ExerciseTrial(exercise, cell, check, namespace, bare_aws)
                reference = trial.evidence("reference", cell.text, namespace)
                assert not isinstance(reference, AnswerError), reference
                yield trial, reference
            elif not cell.role:
                run(cell.text, namespace, f"{notebook}, code cell {number}")
