"""Late penalties: runs nbgrader's own preprocessor, with the plug-in that `nbgrader_config.py` names, on results in the gradebook."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc

from course.grading.batches import manual_scores, nbgrader_gradebook, overrides
from course.grading.batches.folder import CourseFolder
from course.grading.batches.result import Result

TIMESTAMP = "timestamp.txt"  # nbgrader's exchange and collectors write it into the notebooks' folder
LONGEST = 100  # characters that are read of it


def submitted_at(result: Result, folder: CourseFolder) -> dict[str, datetime]:
    """The submission time as ``{"timestamp": UTC}``, for nbgrader's gradebook; empty when it is not known."""
    path = folder.submission(result.student, result.assignment) / TIMESTAMP
    if not path.is_file() or path.is_symlink():
        return {}
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LONGEST).strip()
        return {"timestamp": parse_utc(text)} if text else {}
    except (ValueError, OverflowError, TypeError):
        print(f"{path.relative_to(folder.root)} has no readable time: it counts as handed in on time.", file=sys.stderr)
        return {}


def with_late_penalties(results: Iterable[Result], folder: CourseFolder, url: str) -> list[Result]:
    """The results with nbgrader's penalties, which it also writes to the gradebook, and with its manual scores, which do not count.

    Parameters
    ----------
    url : str
        The gradebook's URL; the results are in it.
    """
    assign, made = _penalties(folder.root), overrides.decisions(folder)
    found = []
    with Gradebook(url) as gradebook:
        for result in results:
            submitted = gradebook.find_submission_notebook(result.notebook, result.assignment, result.student)
            if submitted.late_submission_penalty is not None or submitted.assignment.total_seconds_late > 0:
                gradebook.db.commit()  # the preprocessor opens the gradebook itself
                where = {"notebook": result.notebook, "assignment": result.assignment, "student": result.student, "db_url": url}
                assign.preprocess(new_notebook(), {"nbgrader": where})
                gradebook.db.expire_all()
            exercises = {name: {"extra": 0.0, **each} for name, each in result.exercises.items()}
            shown = replace(result, exercises=exercises, penalty=submitted.late_submission_penalty or 0.0)
            found.append(manual_scores.with_manual_scores(shown, submitted.grades, made))
    return found


def _penalties(root: Path) -> AssignLatePenalties:
    """The preprocessor, configured as for `nbgrader autograde` in that folder."""
    log = logging.getLogger(__name__)
    log.setLevel(logging.ERROR)  # the summary shows who is late
    return AssignLatePenalties(config=nbgrader_gradebook.config(root), log=log)
