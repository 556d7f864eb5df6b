"""m13_2: the faults of closed networks, and passenger records with numbers that only look personal."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.exercises.closed_networks import JOBS, leaves, repaired, setups
from course.exercises.repairs import changed
from course.grading import catalogue
from graders.m13_security import m13_2_faults_hidden as faults
from graders.m13_security.m13_2_masking import _remains
from graders.m13_security.m13_2_passengers import passengers, written_otherwise

LESSON = Path(__file__).parents[2] / "solutions" / "m13_security"
luhn = catalogue.load_module(LESSON / "given" / "privacy.py").luhn
SEEDS = st.integers(0, 2**32)
FAULTS = [fault for kind in faults.KINDS for fault in kind]


@pytest.mark.parametrize("fault", FAULTS)
@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_a_fault_is_one_value(fault: str, seed: int) -> None:
    broken, sound = (faults.setup(random.Random(seed), each) for each in (fault, ""))
    path, value = faults.right(broken, fault)
    assert changed(broken, sound) == {path}
    assert leaves(sound)[path] == value
    assert repaired(broken, {path: value}) == sound


@given(seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_each_job_has_a_fault_of_another_kind(seed: int) -> None:
    planted = faults.planted(random.Random(seed))
    assert list(planted) == list(JOBS)
    assert sorted(number for fault in planted.values() for number, kind in enumerate(faults.KINDS) if fault in kind) == [0, 1, 2]
    for name, setup in setups(random.Random(seed)).items():
        path, value = faults.right(setup, planted[name])
        assert leaves(setup)[path] != value


@given(seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_personal_values_differ_from_those_that_only_look_personal(seed: int) -> None:
    for each in passengers(random.Random(seed), 40):
        note = each.record["note"]
        for kind, value in each.personal:
            assert value in note
            if kind == "CARD":
                assert luhn(value)
            note = note.replace(value, f"[{kind}]")
        assert not any(_remains(kind, value, note) for kind, value in each.personal)
        for value in each.kept:
            assert value in note
            assert not (sum(map(str.isdigit, value)) >= 13 and luhn(value))


@given(seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_a_passport_is_written_in_several_ways(seed: int) -> None:
    rng = random.Random(seed)
    passport = passengers(rng, 1)[0].record["passport"]
    other = written_otherwise(rng, passport)
    assert other != passport
    assert other.replace(" ", "").upper() == passport
