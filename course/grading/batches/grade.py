"""Grades one submitted notebook: writes a `Result` and the executed notebook. Uses no database."""

from __future__ import annotations

import copy
import hashlib
import json
import site
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from course.grading import catalogue, render
from course.grading.batches.folder import CourseFolder, digest, handed_in
from course.grading.batches.result import UNGRADED, Result
from course.grading.display.notebook import sanitise
from course.grading.exercise import seeds
from course.grading.submission import evidence
from course.grading.submission.blame import run
from course.grading.submission.notebook_file import read_notebook
from course.grading.submission.repair import ReleasedCell, overwrite, released_cells, repair
from course.grading.submission.run import CELL_SECONDS, Submission
from course.grading.submission.server import GradingOutcome

OTHER_POINTS = "released with different points from those in graders/; generate the assignment again"


@dataclass(frozen=True)
class GradingTask:
    """One notebook to grade; plain data, so that it can go to another process or machine.

    Attributes
    ----------
    root : Path
        The course's folder.
    seed : str
        The grading seed, from which graded cases are drawn. Empty where only its digest is known (`without_seed`).
    seed_digest : str
        SHA-256 of the seed.
    personal : bool
        Whether the student worked on personal variants.
    draft : bool
        Whether it is unfinished work, whose score does not count.
    kernels, aws : str
        As in `course.grading.submission.run.Submission`.
    later : bool
        Whether a second run is left to the batch, as in `course.grading.submission.blame.run`.
    again : dict or None
        The reasons for this run, which is the second one.
    """

    root: Path
    student: str
    assignment: str
    notebook: str
    seed: str = field(repr=False)  # kept out of logs
    personal: bool = False
    cell_seconds: float = CELL_SECONDS
    draft: bool = False
    kernels: str = ""
    aws: str = ""
    later: bool = False
    again: Mapping[str, str] | None = None
    seed_digest: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed_digest", self.seed_digest or hashlib.sha256(self.seed.encode()).hexdigest())

    def without_seed(self) -> GradingTask:
        """The same task for the process that handles the files of the submission."""
        return replace(self, seed="")

    @property
    def learner(self) -> str:
        """Whose variants the notebook works on."""
        return self.student if self.personal else seeds.SELF_STUDY

    @property
    def draw(self) -> seeds.Draw:
        """What the graded cases depend on."""
        return seeds.Draw(self.learner, self.student, self.seed)

    @property
    def folder(self) -> CourseFolder:
        return CourseFolder(self.root)

    @property
    def name(self) -> tuple[str, str, str]:
        """As `Result.name`."""
        return self.assignment, self.student, self.notebook

    @property
    def results(self) -> Path:
        place = self.folder.drafts if self.draft else self.folder.results
        return place(self.student, self.assignment)

    @property
    def command(self) -> str:
        """The command that grades it."""
        return f"course grade {self.assignment} --students {self.student}{' --draft' if self.draft else ''}"

    @property
    def evidence(self) -> Path:
        return self.results / f"{self.notebook}.evidence.json.gz"

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"root": str(self.root)}

    @classmethod
    def of_json(cls, document: dict[str, Any]) -> GradingTask:
        return cls(**document | {"root": Path(document["root"])})

    def empty_result(self) -> Result:
        """A result with the hashes of its inputs, and no findings."""
        folder = self.folder
        parts = {
            "submission": digest(handed_in(folder.submission(self.student, self.assignment))),
            "checks": folder.checks(self.assignment),
            "seed": self.seed_digest,
            "packages": packages(),
        }
        released = digest([self.root / "notebooks" / self.assignment / f"{self.notebook}.ipynb"])
        key = hashlib.sha256(json.dumps([*parts.values(), released, self.personal, self.cell_seconds]).encode()).hexdigest()
        return Result(self.student, self.assignment, self.notebook, key=key, **parts)


@cache
def packages() -> str:
    """A hash of all installed packages and their versions. It ignores sys.path, to which setuptools adds its vendored packages."""
    places = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    names = sorted({f"{each.metadata['Name']}=={each.version}" for each in distributions(path=places)})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def grade(work: GradingTask, holder: socket.socket) -> Result:
    """Grade one notebook; writes the result and the executed notebook into ``work.results``, the result last.

    ``holder`` is the connection to the process that holds the seed (`course.grading.submission.seed_holder`).
    """
    blank = work.empty_result()
    masters = released_cells(work.folder.released(work.assignment, work.notebook))
    path, repairs = _find(work, masters)
    if path is None and work.draft:
        result = finished(blank, notes=["it is not there yet"])
    elif path is None:
        result = finished(blank, exercises=_nothing(masters), notes=["it was not handed in"])
    else:
        try:
            notebook = read_notebook(path)
            repairs += repair(notebook, masters)
        except Exception as error:  # nbformat raises many kinds of error for a broken file
            result = finished(blank, status=UNGRADED, fault=_unreadable(path.relative_to(work.root), error))
        else:
            overwrite(notebook, masters)
            result = _judged(work, holder, blank, notebook, masters, repairs)
    result.write(work.results)
    return result


def _judged(
    work: GradingTask,
    holder: socket.socket,
    blank: Result,
    notebook: NotebookNode,
    masters: Sequence[ReleasedCell],
    repairs: list[str],
) -> Result:
    submission = Submission(
        source=work.folder.source(work.assignment),
        handed_in=work.folder.submission(work.student, work.assignment),
        graders=work.folder.graders,
        holder=holder,
        learner=work.learner,
        kernels=work.kernels,
        aws=work.aws,
    )
    released = [master.cell() for master in masters]
    done = run(notebook, submission, released, work.cell_seconds, later=work.later, again=work.again)
    _write_notebook(notebook, work)
    evidence.write({outcome.report.exercise.id: outcome.evidence for outcome in done.outcomes.values() if outcome.evidence}, work.evidence)
    exercises = dict(scored(work, masters, done.outcomes))
    found = {"exercises": exercises, "repairs": repairs, "notes": done.notes, "again": done.again if work.later else {}}
    return finished(blank, **found, sandbox=done.sandbox, seconds=round(done.seconds, 3))


def finished(result: Result, **changes: Any) -> Result:
    """``result`` with changes, dated now."""
    return replace(result, graded_at=datetime.now(UTC).isoformat(timespec="seconds"), **changes)


def _find(work: GradingTask, masters: Sequence[ReleasedCell]) -> tuple[Path | None, list[str]]:
    """The submitted notebook and the repairs needed to find it; None when it was not handed in."""
    folder = work.folder.submission(work.student, work.assignment)
    path = folder / f"{work.notebook}.ipynb"
    if path.is_file() and not path.is_symlink():
        return path, []
    found = _renamed(folder, work, masters)
    return found, [f"the notebook was called {found.name}"] if found else []


def _unreadable(where: Path, error: Exception) -> str:
    what = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    return f"{where} cannot be read as a notebook ({what}). Ask for the file again or repair it, then grade it again."


def _nothing(masters: Sequence[ReleasedCell]) -> dict[str, dict]:
    checks = (master for master in masters if master.points is not None)
    return {master.name.removesuffix("_check"): {"score": 0.0, "points": master.points, "fault": "", "report": None} for master in checks}


def _renamed(folder: Path, work: GradingTask, masters: Sequence[ReleasedCell]) -> Path | None:
    """A renamed notebook: the one with most of the released check cells, leaving out the assignment's other notebooks."""
    expected = set(work.folder.notebooks(work.assignment))
    best, most = None, 0
    for path in sorted(folder.glob("*.ipynb")):
        if path.stem in expected or path.is_symlink():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        held = sum(json.dumps(master.source)[1:-1] in text for master in masters if master.points is not None)
        best, most = (path, held) if held > most else (best, most)
    return best


def scored(work: GradingTask, masters: Sequence[ReleasedCell], outcomes: dict[str, GradingOutcome]) -> Iterator[tuple[str, dict]]:
    """Each exercise id with its score, points, fault and report, in the order of the notebook."""
    defined = catalogue.checks((master.name for master in masters), work.folder.graders)
    for master in masters:
        if master.points is None:
            continue
        outcome, exercise = outcomes.get(master.name), defined.get(master.name)
        score, fault, report = None, "graders/ defines no exercise for this cell", None
        if outcome and exercise:
            score, fault, report = outcome.score, outcome.fault, render.as_json(outcome.report)
            if exercise.points != master.points:
                score, fault = None, OTHER_POINTS
        yield master.name.removesuffix("_check"), {"score": score, "points": master.points, "fault": fault, "report": report}


def _write_notebook(notebook: NotebookNode, work: GradingTask) -> None:
    path = work.results / f"{work.notebook}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".partial")
    shown = copy.deepcopy(notebook)
    sanitise(shown, work.root)
    nbformat.write(shown, beside)
    beside.replace(path)
