"""Each rule about the code of checks finds its fault in a small bad example; the course's own checks are clean."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.authoring import lint_checks
from course.grading import catalogue

ROOT = Path(__file__).parents[2]
EXERCISES = catalogue.exercises(ROOT / "graders")


@pytest.mark.parametrize("notebook", sorted({exercise.notebook for exercise in EXERCISES.values()}))
def test_checks_of_the_course_are_clean(notebook):
    assert [str(problem) for problem in lint_checks.lint(ROOT / "graders", notebook, EXERCISES)] == []


CHECK = """
SEEN = []
ex2 = Exercise(id="m90_1_ex2")


@ex2.practice
def late(answer, report):
    got = answer.call("is_late", 16)
    report.part("shape", isinstance(got, bool), f"`is_late(16)` returned {got!r}; expected a bool.")
    report.part("unseen", got == right(16), f"`is_late(16)` returned {got!r}; from when on is a flight late?")
"""
FAULTS = {
    "no such part": ('"shape", isinstance', '"form", isinstance', "no exercise of this notebook has a part 'form'"),
    "a part that is never reported": (
        'report.part("shape", isinstance(got, bool), f"`',
        'str(f"`',
        "no check reports part 'shape' of m90_1_ex2",
    ),
    "an expected value": ("from when on is a flight late?", "expected {right(16)}.", "the message holds the expected value, `right(16)`"),
    "an expected value put together before": (
        '    report.part("unseen", got == right(16), f"`is_late(16)` returned {got!r}; from when on is a flight late?")',
        '    wanted = right(16)\n    said = f"returned {got!r};"\n    said += f" expected {wanted!r}."\n'
        '    report.part("unseen", got == wanted, said)',
        "the message holds the expected value, `wanted`",
    ),
    "an expected literal": (
        'got == right(16), f"`is_late(16)` returned {got!r}; from when on is a flight late?"',
        'got == "late", f"returned {got!r}; expected late."',
        "the message holds the expected value, `'late'`",
    ),
    "a look at the learner's code": ("right(16),", "got.__code__ or True,", "`__code__`: a check calls a function"),
    "a look at the session": ("got = answer", "get_ipython()\n    got = answer", "`get_ipython`: a check sees evidence"),
    "a print": ("got = answer", "print(1)\n    got = answer", "`print`: what a check has to say"),
    "the module's random numbers": ("right(16),", "random.choice([True]),", "draw cases from `answer.rng`"),
    "the clock": ("right(16),", "datetime.now(),", "differs in each run"),
    "a name of its own": ("right(16),", "secrets.token_hex(4),", "new names from `answer.token()`"),
    "a list that goes on": ("got = answer", "SEEN.append(1)\n    got = answer", "changes `SEEN` of the module"),
    "a global": ("got = answer", "global count\n    got = answer", "`global`: a check must not keep anything"),
    "an assertion": ("got = answer", "assert report\n    got = answer", "an assertion leaves the exercise ungraded"),
    "a broad handler": ("got = answer", "try:\n        pass\n    except Exception:\n        pass\n    got = answer", "catches everything"),
}


def problems(tmp_path: Path, exercises, text: str) -> list[str]:
    folder = tmp_path / "m90_fixture"
    folder.mkdir()
    (folder / "m90_1.py").write_text(text)
    only = {"m90_1_ex2": exercises["m90_1_ex2"]}
    return [str(problem) for problem in lint_checks.lint(tmp_path, "m90_1", only)]


def test_a_sound_check_passes(tmp_path, exercises):
    assert problems(tmp_path, exercises, CHECK) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_with_its_line(tmp_path, exercises, fault):
    old, new, words = FAULTS[fault]
    assert old in CHECK
    found = problems(tmp_path, exercises, CHECK.replace(old, new, 1))
    assert words in " ".join(found) and len(found) <= 2, found  # after renaming a part, no check reports the old one
    assert found[0].startswith("graders/m90_fixture/m90_1.py:")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from when on is a flight late?", "{sum([got])} of {len([16])} are right."),
        ("right(16),", "np.random.default_rng(3).random() > 2,"),
        ("got = answer", "SEEN = []\n    SEEN.append(1)\n    got = answer"),
    ],
)
def test_correct_notebooks_pass(tmp_path, exercises, old, new):
    assert problems(tmp_path, exercises, CHECK.replace(old, new, 1)) == []
