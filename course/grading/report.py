"""The findings of a check: named parts with their share of the points, reasons and hints. `course.grading.render` shows them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from course.grading import characters
from course.grading.errors import AnswerError, DefinitionError
from course.grading.exercise.definition import ExerciseDefinition

OUTPUT_LIMIT = 2_000  # characters of the learner's own output that a report repeats
MESSAGE_LIMIT = 4_000  # characters of a message, which may show a learner's value


@dataclass(frozen=True)
class PartResult:
    """One sub-check. ``share`` in 0..1 of ``points`` was earned; ``None`` when the check did not look at it."""

    name: str
    points: float
    share: float | None = None
    message: str = ""
    hint: str = ""

    @property
    def label(self) -> str:
        return self.name.replace("_", " ")

    @property
    def passed(self) -> bool:
        return self.share == 1

    @property
    def earned(self) -> float:
        return self.points * (self.share or 0)


class Report:
    """The findings of one run of an exercise's check.

    Parameters
    ----------
    exercise : ExerciseDefinition
    phase : str
        ``"practice"`` (in the notebook), ``"judged"`` (by `judge`, with the hidden checks on fresh cases) or ``"graded"``.
    on_progress : callable
        Receives what the check does now, from `doing`.
    """

    def __init__(
        self, exercise: ExerciseDefinition, phase: str = "practice", on_progress: Callable[[str], None] = lambda what: None
    ) -> None:
        self.exercise = exercise
        self.phase = phase
        self._on_progress = on_progress
        self.problem = ""  # why the judging stopped early
        self.unanswered = False
        self.output = ""  # what the learner's functions printed
        self._parts = {name: PartResult(name, points) for name, points in exercise.parts.items()}
        self._secrets: list[str] = []
        self._seen: set[str] = set()  # parts that the running check has reported
        self._since: dict[str, set[str]] = {}  # by learner's function: the parts reported since the running check first called it
        self._latest = ""  # the learner's function that the running check called last

    def part(self, name: str, passed_or_share: Any, message: str, hint: str | None = None) -> bool:
        """Report a finding on one part and return whether it passed, so that a check can stop at the first failure.

        A check may report a part several times, in the order type, shape, value, edge case. The worst finding counts; among equals the
        learner reads the first. A part earns nothing if a function that was called before it fails later, unless it is `finished`.

        Parameters
        ----------
        name : str
            A part of the definition.
        passed_or_share : bool or float
            Whether the part passed, or the share of its points earned, in 0..1.
        message : str
            What was called, what came back and what kind of value was expected; shown unless the part passed. Never the answer.
        hint : str, optional
            The hint for this mistake, shown with the message.

        Raises
        ------
        DefinitionError
            For an unknown part, a share outside 0..1, or an empty message.
        """
        if name not in self._parts:
            raise DefinitionError(f"exercise {self.exercise.id!r} has no part {name!r}; it has {', '.join(self._parts)}.")
        if not isinstance(message, str) or not message.strip():
            raise DefinitionError(f"exercise {self.exercise.id!r}, part {name!r}: a message says what came back and what was expected.")
        share = self._share(name, passed_or_share)
        for parts in (self._seen, *self._since.values()):
            parts.add(name)
        old = self._parts[name]
        if old.share is None or share < old.share:
            shown = (_shown(message), (hint or "").strip()) if share < 1 else ("", "")
            self._parts[name] = PartResult(name, old.points, share, *shown)
        return share == 1

    def _share(self, name: str, found: Any) -> float:
        if type(found).__name__ in ("bool", "bool_"):  # numpy's numbers too
            return float(bool(found))
        try:
            share = float(found)
        except (TypeError, ValueError):
            share = float("nan")
        if not 0 <= share <= 1:
            raise DefinitionError(f"exercise {self.exercise.id!r}, part {name!r}: {found!r} is neither True nor False nor a share in 0..1.")
        return share

    def secret(self, *values: Any) -> None:
        """Mark expected values. The report replaces them by "…" where they occur as whole words in a message, hint or output."""
        for value in values:
            self._secrets += [text for text in {str(value).strip(), repr(value)} if text]

    def doing(self, what: str) -> None:
        """Say what the check does now, for example "runs your script as a Processing job". The learner reads it while a check is slow."""
        self._on_progress(what)

    def begin(self) -> None:
        """Start another check that adds to this report."""
        self._seen.clear()
        self._since.clear()
        self._latest = ""

    def calling(self, function: str) -> None:
        """Note that the running check calls this function of the learner. What it reports from now on may depend on the results."""
        self._since.setdefault(function, set())
        self._latest = function

    def finished(self, *names: str) -> None:
        """Note that the running check has judged these parts to the end. They keep their points if a function fails later."""
        for parts in self._since.values():
            parts.difference_update(names)

    def stop(self, problem: AnswerError) -> None:
        """Stop judging. A part earns nothing if the running check has not reported it, or has reported it after it first called the
        function that failed: then one right case could have earned the whole part. An error that names no function, such as AWS's refusal
        of a request of the check, counts as a failure of the function that was called last: its result, or what it did, led to it.
        """
        self.problem = self.problem or _shown(str(problem))
        self.unanswered = self.unanswered or problem.unanswered
        unfinished = self._since.get(problem.function or self._latest, set())
        for name in self._parts.keys() - self._seen | unfinished:
            self._parts[name] = PartResult(name, self._parts[name].points)

    def add_output(self, text: str) -> None:
        """Add text that the learner's code printed during the check; `OUTPUT_LIMIT` characters are kept."""
        self.output = (self.output + characters.writable(text))[: OUTPUT_LIMIT + 1]

    @property
    def parts(self) -> tuple[PartResult, ...]:
        """All parts in the order of the definition, without the secrets."""
        return tuple(PartResult(p.name, p.points, p.share, self.redact(p.message), self.redact(p.hint)) for p in self._parts.values())

    @property
    def later(self) -> tuple[str, ...]:
        """Labels of the parts that practice did not look at."""
        if self.phase != "practice" or self.problem:
            return ()
        return tuple(part.label for part in self._parts.values() if part.share is None)

    @property
    def score(self) -> float:
        """Points earned, a plain float in 0..``exercise.points``.

        In practice the score is full when every part that was checked passed, as nbgrader's Validate button expects. Parts that only
        grading checks do not lower it then.
        """
        points, parts = float(self.exercise.points), self._parts.values()
        due = [part for part in parts if part.share is not None] if self.later else list(parts)
        if due and all(part.passed for part in due):
            return points
        return float(min(points, round(sum(part.earned for part in parts), 4)))

    @property
    def passed(self) -> bool:
        return self.score == self.exercise.points

    @property
    def tested(self) -> float:
        """The points of the parts that the check looked at."""
        return sum(part.points for part in self._parts.values() if part.share is not None)

    def redact(self, text: str) -> str:
        """``text`` without the values marked by `secret`."""
        for secret in sorted(set(self._secrets), key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "…", text)
        return text


def _shown(message: str) -> str:
    message = characters.writable(message).strip()
    return message if len(message) <= MESSAGE_LIMIT else f"{message[:MESSAGE_LIMIT]} …"
