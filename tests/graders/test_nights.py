"""m09_1: the checks know the planted faults, and each condition on an hour of traffic decides."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.exercises import bad_nights
from course.grading import catalogue
from course.grading.report import Report

LESSON = "m09_deployment_options"
ROOT = Path(__file__).parents[2]
SOURCE = (ROOT / "solutions" / LESSON / "m09_1_without_a_server.py").read_text()
FOLDER = "s3://bucket/m09_1/nights"

definitions, cases, nights, faults, serve, hours, hidden = (
    catalogue.load_module(ROOT / "graders" / LESSON / f"m09_1{part}.py")
    for part in ("", "_cases", "_nights", "_faults_hidden", "_serve", "_hours_hidden", "_hidden")
)


def _requests(seed: int) -> dict[str, dict]:
    return bad_nights.requests(random.Random(seed), "late-flights", "planners", FOLDER, "s3://bucket/m09_1/out/nights")


# ---- the five bad nights -------------------------------------------------------------------------------------------------------------


@given(st.integers())
def test_requests_have_the_faults_that_are_planted(seed: int) -> None:
    planted = faults.planted(random.Random(seed))
    assert tuple(planted) == bad_nights.NIGHTS == tuple(_requests(seed))
    assert [fault in bad_nights.QUEUED for fault in planted.values()] == ["InputLocation" in one for one in _requests(seed).values()]


def test_every_fault_is_a_cause_that_can_be_named_and_repaired() -> None:
    assert [cause for cause in bad_nights.FAULTS if f"# | `{cause}` |" not in SOURCE] == []
    assert set(nights.MEMBERS) == set(bad_nights.FAULTS)
    assert tuple(map(sorted, faults.GROUPS)) == tuple(map(sorted, (bad_nights.LOUD, bad_nights.SILENT, bad_nights.QUEUED)))
    assert set(hidden.SIGNS) == {*bad_nights.LOUD, *bad_nights.QUEUED}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("fault", bad_nights.FAULTS)
def test_a_fault_is_in_a_member_that_its_cause_is_about(fault: str, seed: int) -> None:
    rng = random.Random(seed)
    queued = fault in bad_nights.QUEUED
    sound = faults.question(rng, "planners", FOLDER) if queued else faults.transform(rng, "late-flights", FOLDER, "s3://bucket/out")
    before, after = (nights.fields(one) for one in (sound, faults.with_fault(sound, fault, FOLDER, rng)))
    differ = {path.rpartition(".")[2] for path in before | after if before.get(path) != after.get(path)}
    assert differ - ({"OutputFilter"} if fault == "join" else set()) <= set(nights.MEMBERS[fault]) and differ


@pytest.mark.parametrize("seed", range(4))
def test_two_requests_differ_in_more_than_their_faults(seed: int) -> None:
    """A comparison of two nights does not give the fault away."""
    one, other = [nights.fields(request) for request in _requests(seed).values() if "InputLocation" not in request][:2]
    assert len([path for path in one if one[path] != other.get(path)]) >= 4  # one is the place of the results


def test_the_lesson_does_not_give_its_faults_away() -> None:
    shown = re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", "", SOURCE, flags=re.S)
    given_files = [path.read_text() for path in (ROOT / "solutions" / LESSON / "given").glob("*.py")]
    assert not any(re.search(r"planted|with_fault", text) for text in (shown, *given_files))
    assert not re.search(r"healthy|compare the request", " ".join(definitions.ex4.hints))


LOG = [
    "[sagemaker logs]: MaxConcurrentTransforms=3, MaxPayloadInMB=1, BatchStrategy=MULTI_RECORD",
    "[sagemaker logs]: b/nights/export/part-0.csv: ClientError: 415",
    "[sagemaker logs]: b/nights/export/part-0.csv: ",
    "[sagemaker logs]: b/nights/export/part-0.csv: Message:",
    "[sagemaker logs]: b/nights/export/part-0.csv: Loading csv data failed with Exception, please ensure data is in csv format:",
    "[sagemaker logs]: b/nights/export/part-0.csv:  could not convert string to float: 'weekday'",
]
OTHER_LOG = [*LOG[:1], "[sagemaker logs]: b/nights/day/part-0.csv: Too much data for max payload size"]


class _Looked(nights.Nights):
    """Nights of which only the logs are known."""

    def __init__(self) -> None:
        self.logs = {"night-1": LOG, "night-2": OTHER_LOG}
        self.jobs = {"night-1": {}, "night-2": {}}
        self._harmless = OTHER_LOG[:1]


DOUBTS = {
    "could not convert string to float: 'weekday'": "",
    "'weekday'": "",
    "ClientError: 415": "says that something failed, not what",
    "Message:": "says that something failed, not what",
    "could not convert string to float": "says that something failed, not what",
    "Loading csv data failed with Exception": "says that something failed, not what",
    "MaxConcurrentTransforms=3": "says that something failed, not what",
    "[sagemaker logs]": "says that something failed, not what",
    "b/nights/": "says that something failed, not what",
    "no such words": "no line with",
}


@pytest.mark.parametrize(("cited", "doubt"), DOUBTS.items())
def test_words_that_name_no_fault_are_doubted_and_earn_nothing(cited: str, doubt: str) -> None:
    said = _Looked().doubtful_evidence("night-1", cited)
    assert doubt in said and bool(said) == bool(doubt)
    assert hidden.names_fault(cited, LOG, hidden.SIGNS["header"]) == (not doubt)


class _Evidence:
    """An answer whose diagnoses and repairs are given."""

    def __init__(self, diagnoses: dict, repairs: dict) -> None:
        self._values = {"diagnoses": diagnoses, "repairs": repairs}

    def value(self, name: str) -> dict:
        return self._values[name]


def test_all_that_is_wrong_with_the_form_is_reported() -> None:
    diagnoses = dict.fromkeys(bad_nights.NIGHTS, {"cause": "shift", "evidence": "flight-000000001"})
    diagnoses |= {"night-2": {"cause": "weather", "evidence": ""}, "night-4": {"cause": "shift"}}
    repairs = dict.fromkeys(bad_nights.NIGHTS, {"DataProcessing.InputFilter": "$"}) | {"night-5": {"Filter": "$"}}
    report = Report(definitions.ex4)
    assert not nights.check_form(_Evidence(diagnoses, repairs), report)
    [form] = [part for part in report.parts if part.name == "form"]
    assert [night for night in bad_nights.NIGHTS if night in form.message] == ["night-2", "night-4", "night-5"]


# ---- the hours of traffic -----------------------------------------------------------------------------------------------------------


def test_practice_says_what_the_rule_says_of_its_hours() -> None:
    assert [hours.memory(hour.given) for hour in definitions.PRACTICE_HOURS] == [hour.memory for hour in definitions.PRACTICE_HOURS]


@given(st.integers())
def test_each_condition_decides_one_hour(seed: int) -> None:
    """Without it, this hour would get a serverless endpoint."""
    drawn = hours.hours(random.Random(seed))
    assert sorted(hour.why for hour in drawn if hour.memory is None) == ["cold", "dear", "large"]
    assert sum(hour.memory is not None for hour in drawn) == 3
    mended = {"cold": {"patience": 99.0}, "dear": {"requests": 1}, "large": {"model_mb": 1024}}
    for hour in drawn:
        if hour.memory is None:
            assert hours.memory(hour.given | mended[hour.why]) is not None


@given(st.integers())
def test_hours_stand_on_the_borders_of_memory_and_patience(seed: int) -> None:
    seldom = [hour for hour in hours.hours(random.Random(seed)) if hour.why == "seldom"]
    [border] = [hour.given for hour in seldom if hour.given["model_mb"] == hour.memory]
    assert border["patience"] == border["seconds"] + border["cold_seconds"]
    assert max(hour.memory for hour in seldom) == 6_144


def _kind(memory: int | None, at_once: int) -> dict:
    if memory is None:
        return {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    return {"ServerlessConfig": {"MemorySizeInMB": memory, "MaxConcurrency": at_once}}


def _suiting(hour: dict) -> dict:
    return _kind(hours.memory(hour), hour["at_once"])


def _with(**changed: float) -> Callable[[dict], dict]:
    """A rule that takes other values for some members, and deploys with the right ones."""
    return lambda hour: _kind(hours.memory(hour | changed) and min(6, -(-hour["model_mb"] // 1024)) * 1024, hour["at_once"])


RULES = {
    "right": (_suiting, "", ""),
    "instances": (lambda hour: _kind(None, 0), "choice", "what in an hour moves your choice"),
    "serverless": (lambda hour: _kind(1024, 1), "choice", "what in an hour moves your choice"),
    "no cold start": (_with(cold_seconds=0.0), "choice", "`cold_seconds`"),
    "no price": (_with(requests=1), "choice", "how many GB does each second"),
    "no memory": (lambda hour: _with(model_mb=min(6144, hour["model_mb"]))(hour), "choice", "`model_mb`"),
    "most memory": (lambda hour: _kind(hours.memory(hour) and 6144, hour["at_once"]), "settings", "is that the smallest size"),
    "any concurrency": (lambda hour: _kind(hours.memory(hour), 20), "settings", "is more reserved than needed"),
    "two": (lambda hour: _suiting(hour) | ({} if hours.memory(hour) else {"InitialInstanceCount": 2}), "settings", "how many of which"),
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("drawn", [definitions.PRACTICE_HOURS, *(hours.hours(random.Random(seed)) for seed in range(3))])
def test_each_wrong_rule_has_its_message(name: str, drawn: list) -> None:
    rule, part, words = RULES[name]
    report = Report(definitions.ex1)
    serve.report_all(report, [serve.Served(hour, rule(hour.given), "InService", 0, True) for hour in drawn])
    assert [each.name for each in report.parts if each.share < 1][:1] == [part][: bool(part)]
    assert words in next((each.message for each in report.parts if each.share < 1), "")


# ---- files ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_the_columns_of_the_large_file_are_more_than_a_request(seed: int) -> None:
    names, _, table = cases.files(random.Random(seed), hidden.ROWS_OF_A_MB)
    places = [names.index(name) for name in cases.COLUMNS]
    assert sum(len(cases.line([row[place] for place in places])) + 1 for row in table) > 1.05 * 2**20
