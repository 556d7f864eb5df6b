"""m04_2: the checks look for the faults that ``given/tickets.py`` plants."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading import catalogue

LESSON = "m04_training"
ROOT = Path(__file__).parents[2]
FOLDER = "s3://bucket/m04_2/data"


def _given_tickets() -> ModuleType:
    specification = importlib.util.spec_from_file_location("tickets", ROOT / "solutions" / LESSON / "given" / "tickets.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


tickets = _given_tickets()
cases = catalogue.load_module(ROOT / "graders" / LESSON / "m04_2_cases.py")
hidden = catalogue.load_module(ROOT / "graders" / LESSON / "m04_2_hidden.py")


def _channel(name: str) -> dict:
    source = {"S3DataType": "S3Prefix", "S3Uri": f"{FOLDER}/{name}/"}
    return {"ChannelName": name, "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}


HEALTHY = {
    "HyperParameters": {"objective": "binary:logistic", "eta": "0.2"},
    "InputDataConfig": [_channel("train"), _channel("validation")],
}


def _leaves(value: object, path: str = "") -> dict[str, object]:
    """Every field by its path as learners write it, with a channel's name instead of its index."""
    if isinstance(value, dict):
        return {leaf: at for key, inner in value.items() for leaf, at in _leaves(inner, f"{path}.{key}" if path else key).items()}
    if isinstance(value, list):
        return {leaf: at for one in value for leaf, at in _leaves(one, f"{path}.{one['ChannelName']}").items()}
    return {path: value}


@given(st.integers())
def test_both_draw_the_same_faults_in_the_same_order(seed: int) -> None:
    drawn = tickets.planted(random.Random(seed))
    assert list(cases.planted(random.Random(seed)).items()) == list(zip(cases.TICKETS, drawn, strict=True))


def test_every_fault_is_a_cause_that_can_be_named_and_repaired() -> None:
    assert tickets.FAULTS == cases.CAUSES == tuple(hidden.FAULTS)


def test_the_lesson_lists_every_cause() -> None:
    lesson = (ROOT / "solutions" / LESSON / "m04_2_failed_jobs.py").read_text()
    assert [cause for cause in cases.CAUSES if f"# | `{cause}` |" not in lesson] == []


@pytest.mark.parametrize("fault", cases.CAUSES)
def test_a_fault_changes_the_one_field_that_its_repair_names(fault: str) -> None:
    faulty = _leaves(tickets.with_fault(HEALTHY, fault, FOLDER))
    path, _, ending = hidden.FAULTS[fault]
    if fault == "channel":  # a new name changes the paths of all fields of the channel
        assert {one for one in faulty if one not in _leaves(HEALTHY)} == {one for one in faulty if ".training." in one}
        assert faulty[path] == "training"
    else:
        assert [one for one, value in faulty.items() if _leaves(HEALTHY)[one] != value] == [path]
        assert _leaves(HEALTHY)[path].endswith(ending)
