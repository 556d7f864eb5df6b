"""Tests `check()` in a real kernel, as a learner runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from course.grading import attempts

FIXTURE = Path(__file__).parent / "fixture" / "graders"

Run = Callable[[str], list[Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the kernel runs."""
    return tmp_path_factory.mktemp("lesson")


@pytest.fixture(scope="module")
def kernel(folder: Path) -> Iterator[Run]:
    """Runs a cell in one kernel and returns its outputs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_GRADERS", str(FIXTURE))
        patch.delenv("COURSE_GRADER_SOCKET", raising=False)
        notebook = new_notebook()
        client = NotebookClient(notebook, timeout=60, allow_errors=True, resources={"metadata": {"path": str(folder)}})
        with client.setup_kernel():

            def run(source: str) -> list[Any]:
                notebook.cells.append(new_code_cell(source))
                return client.execute_cell(notebook.cells[-1], len(notebook.cells) - 1).outputs

            run("from course.grading import check, hint, variant")
            yield run


def text(outputs: list[Any]) -> str:
    """The report as plain text."""
    return next(output for output in outputs if output.output_type == "display_data").data["text/plain"]


def value(outputs: list[Any]) -> str:
    """The value that nbgrader reads as the points."""
    return next(output for output in outputs if output.output_type == "execute_result").data["text/plain"]


RIGHT = "def mean(numbers):\n    return sum(numbers) / len(numbers) if numbers else 0\n"


def test_right_answer(kernel: Run) -> None:
    outputs = kernel(RIGHT + 'check("m98_1_ex2", mean=mean)')
    assert [output.output_type for output in outputs] == ["display_data", "execute_result"]
    assert value(outputs) == "2.0"
    assert 'practice cases hold; all 2 points are judged by hidden checks: run `judge("m98_1_ex2")`' in text(outputs)
    assert "passed" not in text(outputs).lower()
    assert "<section" in outputs[0].data["text/html"]


def test_the_value_is_a_number_that_jupyterlab_does_not_show(kernel: Run) -> None:
    outputs = kernel('check("m98_1_ex2", mean=mean)')
    assert outputs[-1].data == {"text/plain": "2.0", "text/html": ""}
    kernel("import os; os.environ['JPY_SESSION_NAME'] = 'a notebook in a browser'")
    assert [output.output_type for output in kernel('check("m98_1_ex2", mean=mean)')] == ["display_data"]
    kernel("del os.environ['JPY_SESSION_NAME']")
    assert value(kernel('check("m98_1_ex2", mean=mean) + 1')) == "3.0"


def test_partial_credit_shows_its_reason(kernel: Run) -> None:
    outputs = kernel('check("m98_1_ex2", mean=lambda numbers: sum(numbers) / len(numbers) if numbers else -1)')
    assert value(outputs) == "1.0"
    assert "`mean([])` returned -1.0; the text says what the mean of an empty list is." in text(outputs)


def test_mistake_is_shown_with_the_learners_own_line(kernel: Run) -> None:
    outputs = kernel('def mean(numbers):\n    total = sum(numbers)\n    return total / none\ncheck("m98_1_ex2", mean=mean)')
    assert "`mean([1, 2, 6])` raised NameError: name 'none' is not defined, in line 3 of your cell: `return total / none`." in text(outputs)
    assert value(outputs) == "0.0"


def test_the_text_of_an_error_is_part_of_one_sentence(kernel: Run) -> None:
    shown = text(kernel('def mean(numbers):\n    raise ValueError("No such\\n  bucket.")\ncheck("m98_1_ex2", mean=mean)'))
    assert "`mean([1, 2, 6])` raised ValueError: No such bucket, in line 2 of your cell: " in shown


def test_result_of_another_kind(kernel: Run) -> None:
    outputs = kernel('check("m98_1_ex2", mean=lambda numbers: "3")')
    assert "The result of `mean([1, 2, 6])` is '3' (str); expected a number (float)." in text(outputs)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("mean=...", "`mean` has no answer yet; expected a function `mean(numbers: list) -> float`."),
        ("", '`mean` is missing: the check is `check("m98_1_ex2", mean=…)`.'),
        ("mean=abs, medium=abs", "This exercise takes no `medium`"),
        ("mean=3", "`mean` is an int; expected a function."),
        ("mean=lambda: 3", "`mean` cannot be called with 1 argument."),
        ("mean=print_nothing", "`mean` has no answer yet."),
    ],
)
def test_unusable_evidence_is_explained(kernel: Run, call: str, words: str) -> None:
    kernel("def print_nothing(numbers):\n    raise NotImplementedError('Exercise 98.1.2')")
    outputs = kernel(f'check("m98_1_ex2", {call})')
    assert words in text(outputs)
    assert value(outputs) == "0.0"


def test_nothing_reaches_stderr(kernel: Run) -> None:
    kernel("import logging, os, sys, warnings\nlogging.getLogger('sdk').addHandler(logging.StreamHandler())")
    outputs = kernel(
        "def mean(numbers):\n"
        "    warnings.warn('role fallback'); logging.getLogger('sdk').warning('logged'); logging.warning('last resort')\n"
        "    print('printed'); print('to stderr', file=sys.stderr); os.system('echo from a child >&2')\n"
        "    return sum(numbers) / len(numbers) if numbers else 0\n"
        'check("m98_1_ex2", mean=mean)'
    )
    assert [output.output_type for output in outputs] == ["display_data", "execute_result"]
    for words in ("role fallback", "logged", "last resort", "printed", "to stderr", "from a child"):
        assert words in text(outputs)
    after = kernel("logging.getLogger('sdk').warning('again'); print('on stdout')")
    assert {output.name: output.text for output in after} == {"stderr": "again\n", "stdout": "on stdout\n"}


@pytest.mark.parametrize("then", ["return 1", "raise KeyError(3)"])
def test_an_answer_that_swallows_the_time_limit_has_taken_too_long(kernel: Run, then: str) -> None:
    sleeps = f"def mean(numbers):\n    try:\n        time.sleep(60)\n    finally:\n        {then}\n"
    shown = text(kernel(f'import time\n{sleeps}check("m98_1_ex2", mean=mean)'))
    assert "`mean([1, 2, 6])` had not returned after 2 seconds" in shown


def test_endless_answer_is_stopped(kernel: Run) -> None:
    outputs = kernel('def mean(numbers):\n    while True:\n        pass\ncheck("m98_1_ex2", mean=mean)')
    assert "`mean([1, 2, 6])` had not returned after 2 seconds, in line" in text(outputs)


def test_answer_that_exits_is_an_answer(kernel: Run) -> None:
    assert "raised SystemExit" in text(kernel('import sys\ncheck("m98_1_ex2", mean=lambda numbers: sys.exit(0))'))


def test_a_failed_check_offers_a_hint_and_shows_none(kernel: Run) -> None:
    for _ in range(3):
        shown = text(kernel('check("m98_1_ex1", choose_tool=lambda job: "AWS Glue")'))
        assert 'For a hint run `hint("m98_1_ex1")`.' in shown and "  Hint " not in shown


def test_an_answer_that_could_not_be_judged_shows_no_hint(kernel: Run) -> None:
    for wrong in ("late=3", "late=(1, 2)"):
        shown = text(kernel(f'check("m98_1_ex3", {wrong})'))
        assert "expected" in shown and "  Hint " not in shown


def test_a_hint_can_be_asked_for(kernel: Run) -> None:
    shown = [text(kernel('hint("m98_1_ex2")')) for _ in range(2)]
    assert "Hints for m98_1_ex2: " in shown[0]
    assert shown[1].count("  Hint ") == shown[0].count("  Hint ") + (' hint run `hint("m98_1_ex2")`' in shown[0])


def test_tries_and_hints_are_noted_beside_the_notebook(kernel: Run, folder: Path) -> None:
    (folder / attempts.FILE).unlink(missing_ok=True)
    kernel('check("m98_1_ex1", choose_tool=...)')  # not answered, so no attempt
    kernel('check("m98_1_ex1", choose_tool=lambda job: "AWS Glue")')
    kernel('hint("m98_1_ex3")')
    kernel(RIGHT + 'check("m98_1_ex2", mean=mean)')
    wrong, asked, right = attempts.read(folder)
    assert (wrong.exercise, wrong.event, wrong.score, wrong.holds) == ("m98_1_ex1", "check", 0.0, False)
    assert wrong.message and wrong.parts["unseen"] is None and wrong.hints == 0
    assert (asked.exercise, asked.event, asked.hints) == ("m98_1_ex3", "hint", 1)
    assert (right.exercise, right.holds, right.right, right.message) == ("m98_1_ex2", True, False, "")


def test_a_slow_check_says_what_it_does_until_its_report_replaces_the_line(kernel: Run) -> None:
    outputs = kernel(
        "import time\n"
        "def mean(numbers):\n    time.sleep(2.6 if len(numbers) == 3 else 0)\n    return sum(numbers) / len(numbers) if numbers else 0\n"
        "import course.grading.progress_line as progress_line\nlines = []\nshow = progress_line.show\n"
        "progress_line.show = lambda data, *more, **keep: (lines.append(data['text/plain']), show(data, *more, **keep))[1]\n"
        "import course.grading.catalogue as catalogue\ncatalogue.find('m98_1_ex2').seconds = 9\n"
        'check("m98_1_ex2", mean=mean)'
    )
    kernel("progress_line.show = show; catalogue.find('m98_1_ex2').seconds = 2")
    assert [output.output_type for output in outputs] == ["display_data", "execute_result"]
    assert "practice cases hold" in text(outputs)
    (said,) = kernel("print(lines[0])")
    assert said.text == "Checking m98_1_ex2 (2 s)\n"


def test_each_call_of_hint_opens_the_next_hint(kernel: Run) -> None:
    shown = [text(kernel('hint("m98_1_ex1")')) for _ in range(4)]
    assert [output.count("  Hint ") for output in shown] == [1, 2, 3, 3]


def test_the_heading_counts_what_was_tested(kernel: Run) -> None:
    outputs = kernel('check("m98_1_ex1", choose_tool=lambda job: "visual")')
    said = 'practice cases hold: 0.5 of 4 points; 3.5 are judged by hidden checks: run `judge("m98_1_ex1")`'
    assert said in text(outputs) and "[Not tested] unseen" in text(outputs)
    assert "--jp-info-color1" in outputs[0].data["text/html"] and "--jp-success-color1" not in outputs[0].data["text/html"]


def test_an_answer_cannot_change_the_arguments_of_the_check(kernel: Run) -> None:
    outputs = kernel(
        "def mean(numbers):\n    result = sum(numbers) / len(numbers) if numbers else 0\n    numbers.clear()\n    return result\n"
        'check("m98_1_ex2", mean=mean)'
    )
    assert value(outputs) == "2.0"


def test_unknown_exercise_names_its_neighbours(kernel: Run) -> None:
    (error,) = kernel('check("m98_1_ex9", mean=mean)')
    assert error.ename == "UnknownExercise"
    assert "there is no exercise 'm98_1_ex9'. Did you mean m98_1_ex" in error.evalue


def test_a_variant_depends_on_the_learner(kernel: Run) -> None:
    assert value(kernel('variant("m98_1_ex3").random() == variant("m98_1_ex3").random()')) == "True"
    kernel('mine = variant("m98_1_ex3").random()\nimport os\nos.environ["COURSE_LEARNER"] = "alice"')
    assert value(kernel('mine == variant("m98_1_ex3").random()')) == "False"
    kernel('del os.environ["COURSE_LEARNER"]')


def test_outside_of_a_notebook_it_prints(kernel: Run, tmp_path: Path) -> None:
    script = f"import os; os.environ['COURSE_GRADERS'] = {str(FIXTURE)!r}\n" + "from course.grading import check\n" + RIGHT
    script += 'assert check("m98_1_ex2", mean=mean) == 2.0'
    (tmp_path / "script.py").write_text(script)
    outputs = kernel(
        f"import subprocess, sys\nprint(subprocess.check_output([sys.executable, {str(tmp_path / 'script.py')!r}], text=True))"
    )
    assert "Check m98_1_ex2 (Average a list): practice cases hold" in outputs[0].text


def test_notebook_stays_valid(kernel: Run) -> None:
    notebook = new_notebook(cells=[new_code_cell("x", outputs=kernel('check("m98_1_ex2", mean=...)'))])
    nbformat.validate(notebook)
