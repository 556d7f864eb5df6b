"""The tables of the dashboard."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from course.grading.insight.domains import Domain
from course.grading.insight.item_analysis import Correlation, ItemStatistics
from course.grading.insight.observations import OUTCOMES, Observation, thresholds
from course.grading.insight.struggling import StrugglingLearner
from course.grading.insight.tables import ReportTable

METHOD = (
    "Difficulty is the mean share of the points: high is easy. Discrimination is the item-rest correlation: Pearson's correlation of the "
    "points in the exercise with the points in the other exercises of its lesson (Henrysson, Psychometrika 28, 1963), over learners who "
    "are graded in all of them; from 0.4 on it is very good, below 0.2 poor (Ebel and Frisbie, 1991). The interval is Fisher's, of 95 %: "
    "where it is wide, the class is too small to tell."
)


def exercises(items: Sequence[ItemStatistics]) -> ReportTable:
    rows = [
        (item.exercise, item.points, *(item.outcomes[outcome] for outcome in OUTCOMES), f"{item.outcomes['passed']} of {item.graded}")
        + (item.difficulty,)
        for item in items
    ]
    columns = ("exercise", "points", *OUTCOMES, "success", "mean score")
    return ReportTable("exercises", "Learners by outcome; success is all points", columns, rows, percent=["mean score"])


def measures(items: Sequence[ItemStatistics]) -> ReportTable:
    rows = []
    for item in items:
        r = item.discrimination
        known = (r.r, r.low, r.high, r.learners) if isinstance(r, Correlation) else (r, None, None, None)
        rows.append((item.exercise, item.difficulty, *known, verdict(item)))
    columns = ("exercise", "difficulty", "discrimination", "from", "to", "learners", "so it is")
    return ReportTable("items", "Item analysis", columns, rows)


def verdict(item: ItemStatistics) -> str:
    """The numbers in words; empty when there are none."""
    hard, easy = (thresholds()["difficulty"][name] for name in ("hard", "easy"))
    poor, good = (thresholds()["discrimination"][name] for name in ("poor", "good"))
    words = []
    if isinstance(item.difficulty, float):
        words += ["hard"] if item.difficulty < hard else ["easy"] if item.difficulty > easy else []
    if isinstance(r := item.discrimination, Correlation):
        if r.high < 0:
            words.append("failed by the strong: look at its check")
        elif r.high < poor:
            words.append("poor at distinguishing learners")
        elif r.low >= good:
            words.append("very good at distinguishing learners")
    return ", ".join(words)


def tries(items: Sequence[ItemStatistics]) -> ReportTable:
    rows = [(item.exercise, item.tried, item.tries, item.seconds, item.hints) for item in items]
    columns = ("exercise", "learners with tries", "tries", "first try to pass", "hints")
    return ReportTable("tries", "Medians, self-reported", columns, rows, seconds=["first try to pass"])


def failing(items: Sequence[ItemStatistics]) -> ReportTable:
    rows = [(item.exercise, item.part.replace("_", " "), item.failing, item.message) for item in items if item.part]
    return ReportTable("failing", "Commonest failing sub-check", ("exercise", "sub-check", "learners", "for example"), rows)


def struggling_table(some: Sequence[StrugglingLearner]) -> ReportTable:
    rows = [(each.student, each.assignment, ", ".join(each.exercises), each.tries, each.hints, each.why) for each in some]
    return ReportTable("stuck", "Who is stuck, and at what", ("learner", "lesson", "exercises", "tries", "hints", "why"), rows)


def domains(some: Sequence[Domain]) -> ReportTable:
    rows = [
        (f"{each.exam} {each.number}", each.title, each.weight / 100, len(each.exercises), len(each.learners), each.mean) for each in some
    ]
    columns = ("domain", "title", "weight in the exam", "exercises", "learners", "mean share of the points")
    return ReportTable("domains", "Exam domains by class", columns, rows, percent=columns[2::3])


def domains_by_learner(some: Sequence[Domain]) -> ReportTable:
    shown = [each for each in some if each.learners]
    names = [f"{each.exam} {each.number}" for each in shown]
    students = sorted({student for each in shown for student in each.learners})
    rows = [(student, *(each.learners.get(student) for each in shown)) for student in students]
    return ReportTable("domains_by_learner", "Exam domains by learner: share of the points", ("learner", *names), rows, percent=names)


def learners(seen: Sequence[Observation]) -> ReportTable:
    students, names, _ = shares(seen)
    score = {(each.student, each.exercise): each.score for each in seen}
    rows = []
    for student in students:
        points = [score.get((student, name)) for name in names]
        rows.append((student, *points, math.fsum(each for each in points if each is not None)))
    return ReportTable("learners", "Points of every learner", ("learner", *names, "sum"), rows)


def shares(seen: Sequence[Observation]) -> tuple[list[str], list[str], list[list[float | None]]]:
    """Learners, those with most points first; exercises; and each share of the points, None where there is no score."""
    total: dict[str, float] = defaultdict(float)
    found = {}
    for each in seen:
        total[each.student] += each.score or 0.0
        found[each.student, each.exercise] = each.share
    students, names = sorted(total, key=lambda student: (-total[student], student)), sorted({each.exercise for each in seen})
    return students, names, [[found.get((student, name)) for name in names] for student in students]
