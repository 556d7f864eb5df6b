"""Writes a class's results and logs of attempts as grading and learning would, without a run."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat

from course.grading.batches.folder import CourseFolder
from course.grading.batches.result import UNGRADED, Result
from tests.grading.nbgrader_course import HERE, LESSON, NOTEBOOK, cell, solution

from ..students import FULL

PARTS = {
    "m98_1_ex1": {"shape": 0.5, "unseen": 3.5},
    "m98_1_ex2": {"plain": 1.0, "empty": 1.0},
    "m98_1_ex3": {"found": 3.0},
}
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)

LONG = """def choose_tool(job):
    # rules first
    table = {"quality": "rules", "explore": "visual"}
    size, purpose = job["gigabytes"], job["purpose"]
    if job["team_codes"] is True:
        for limit, tool in ((100, "script"), (float("inf"), "spark")):
            if size <= limit:
                return tool
    return table.get(purpose, "visual")
"""
RENAMED = """def choose_tool(auftrag):
    '''my own work'''
    tabelle = {'quality': 'rules',
               'explore': 'visual'}   # which
    groesse, zweck = (auftrag["gigabytes"], auftrag["purpose"])
    if auftrag["team_codes"] is True:
        for grenze, werkzeug in ((100, "script"), (float("inf"), "spark")):
            # small enough?
            if groesse <= grenze:
                return werkzeug
    return tabelle.get(zweck, "visual")  # rules first
"""


def folder(root: Path) -> CourseFolder:
    shutil.copytree(HERE / "fixture", root, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    return CourseFolder(root)


def exercise(name: str, shares: Iterable[float | None], messages: Iterable[str] = (), unanswered: bool = False) -> dict:
    """An entry of `Result.exercises`, from the share of each part and the message for parts below 1."""
    said = iter(messages)
    parts = [
        {"name": part, "points": points, "share": share, "message": "" if share == 1 else next(said, "`f(3)` returned 4"), "hint": ""}
        for (part, points), share in zip(PARTS[name].items(), shares, strict=True)
    ]
    score = sum(part["points"] * (part["share"] or 0) for part in parts)
    problem = "not answered yet" if unanswered else ""
    report = {"exercise": name, "phase": "graded", "score": score, "points": FULL[name], "output": "", "parts": parts}
    return {"score": score, "points": FULL[name], "fault": "", "report": report | {"problem": problem, "unanswered": unanswered}}


def result(course: CourseFolder, student: str, exercises: dict[str, dict], place: str = "results") -> Result:
    made = Result(student, LESSON, NOTEBOOK, key="", exercises=exercises, sandbox="namespace")
    made.write(course.root / place / LESSON / student)
    return made


def log(course: CourseFolder, student: str, events: Iterable[tuple[str, str, float, int]]) -> None:
    """Write a log of attempts from events ``(exercise, event, share of the points, minutes after `MONDAY`)``."""
    path = course.submission(student, LESSON) / "attempts.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines, hints = [], 0
    for name, event, share, minutes in events:
        hints += event == "hint"
        at = (MONDAY + timedelta(minutes=minutes)).isoformat()
        report = {"score": share * FULL[name], "points": FULL[name], "parts": {}, "message": "`f(3)` returned 4", "hints": hints}
        lines.append(json.dumps({"at": at, "exercise": name, "event": event} | report))
    path.write_text("\n".join([*lines, "no attempt", ""]))


def class_of(course: CourseFolder, learners: int) -> None:
    """Learners of every ability, from none at all upwards; the last exercise depends on luck."""
    chance = random.Random(19)
    for n in range(learners):
        student, ability = f"learner{n:03}", n / max(1, learners - 1)
        right = [ability + chance.gauss(0, 0.15) > hard for hard in (0.2, 0.5)]
        luck = float(chance.random() > 0.5)
        exercises = {
            "m98_1_ex1": exercise("m98_1_ex1", [1.0, 1.0 if right[0] else 0.25], [f"{n} of 40 unseen jobs got a tool that suits them."]),
            "m98_1_ex2": exercise("m98_1_ex2", [1.0, float(right[1])], [f"`mean([{n}])` returned {n * 2}; expected another mean."]),
            "m98_1_ex3": exercise("m98_1_ex3", [luck if n else None], unanswered=not n),
        }
        result(course, student, exercises)
        events = []
        for i, name in enumerate(list(FULL)[:2]):
            tries = chance.randint(1, 4) if right[i] else chance.randint(3, 9)
            events += [(name, "check", 0.0, 60 * i + chance.randint(0, 9)) for _ in range(tries - 1)]
            events += [(name, "hint", 0.0, 60 * i + 15)] if tries > 3 else []
            events += [(name, "check", float(right[i]), 60 * i + chance.randint(20, 50))]
        log(course, student, events)
    broken = Result("unreadable", LESSON, NOTEBOOK, key="", status=UNGRADED, fault="it cannot be read")
    broken.write(course.root / "results" / LESSON / "unreadable")


def notebook_of(course: CourseFolder, student: str, code: str) -> None:
    """A graded notebook whose first answer is ``code`` and failed."""
    notebook = solution(course.source(LESSON) / f"{NOTEBOOK}.py", course.graders)
    cell(notebook, "m98_1_ex1").source = code
    result(course, student, {"m98_1_ex1": exercise("m98_1_ex1", [1.0, 0.0], ["0 of 40 unseen jobs"])})
    nbformat.write(notebook, course.results(student, LESSON) / f"{NOTEBOOK}.ipynb")
