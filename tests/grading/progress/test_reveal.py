"""Tests that `course reveal` and `reveal()` show the answer once it is judged right, or instead."""

from __future__ import annotations

import re

from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from course.grading import attempts
from course.grading.gate import candidates
from course.grading.reveal import reference

from .conftest import FIXTURE, LESSON, Learner

EXERCISE = "m98_1_ex2"
ANSWER = "return sum(numbers) / len(numbers) if numbers else 0.0"
NOTE = "An empty list has no mean"


def noted(learner: Learner) -> list[str]:
    (learner.root / "graders" / LESSON / "answers" / EXERCISE / "note.md").write_text(f"<!-- not shown -->\n\n{NOTE}.\n")
    return [attempt.event for attempt in attempts.read(learner.folder)]


def test_what_was_judged_right_is_shown_with_its_note(learner: Learner) -> None:
    noted(learner)
    learner.tried(EXERCISE, days=0, score=2)
    said = learner.run("reveal", EXERCISE)
    assert f"# {EXERCISE}: Average a list" in said and ANSWER in said and NOTE in said
    assert "SOLUTION" not in said and "not shown" not in said
    assert "1 of 3" in learner.run("progress")


def test_before_passing_it_is_shown_on_demand_and_the_exercise_counts_nothing(learner: Learner) -> None:
    said = learner.run("reveal", EXERCISE, expect=1)
    assert "it counts 0 points in your progress" in said and ANSWER not in said and "--yes" in said
    assert noted(learner) == []
    assert ANSWER in learner.run("reveal", EXERCISE, "--yes", where=learner.folder)
    assert noted(learner) == ["reveal"]
    learner.tried(EXERCISE, days=400, score=2)
    assert "0 of 9" in learner.run("progress")
    assert "answer looked at" in (learner.root / "work" / "progress.html").read_text()


def test_an_instructor_can_switch_it_off(learner: Learner) -> None:
    learner.tried(EXERCISE, days=0, score=2)
    said = learner.run("reveal", EXERCISE, "--yes", expect=2, COURSE_REVEAL="off")
    assert "Ask your instructor" in said and ANSWER not in said


def test_a_learners_package_has_no_answers(learner: Learner) -> None:
    (learner.root / "solutions").rename(learner.root / "elsewhere")
    assert "Ask your instructor" in learner.run("reveal", EXERCISE, "--yes", expect=2)


def test_an_unknown_exercise_is_refused(learner: Learner) -> None:
    assert "there is no exercise 'm98_1_ex7'. Did you mean" in learner.run("reveal", "m98_1_ex7", expect=2)


def test_in_a_notebook(learner: Learner, monkeypatch) -> None:
    monkeypatch.setenv("COURSE_GRADERS", str(learner.root / "graders"))
    notebook = new_notebook()
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(learner.folder)}})

    def run(source: str) -> str:
        notebook.cells.append(new_code_cell(source))
        outputs = client.execute_cell(notebook.cells[-1], len(notebook.cells) - 1).outputs
        return "\n".join(output.get("text") or str(output.data) for output in outputs)

    with client.setup_kernel():
        early = run(f'from course import check, reveal\nreveal("{EXERCISE}")')
        right = run(f'from course import judge\ndef mean(numbers):\n    {ANSWER}\njudge("{EXERCISE}")')
        shown = run(f'reveal("{EXERCISE}")')
    assert "it counts 0 points" in early and ANSWER not in early
    assert f'reveal("{EXERCISE}")' in right and "right, 2 of 2 points" in right
    assert ANSWER in shown


def test_every_exercise_of_the_course_has_a_note() -> None:
    course = FIXTURE.parents[2]
    answers = sorted(path for path in (course / "graders").glob("*/answers/*") if path.is_dir())
    assert answers and [path.name for path in answers if not (path / "note.md").is_file()] == []


def test_no_reference_of_the_course_begins_with_the_placeholder() -> None:
    course = FIXTURE.parents[2]
    for source in sorted((course / "solutions").glob("*/*.py")):
        for cell in candidates.code_cells(source):
            if cell.role == "answer":
                shown = reference(cell.text)
                assert not [line for line in shown.splitlines() if re.match(r"\w+ = \.\.\.", line)], f"{cell.exercise}: {shown}"
