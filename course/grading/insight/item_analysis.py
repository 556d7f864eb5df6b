"""Item analysis: how difficult each exercise was, how well it discriminates, and where learners failed.

*Difficulty* is the mean share of the points (classical test theory's item difficulty: high is easy). *Discrimination* is the item-rest
correlation: Pearson's, over learners, of the points in the exercise with the points in all others of the lesson. The sum
leaves the exercise itself out, which would otherwise raise the correlation (S. Henrysson, Correction of item-total correlations in item
analysis, Psychometrika 28, 1963, 211-218). Its 95 % interval uses Fisher's transformation.
"""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from course.grading.insight.observations import OUTCOMES, Observation, thresholds

TOO_FEW, ALL_EQUAL = "too few", "all equal"
VALUE = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"|[-+]?\d[\d,.]*")


@dataclass(frozen=True)
class Correlation:
    """``r`` of ``learners`` pairs, and the bounds of its 95 % interval."""

    r: float
    low: float
    high: float
    learners: int


@dataclass(frozen=True)
class ItemStatistics:
    """One exercise over the class. A measure is a number, or a text that says why there is none.

    Attributes
    ----------
    outcomes : dict
        How many learners by each of `OUTCOMES`.
    difficulty : float or str
        Mean share of the points, 0..1, over graded learners.
    discrimination : Correlation or str
    tries, seconds, hints : float or str
        Medians over the learners who tried; ``seconds`` from the first try to the pass, of those who passed. Self-reported.
    tried : int
        Number of learners whose log has a check of it.
    part, message : str
        The sub-check that most learners failed first, and an example of its message.
    failing : int
        Number of learners who failed it first.
    """

    exercise: str
    assignment: str
    points: float
    outcomes: Mapping[str, int]
    difficulty: float | str
    discrimination: Correlation | str
    tries: float | str
    seconds: float | str
    hints: float | str
    tried: int
    part: str
    message: str
    failing: int

    @property
    def graded(self) -> int:
        return sum(self.outcomes.values()) - self.outcomes["ungraded"]


def item_statistics(seen: Sequence[Observation]) -> list[ItemStatistics]:
    """One for each exercise, in the order of the lessons."""
    found: dict[str, list[Observation]] = defaultdict(list)
    for each in seen:
        found[each.exercise].append(each)
    rest = _rest(seen)
    return [_item(name, each, rest) for name, each in sorted(found.items())]


def _item(name: str, seen: Sequence[Observation], rest: Mapping[tuple[str, str], float]) -> ItemStatistics:
    graded = [each for each in seen if each.score is not None]
    tried = [each.tries for each in seen if each.tries.checks]
    counts = Counter(each.outcome for each in seen)
    pairs = [(each.share, rest[each.student, name]) for each in graded if (each.student, name) in rest]
    part, message, failing = commonest(each.report for each in graded if not each.passed)
    return ItemStatistics(
        exercise=name,
        assignment=seen[0].assignment,
        points=seen[0].points,
        outcomes={outcome: counts[outcome] for outcome in OUTCOMES},
        difficulty=summary(statistics.fmean, [each.share for each in graded]),
        discrimination=correlation(pairs),
        tries=summary(statistics.median, [each.checks for each in tried]),
        seconds=summary(statistics.median, [each.seconds for each in tried if each.seconds is not None]),
        hints=summary(statistics.median, [each.hints for each in tried]),
        tried=len(tried),
        part=part,
        message=message,
        failing=failing,
    )


def summary(measure, numbers: Sequence[float]) -> float | str:
    """``measure`` of the numbers, or `TOO_FEW`."""
    return measure(numbers) if len(numbers) >= thresholds()["few"]["summary"] else TOO_FEW


def correlation(pairs: Sequence[tuple[float, float]]) -> Correlation | str:
    """Pearson's correlation, or why there is none."""
    if len(pairs) < thresholds()["few"]["correlation"]:
        return TOO_FEW
    try:
        r = statistics.correlation(*zip(*pairs, strict=True))
    except statistics.StatisticsError:  # one of the two is constant
        return ALL_EQUAL
    inner, half = math.atanh(max(-0.999999, min(0.999999, r))), 1.96 / math.sqrt(len(pairs) - 3)
    return Correlation(r, math.tanh(inner - half), math.tanh(inner + half), len(pairs))


def _rest(seen: Iterable[Observation]) -> dict[tuple[str, str], float]:
    """By student and exercise, the points in the other exercises of its lesson; only students graded in all of them."""
    lessons: dict[tuple[str, str], list[Observation]] = defaultdict(list)
    exercises: dict[str, set[str]] = defaultdict(set)
    for each in seen:
        lessons[each.student, each.assignment].append(each)
        exercises[each.assignment].add(each.exercise)
    rest = {}
    for (student, assignment), theirs in lessons.items():
        complete = {each.exercise for each in theirs if each.score is not None} == exercises[assignment]
        if complete and len(theirs) > 1:
            total = math.fsum(each.score for each in theirs)
            rest |= {(student, each.exercise): round(total - each.score, 6) for each in theirs}
    return rest


def commonest(reports: Iterable[Mapping | None]) -> tuple[str, str, int]:
    """The part that most learners failed first, its most common message, and their number; empty when nobody failed."""
    parts: dict[str, list[str]] = defaultdict(list)
    for report in reports:
        if report is not None and not report["unanswered"]:
            part, message = first_failure(report)
            parts[part].append(message)
    if not parts:
        return "", "", 0
    part, messages = max(parts.items(), key=lambda each: len(each[1]))
    [(most, _)] = Counter(map(way, messages)).most_common(1)
    return part, next(message for message in messages if way(message) == most), len(messages)


def first_failure(report: Mapping) -> tuple[str, str]:
    """Part and message of the first failure in a report; the part is "answer" when the answer could not be judged."""
    for part in report["parts"]:
        if part["share"] is not None and part["share"] < 1:
            return part["name"], part["message"]
    return "answer", report["problem"]


def way(message: str) -> str:
    """A message without its values, which differ between learners."""
    return VALUE.sub("…", message)
