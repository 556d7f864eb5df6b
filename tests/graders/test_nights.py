"""m09_1: the checks look for the faults that ``given/nights.py`` plants. Both replay traffic in the same way, at the dated price."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.facts import fact
from course.grading import catalogue

LESSON = "m09_deployment_options"
ROOT = Path(__file__).parents[2]
FOLDER = "s3://bucket/m09_1/night"


def _given(name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, ROOT / "solutions" / LESSON / "given" / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


nights, replay = _given("nights"), _given("replay")
cases = catalogue.load_module(ROOT / "graders" / LESSON / "m09_1_cases.py")
hidden = catalogue.load_module(ROOT / "graders" / LESSON / "m09_1_hidden.py")


@given(st.integers())
def test_both_draw_the_same_faults_in_the_same_order(seed: int) -> None:
    drawn = nights.planted(random.Random(seed))
    assert list(cases.planted(random.Random(seed)).items()) == list(zip(cases.NIGHTS, drawn, strict=True))


def test_the_lesson_lists_every_cause() -> None:
    lesson = (ROOT / "solutions" / LESSON / "m09_1_without_a_server.py").read_text()
    assert [cause for cause in cases.CAUSES if f"# | `{cause}` |" not in lesson] == []
    assert set(hidden.SIGNS) == {*cases.LOUD, *cases.QUEUED}


@pytest.mark.parametrize("fault", cases.CAUSES)
def test_both_put_the_same_fault_into_a_request(fault: str) -> None:
    sound = cases.question(FOLDER, "planners") if fault in cases.QUEUED else cases.sound(FOLDER, "late-flights", f"{FOLDER}/out")
    path, value = cases.faults(FOLDER)[fault]
    faulty = nights.with_fault(sound, fault, FOLDER)
    assert faulty == cases.changed(sound, {path: value}) != sound


TRAFFIC = st.lists(st.integers(0, 3_000).map(lambda tenth: tenth / 2), max_size=40).map(sorted)


@given(TRAFFIC, st.sampled_from([0.5, 2.0, 7.5]), st.sampled_from([0.0, 4.5, 20.0]), st.integers(1, 4))
def test_both_replay_the_same_traffic_to_the_same_answers(arrivals: list[float], seconds: float, cold: float, most: int) -> None:
    assert replay.serverless(arrivals, seconds, cold, most) == cases.in_containers(arrivals, seconds, cold, most)
    assert replay.real_time(arrivals, seconds, most) == cases.on_instances(arrivals, seconds, most)


@given(TRAFFIC, st.integers(1, 4))
def test_the_replay_keeps_its_laws(arrivals: list[float], most: int) -> None:
    answers = replay.serverless(arrivals, 2.0, 5.0, most)
    assert len(answers) == len(arrivals) and set(answers) <= {2.0, 7.0, None}
    assert answers[:1] in ([], [7.0])
    assert None not in replay.serverless(arrivals, 2.0, 5.0, 40)


@pytest.mark.parametrize("seed", range(3))
def test_the_columns_of_the_large_file_are_more_than_a_request(seed: int) -> None:
    names, _, table = cases.files(random.Random(seed), hidden.ROWS_OF_A_MB)
    places = [names.index(name) for name in cases.COLUMNS]
    assert sum(len(cases.line([row[place] for place in places])) + 1 for row in table) > 1.05 * 2**20


def test_the_price_is_the_dated_one() -> None:
    assert fact("serverless-gb-second-usd") == cases.GB_SECOND_USD
