"""Tests a class graded by nbgrader's own commands; each student has one of nbgrader's traps or one editing accident."""

from __future__ import annotations

import csv
import json
import re
import textwrap
from pathlib import Path

import nbformat
import pytest

from course.grading import validation
from tests.grading.nbgrader_course import LESSON, NOTEBOOK, SEED, Course, answering, cell, starting

from .students import CASES, FULL, LATE, MEAN, NOISE, RIGHT, STUDENTS, TOOL, WRONG

pytestmark = pytest.mark.timeout(900)  # grades a whole class, perhaps in parallel with another lane


@pytest.mark.parametrize("student", CASES)
def test_the_score_is_that_of_the_real_work(graded: Course, student: str) -> None:
    assert graded.scores(student) == STUDENTS[student][1]
    assert graded.needs_human(student) == set()


def test_unreadable_notebook_does_not_stop_the_class(graded: Course) -> None:
    assert "There was an error processing assignment 'm98_traps' for student 'm_broken_json'" in graded.autograde_log
    assert "for student 'right'" not in graded.autograde_log
    assert not (graded.root / "autograded" / "m_broken_json").exists()


def test_feedback_says_why(graded: Course) -> None:
    assert "<code>mean([1, 2, 6])</code> raised ZeroDivisionError: division by zero, in line 2 of your cell" in graded.feedback("wrong")
    assert "The kernel died in cell" in graded.feedback("kills_kernel")
    assert "had not returned after 2 seconds" in graded.feedback("loops")
    assert "The kernel sent something that is not a message" in graded.feedback("sends_garbage")
    assert "The check cell handed nothing to the grader" in graded.feedback("strips_assertions")


def test_feedback_shows_no_hidden_check(graded: Course) -> None:
    for student in graded.students:
        if student != "m_broken_json":
            assert "right_tool" not in graded.feedback(student)
            assert "canary" not in graded.feedback(student)


def test_kernel_knows_neither_seed_nor_hidden_checks(graded: Course) -> None:
    assert "raised RuntimeError: found []" in graded.shown("peeks", "m98_1_ex2")
    assert SEED not in "".join(path.read_text() for path in (graded.root / "autograded").rglob("*.ipynb"))


def test_repairs_are_logged(graded: Course) -> None:
    log = graded.autograde_log
    assert "copies_cells, m98_1_traps: cell m98_1_ex1_check: there were 2 copies; repaired" in log
    assert "deletes_cells, m98_1_traps: cell m98_1_ex2: it had been deleted; repaired" in log
    assert "strips_metadata, m98_1_traps: cell m98_1_ex3: its nbgrader metadata had been lost; repaired" in log


def test_no_warnings_of_libraries_are_shown(graded: Course) -> None:
    """Of the class, `copies_cells` has cell ids that occur twice, and each submission is new to the gradebook."""
    assert re.findall(r"\S*Warning\b.*|DuplicateCellId.*", graded.autograde_log) == []


def test_export_has_everyone(graded: Course) -> None:
    graded.nbgrader("export", "--to", str(graded.root / "grades.csv"))
    rows = {row["student_id"]: row for row in csv.DictReader((graded.root / "grades.csv").read_text().splitlines())}
    assert float(rows["right"]["score"]) == sum(FULL.values())
    assert float(rows["kills_kernel"]["score"]) == 4
    assert set(graded.students) <= set(rows)


def test_release_holds_no_answer(graded: Course) -> None:
    release = graded.root / "notebooks"
    names = {path.relative_to(release / LESSON) for path in (release / LESSON).rglob("*") if path.is_file()}
    assert names == {Path(f"{NOTEBOOK}.ipynb"), Path("given/variants.py")}
    assert "canary" not in "".join(path.read_text() for path in release.rglob("*") if path.is_file())


def test_nothing_is_left_behind(graded: Course) -> None:
    assert graded.leftovers() == []


def test_validate_judges_by_practice_cases(graded: Course) -> None:
    noisy = answering(ex1=TOOL + "choose_tool = noisy(choose_tool)", ex2=MEAN + "mean = noisy(mean)", ex3=LATE)
    paths = []
    for name, edits in {"right": [RIGHT], "noisy": [starting(NOISE), noisy], "wrong": [WRONG]}.items():
        notebook = graded.released()
        for edit in edits:
            edit(notebook)
        paths.append(graded.working_copy() / f"{name}.ipynb")
        nbformat.write(notebook, paths[-1])
    said = graded.nbgrader("validate", *map(str, paths))
    assert said.count(validation.SUCCESS) == 2 and "Success!" not in said
    assert said.count("VALIDATION FAILED ON 1 CELL(S)") == 1
    assert said.index("VALIDATION FAILED") > said.rindex(validation.SUCCESS)


def test_failed_grader_needs_a_human_and_costs_nothing(tmp_path: Path) -> None:
    course = Course(tmp_path / "course")
    course.release()
    hidden = course.root / "graders" / LESSON / "m98_1_hidden.py"
    hidden.write_text(hidden.read_text() + "\n\nex2.checks['graded'] = lambda answer, report: report.part('plain', 7, 'seven')\n")
    course.submit("right", RIGHT)
    log = course.nbgrader("autograde", LESSON)
    assert "m98_1_ex2 needs a human: the check of m98_1_ex2 raised DefinitionError" in log
    assert course.scores("right") == FULL | {"m98_1_ex2": None}
    assert course.needs_human("right") == {"m98_1_ex2"}
    assert "a human will look at it" in course.shown("right", "m98_1_ex2")
    assert json.loads((course.root / "autograded" / "right" / LESSON / f"{NOTEBOOK}.ipynb").read_text())


def test_cell_finds_its_exercise(graded: Course) -> None:
    assert cell(graded.released(), "m98_1_ex1_check").metadata.nbgrader.points == 4


@pytest.mark.nightly  # waits for several time limits
def test_kernel_that_will_not_stop_is_stopped(tmp_path: Path) -> None:
    deaf = "while True:\n    try:\n        {0}\n    except BaseException:\n        continue\n"
    # Twice, because a second signal may come while the first is handled.
    forever = deaf.format(textwrap.indent(deaf.format("while True: sum(range(9))"), " " * 8).strip())
    course = Course(tmp_path / "course")
    course.release()
    course.submit("cell", RIGHT, answering(ex2=forever))
    course.submit("function", RIGHT, answering(ex2="def mean(numbers):\n" + textwrap.indent(forever, "    ")))
    course.nbgrader("autograde", LESSON)
    assert course.scores("cell") == FULL | {"m98_1_ex2": 0.0, "m98_1_ex3": 0.0}
    assert "could not be interrupted" in course.shown("cell", "m98_1_ex2")
    assert course.scores("function") == FULL | {"m98_1_ex2": 0.0, "m98_1_ex3": 0.0}
    assert "The kernel did not answer in time" in course.shown("function", "m98_1_ex2")
    assert course.leftovers() == []
