"""A class of students, each with one of nbgrader's traps or one slip of an editor, through nbgrader's own commands."""

from __future__ import annotations

import copy
import csv
import json
from pathlib import Path

import nbformat
import pytest

from .classroom import LESSON, NOTEBOOK, SEED, Course, answering, cell, checks_become, starting

FULL = {"m98_1_ex1": 4.0, "m98_1_ex2": 2.0, "m98_1_ex3": 3.0}
NOTHING = dict.fromkeys(FULL, 0.0)
SHAPE = NOTHING | {"m98_1_ex1": 0.5}  # a constant of the right shape

TOOL = """def choose_tool(job):
    if job["team_codes"]:
        return "spark" if job["gigabytes"] > 100 else "script"
    return "rules" if job["purpose"] == "quality" else "visual"
"""
MEAN = "def mean(numbers):\n    return sum(numbers) / len(numbers) if numbers else 0.0\n"
LATE = 'late = [name for name, known in described.items() if known == "after landing"]\n'
RIGHT = answering(ex1=TOOL, ex2=MEAN, ex3=LATE)
WRONG = answering(
    ex1="def choose_tool(job):\n    return 'visual'\n", ex2="def mean(numbers):\n    return numbers[0] / 0\n", ex3="late = ['c1']\n"
)

NOISE = """import logging, os, sys, warnings
logging.getLogger("sdk").addHandler(logging.StreamHandler())  # holds the stderr of now
def noisy(function):
    def wrapped(argument):
        warnings.warn("role fallback")
        logging.getLogger("sdk").warning("role fallback")
        print("to stderr", file=sys.stderr)
        os.write(2, b"from C\\n")
        return function(argument)
    return wrapped
"""

STRIPPER = """import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(Strip())
import course.grading, sys
forged = lambda *args, **kwargs: 4.0
course.grading.check = forged
sys.modules["course.grading.report"].Report.score = property(lambda self: 4.0)
check = forged
"""

FORGER = """def choose_tool(job):
    from IPython.display import display
    display({"text/plain": "4.0"}, raw=True)
    return "visual"
"""

GUESSER = """from course.grading import check
def choose_tool(job):
    return "visual"
scores = [check("m98_1_ex1", choose_tool=lambda job, tool=tool: tool) for tool in ("spark", "script", "rules", "visual") for _ in range(5)]
"""

LIAR = """import os, socket
def mean(numbers):
    return 0.0
def garbage(*args, **kwargs):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.environ["COURSE_GRADER_SOCKET"])
        connection.sendall(b"x" * 100)
        connection.recv(100)
check = garbage
"""

PEEKER = """import os, sys
def mean(numbers):
    secrets = [name for name in os.environ if "SEED" in name] + [name for name in sys.modules if name.endswith("_hidden")]
    raise RuntimeError(f"found {secrets}")
"""


def copies(notebook: nbformat.NotebookNode) -> None:
    """Every nbgrader cell copied with its metadata, to the end of the notebook."""
    notebook.cells += [copy.deepcopy(each) for each in notebook.cells if "nbgrader" in each.metadata]


def deletes(notebook: nbformat.NotebookNode) -> None:
    """All checks deleted, and the answer of exercise 2 with its check."""
    notebook.cells = [
        each
        for each in notebook.cells
        if not each.metadata.get("nbgrader", {}).get("grade") and each.metadata.get("nbgrader", {}).get("grade_id") != "m98_1_ex2"
    ]


def strips(notebook: nbformat.NotebookNode) -> None:
    """As Colab and VS Code leave it: no metadata, another kernel."""
    notebook.metadata = {"kernelspec": {"name": "colab", "display_name": "Colab"}, "accelerator": "GPU"}
    for each in notebook.cells:
        each.metadata = {}


def breaks_metadata(notebook: nbformat.NotebookNode) -> None:
    for each, broken in zip(notebook.cells, ["text", 5, [], {"grade_id": "never_released"}, {"schema_version": 9}], strict=False):
        each.metadata["nbgrader"] = broken


STUDENTS = {
    "right": ([RIGHT], FULL),  # without the given files: many hand in the notebook alone
    "untouched": ([], NOTHING),
    "wrong": ([WRONG], SHAPE),
    "partial": ([answering(ex2="def mean(numbers):\n    return sum(numbers) / len(numbers)\n")], NOTHING | {"m98_1_ex2": 1.0}),
    "one_part": (
        [answering(ex2="def mean(numbers):\n    return sum(numbers) / len(numbers) if numbers else None or -1.0\n")],
        NOTHING | {"m98_1_ex2": 1.0},
    ),
    "writes_to_stderr": (
        [RIGHT, starting(NOISE), answering(ex1=TOOL + "choose_tool = noisy(choose_tool)", ex2=MEAN + "mean = noisy(mean)")],
        FULL,
    ),
    "numpy_float": ([RIGHT, answering(ex2="import numpy as np\n" + MEAN.replace("return ", "return np.float64(").rstrip() + ")")], FULL),
    "edits_checks": (
        [
            WRONG,
            checks_become(
                "score = 0\nscore == 99",
                "import numpy as np\nnp.float64(2.0)",
                "try:\n    assert False\nexcept AssertionError:\n    print('FAILED')",
            ),
        ],
        SHAPE,
    ),
    "copies_cells": ([RIGHT, copies], FULL),
    "deletes_cells": ([RIGHT, deletes], FULL | {"m98_1_ex2": 0.0}),
    "strips_metadata": ([RIGHT, strips], FULL),
    "breaks_metadata": ([RIGHT, breaks_metadata], FULL),
    "strips_assertions": ([WRONG, starting(STRIPPER)], NOTHING),
    "hides_tracebacks": ([WRONG, starting("get_ipython().showtraceback = lambda *args, **kwargs: None")], SHAPE),
    "kills_kernel": ([RIGHT, answering(ex2="import os\nos._exit(0)")], FULL | {"m98_1_ex2": 0.0, "m98_1_ex3": 0.0}),
    "loops": ([RIGHT, answering(ex2="def mean(numbers):\n    while True: pass")], FULL | {"m98_1_ex2": 0.0}),
    "forges_output": ([answering(ex1=FORGER)], SHAPE),
    "guesses": ([answering(ex1=GUESSER)], SHAPE),
    "sends_garbage": ([RIGHT, answering(ex2=LIAR)], NOTHING | {"m98_1_ex1": 4.0}),
    "peeks": ([answering(ex2=PEEKER)], NOTHING),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The whole class, released, handed in and autograded in one run each; a notebook of broken JSON in the midst of it."""
    course = Course(tmp_path_factory.mktemp("nbgrader") / "course")
    course.nbgrader("generate_assignment", LESSON)
    for student, (edits, _) in STUDENTS.items():
        course.submit(student, *edits)
    course.submit("m_broken_json").write_text('{"cells": [')
    course.autograde_log = course.nbgrader("autograde", LESSON, expect=1)  # 1: one submission could not be read
    course.nbgrader("generate_feedback", LESSON)
    return course


@pytest.mark.parametrize("student", STUDENTS)
def test_score_is_what_the_work_deserves(graded: Course, student: str) -> None:
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
    assert "The kernel sent something that is no message" in graded.feedback("sends_garbage")
    assert "The check cell handed nothing to the grader" in graded.feedback("strips_assertions")


def test_feedback_shows_no_hidden_check(graded: Course) -> None:
    for student in STUDENTS:
        if student != "m_broken_json":
            assert "right_tool" not in graded.feedback(student)
            assert "canary" not in graded.feedback(student)


def test_kernel_knows_neither_seed_nor_hidden_checks(graded: Course) -> None:
    assert "raised RuntimeError: found []" in graded.shown("peeks", "m98_1_ex2")
    assert SEED not in "".join(path.read_text() for path in (graded.root / "autograded").rglob("*.ipynb"))


def test_repairs_are_logged(graded: Course) -> None:
    log = graded.autograde_log
    assert "copies_cells, m98_1_traps: cell m98_1_ex1_check: there were 2 copies; mended" in log
    assert "deletes_cells, m98_1_traps: cell m98_1_ex2: it had been deleted; mended" in log
    assert "strips_metadata, m98_1_traps: cell m98_1_ex3: its nbgrader metadata had been lost; mended" in log


def test_export_has_everyone(graded: Course) -> None:
    graded.nbgrader("export", "--to", str(graded.root / "grades.csv"))
    rows = {row["student_id"]: row for row in csv.DictReader((graded.root / "grades.csv").read_text().splitlines())}
    assert float(rows["right"]["score"]) == sum(FULL.values())
    assert float(rows["kills_kernel"]["score"]) == 4
    assert set(STUDENTS) <= set(rows)


def test_release_holds_no_answer(graded: Course) -> None:
    release = graded.root / "notebooks"
    names = {path.relative_to(release / LESSON) for path in (release / LESSON).rglob("*") if path.is_file()}
    assert names == {Path(f"{NOTEBOOK}.ipynb"), Path("given/variants.py")}
    assert "canary" not in "".join(path.read_text() for path in release.rglob("*") if path.is_file())


def test_nothing_is_left_behind(graded: Course) -> None:
    assert graded.leftovers() == []


def test_validate_judges_by_practice_cases(graded: Course) -> None:
    solved = graded.released()
    RIGHT(solved)
    path = graded.root / "notebooks" / LESSON / "validated.ipynb"
    nbformat.write(solved, path)
    assert "Success! Your notebook passes all the tests." in graded.nbgrader("validate", str(path))
    WRONG(solved)
    nbformat.write(solved, path)
    assert "VALIDATION FAILED ON 1 CELL(S)" in graded.nbgrader("validate", str(path))
    starting(NOISE)(solved)
    answering(ex1=TOOL + "choose_tool = noisy(choose_tool)", ex2=MEAN + "mean = noisy(mean)", ex3=LATE)(solved)
    nbformat.write(solved, path)
    assert "Success! Your notebook passes all the tests." in graded.nbgrader("validate", str(path))


def test_failed_grader_needs_a_human_and_costs_nothing(tmp_path: Path) -> None:
    course = Course(tmp_path / "course")
    course.nbgrader("generate_assignment", LESSON)
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
