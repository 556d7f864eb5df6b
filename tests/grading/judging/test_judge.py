"""Tests `judge()` in a real kernel, as a learner runs it, with the judge's own process beside it."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from course.grading import attempts

FIXTURE = Path(__file__).parents[1] / "fixture" / "graders"
RULE = """
def choose_tool(job):
    if job["team_codes"]:
        return "spark" if job["gigabytes"] > 100 else "script"
    return "rules" if job["purpose"] == "quality" else "visual"
"""

Run = Callable[[str], list[Any]]


class Course:
    """A course in a folder, and a kernel in which its learner works."""

    def __init__(self, root: Path, run: Run) -> None:
        self.root, self.run = root, run

    @property
    def attempts(self) -> list[attempts.Attempt]:
        return attempts.read(self.root / "work" / "m98_traps")

    def said(self, source: str) -> str:
        (output,) = self.run(source)
        return output.data["text/plain"]


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Course]:
    shutil.copytree(FIXTURE, tmp_path / "graders")
    folder = tmp_path / "work" / "m98_traps"
    folder.mkdir(parents=True)
    monkeypatch.setenv("COURSE_GRADERS", str(tmp_path / "graders"))
    monkeypatch.setenv("COURSE_LOCALAWS_STATE", str(tmp_path / "aws"))
    monkeypatch.delenv("COURSE_GRADER_SOCKET", raising=False)
    notebook = new_notebook()
    client = NotebookClient(notebook, timeout=60, allow_errors=True, resources={"metadata": {"path": str(folder)}})
    with client.setup_kernel():

        def run(source: str) -> list[Any]:
            notebook.cells.append(new_code_cell(source))
            return client.execute_cell(notebook.cells[-1], len(notebook.cells) - 1).outputs

        run("from course import check, judge")
        yield Course(tmp_path, run)


def test_a_right_answer_is_judged_on_unseen_cases(course: Course) -> None:
    course.run(RULE)
    said = course.said('judge("m98_1_ex1")')
    assert "Judged m98_1_ex1 (Write the rule that chooses a tool): right, 4 of 4 points" in said
    assert "[Passed] unseen (3.5 of 3.5 points)" in said and "run 1." in said
    (noted,) = course.attempts
    assert (noted.event, noted.score, noted.right) == ("judge", 4.0, True)


def test_what_practice_let_hold_is_found_with_its_kind_of_mistake(course: Course) -> None:
    course.run('choose_tool = lambda job: "visual"')
    assert "practice cases hold" in course.said('_ = check("m98_1_ex1", choose_tool=choose_tool)')
    said = course.said('judge("m98_1_ex1")')
    assert "[Not yet] unseen" in said and "unseen jobs got a tool that suits them" in said and 'hint("m98_1_ex1")' in said
    assert [each.right for each in course.attempts] == [False, False]


def test_each_run_draws_new_cases_and_is_counted(course: Course) -> None:
    course.run("seen = []\ndef mean(numbers):\n    seen.append(numbers)\n    return sum(numbers) / len(numbers) if numbers else 0")
    assert ["run 1." in course.said('judge("m98_1_ex2")'), "run 2." in course.said('judge("m98_1_ex2")')] == [True, True]
    (output,) = course.run("unseen = [tuple(each) for each in seen if len(each) == 7]; print(len(unseen), len(set(unseen)))")
    assert output.text == "2 2\n"


def test_expected_values_are_not_shown(course: Course) -> None:
    course.run("def mean(numbers):\n    return 0.5 if len(numbers) == 7 else sum(numbers) / len(numbers) if numbers else 0")
    said = course.said('judge("m98_1_ex2")')
    assert "expected their mean" in said and "of 2 points" in said


def test_an_exercise_without_an_answer_is_not_judged(course: Course) -> None:
    said = course.said('judge("m98_1_ex2")')
    assert "not answered yet" in said and not course.attempts


def test_a_package_without_hidden_checks_leaves_it_to_the_instructor(course: Course) -> None:
    (course.root / "graders" / "m98_traps" / "m98_1_hidden.py").unlink()
    course.run(RULE)
    said = course.said('judge("m98_1_ex1")')
    assert said == "Not judged: m98_1_ex1 cannot be judged here: this package has no hidden checks. Your instructor's grading judges it."
    assert "judged by hidden checks: in your instructor's grading" in course.said('_ = check("m98_1_ex1", choose_tool=choose_tool)')


@pytest.mark.parametrize(
    ("judging", "runs", "words"),
    [("off", 0, "your instructor has switched judging off"), ("1", 1, "was judged once, as often as your class allows")],
)
def test_an_instructor_switches_it_off_or_limits_it(course: Course, judging: str, runs: int, words: str) -> None:
    (course.root / "class.yaml").write_text(f"course: spring\njudging: {judging}\nlessons: {{}}\n")
    course.run(RULE)
    for _ in range(runs):
        assert "right" in course.said('judge("m98_1_ex1")')
    assert words in course.said('judge("m98_1_ex1")')
    assert len(course.attempts) == runs


def test_a_check_that_raises_an_error_says_so(course: Course) -> None:
    hidden = course.root / "graders" / "m98_traps" / "m98_1_hidden.py"
    hidden.write_text(
        hidden.read_text().replace("def graded_ex2(answer: Answer, report: Report) -> None:", "\\g<0>\n    raise ZeroDivisionError")
    )
    hidden.write_text(hidden.read_text().replace("\\g<0>", "def graded_ex2(answer: Answer, report: Report) -> None:"))
    course.run("def mean(numbers):\n    return sum(numbers) / len(numbers) if numbers else 0")
    said = course.said('judge("m98_1_ex2")')
    assert "could not go on with your answer (ZeroDivisionError)" in said and "please report it" in said


def test_hidden_checks_that_cannot_be_loaded_are_reported(course: Course) -> None:
    (course.root / "graders" / "m98_traps" / "m98_1_hidden.py").write_text("import nothing_of_this_name\n")
    course.run(RULE)
    said = course.said('judge("m98_1_ex1")')
    assert "the judge of m98_1_ex1 ended without a result" in said and "nothing_of_this_name" in said and not course.attempts


def test_an_interrupted_judge_ends_and_the_next_one_works(course: Course) -> None:
    interrupt = (
        "import os, threading, time\n"
        "calls = []\n"
        "def mean(numbers):\n"
        "    calls.append(1)\n"
        f"    if len(calls) == 1: os.kill(os.getpid(), {int(signal.SIGINT)}); time.sleep(1)\n"
        "    return sum(numbers) / len(numbers) if numbers else 0"
    )
    course.run(interrupt)
    outputs = course.run('judge("m98_1_ex2")')
    assert [output.ename for output in outputs if output.output_type == "error"] == ["KeyboardInterrupt"]
    assert not course.attempts
    assert "right, 2 of 2 points" in course.said('judge("m98_1_ex2")')
