"""m04_1: the practice cases keep the rules that judge, and an answer that raises in the middle has passed nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading import catalogue
from course.grading.evaluate import evaluate_here
from course.grading.exercise.seeds import Draw

GRADERS = Path(__file__).parents[2] / "graders"
cases, definitions, hidden = (catalogue.load_module(GRADERS / "m04_training" / f"m04_1{part}.py") for part in ("_cases", "", "_hidden"))


def test_the_practice_channels_keep_the_rule() -> None:
    for channel, mode, content_type, _ in cases.PRACTICE_CHANNELS:
        assert hidden.right_input(channel) == {"mode": mode, "content_type": content_type}


def test_the_practice_curves_keep_the_rounds() -> None:
    for validation, verdict, rounds, _ in cases.PRACTICE_CURVES:
        assert hidden.right_rounds(verdict, {"validation": validation}) == rounds
        assert all(train > value for train, value in zip(definitions.rising(validation), validation, strict=True))


@given(st.integers())
def test_forty_channels_have_both_borders_of_the_table(seed: int) -> None:
    drawn = cases.channels(random.Random(seed))
    assert len(drawn) == 40
    assert any(channel["gigabytes"] == 1 and channel["reads"] == "files" for channel in drawn)
    assert any(channel["gigabytes"] < 1 and channel["reads"] == "pipe" for channel in drawn)


@given(st.integers())
def test_no_graded_curve_hangs_on_the_rounding_of_a_float(seed: int) -> None:
    drawn = hidden.clear_curves(random.Random(seed))
    assert sorted(verdict for verdict, _ in drawn) == sorted(cases.VERDICTS * 5)
    for verdict, run in drawn:
        if wanted := hidden.right_rounds(verdict, run):
            values, best = run["validation"], max(run["validation"])
            other_way = next(number for number, value in enumerate(values, 1) if best - value <= hidden.NEAR_BEST)
            digits = next(number for number, value in enumerate(values, 1) if round(best - value, 4) <= hidden.NEAR_BEST)
            assert wanted == other_way == digits


RESULTS = {
    "m04_1_ex2": {"mode": "File", "content_type": "text/csv"},
    "m04_1_ex3": {"verdict": "settled", "rounds": 4},
    "m04_1_ex4": 0.15,
}


@pytest.mark.parametrize("phase", ["practice", "graded"])
@pytest.mark.parametrize("exercise", RESULTS)
def test_a_part_in_which_an_answer_raises_has_not_passed(exercise: str, phase: str) -> None:
    """The first call is answered rightly in practice, the second raises."""
    asked = []

    def answer(*arguments: object) -> object:
        asked.append(arguments)
        if len(asked) > 1:
            raise ValueError
        return RESULTS[exercise]

    one = catalogue.find(exercise, GRADERS)
    catalogue.load_hidden(one, GRADERS)
    report = evaluate_here(one, phase, {name: answer for name in one.evidence}, Draw(), lambda service: None)
    assert "ValueError" in report.problem
    assert not any(part.passed for part in report.parts)
