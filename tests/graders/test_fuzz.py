"""Fuzzes every exercise: whatever an answer's values are, its check raises no error, and its report and evidence can be written."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from course.grading import AnswerError, calls, render
from course.grading.exercise.answer import collect, fresh_token
from course.grading.gate import fuzz
from course.grading.gate.exercise_trial import DRAWS, ExerciseTrial
from course.grading.gate.judging import notebooks
from course.grading.submission import evidence
from course.grading.submission.evidence import Evidence
from course.grading.submission.server import GradingOutcome, judge
from tests.graders.exercise_trials import ROOT, trials

BY_DAY = ("m00", 12, 3.0)  # notebook, answers of each exercise, seconds for them
AT_NIGHT = (60, 60.0)


def outcome(trial: ExerciseTrial, given: Mapping[str, Any]) -> tuple[GradingOutcome, Evidence] | None:
    """How the grader judges it, and what it records; None when the kernel hands nothing over."""
    try:
        offer = {"values": collect(trial.exercise, given), "problem": "", "unanswered": False}
    except AnswerError:
        return None
    recorded = Evidence(offer)

    def call(name: str, arguments: tuple, seconds: float) -> tuple[Any, str]:
        value, output = calls.call(name, given[name], arguments, seconds)
        recorded.calls.append({"name": name, "arguments": list(arguments), "value": value})
        return value, output

    return judge(trial.exercise, recorded, call, trial.aws, DRAWS[0], fresh_token), recorded


def fuzz_notebook(notebook: str, answers: int, seconds: float) -> Counter[str]:
    """How many answers of each exercise were judged; fails when a check raises an error."""
    counts: Counter[str] = Counter()
    raised: list[str] = []
    for trial, reference in trials(notebook):
        rng, started = random.Random(f"fuzz {trial.exercise.id}"), time.monotonic()
        for _ in range(answers):
            found = outcome(trial, fuzz.fuzzed(reference, rng))
            if found is None:
                continue
            judged, recorded = found
            assert judged.score is not None, judged.fault
            raised += [judged.raised] * bool(judged.raised)
            assert 0 <= judged.score <= trial.exercise.points
            (render.as_text(judged.report) + render.as_html(judged.report)).encode()
            evidence.pack(recorded)
            counts[trial.exercise.id] += 1
            if time.monotonic() - started > seconds:
                break
    assert not raised, f"{len(raised)} of {counts.total()} answers: {', '.join(sorted(set(raised)))}"
    return counts


def test_a_sample_gets_scores() -> None:
    assert fuzz_notebook(*BY_DAY).total() > 0


@pytest.mark.nightly  # minutes a notebook: checks run jobs
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("notebook", notebooks(ROOT))
def test_whatever_an_answer_is_it_gets_a_score(notebook: str) -> None:
    print(fuzz_notebook(notebook, *AT_NIGHT))


def test_the_fuzz_finds_a_check_that_is_not_careful() -> None:
    """Otherwise that it finds nothing would prove nothing."""
    rng = random.Random(1)
    request = {"InputDataConfig": [{"DataSource": {"S3DataSource": {"S3Uri": "s3://a"}}}]}
    errors: Counter[str] = Counter()
    for _ in range(300):
        try:
            fuzz.changed(request, rng)["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"].strip()
        except Exception as error:
            errors[type(error).__name__] += 1
    assert {"KeyError", "TypeError", "AttributeError"} <= set(errors)
