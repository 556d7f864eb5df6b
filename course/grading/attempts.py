"""`attempts.jsonl`: what a learner tried, beside the notebook, handed in with the work.

It is the learner's own account: it tells them and their instructor how the work went, and no score ever hangs on it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from course.grading.exercise.definition import ID, ID_LENGTH, ExerciseDefinition
from course.grading.report import Report

FILE = "attempts.jsonl"
CHECK, HINT, REVEAL = EVENTS = ("check", "hint", "reveal")
LARGEST_FILE = 20_000_000  # bytes that are read of one; a line has about 300
LONGEST_MESSAGE = 500  # characters


@dataclass(frozen=True, slots=True)
class Attempt:
    """One event.

    Attributes
    ----------
    at : datetime
        UTC.
    exercise : str
    event : str
        ``"check"``: an answer was checked in practice, and ``score`` of ``points`` were found; ``"hint"``: a hint was asked for;
        ``"reveal"``: the reference was looked at.
    parts : dict
        Share in 0..1 earned of each sub-check; None where practice does not look.
    message : str
        ``"<part>: <what was said>"`` of the first sub-check that failed, or what kept the answer from being judged.
    hints : int
        Steps of the hint ladder that were open then.
    """

    at: datetime
    exercise: str
    event: str
    score: float = 0.0
    points: float = 0.0
    parts: Mapping[str, float | None] = field(default_factory=dict)
    message: str = ""
    hints: int = 0

    @property
    def passed(self) -> bool:
        """Whether it was a check that found all points."""
        return self.event == CHECK and self.score >= self.points > 0


def of_check(report: Report, hints: int) -> Attempt:
    """The attempt that a practice report tells of."""
    parts = report.parts
    failed = next((f"{part.name}: {part.message}" for part in parts if part.share is not None and not part.passed), "")
    return Attempt(
        at=datetime.now(UTC),
        exercise=report.exercise.id,
        event=CHECK,
        score=report.score,
        points=float(report.exercise.points),
        parts={part.name: part.share for part in parts},
        message=(report.redact(report.problem) or failed)[:LONGEST_MESSAGE],
        hints=hints,
    )


def of_event(exercise: ExerciseDefinition, event: str, hints: int = 0) -> Attempt:
    """A hint asked for, or a reference looked at."""
    return Attempt(datetime.now(UTC), exercise.id, event, points=float(exercise.points), hints=hints)


def append_attempt(attempt: Attempt, folder: Path) -> None:
    """Add an attempt to the file in ``folder``.

    A folder that cannot be written to is no reason to fail a check: nothing is noted then. Nor is anything where the lesson's source
    lies beside the notebook, since authors run it there, and CI; nor when nbgrader runs a whole notebook, as its Validate button does.
    """
    if "NBGRADER_EXECUTION" in os.environ or any(folder.glob(f"{ID.fullmatch(attempt.exercise)['lesson']}_*.py")):
        return
    line = json.dumps(_plain(attempt), ensure_ascii=False) + "\n"
    with contextlib.suppress(OSError):
        descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, line.encode())  # in one piece, also when two notebooks of a lesson are open
        finally:
            os.close(descriptor)


def _plain(attempt: Attempt) -> dict[str, Any]:
    return {
        "at": attempt.at.isoformat(timespec="seconds"),
        "exercise": attempt.exercise,
        "event": attempt.event,
        "score": attempt.score,
        "points": attempt.points,
        "parts": dict(attempt.parts),
        "message": attempt.message,
        "hints": attempt.hints,
    }


def read(folder: Path) -> list[Attempt]:
    """The attempts noted in ``folder``, oldest first; none when there is no file.

    Lines that are no attempts are left out, as is what lies beyond `LARGEST_FILE`: whoever has the file can write into it what they like.
    """
    path = folder / FILE
    if path.is_symlink() or not path.is_file():
        return []
    with path.open("rb") as file:
        lines = file.read(LARGEST_FILE).splitlines()
    return sorted(_attempts(lines), key=lambda attempt: attempt.at)


def _attempts(lines: list[bytes]) -> Iterator[Attempt]:
    for line in lines:
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
            yield _attempt(json.loads(line))


def _attempt(told: dict[str, Any]) -> Attempt:
    """Raises one of what `_attempts` suppresses when it is none."""
    at = datetime.fromisoformat(told["at"])
    exercise, event = told["exercise"], told["event"]
    if len(exercise) > ID_LENGTH or not ID.fullmatch(exercise) or event not in EVENTS:
        raise ValueError(told)
    parts = {str(name): None if share is None else _bounded(share, 1.0) for name, share in dict(told.get("parts", {})).items()}
    points = _bounded(told.get("points", 0), 1_000.0)
    return Attempt(
        at=(at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC),
        exercise=exercise,
        event=event,
        score=_bounded(told.get("score", 0), points),
        points=points,
        parts=parts,
        message=str(told.get("message", ""))[:LONGEST_MESSAGE],
        hints=int(_bounded(told.get("hints", 0), 100.0)),
    )


def _bounded(value: Any, most: float) -> float:
    """``value`` as a number in 0..``most``; raises ValueError for one that is outside, and for NaN."""
    number = float(value)
    if not 0 <= number <= most:
        raise ValueError(value)
    return number
