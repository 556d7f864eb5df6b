"""The grading summary: the page ``results/night.html`` and its short form on the terminal."""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from course import pages
from course.grading.batches import overrides
from course.grading.batches.folder import CourseFolder
from course.grading.batches.result import Result
from course.grading.insight import stored_results
from course.grading.render import number
from course.grading.submission.blame import MACHINE
from course.sandbox.isolation import warning
from course.terminal import Terminal

PAGE = "night.html"
SHOWN = 15  # entries that need a human shown on the terminal; the page has all
BROKEN_CHECK = "the check of"  # prefix of the fault of a check that raised an error


def write(folder: CourseFolder, results: Iterable[Result]) -> Path:
    """Write the page for the lessons of ``results`` and the whole class.

    Parameters
    ----------
    folder : CourseFolder
    results : iterable of Result
        The new results; for the others in these lessons the page shows the stored results.
    """
    now = {_key(result): result for result in results}
    lessons = sorted({result.assignment for result in now.values()})
    class_ = stored_results.in_order(({_key(result): result for result in stored_results.results(folder, lessons)} | now).values())
    parts = [
        pages.paragraph(f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC. {', '.join(lessons)}: {totals_line(class_)}"),
        pages.heading("Needs a human"),
        _needs_human(folder, lessons, class_),
        pages.heading("Points"),
        pages.table("Points of each student for the work; penalties and extra credit are in the gradebook", *points(class_, lessons)),
        *_remarks("Repaired", "What was repaired before grading", ((each, each.repairs) for each in class_)),
        *_remarks("Notes", "What was skipped, cut off, stopped, not handed in, or run once more", ((each, each.notes) for each in class_)),
        *_decisions(folder, class_),
        *_manual_scores(class_),
        *_sandbox(class_),
    ]
    return pages.write(folder.root / "results" / PAGE, "Grading summary", parts)


def print_summary(results: Sequence[Result], unchanged: int, page: Path, terminal: Terminal) -> None:
    """Print what needs attention, the totals and the path of the page; ``unchanged`` results were not graded again."""
    waiting = [row for result in results for row in attention(result)]
    for student, what, why, then in waiting[:SHOWN]:
        terminal.say(f"{student}, {what}: {why}")
        terminal.say(f"    {then}")  # on its own line, to be copied
    if len(waiting) > SHOWN:
        terminal.say(f"... and {len(waiting) - SHOWN} more on the page.")
    terminal.say(totals_line(results, f" ({unchanged} already graded)" if unchanged else ""))
    terminal.say(f"All of it: {page}")


def totals_line(results: Sequence[Result], remark: str = "") -> str:
    """ "30 notebooks: 28 graded, 3 repaired, 2 need a human." """
    human = sum(bool(result.needs_human) for result in results)
    repaired = sum(bool(result.repairs) for result in results)
    return f"{len(results)} notebooks{remark}: {len(results) - human} graded, {repaired} repaired, {human} need a human."


def attention(result: Result) -> list[tuple[str, str, str, str]]:
    """Student, notebook or exercise, reason, and the command that fixes or retries it; for everything without a score."""
    who, lesson = shlex.quote(result.student), result.assignment
    rows = []
    if result.fault:
        rows.append((result.student, result.notebook, result.fault, f"`course grade {lesson} --students {who}`"))
    for name, each in result.exercises.items():
        if each["score"] is not None:
            continue
        if result.again or each["fault"].startswith(MACHINE):
            fix = f"`course grade {lesson} --students {who}{' --resume' if result.again else ''}`"
        elif each["fault"].startswith(BROKEN_CHECK):
            fix = f"correct the check in `graders/{lesson}/`, then `course rescore {lesson}`"
        else:
            fix = f"`nbgrader generate_assignment {lesson}`, then `course grade {lesson} --resume`"
        decide = f'or decide: `course override {who} {name} --points ... --reason "..."`'
        rows.append((result.student, name, each["fault"] or "it has no score", f"{fix}; {decide}"))
    return rows


def points(results: Sequence[Result], lessons: Sequence[str]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows: the points of each student in each lesson, and their sum; ungraded work does not count as 0."""
    found: dict[str, dict[str, list[Result]]] = defaultdict(lambda: defaultdict(list))
    for result in results:
        found[result.student][result.assignment].append(result)
    rows = []
    for student, theirs in sorted(found.items()):
        everything = [result for some in theirs.values() for result in some]
        rows.append((student, *(_points(theirs.get(lesson, [])) for lesson in lessons), _points(everything)))
    return ("student", *lessons, "sum"), rows


def _points(results: Sequence[Result]) -> str:
    if not results:
        return "no result"
    if all(result.fault for result in results):
        return "ungraded"
    said = f"{number(sum(result.total for result in results))} of {number(sum(result.points for result in results))}"
    open_ = sum(each["points"] for result in results for each in result.exercises.values() if each["score"] is None)
    lost = [result.notebook for result in results if result.fault]
    waiting = ([f"{number(open_)} of them ungraded"] if open_ else []) + [f"{name} ungraded" for name in lost]
    late = sum(result.penalty for result in results)
    return ", ".join([said, *([f"{number(late)} lost for being late"] if late else []), *waiting])


def _needs_human(folder: CourseFolder, lessons: Iterable[str], results: Sequence[Result]) -> pages.Markup:
    graded = {(result.assignment, result.student) for result in results}
    left = [
        (student, lesson, "it was handed in but has no result", f"`course grade {lesson} --students {shlex.quote(student)}`")
        for lesson in lessons
        for student in folder.students(lesson)
        if (lesson, student) not in graded
    ]
    rows = [row for result in results for row in attention(result)] + left
    if not rows:
        return pages.paragraph("Nothing does.")
    caption = "No score, and not by the student's fault: ungraded does not mean 0"
    return pages.table(caption, ("student", "what", "why", "then"), [tuple(map(pages.code, row)) for row in rows])


def _remarks(title: str, caption: str, found: Iterable[tuple[Result, Sequence[str]]]) -> list[pages.Markup]:
    rows = [(result.student, result.notebook, pages.code("\n".join(lines))) for result, lines in found if lines]
    return [pages.heading(title), pages.table(caption, ("student", "notebook", "what"), rows)] if rows else []


def _decisions(folder: CourseFolder, results: Sequence[Result]) -> list[pages.Markup]:
    made = overrides.decisions(folder)
    rows = [
        (result.student, name, *_decided(decision))
        for result in results
        for name in result.exercises
        if (decision := made.get((result.student, name)))
    ]
    columns = ("student", "exercise", "points", "the grader's", "extra credit", "reason", "by", "at")
    return [pages.heading("Decided by a human"), pages.table("Decisions that stand", columns, rows)] if rows else []


def _decided(decision: Mapping) -> tuple[str, ...]:
    """A decision in the columns of the page; empty where nothing was decided."""
    points, extra = (number(decision[what]) if what in decision else "" for what in ("points", "extra"))
    before = "none" if decision["before"] is None else number(decision["before"])
    return (points, before, extra, *(decision[member] for member in ("reason", "by", "at")))


def _manual_scores(results: Sequence[Result]) -> list[pages.Markup]:
    found = ((result.student, name, each) for result in results for name, each in result.exercises.items() if "manual" in each)
    rows = [(student, name, *_undecided(student, name, each)) for student, name, each in found]
    caption = "In the gradebook, by the formgrader; spreadsheets have the grader's"
    columns = ("student", "exercise", "the grader's", "manual", "extra credit", "to let it count")
    return [pages.heading("Manual scores that do not count"), pages.table(caption, columns, rows)] if rows else []


def _undecided(student: str, exercise: str, found: Mapping) -> tuple[str, ...]:
    graders, manual = "none" if found["score"] is None else number(found["score"]), found["manual"]
    score, extra = (number(manual[what]) if what in manual else "" for what in ("score", "extra"))
    options = "".join(f" {option} {value}" for option, value in (("--points", score), ("--extra", extra)) if value)
    return (graders, score, extra, pages.code(f'`course override {shlex.quote(student)} {exercise}{options} --reason "..."`'))


def _sandbox(results: Sequence[Result]) -> list[pages.Markup]:
    counted = Counter(result.sandbox for result in results)
    said = [warning(found, f"{count} notebooks were graded on a machine that") for found, count in counted.items()]
    said = [pages.paragraph(each) for each in said if each]
    return [pages.heading("The sandbox"), *said] if said else []


def _key(result: Result) -> tuple[str, str, str]:
    return (result.assignment, result.student, result.notebook)
