"""The stored result of one graded notebook: plain data, from which gradebook, pages and spreadsheets are made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from course.grading import characters

GRADED, UNGRADED = "graded", "ungraded"
SUFFIX = ".json"


@dataclass(frozen=True)
class Result:
    """The finding on one notebook of one student.

    Attributes
    ----------
    student, assignment, notebook : str
    status : str
        ``"graded"``, or ``"ungraded"`` when the notebook could not be graded: ``fault`` says why and what to do.
    exercises : dict
        Exercise id -> ``{"score": float or None, "points": float, "fault": str, "report": render.as_json}``. A score of None needs a human.
        Decisions of humans add ``override`` (`course.grading.batches.overrides`) and ``extra``, points beyond those of the exercise.
        ``manual`` has a ``score`` and ``extra`` credit of the formgrader that nobody decided; they do not count (`manual_scores`).
    repairs, notes : list of str
        Repairs before the run; what was left out, cut off or ended in it.
    again : dict
        Check cell -> why the notebook has to run once more, alone, at the end of the batch. These exercises have no score until then.
    sandbox : str
        As in `course.grading.submission.run.NotebookRun`.
    submission, checks, seed, packages : str
        Hashes of the submission, the checks, the grading seed and the installed packages, which document how it was graded.
    key : str
        A hash of these four, the released notebook and the options; a result with the same key need not be made again.
    graded_at : str
        ISO 8601, UTC.
    seconds : float
    penalty : float
        Points that nbgrader deducts for late submission; known once the result is in the gradebook.
    """

    student: str
    assignment: str
    notebook: str
    key: str
    status: str = GRADED
    fault: str = ""
    exercises: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    repairs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sandbox: str = ""
    submission: str = ""
    checks: str = ""
    seed: str = ""
    packages: str = ""
    graded_at: str = ""
    seconds: float = 0.0
    penalty: float = 0.0
    again: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> tuple[str, str, str]:
        """Assignment, student and notebook."""
        return self.assignment, self.student, self.notebook

    @property
    def score(self) -> float:
        return sum(each["score"] or 0.0 for each in self.exercises.values())

    @property
    def extra(self) -> float:
        return sum(each.get("extra", 0.0) for each in self.exercises.values())

    @property
    def total(self) -> float:
        """The final points: score and extra credit less the penalty, as in nbgrader's export."""
        return max(0.0, self.score + self.extra - self.penalty)

    @property
    def points(self) -> float:
        return sum(each["points"] for each in self.exercises.values())

    @property
    def needs_human(self) -> list[str]:
        """The reasons why a human must look at it, one a line; empty when there are none."""
        faults = [f"{name}: {each['fault'] or 'it has no score'}" for name, each in self.exercises.items() if each["score"] is None]
        return ([self.fault] if self.fault else []) + faults

    def write(self, folder: Path) -> Path:
        """Write it into ``folder``, atomically."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.notebook}{SUFFIX}"
        beside = path.with_suffix(".new")
        beside.write_text(characters.writable(json.dumps(asdict(self), indent=1, ensure_ascii=False)) + "\n", encoding="utf-8")
        beside.replace(path)
        return path

    @classmethod
    def read(cls, folder: Path, notebook: str) -> Result | None:
        """The stored result; None when there is none or it cannot be read."""
        try:
            return cls(**json.loads((folder / f"{notebook}{SUFFIX}").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
