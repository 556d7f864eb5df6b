"""`attempts.jsonl`: the log of a learner's attempts, in the notebook's folder and handed in with it.

It is self-reported: it shows the learner and the instructor how the work went, and never affects a score.
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

from course.grading import characters
from course.grading.exercise.definition import ID, ID_LENGTH, ExerciseDefinition
from course.grading.report import Report

FILE = "attempts.jsonl"
CHECK, JUDGE, HINT, REVEAL = EVENTS = ("check", "judge", "hint", "reveal")
LARGEST_FILE = 20_000_000  # bytes read of a file; a line has about 300
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
        ``"check"``: an answer was checked on practice cases; ``"judge"``: it was judged with the hidden checks on fresh cases and
        earned ``score`` of ``points``; ``"hint"``: a hint was shown; ``"reveal"``: the reference was shown.
    parts : dict
        Share in 0..1 earned of each sub-check; None where practice does not check it.
    message : str
        ``"<part>: <message>"`` of the first sub-check that failed, or the reason why the answer could not be judged.
    hints : int
        Number of hints open at that time.
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
    def holds(self) -> bool:
        """Whether it was a check in which every practice case was right."""
        return self.event == CHECK and self.score >= self.points > 0

    @property
    def right(self) -> bool:
        """Whether the answer was judged and earned all points."""
        return self.event == JUDGE and self.score >= self.points > 0


def of_report(report: Report, event: str, hints: int) -> Attempt:
    """The attempt of a practice report (`CHECK`) or of a judged one (`JUDGE`)."""
    parts = report.parts
    failed = next((f"{part.name}: {part.message}" for part in parts if part.share is not None and not part.passed), "")
    return Attempt(
        at=datetime.now(UTC),
        exercise=report.exercise.id,
        event=event,
        score=report.score,
        points=float(report.exercise.points),
        parts={part.name: part.share for part in parts},
        message=(report.redact(report.problem) or failed)[:LONGEST_MESSAGE],
        hints=hints,
    )


def of_event(exercise: ExerciseDefinition, event: str, hints: int = 0) -> Attempt:
    """The attempt of a hint or a reveal."""
    return Attempt(datetime.now(UTC), exercise.id, event, points=float(exercise.points), hints=hints)


def append_attempt(attempt: Attempt, folder: Path) -> None:
    """Add an attempt to the file in ``folder``.

    It writes nothing, and raises nothing, in a folder that is not writable. It also writes nothing when the lesson's source is in the
    notebook's folder (authors and CI run it there), or when nbgrader runs a whole notebook, as its Validate button does.
    """
    if "NBGRADER_EXECUTION" in os.environ or any(folder.glob(f"{ID.fullmatch(attempt.exercise)['lesson']}_*.py")):
        return
    line = json.dumps(_plain(attempt), ensure_ascii=False) + "\n"
    with contextlib.suppress(OSError):
        descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            # One write, since two notebooks of a lesson may be open. Half of a surrogate pair is written as JSON escapes it.
            os.write(descriptor, line.encode(errors="backslashreplace"))
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
    """The attempts in the file in ``folder``, oldest first; none when there is no file.

    Skips lines that are not attempts and everything beyond `LARGEST_FILE` bytes: the learner can write anything into the file.
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


def _attempt(fields: dict[str, Any]) -> Attempt:
    """An attempt from its JSON; raises an error that `_attempts` suppresses when it is not one."""
    at = datetime.fromisoformat(fields["at"])
    exercise, event = fields["exercise"], fields["event"]
    if len(exercise) > ID_LENGTH or not ID.fullmatch(exercise) or event not in EVENTS:
        raise ValueError(fields)
    parts = {
        characters.writable(str(name)): None if share is None else _bounded(share, 1.0)
        for name, share in dict(fields.get("parts", {})).items()
    }
    points = _bounded(fields.get("points", 0), 1_000.0)
    return Attempt(
        at=(at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC),
        exercise=exercise,
        event=event,
        score=_bounded(fields.get("score", 0), points),
        points=points,
        parts=parts,
        message=characters.writable(str(fields.get("message", ""))[:LONGEST_MESSAGE]),
        hints=int(_bounded(fields.get("hints", 0), 100.0)),
    )


def _bounded(value: Any, most: float) -> float:
    """``value`` as a number in 0..``most``; raises ValueError for a number outside and for NaN."""
    number = float(value)
    if not 0 <= number <= most:
        raise ValueError(value)
    return number
