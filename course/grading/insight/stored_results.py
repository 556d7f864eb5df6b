"""Reads the stored results of a course's folder and applies the decisions of humans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from course.grading.batches import overrides
from course.grading.batches.folder import CourseFolder
from course.grading.batches.result import SUFFIX, Result


def results(folder: CourseFolder, assignments: Sequence[str] = (), place: str = "results") -> list[Result]:
    """All stored results, ordered by assignment, student and notebook.

    Parameters
    ----------
    folder : CourseFolder
    assignments : sequence of str
        Only of these; of all when empty.
    place : str
        ``"results"``, or ``"drafts"`` for work that is not finished.
    """
    made = overrides.decisions(folder) if place == "results" else {}
    paths = sorted((folder.root / place).glob(f"*/*/*{SUFFIX}"))
    chosen = (path for path in paths if not assignments or path.parts[-3] in assignments)
    read = (Result.read(path.parent, path.stem) for path in chosen)
    return in_order(overrides.apply_decisions(result, made) for result in read if result is not None)


def in_order(some: Iterable[Result]) -> list[Result]:
    return sorted(some, key=lambda result: (result.assignment, result.student, result.notebook))
