"""Tests that the gate passes correct graders and reports the faults of others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from course.grading import DefinitionError
from course.grading.gate import judging
from course.grading.gate.candidates import REGION, code_cells, source_of
from course.grading.gate.command import part
from course.grading.gate.source_runner import scratch_workspace
from tests import by_day

FIXTURE = Path(__file__).parent / "fixture"
GRADERS, ANSWERS = "graders/m98_traps", "graders/m98_traps/answers"
HIDDEN = f"{GRADERS}/m98_1_hidden.py"
SOURCE = "solutions/m98_traps/m98_1_traps.py"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the fixture that a test may change."""
    return Path(shutil.copytree(FIXTURE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__")))


def edit(course: Path, name: str, old: str, new: str) -> None:
    path = course / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def problems(course: Path) -> dict[str, str]:
    """The gate's findings by exercise and candidate."""
    return {f"{each.exercise} {each.candidate}": each.problem for each in judging.judge("m98_1", course) if each.problem}


def test_sound_graders_pass(course: Path) -> None:
    here, environment = Path.cwd(), dict(os.environ)
    findings = judging.judge("m98_1", course)
    assert [each for each in findings if each.problem] == []
    assert {each.candidate for each in findings if each.exercise == "m98_1_ex1"} >= {
        "stub",
        "reference",
        "guesser",
        "constant",
        "another seed",
    }
    assert (Path.cwd(), dict(os.environ)) == (here, environment)


SHORT = '''"""All lists are as short as the one that was shown."""

# trips: plain
# says: expected


def mean(numbers):
    return sum(numbers[:3]) / 3
'''
SPOILT: dict[str, tuple[str, str, str, str, str]] = {
    "check that any answer passes": (
        HIDDEN,
        'report.part("unseen", share,',
        'report.part("unseen", True,',
        "m98_1_ex1 wrong_always_visual",
        "part 'unseen' passes, but this mistake should fail it",
    ),
    "check that pays a constant": (
        HIDDEN,
        "share = rule_share(given, [{tool} for tool in wanted])",
        "share = sum(map(str.__eq__, given, wanted)) / len(wanted)",
        "m98_1_ex1 constant",
        "earns more than 0.8 points",
    ),
    "cases that do not hang on the seed": (
        HIDDEN,
        "cases = jobs(answer.rng, 40)",
        "import random; cases = jobs(random.Random(1), 40)",
        "m98_1_ex1 another seed",
        "earns more than 0.8 points",
    ),
    "values that do not hang on the learner": (
        HIDDEN,
        "columns(answer.variant())",
        "columns(__import__('course.grading').grading.variant('m98_1_ex3'))",
        "m98_1_ex3 another seed",
        "earns more than 0.6 points",
    ),
    "check that refuses the reference": (
        HIDDEN,
        '"found", share,',
        '"found", share * 0.9,',
        "m98_1_ex3 reference",
        "a right answer fails",
    ),
    "check that fails by its own mistake": (
        HIDDEN,
        "report.secret(sum(numbers) / 7)",
        "report.secret(sum(numbers) / 0)",
        "m98_1_ex2 reference",
        "the check itself raised ZeroDivisionError",
    ),
    "tolerance below the digits of an answer": (
        HIDDEN,
        "near(got, sum(numbers) / 7, 1e-3)",
        "near(got, sum(numbers) / 7, 1e-9)",
        "m98_1_ex2 reference, fractions in 1 of 3 draws",
        "a right answer whose fractions are rounded fails",
    ),
    "check that asks for the same order of computing": (
        HIDDEN,
        "near(got, sum(numbers) / 7, 1e-3)",
        "got in (sum(numbers) / 7, float(f'{sum(numbers) / 7:.6g}'))",
        "m98_1_ex2 reference, fractions in 2 of 3 draws",
        "a right answer whose fractions are larger by a rounding error fails",
    ),
    "cases in which a rounding error decides": (
        f"{GRADERS}/needs.py",
        '"gigabytes": round(10 ** rng.uniform(0, 4))',
        '"gigabytes": rng.choice([rng.uniform(1, 99), 100 + 1e-13, 100 - 1e-13, rng.uniform(101, 999)])',
        "m98_1_ex1 reference, fractions in 2 of 3 draws",
        "a rounding error of an argument decides",
    ),
    "part that grading forgets": (
        HIDDEN,
        'report.part("unseen", share,',
        'report.part("shape", True,',
        "m98_1_ex1 reference",
        "a right answer fails",
    ),
    "stub that is already answered": (
        SOURCE,
        "late = ...\n",
        'late = [name for name, known in described.items() if known == "after landing"]\n',
        "m98_1_ex3 stub",
        "the untouched stub earns points",
    ),
    "message that does not say what it should": (
        HIDDEN,
        "unseen jobs got a tool that suits them",
        "jobs",
        "m98_1_ex1 wrong_always_visual",
        "'unseen jobs got a tool that suits them' is not in the report; it says",
    ),
    "hidden checks without canary": (HIDDEN, "# canary-", "# ", "m98_1_ex1 hidden checks", "have no canary"),
}


@pytest.mark.parametrize("fault", by_day.first(SPOILT, 6))
def test_the_gate_names_the_fault(course: Path, fault: str) -> None:
    name, old, new, where, words = SPOILT[fault]
    edit(course, name, old, new)
    found = problems(course)
    assert words in found[where], found


def test_a_message_that_shows_a_piece_of_the_right_answer_is_found(course: Path) -> None:
    edit(course, HIDDEN, "    report.secret(sum(numbers) / 7)\n", "")
    edit(course, HIDDEN, "expected their mean.", "expected {sum(numbers) / 7:.2f}.")
    (course / ANSWERS / "m98_1_ex2" / "wrong_short.py").write_text(SHORT)
    assert "a piece of the right answer" in problems(course)["m98_1_ex2 wrong_short, leaks"]


def test_practice_that_reveals_the_answers_is_found_by_the_guesser(course: Path) -> None:
    edit(
        course,
        f"{GRADERS}/m98_1.py",
        "expected the name of a tool.",
        "expected spark, script, rules or visual.",
    )
    hidden = course / HIDDEN
    hidden.write_text(hidden.read_text().replace('report.part("unseen", share,', 'report.part("unseen", right > 0,'))
    assert "earns more than" in problems(course)["m98_1_ex1 guesser"]


def test_other_right_answers_must_pass(course: Path) -> None:
    edit(course, f"{ANSWERS}/m98_1_ex2/right_statistics.py", "fmean(numbers or [0])", "fmean(numbers or [0]) + 1e-6")
    assert "a right answer fails" in problems(course)["m98_1_ex2 right_statistics"]


def test_too_few_answers(course: Path) -> None:
    shutil.rmtree(course / ANSWERS / "m98_1_ex2")
    assert "has 0 right and 0 wrong answers in answers/m98_1_ex2; it takes 1 and 3" in problems(course)["m98_1_ex2 answers"]


def test_decision_without_hidden_checks(course: Path) -> None:
    (course / HIDDEN).unlink()
    assert "is a decision without hidden checks" in problems(course)["m98_1_ex1 hidden checks"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("# trips: empty", "# trips: nothing", "`# trips:` names one of plain, empty"),
        ("# says: raised ZeroDivisionError", "", "`# says:` gives words"),
        ('"""An empty list does not come up."""', "", "opens with a docstring"),
    ],
)
def test_malformed_wrong_answer(course: Path, old: str, new: str, words: str) -> None:
    edit(course, f"{ANSWERS}/m98_1_ex2/wrong_empty.py", old, new)
    with pytest.raises(DefinitionError, match=words):
        judging.judge("m98_1", course)


def test_cell_before_an_exercise_that_fails(course: Path) -> None:
    edit(course, SOURCE, 'described = columns(variant("m98_1_ex3"))', "described = columns(5)")
    with pytest.raises(DefinitionError, match="code cell 6 raised AttributeError"):
        judging.judge("m98_1", course)


@pytest.mark.nightly  # waits for a time limit; test_mutation.py waits for a shorter one by day
def test_answer_that_never_ends_is_ended(course: Path) -> None:
    wrong = course / ANSWERS / "m98_1_ex2" / "wrong_loop.py"
    wrong.write_text('"""Waits."""\n# trips: plain\n# says: had not returned\ndef mean(numbers):\n    while True:\n        pass\n')
    assert problems(course) == {}


@pytest.mark.parametrize("edited", by_day.first([True, False], 1))
def test_command_prints_a_table_and_an_exit_code(course: Path, edited: bool) -> None:
    if edited:
        edit(course, HIDDEN, 'report.part("unseen", share,', 'report.part("unseen", True,')
    command = [sys.executable, "-m", "course.grading.gate", "m98_1", "--root", str(course)]
    done = subprocess.run(command, text=True, capture_output=True, env=os.environ | {"COLUMNS": "200"})
    assert done.returncode == int(edited)
    assert "wrong_always_visual" in done.stdout


def test_a_notebook_does_not_get_the_sdks_client_of_the_one_before(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sagemaker.core.utils.utils import SageMakerClient

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    lesson = (course / SOURCE).parent
    clients = []
    for _ in range(2):
        with scratch_workspace(lesson, course / "graders"):
            clients.append(SageMakerClient())
            assert SageMakerClient() is clients[-1]  # the SDK keeps its first client
    assert clients[0] is not clients[1]


def test_command_names_an_unknown_notebook(course: Path) -> None:
    command = [sys.executable, "-m", "course.grading.gate", "m96_1", "--root", str(course)]
    done = subprocess.run(command, text=True, capture_output=True)
    assert done.returncode == 1 and "no exercises of notebook 'm96_1'" in done.stderr


@pytest.mark.parametrize("name", ["m98_1.py", "m98_1_hidden.py"])
@pytest.mark.parametrize("arguments", [[], ["m98_1"]])
def test_command_says_in_a_line_what_cannot_be_loaded(course: Path, name: str, arguments: list[str]) -> None:
    (course / GRADERS / name).write_text("def broken(:\n")
    command = [sys.executable, "-m", "course.grading.gate", *arguments, "--root", str(course)]
    if not arguments:
        shutil.rmtree(course / "graders" / "m97_cloud")  # not needed here, and slow
    done = subprocess.run(command, text=True, capture_output=True)
    said = f"gate: the definitions in m98_traps/{name} cannot be loaded: SyntaxError: invalid syntax ({name}, line 1).\n"
    assert done.returncode == 1 and done.stderr.endswith(said) and "Traceback" not in done.stderr


def test_command_tries_one_exercise_and_says_what_it_does(course: Path) -> None:
    command = [sys.executable, "-m", "course.grading.gate", "m98_1_ex2", "--root", str(course)]
    done = subprocess.run(command, text=True, capture_output=True, env=os.environ | {"COLUMNS": "200"})
    assert done.returncode == 0, done.stdout
    assert "m98_1_ex2" in done.stdout and "m98_1_ex1" not in done.stdout and "m98_1_ex3" not in done.stdout
    assert "m98_1_ex2: stub\n" in done.stderr and "m98_1_ex2: reference\n" in done.stderr


def test_reads_answer_and_check_cells() -> None:
    cells = code_cells(source_of("m98_1", FIXTURE / "solutions"))
    assert [(cell.role, cell.exercise) for cell in cells if cell.role][:2] == [("answer", "m98_1_ex1"), ("check", "m98_1_ex1")]
    stub = REGION.sub(r"\g<indent>raise NotImplementedError", cells[1].text)
    assert stub == "def choose_tool(job: dict) -> str:\n    raise NotImplementedError"


def test_a_notebook_has_one_source(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="has 0 sources"):
        source_of("m98_1", tmp_path)


def test_days_in_a_row_try_all_parts():
    days = [date(2026, 12, 29) + timedelta(days=number) for number in range(7)]
    assert {part("today/7", day) for day in days} == {(number, 7) for number in range(1, 8)}


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "today", "x/2"])
def test_a_wrong_part_is_refused(text):
    with pytest.raises(ValueError):
        part(text)
