"""Exports results to nbgrader's gradebook, to spreadsheets for learning platforms, and to JUnit for CI systems."""

from __future__ import annotations

import csv
import shutil
import warnings
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from course.grading import characters
from course.grading.batches.folder import CourseFolder, FolderError
from course.grading.batches.result import Result


def gradebook(results: Sequence[Result], folder: CourseFolder, db_url: str = "") -> list[Result]:
    """Write scores to nbgrader's gradebook and executed notebooks to ``autograded/``, where formgrader and feedback read them.

    Returns the results with the gradebook's late penalties and manual scores.

    Parameters
    ----------
    db_url : str
        As SQLAlchemy has it, for example ``"postgresql://..."``; when empty, the URL of `nbgrader_gradebook.url_of`.

    Raises
    ------
    FolderError
        When there is no such gradebook, or an assignment is not in it.
    """
    from nbgrader.api import MissingEntry

    from course.grading.batches import late_penalties
    from course.grading.batches import nbgrader_gradebook as nbgrader

    url = nbgrader.url_of(folder, db_url)
    with warnings.catch_warnings(), nbgrader.open_gradebook(url) as book:
        nbgrader.ignore_warnings()
        for result in results:
            try:
                book.update_or_create_student(result.student)
                book.update_or_create_submission(result.assignment, result.student, **late_penalties.submitted_at(result, folder))
                submitted = book.find_submission_notebook(result.notebook, result.assignment, result.student)
            except MissingEntry:
                what = f"{result.assignment}/{result.notebook} is not in the gradebook"
                raise FolderError(f"{what}; run `nbgrader generate_assignment {result.assignment}` in {folder.root}.") from None
            for grade in submitted.grades:
                found = result.exercises.get(grade.name.removesuffix("_check"))
                if found and "extra" in found:
                    grade.extra_credit = found["extra"]
                if found and "override" in found:
                    grade.manual_score, grade.needs_manual_grade = found["score"], False
                    continue
                grade.auto_score = found["score"] if found else None
                grade.needs_manual_grade = grade.auto_score is None or grade.manual_score is not None
            book.db.commit()
            _keep_notebook(result, folder)
    final = late_penalties.with_late_penalties(results, folder, url)
    for result in final:
        _remember(result, folder)
    return final


def _remember(result: Result, folder: CourseFolder) -> None:
    """Add what only the gradebook knows to the stored result, for readers without it: the penalty and manual scores."""
    place = folder.results(result.student, result.assignment)
    stored = Result.read(place, result.notebook)
    if stored is None:
        return
    manual = {name: {"manual": each["manual"]} for name, each in result.exercises.items() if "manual" in each}
    plain = {name: {member: each[member] for member in each if member != "manual"} for name, each in stored.exercises.items()}
    now = replace(stored, penalty=result.penalty, exercises={name: each | manual.get(name, {}) for name, each in plain.items()})
    if now != stored:
        now.write(place)


def _keep_notebook(result: Result, folder: CourseFolder) -> None:
    executed = folder.results(result.student, result.assignment) / f"{result.notebook}.ipynb"
    if executed.exists():
        target = folder.autograded(result.student, result.assignment)
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(executed, target)


def table(results: Sequence[Result], path: Path) -> None:
    """Write a row for each exercise of each student.

    ``total`` is the score with extra credit less the penalty. nbgrader deducts a penalty from the notebook; each exercise bears a share in
    proportion to its points.
    """
    rows = []
    for result in results:
        kept = result.total / (result.score + result.extra) if result.penalty else 1.0
        for name, each in result.exercises.items():
            numbers = [each["score"], each["points"]]
            extra = each.get("extra", 0.0)
            earned = None if each["score"] is None else each["score"] + extra
            after = [extra, *((None, None) if earned is None else (earned * (1 - kept), earned * kept))]
            of = [result.student, result.assignment, result.notebook, name]
            rows.append([*of, *map(_number, numbers), result.status, *map(_number, after)])
    _write(path, ["student", "assignment", "notebook", "exercise", "score", "points", "status", "extra", "penalty", "total"], rows)


def canvas(results: Sequence[Result], path: Path) -> None:
    """Write a file for import into Canvas' gradebook, by SIS login; columns as in "How do I import grades", 2026-11-24.

    An assignment with a score that needs a human is left empty, so that Canvas keeps its value.
    """
    assignments, totals, possible = _totals(results)
    rows = [["    Points Possible", "", "", "", "", *(_number(possible[name]) for name in assignments)]]
    rows += [[student, "", "", student, "", *(_number(scores.get(name)) for name in assignments)] for student, scores in totals.items()]
    _write(path, ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *assignments], rows)


def moodle(results: Sequence[Result], path: Path) -> None:
    """Write a file for Moodle's import of grades: map "ID number" to the user and each assignment to its grade item."""
    assignments, totals, _ = _totals(results)
    rows = [[student, *(_number(scores.get(name)) for name in assignments)] for student, scores in totals.items()]
    _write(path, ["ID number", *assignments], rows)


def junit(results: Sequence[Result], path: Path) -> None:
    """Write a test suite for each notebook of each student and a test case for each exercise. A test case fails without full points, and
    is an error where a human is needed. Characters that XML cannot hold are replaced."""
    root = ElementTree.Element("testsuites")
    for result in results:
        name = f"{result.student}/{result.assignment}/{result.notebook}"
        suite = ElementTree.SubElement(root, "testsuite", name=name, tests=str(len(result.exercises)), time=f"{result.seconds:.3f}")
        if result.fault:
            ElementTree.SubElement(ElementTree.SubElement(suite, "testcase", name="notebook"), "error", message=result.fault)
        for exercise, each in result.exercises.items():
            case = ElementTree.SubElement(suite, "testcase", classname=name, name=exercise)
            if each["score"] is None:
                ElementTree.SubElement(case, "error", message=each["fault"])
            elif each["score"] < each["points"]:
                said = f"{_number(each['score'])} of {_number(each['points'])} points"
                ElementTree.SubElement(case, "failure", message=said).text = _reasons(each["report"])
    for element in root.iter():
        element.text = element.text and characters.xml(element.text)
        element.attrib = {name: characters.xml(value) for name, value in element.attrib.items()}
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


EXPORTS: dict[str, tuple[str, Callable[[Sequence[Result], Path], None]]] = {
    "csv": ("grades.csv", table),
    "canvas": ("canvas.csv", canvas),
    "moodle": ("moodle.csv", moodle),
    "junit": ("junit.xml", junit),
}


def _totals(results: Sequence[Result]) -> tuple[list[str], dict[str, dict[str, float]], dict[str, float]]:
    """Assignments; points by student and assignment after penalties, unless a human is needed; and the possible points."""
    found: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        found[result.student, result.assignment].append(result)
    totals: dict[str, dict[str, float]] = {}
    possible: dict[str, float] = {}
    for (student, assignment), theirs in sorted(found.items()):
        possible[assignment] = max(possible.get(assignment, 0.0), sum(result.points for result in theirs))
        row = totals.setdefault(student, {})
        if not any(result.needs_human for result in theirs):
            row[assignment] = sum(result.total for result in theirs)
    return sorted(possible), totals, possible


def _reasons(report: dict | None) -> str:
    if report is None:
        return "not handed in"
    failed = (f"{part['name']}: {part['message']}" for part in report["parts"] if part["share"] != 1)
    return "\n".join([*([report["problem"]] if report["problem"] else []), *failed])


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")


def _write(path: Path, heading: list[str], rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([heading, *rows])
