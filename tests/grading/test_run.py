"""Tests one run: what cannot start says why and does not count as zero, time limits are kept, and whose fault a check is that raises."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from course.grading import catalogue
from course.grading.exercise.seeds import Draw
from course.grading.sandbox import kernel, limits
from course.grading.submission.evidence import RecordedCalls, read, replaying, tokens_of, write
from course.grading.submission.run import NotebookRun, StartError, Submission
from course.grading.submission.server import FAULT, judge
from tests.grading.nbgrader_course import LESSON, NOTEBOOK, Course, Edit, answering, cell, solution
from tests.grading.seeded_runs import run

FIXTURE = Path(__file__).parent / "fixture"
SLEEPS = "import time\ntime.sleep(1)"
SWALLOWS = "import time\ntry:\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    pass"
ENDLESS = "calls = []\ndef mean(numbers):\n    calls.append(numbers)\n    while True:\n        pass\n"


def submission(handed_in: Path) -> Submission:
    return Submission(FIXTURE / "solutions" / "m98_traps", handed_in, FIXTURE / "graders", None)


def reference(*edits: Edit) -> nbformat.NotebookNode:
    made = solution(FIXTURE / "solutions" / "m98_traps" / "m98_1_traps.py", FIXTURE / "graders")
    for edit in edits:
        edit(made)
    return made


def scores(done: NotebookRun) -> dict[str, float | None]:
    return {outcome.report.exercise.id: outcome.score for outcome in done.outcomes.values()}


def test_a_kernel_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "COMMAND", ("-c", "print('no module named so'); raise SystemExit(3)"))
    notebook = nbformat.v4.new_notebook(cells=[new_code_cell("1")])
    with pytest.raises(StartError, match="no module named so"):
        run(notebook, submission(tmp_path))


def test_a_kernel_without_the_course_is_not_the_submissions_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "IMPORT_COURSE", "import course.not_installed")
    with pytest.raises(StartError, match=r"cannot import the course's package: ModuleNotFoundError: .* 'course\.not_installed'"):
        run(reference(), submission(tmp_path))


def test_files_of_a_submission_cannot_hide_the_course(tmp_path: Path) -> None:
    """Neither the package itself nor what it imports from Python's library."""
    for name in ("course.py", "random.py", "hashlib.py", "socket.py", "course/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("raise SystemExit('mine')")
    assert scores(run(reference(), submission(tmp_path))) == {"m98_1_ex1": 4.0, "m98_1_ex2": 2.0, "m98_1_ex3": 3.0}


@pytest.mark.parametrize("source", [SLEEPS, pytest.param(SWALLOWS, marks=pytest.mark.nightly)], ids=["sleeps", "swallows"])  # each waits
def test_many_cells_that_sleep_keep_the_limit_of_the_notebook(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most one cell runs at the limit, and none after it: each cell here takes a second."""
    monkeypatch.setitem(limits.limits(), "notebook_seconds", 4)
    notebook = reference()
    notebook.cells[2:2] = [new_code_cell(source) for _ in range(30)]
    done = run(notebook, submission(tmp_path), cell_seconds=1)
    ran = [each for each in notebook.cells if each.cell_type == "code" and each.execution_count]
    assert len(ran) <= 1 + 4 + 1
    assert scores(done) == {"m98_1_ex1": 0.0, "m98_1_ex2": 0.0, "m98_1_ex3": 0.0}
    assert len(done.notes) == 1 and "at the limit of 0.0667 minutes for all its cells" in done.notes[0]
    assert done.notes[0] in str(cell(notebook, "m98_1_ex3_check").outputs)


def test_a_function_that_ran_out_of_time_is_called_once_in_its_check_and_once_later(tmp_path: Path) -> None:
    notebook = reference(answering(ex2=ENDLESS))
    later = [new_code_cell("mean([7])"), new_code_cell("[mean([n]) for n in range(100)]"), new_code_cell("print(calls)")]
    notebook.cells += later
    done = run(notebook, submission(tmp_path))
    assert scores(done) == {"m98_1_ex1": 4.0, "m98_1_ex2": 0.0, "m98_1_ex3": 3.0}
    outcome = done.outcomes["m98_1_ex2_check"]
    assert "had not returned after 2 seconds" in outcome.report.problem and "is not called again" in outcome.report.problem
    assert [each.outputs[0].ename for each in later[:2]] == ["TimeoutError"] * 2
    assert "The grader does not call it any more" in later[0].outputs[0].evalue
    assert later[2].outputs[0].text.count("[") == 3  # the list, the first practice case, and the first later call

    exercise = catalogue.find("m98_1_ex2", FIXTURE / "graders")
    write({"m98_1_ex2": outcome.evidence}, tmp_path / "evidence")
    recorded = read(tmp_path / "evidence")["m98_1_ex2"]
    again = judge(
        exercise, recorded, RecordedCalls(recorded).call, replaying(recorded), Draw(student="alice", seed="seed"), tokens_of(recorded)
    )
    assert (again.score, again.report.problem) == (0.0, outcome.report.problem)  # and nothing was asked that was not recorded


def test_a_function_slow_on_some_cases_alone_still_answers_the_others(tmp_path: Path) -> None:
    slow = "def mean(numbers):\n    while not numbers:\n        pass\n    return sum(numbers) / len(numbers)\n"
    notebook = reference(answering(ex2=slow))
    notebook.cells.append(new_code_cell("mean([1, 3])"))
    assert scores(run(notebook, submission(tmp_path)))["m98_1_ex2"] == 0.0  # the function ran out of time in practice
    assert notebook.cells[-1].outputs[0].data["text/plain"] == "2.0"


RAISES = """# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
from course.grading import Answer, Report
from .m98_1 import ex3

@ex3.graded
def graded_ex3(answer, report):
    report.part("found", 0.5, "half of it")
    late = answer.value("late")
    {body}
"""


def graded(folder: Path, body: str, *edits: Edit) -> tuple[NotebookRun, nbformat.NotebookNode]:
    """The run of a submission in a course whose hidden check of exercise 3 does this with ``late``."""
    course = Course(folder)
    notebook = nbformat.read(course.root / "solutions" / LESSON / f"{NOTEBOOK}.ipynb", as_version=4)
    for edit in edits:
        edit(notebook)
    (course.root / "graders" / LESSON / "m98_1_hidden.py").write_text(RAISES.format(body=body))
    nothing = folder / "submitted"
    nothing.mkdir()
    handed_in = Submission(course.root / "solutions" / LESSON, nothing, course.root / "graders", None)
    return run(notebook, handed_in), notebook


def test_a_check_that_raises_on_an_answer_alone_counts_as_its_fault(tmp_path: Path) -> None:
    done, notebook = graded(tmp_path / "course", "assert len(late[0]) < 40", answering(ex3="late = ['c' * 99]"))
    outcome = done.outcomes["m98_1_ex3_check"]
    assert (outcome.score, outcome.fault) == (1.5, "")
    assert "raised AssertionError" in " ".join(done.notes) and "answer's fault" in " ".join(done.notes)
    assert "could not go on with your answer (AssertionError)" in str(cell(notebook, "m98_1_ex3_check").outputs)


def test_a_check_that_raises_on_the_reference_too_needs_a_human(tmp_path: Path) -> None:
    done, notebook = graded(tmp_path / "course", "late[99]", answering(ex3="late = []"))
    outcome = done.outcomes["m98_1_ex3_check"]
    assert outcome.score is None
    assert outcome.fault == "the check of m98_1_ex3 raised IndexError: list index out of range; so it does on the reference answer"
    assert FAULT in str(cell(notebook, "m98_1_ex3_check").outputs)
