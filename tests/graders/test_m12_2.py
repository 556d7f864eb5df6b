"""m12_2: the faults that are planted in monitors, the traffic that labels are written for, and the replay of alarms."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.exercises import pools
from course.exercises.broken_quality import MONITORS, definitions, leaves
from course.localaws.cloudwatch.alarms.states import ALARM, OK, DataPoint, breaching, verdict
from course.localaws.server import launch
from graders.m12_monitoring.m12_2_alarm import pages
from graders.m12_monitoring.m12_2_faults_hidden import FAULTS, KINDS, SIGNS, planted, sound, with_fault
from graders.m12_monitoring.m12_2_labels import QUESTIONS, traffic
from graders.m12_monitoring.m12_2_monitor import ANALYZER, COMPLETED, SENT, Ended, Place, captured, place, run_once, served
from tests.localaws.sagemaker.job_fixtures import JobFixtures

WORDS = ("image", "arn:aws:iam::123456789012:role/SageMakerRole", "late-flights", "s3://bucket/m12_2")
NOW = datetime(2026, 11, 28, 12, 34, 56, tzinfo=UTC)


# ---- monitors ------------------------------------------------------------------------------------------------------------------------


@given(st.integers())
def test_each_monitor_has_one_fault_and_each_kind_is_there(seed: int) -> None:
    faults = planted(random.Random(seed))
    assert list(faults) == list(MONITORS)
    assert sorted([fault in kind for kind in KINDS].index(True) for fault in faults.values()) == [0, 1, 2]
    image, role, endpoint, folder = WORDS
    for name, definition in definitions(random.Random(seed), *WORDS).items():
        for path, value in FAULTS[faults[name]].items():
            wanted = value.format(image=image, role=role, endpoint=endpoint, folder=folder) if isinstance(value, str) else value
            assert leaves(definition)[path] == wanted


def test_the_kinds_have_all_faults() -> None:
    assert sorted(fault for kind in KINDS for fault in kind) == sorted(FAULTS) == sorted(SIGNS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_wrong_value(fault: str) -> None:
    before, after = leaves(sound(random.Random(1))), leaves(with_fault(sound(random.Random(1)), fault))
    assert {path: after[path] for path in after if before[path] != after[path]} == FAULTS[fault]
    assert before.keys() == after.keys()


# ---- labels --------------------------------------------------------------------------------------------------------------------------


@given(st.integers())
def test_the_newest_message_tells_the_outcome(seed: int) -> None:
    found = traffic(random.Random(seed), NOW)
    newest = found.messages.sort_values("sent").drop_duplicates("flight", keep="last").set_index("flight")
    for identity, flight in zip(found.predictions.inference_id, found.predictions.flight, strict=True):
        said = newest.loc[flight] if flight in newest.index else None
        landed = said is not None and said.status == "landed"
        assert found.outcomes[identity] == (str(int(said.delay > 15)) if landed else "")
    assert set(found.kinds.values()) == set(QUESTIONS)
    assert found.messages.sent.max() < f"{NOW:{SENT}}"


@given(st.integers())
def test_a_correction_leaves_an_hour_without_labels(seed: int) -> None:
    """So that a function that never deletes is found out."""
    found = traffic(random.Random(seed), NOW)
    first = found.messages.sort_values("sent").iloc[0]
    assert Counter(sent[:13] for sent in found.messages.sent)[first.sent[:13]] == 1
    assert found.messages.flight.value_counts()[first.flight] == 2
    assert sum(map(len, found.capture.values())) == len(found.predictions)


# ---- alarms --------------------------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.sampled_from([0.4, 0.5, 0.6, 0.7]), min_size=1, max_size=30),
    st.integers(1, 7),
    st.integers(1, 7),
    st.sampled_from(["LessThanThreshold", "LessThanOrEqualToThreshold", "GreaterThanThreshold", "GreaterThanOrEqualToThreshold"]),
)
def test_the_replay_pages_when_cloudwatch_would(values: list[float], last: int, needed: int, comparison: str) -> None:
    """Days before the first count as sound."""
    alarm = {"EvaluationPeriods": last, "DatapointsToAlarm": min(needed, last), "Threshold": 0.5, "ComparisonOperator": comparison}
    breaches = breaching(alarm)
    quiet = next(value for value in (0.4, 0.6) if not breaches(value))
    points, before, wanted = [DataPoint(0, quiet)] * last, OK, []
    for day, value in enumerate(values):
        points.append(DataPoint(day, value))
        state = verdict(alarm, points[-last:], breaches).state
        wanted.append(state == ALARM and before != ALARM)
        before = state
    assert pages(np.array(values), alarm).tolist() == wanted


# ---- what happens --------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def monitored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Place]]:
    """An answer's view of a local AWS, and an endpoint in it with labelled traffic and a baseline."""
    handle = launch.start(tmp_path_factory.mktemp("m12_2") / "state")
    answer = SimpleNamespace(client=JobFixtures(handle, "m12-2").client)
    with place(answer, "graders-m12-2") as there, served(answer, there):
        random_scores, hour = random.Random(1), f"{there.now:%Y/%m/%d/%H}"
        scores = [random_scores.random() for _ in range(60)]
        lines = [captured(f"trip-{number}", there.now, "1", score) for number, score in enumerate(scores)]
        labels = [{"groundTruthData": {"data": str(int(score > 0.4)), "encoding": "CSV"}} for score in scores]
        recall = {"recall": {"threshold": 0.99, "comparison_operator": "LessThanThreshold"}}
        files = {
            f"captured/{there.endpoint}/Live/{hour}/00.jsonl": "\n".join(lines),
            "baseline/constraints.json": json.dumps({"version": 0, "binary_classification_constraints": recall}),
        }
        for folder, word in (("labels", "trip"), ("labels-by-flight", "UA")):
            events = [label | {"eventMetadata": {"eventId": f"{word}-{number}"}} for number, label in enumerate(labels)]
            files[f"{folder}/{hour}/00.jsonl"] = "\n".join(map(json.dumps, events))
        for key, text in files.items():
            answer.client("s3").put_object(Bucket=there.bucket, Key=key, Body=text.encode())
        handle.advance(2 * 86_400)  # a learner may come back to an exercise on another day
        yield answer, there
    handle.stop()


def _ran(monitored: tuple[Any, Place], definition: dict, name: str) -> Ended:
    answer, there = monitored
    words = {"image": ANALYZER, "role": there.role, "endpoint": there.endpoint, "folder": f"s3://{there.bucket}"}
    since, until = there.now - timedelta(hours=1), there.now + timedelta(minutes=1)
    return run_once(answer, f"monitor-{name}", pools.filled(definition, words), since, until)


def test_a_monitor_without_a_fault_measures(monitored: tuple[Any, Place]) -> None:
    ended = _ran(monitored, sound(random.Random(1)), "sound")
    assert ended.status in COMPLETED, ended.said
    assert ended.statistics["auc"]["value"] == 1.0 and len(ended.merged) == 60
    assert not any(sign in text for fault in FAULTS for sign in SIGNS[fault] for text in ended.texts if fault != "identity")


@pytest.mark.nightly  # each runs one or two jobs
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_leaves_its_sign(monitored: tuple[Any, Place], fault: str) -> None:
    ended = _ran(monitored, with_fault(sound(random.Random(1)), fault), fault)
    assert (ended.status in COMPLETED) == (fault in KINDS[-1]), ended.said
    assert any(sign in text for sign in SIGNS[fault] for text in ended.texts), ended.texts
