"""Runs of a submission with a seed that the test knows."""

from __future__ import annotations

import dataclasses
from typing import Any

from nbformat.notebooknode import NotebookNode

from course.grading.exercise.seeds import Draw
from course.grading.submission import blame
from course.grading.submission.run import NotebookRun, Submission
from course.grading.submission.seed_holder import held


def run(notebook: NotebookNode, submission: Submission, *arguments: Any, seed: str = "seed", **options: Any) -> NotebookRun:
    """`course.grading.submission.blame.run` for the student alice. The submission has no connection to a holder of the seed yet."""
    with held(Draw(submission.learner, "alice", seed)) as holder:
        return blame.run(notebook, dataclasses.replace(submission, holder=holder), *arguments, **options)
