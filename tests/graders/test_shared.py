"""m09_2: the learner's ``given/`` and the checks agree on replays and features, practice cases follow the rule, and the text is true."""

from __future__ import annotations

import importlib.util
import random
import re
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from course import datasets
from course.grading import catalogue

LESSON = "m09_deployment_options"
ROOT = Path(__file__).parents[2]
GIVEN = ROOT / "solutions" / LESSON / "given"


def _given(name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, GIVEN / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


sharing, raw = _given("sharing"), _given("raw")
cases, choices, definitions, hidden = (
    catalogue.load_module(ROOT / "graders" / LESSON / f"m09_2{part}.py") for part in ("_cases", "_choices", "", "_hidden")
)
seeds = st.integers(0, 2**32)


@given(seeds)
def test_both_replay_a_fleet_at_the_same_price(seed: int) -> None:
    rng = random.Random(seed)
    fleet = cases.fleet(rng, rng.randint(0, 4), rng.choice([0.0003, 0.003]))
    own, shared = rng.sample(list(fleet["models"]), rng.randint(0, 6)), rng.randint(1, 6)
    assert cases.hour_usd(fleet, own, shared) == pytest.approx(sharing.hour_usd(fleet, own, shared))


@given(seeds)
def test_both_make_the_same_features_of_raw_lines(seed: int) -> None:
    rng = random.Random(seed)
    encoder = cases.encoder(rng)
    lines = cases.raw_lines(rng, encoder, 12)
    table = pd.read_csv(StringIO("\n".join(lines)), header=None, names=raw.RAW)
    ours = np.array([cases.features(line, encoder) for line in lines])
    np.testing.assert_allclose(raw.features(table, encoder).to_numpy(float), ours)


def test_the_practice_cases_keep_the_rule() -> None:
    for case, option, _ in choices.PRACTICE_CASES:
        assert hidden.right_option(case) == option


def test_what_the_practice_edits_accept_makes_the_option_right() -> None:
    for option, number, fields in definitions.PRACTICE_EDITS:
        for field, values in fields.items():
            between = [] if field == "transform" else [2] if field == "models" else [sum(values) / 2]
            for value in (*values, *between):
                assert hidden.right_option(choices.PRACTICE_CASES[number][0] | {field: value}) == option, (option, field, value)


def test_practice_refuses_an_edit_that_goes_too_far() -> None:
    """A tenth nearer to the old value is still within what makes the option right."""
    for _, number, fields in definitions.PRACTICE_EDITS:
        for field, values in fields.items():
            if field != "transform":
                old = choices.PRACTICE_CASES[number][0][field]
                border, far = sorted(values, key=lambda value: abs(value - old))
                nearer = [choices.nearer(field, old, new) for new in (border, far)]
                assert [values[0] <= value <= values[1] for value in nearer] == [False, True], (field, values)


@given(seeds)
def test_no_option_suits_most_of_the_cases(seed: int) -> None:
    options = [hidden.right_option(case) for case in hidden.cases(random.Random(seed))]
    assert len(options) == 40
    assert set(options) == set(choices.OPTIONS)
    assert max(map(options.count, options)) <= 24


@pytest.fixture
def models() -> Iterator[ModuleType]:
    sys.path.append(str(GIVEN))
    yield _given("models")
    sys.path.remove(str(GIVEN))
    sys.modules.pop("raw", None)


@pytest.mark.nightly  # trains many models
def test_a_model_for_each_airport_is_on_average_no_better(models: ModuleType) -> None:
    flights = raw.raw_flights(datasets.path("flights"), datasets.path("weather"), months=7)
    learn, july = flights[flights.month <= 6], flights[flights.month == 7]
    encoder, busiest = raw.fit(learn), flights.dest.value_counts().index[:12]
    gains = []
    for seed in (9, 10, 11, 12):
        everywhere = models.train(learn[learn.dest.isin(busiest)], encoder, 24_000, 20, seed)
        for airport in busiest:
            there = july[july.dest == airport]
            rows = raw.features(there, encoder)
            own = models.train(learn[learn.dest == airport], encoder, 2_000, 20, seed)
            gains.append(
                roc_auc_score(there.late, models.predicted(own, rows)) - roc_auc_score(there.late, models.predicted(everywhere, rows))
            )
    assert np.mean(gains) < 0


def test_the_lesson_says_how_near_to_the_best_plan_is_near_enough() -> None:
    [percent] = re.findall(r"costs (\d\.\d) % more earns all points", (GIVEN.parent / "m09_2_shared.py").read_text())
    assert hidden.REGRET_STEPS[0] == (float(percent) / 100, 1.0)
