"""m08_2: every usual test decides an experiment as the course's two standard errors do."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from course.grading import catalogue

cases = catalogue.load_module(Path(__file__).parents[2] / "graders" / "m08_realtime" / "m08_2_cases.py")
DECIDED = ("better", "worse", "noise", "trailing")  # kinds that the difference of the errors decides


@settings(max_examples=5, deadline=None)
@given(st.integers())
def test_student_and_permutations_decide_as_two_standard_errors_do(seed: int) -> None:
    for kind, experiment in cases.experiments(random.Random(seed)):
        if kind not in DECIDED:
            continue
        whole = [day for day in experiment["days"] if all(half["known"] == half["asked"] for half in day.values())]
        old, new = (np.array([day[name]["error"] for day in whole]) for name in ("old", "new"))
        flipped = np.random.default_rng(seed % 2**32).choice((-1, 1), (20_000, len(old))) @ (old - new)
        chance = (flipped >= (old - new).sum() - 1e-9).mean()
        wanted = cases.KINDS[kind][0] == "ship"
        assert wanted == (cases.by_day(whole) >= 2)
        assert wanted == (stats.ttest_rel(old, new, alternative="greater").pvalue < 0.05)
        assert wanted == (stats.ttest_rel(old, new).pvalue < 0.05 and old.mean() > new.mean())
        assert wanted == (chance < 0.05) == (2 * chance < 0.05)
