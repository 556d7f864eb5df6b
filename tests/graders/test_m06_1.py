"""m06_1: the learner's given files and the checks agree, and the tables support the text."""

from __future__ import annotations

import importlib.util
import random
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import datasets
from course.exercises import broken_searches
from course.grading import catalogue

ROOT = Path(__file__).parents[2]
GIVEN = ROOT / "solutions" / "m06_tuning" / "given"
LINES = ("epoch 40; validation AUC 0.6883", "epoch 40; train AUC 0.7012")


def _given(name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(f"m06_given_{name}", GIVEN / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    sys.path.insert(0, str(GIVEN.parent))  # the files import each other, as in the notebook
    try:
        specification.loader.exec_module(module)
    finally:
        sys.path.remove(str(GIVEN.parent))
    return module


trials, networks, jobs = (_given(name) for name in ("trials", "networks", "tuning_jobs"))
diagnosis, drawn, faults, probe, replay = (
    catalogue.load_module(ROOT / "graders" / "m06_tuning" / f"m06_1_{name}.py")
    for name in ("diagnosis", "drawn_hidden", "faults_hidden", "probe", "replay")
)
CAUSES = broken_searches.SPOILED + broken_searches.MISLED
DEFINITION = {"InputDataConfig": [{"ChannelName": name, "DataSource": {"S3DataSource": {}}} for name in ("train", "validation")]}


def test_every_fault_is_a_cause_that_can_be_named_and_repaired() -> None:
    assert tuple(diagnosis.FAULTS) == CAUSES
    text = (ROOT / "solutions" / "m06_tuning" / "m06_1_ranges.py").read_text(encoding="utf-8")
    assert re.findall(r"^# \| `(\w+)` \|", text, re.M)[-len(CAUSES) :] == sorted(CAUSES)


@given(st.integers())
def test_no_request_of_a_ticket_is_sound(seed: int) -> None:
    made = broken_searches.requests(random.Random(seed), DEFINITION, "image", "s3://code", "s3://data")
    planted = faults.planted(random.Random(seed))
    assert list(made) == list(planted) == list(broken_searches.TICKETS)
    assert sum(fault in broken_searches.SPOILED for fault in planted.values()) == 3
    for ticket, request in made.items():
        config, shared = request["HyperParameterTuningJobConfig"], request["TrainingJobDefinition"]
        [regex] = [
            metric["Regex"] for metric in shared["AlgorithmSpecification"]["MetricDefinitions"] if metric["Name"] == "validation:auc"
        ]
        signs = {
            "channel": shared["InputDataConfig"][1]["ChannelName"] != "validation",
            "interval": int(shared["StaticHyperParameters"]["report-every"]) > int(shared["StaticHyperParameters"]["epochs"]),
            "labels": "S3Uri" in shared["InputDataConfig"][1]["DataSource"]["S3DataSource"],
            "objective": config["HyperParameterTuningJobObjective"]["MetricName"] != "validation:auc",
            "direction": config["HyperParameterTuningJobObjective"]["Type"] != "Maximize",
            "regex": not re.search(regex, LINES[0]),
            "training": bool(re.search(regex, LINES[1])),
        }
        signs["digits"] = not signs["regex"] and re.search(regex, LINES[0])[1] != "0.6883"
        assert [name for name, shows in signs.items() if shows] == [planted[ticket]]


def test_the_learners_files_hold_no_sound_search_and_no_list_of_faults() -> None:
    for path in (GIVEN.parent / "m06_1_ranges.py", *GIVEN.glob("*.py")):
        text = re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", "", path.read_text(encoding="utf-8"), flags=re.S)
        assert not re.search(r"validation AUC \(|healthy|SPOILED", text), path


@pytest.mark.parametrize("regex", faults.SOUND)
def test_sound_expressions_find_the_auc_on_validation(regex: str) -> None:
    assert [match and match[1] for match in (re.search(regex, line) for line in LINES)] == ["0.6883", None]


@pytest.mark.parametrize("regex", faults.UNSOUND)
def test_unsound_expressions_find_nothing(regex: str) -> None:
    assert not any(re.search(regex, line) for line in LINES)


DIAGNOSES = {  # cause and words, and what is said of them
    ("digits", "validation AUC 0.7"): "",
    ("digits", "AUC 0."): "is also in lines of another kind",
    ("digits", "rows to train on"): "does not show a fault of the kind 'digits'",
    ("digits", "AUC"): "too short",
    ("digits", "the words of nobody"): "no line with",
    ("training", "train AUC"): "",
    ("direction", "validation AUC 0.7"): "",
    ("direction", "validation AUC 0.5"): "of no child that did better",
}


@pytest.mark.parametrize(("cause", "words"), DIAGNOSES)
def test_what_is_cited_shows_the_cause_that_is_named(cause: str, words: str) -> None:
    search = probe.Search.__new__(probe.Search)
    search.description = {"BestTrainingJob": {"TrainingJobName": "t-001-a", probe.OBJECTIVE: {"Value": 0.6}}}
    opening = "Read 2000 rows to train on, 2000 to validate on"
    said = [opening, "epoch 9; validation AUC 0.5", "epoch 18; validation AUC 0.7001", "epoch 18; train AUC 0.7"]
    search.streams = {"t-001-a/algo-1-1": [opening], "t-002-b/algo-1-2": said}
    found = diagnosis.uncited(search, "ticket-1", {"cause": cause, "stream": "t-002-b/algo-1-2", "line": words})
    wanted = DIAGNOSES[cause, words]
    assert wanted in found if wanted else not found


def test_learners_and_checks_replay_the_same_searches() -> None:
    assert {name: bounds for name, bounds in trials.RANGES.items() if name != "max_depth"} == replay.BOUNDS
    rows = trials.trials(datasets.path("tuning_trials"))
    for changed in ({}, {"min_child_weight": (0.1, 2000.0, "Linear")}, {"gamma": (0.001, 10.0, "Logarithmic")}):
        played = trials.replays(rows, trials.WIDE | changed, replay.JOBS, searches=4000)[:, -1].mean()
        assert replay.expected_best(replay.table(), replay.WIDE | changed) == pytest.approx(played, abs=0.004)


def test_what_the_text_says_of_scales_and_ranges() -> None:
    rows = trials.trials(datasets.path("tuning_trials"))
    coins = (rows.auc <= 0.5).groupby(rows.scaling).mean()
    assert coins["Linear"] > 0.9 and coins["Logarithmic"] < 0.35
    narrower = {"min_child_weight": (0.1, 100.0, "Logarithmic"), "gamma": (0.001, 10.0, "Logarithmic")}
    designs = ({}, {"min_child_weight": (0.1, 2000.0, "Linear")}, {"lambda": (0.001, 10_000.0, "Linear")}, narrower)
    wide, cliff, flat, narrow = (replay.expected_best(replay.table(), replay.WIDE | design) for design in designs)
    assert wide - cliff > 10 * (narrow - wide) > 0  # "costs many times what narrower ranges win"
    assert wide - flat < (wide - cliff) / 10  # "on a flat range it costs next to nothing"


def test_learners_and_checks_rate_the_same_networks() -> None:
    window, epochs = (100, 400), 3
    rows = networks.networks(datasets.path("network_trials"), epochs)
    rows = rows[rows.batch_size.between(*window) & rows.learning_rate.between(0.001, 0.1)]
    assert replay.Steps(window, epochs).best(0.001, 0.1) == pytest.approx(networks.expected_best(rows.auc, replay.NETWORK_JOBS))


def test_the_fewer_the_steps_the_larger_the_rate() -> None:
    cases_ = [replay.Steps(window, epochs) for window, epochs in (((32, 96), 10), ((128, 384), 4), ((1300, 3900), 1))]
    middles = []
    for case in cases_:
        ranked = sorted(drawn.by_range(case).items(), key=lambda pair: -pair[1])[:5]
        middles.append(np.mean([np.log10(drawn.RATES[low] * drawn.RATES[high]) / 2 for (low, high), _ in ranked]))
    assert middles == sorted(middles) and middles[-1] - middles[0] > 1


def test_a_stream_of_an_earlier_run_is_known_by_its_training_job_s_number() -> None:
    search = probe.Search.__new__(probe.Search)
    search.streams = {f"ticket-2-new-001-{word}/algo-1-17": [f"the words of {word}"] for word in ("abcd",)}
    search.streams |= {"ticket-2-new-002-efgh/algo-1-18": ["the words of efgh"]}
    assert search.stream("ticket-2-old-002-xyzv/algo-1-3") == search.stream("ticket-9-...-002-.../algo-1-...") == [*search.streams][1]
    assert search.stream([*search.streams][0]) == [*search.streams][0]
    assert search.stream("ticket-2-new") is search.stream("ticket-2-old-007-xyzv/algo-1-3") is None
    assert search.cited("ticket-2-old-002-xyzv/algo-1-3", "of efgh") and not search.cited("ticket-2-old-002-xyzv/algo-1-3", "of abcd")


class _Described:
    """A client that knows one tuning job."""

    def __init__(self, status: str, *content_types: str) -> None:
        self.job = {probe.STATUS: status, "TrainingJobDefinition": {"InputDataConfig": [{"ContentType": each} for each in content_types]}}

    def describe_hyper_parameter_tuning_job(self, **asked: str) -> dict:
        return self.job


CAUSES_OF_ERRORS = {  # what was raised, how the search ended, content types of its channels, and what is said
    ("ResourceInUse: late-flights exists", "Completed", "text/csv"): "a name that is taken",
    ("Best training job not available for tuning job: x", "InProgress", "text/csv"): "before the search had ended",
    ("FailedStatusError: No training job succeeded", "Failed", "None"): "no content type",
    ("FailedStatusError: No training job succeeded", "Failed", "text/csv"): "",
    ("KeyError: 'best'", "Completed", "None"): "",
}


@pytest.mark.parametrize(("raised", "status", "content_type"), CAUSES_OF_ERRORS)
def test_usual_causes_of_an_error_are_named(raised: str, status: str, content_type: str) -> None:
    said = probe._usual_cause(_Described(status, "text/csv", content_type), raised, {"late-flights"})
    wanted = CAUSES_OF_ERRORS[raised, status, content_type]
    assert wanted in said if wanted else not said


def test_an_unknown_path_lists_the_known_ones() -> None:
    request = {"InputDataConfig": [{"ChannelName": "train"}, {"ChannelName": "val"}], "Static": {"epochs": "3"}}
    assert jobs.repaired(request, {"InputDataConfig.val.ChannelName": "validation", "Static.epochs": "9"}) == {
        "InputDataConfig": [{"ChannelName": "train"}, {"ChannelName": "validation"}],
        "Static": {"epochs": "9"},
    }
    for path, there in (("InputDataConfig.validation.ChannelName", "train, val"), ("Static.rounds", "epochs")):
        with pytest.raises(KeyError, match=there):
            jobs.repaired(request, {path: "x"})
