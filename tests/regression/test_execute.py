"""Tests the execution of notebooks: measurements, one-line errors, parameters, environment, order and progress."""

from __future__ import annotations

from collections import Counter

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output

from course.regression.execute import earned, execute_all, lessons

from .small_notebooks import answer, check, parameters, write


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The results of a good and a failing notebook, and the number of cells reported while they ran."""
    root = tmp_path_factory.mktemp("course")
    good = write(
        root / "solutions" / "m90_good" / "m90_1.ipynb",
        "# Good",
        parameters("points = 1.0"),
        answer("m90_1_ex1", "import os\nassert os.environ['COURSE_OF_THIS_TEST'] == 'yes'"),
        check("m90_1_ex1", 2, "points"),
        check("m90_1_ex2", 1.5, "1.5"),
    )
    failing = write(
        root / "solutions" / "m91_bad" / "m91_1.ipynb",
        "# Bad",
        check("m91_1_ex1", 1, "1.0"),
        new_code_cell("def broken():\n    raise ValueError('no such flight\\nand a second line')\n\nbroken()"),
        check("m91_1_ex2", 1, "1.0"),
    )
    progress = Counter()
    done = execute_all(
        [good, failing],
        root / "executed",
        [{"COURSE_OF_THIS_TEST": "yes"}],
        lambda notebook: progress.update([notebook]),
        parameters={"points": 2.0},
    )
    return done, progress, root


def test_results_come_in_the_order_of_the_sources(runs):
    done, _, _ = runs
    assert [(run.lesson, run.notebook) for run in done] == [("m90_good", "m90_1"), ("m91_bad", "m91_1")]


def test_a_good_notebook_earns_its_points_with_the_parameters_it_was_given(runs):
    run = runs[0][0]
    assert (run.error, run.earned, run.points, run.exercises, run.ok) == ("", 3.5, 3.5, 2, True)
    assert run.cells == len(nbformat.read(run.output, as_version=4).cells)
    assert run.seconds > 0 and all(seconds >= 0 for seconds in run.cell_seconds)


def test_a_failing_cell_gives_one_line_that_says_where_and_how(runs):
    run = runs[0][1]
    assert run.error == "cell 3: ValueError: no such flight"  # counted from 0 in the executed copy, which begins with the parameters
    assert not run.ok
    assert (run.earned, run.points) == (1, 2)  # the exercise before the failure counts, the one after it was not reached


def test_the_executed_copy_is_kept_also_when_it_fails(runs):
    done, _, root = runs
    for run in done:
        assert run.output == root / "executed" / run.lesson / f"{run.notebook}.ipynb"
        assert any(cell.get("outputs") for cell in nbformat.read(run.output, as_version=4).cells)


def test_progress_counts_the_code_cells_that_ran(runs):
    _, progress, _ = runs
    assert progress["m90_1"] >= 4
    assert progress["m91_1"] >= 1


def test_the_lessons_of_a_course_are_its_solution_notebooks_in_order(runs):
    _, _, root = runs
    write(root / "solutions" / "m90_good" / "notes.ipynb", "# Not a lesson")
    assert [path.name for path in lessons(root)] == ["m90_1.ipynb", "m91_1.ipynb"]


def test_points_are_read_as_nbgrader_reads_them():
    for shown, points in [("1.5", 1.5), ("2", 2.0), ("0.0", 0.0), ("True", 0.0), ("np.float64(2.0)", 0.0), ("'2.0'", 0.0), ("", 0.0)]:
        cell = check("m90_1_ex1", 2, "x")
        cell.outputs = [
            new_output("stream", name="stdout", text="2.0"),
            new_output("execute_result", {"text/plain": shown}, execution_count=1),
        ]
        assert earned(cell) == points, shown


def test_a_check_without_a_value_earns_nothing():
    assert earned(check("m90_1_ex1", 2, "x")) == 0
