"""m12_2: the faults that are planted in monitors, the traffic that labels are written for, and the replay of alarms."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.exercises import pools
from course.exercises.broken_quality import MONITORS, definitions, leaves
from course.grading import AnswerError
from course.grading.jobs import execution_ended
from course.localaws.cloudwatch.alarms.states import ALARM, OK, DataPoint, breaching, verdict
from course.localaws.server import launch
from graders.m12_monitoring.m12_2_alarm import pages
from graders.m12_monitoring.m12_2_broken import found
from graders.m12_monitoring.m12_2_faults_hidden import FAULTS, KINDS, SIGNS, planted, sound, with_fault
from graders.m12_monitoring.m12_2_labels import QUESTIONS, traffic
from graders.m12_monitoring.m12_2_merge import SENT, captured
from graders.m12_monitoring.m12_2_monitor import COMPLETED, Ended, run_once
from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, JobFixtures
from tests.localaws.sagemaker.monitoring.monitoring_fixtures import ANALYZER, Monitored

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


@dataclass(frozen=True)
class Traffic:
    """An answer's view of a local AWS in which an endpoint has labelled traffic and a baseline, and the time of that traffic."""

    client: Any
    endpoint: str
    time: datetime


@pytest.fixture(scope="module")
def monitored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traffic]:
    handle = launch.start(tmp_path_factory.mktemp("m12_2") / "state")
    aws = JobFixtures(handle, "m12-2")
    place = Monitored(aws)
    now, scores = place.now(), [number / 60 for number in range(60)]
    labels = [{"groundTruthData": {"data": str(int(score > 0.4)), "encoding": "CSV"}} for score in scores]
    captures = [captured(f"trip-{number}", now, "1", score) for number, score in enumerate(scores)]
    aws.put(f"captured/{place.endpoint}/AllTraffic/{now:%Y/%m/%d/%H}/00.jsonl", "\n".join(captures))
    for folder, word in (("labels", "trip"), ("labels-by-flight", "UA")):
        events = [label | {"eventMetadata": {"eventId": f"{word}-{number}"}} for number, label in enumerate(labels)]
        aws.put(f"{folder}/{now:%Y/%m/%d/%H}/00.jsonl", "\n".join(map(json.dumps, events)))
    recall = {"recall": {"threshold": 0.99, "comparison_operator": "LessThanThreshold"}}
    aws.put("baseline/constraints.json", json.dumps({"version": 0, "binary_classification_constraints": recall}))
    place.advance(days=2)  # a learner may come back to an exercise on another day
    yield Traffic(aws.client, place.endpoint, now)
    handle.stop()


def _ran(traffic: Traffic, definition: dict, name: str) -> Ended:
    words = {"image": ANALYZER, "role": ROLE, "endpoint": traffic.endpoint, "folder": f"s3://{BUCKET}"}
    since, until = traffic.time - timedelta(hours=1), traffic.time + timedelta(minutes=1)
    return run_once(traffic, f"monitor-{name}", pools.filled(definition, words), since, until)


@pytest.mark.nightly  # the reference's run measures by day
def test_a_monitor_without_a_fault_measures(monitored: Traffic) -> None:
    ended = _ran(monitored, sound(random.Random(1)), "sound")
    assert ended.status in COMPLETED, ended.said
    assert ended.statistics["auc"]["value"] == 1.0
    assert not any(sign in text for fault in FAULTS for sign in SIGNS[fault] for text in ended.texts if fault != "identity")


@pytest.mark.nightly  # each runs one or two jobs
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_leaves_its_sign(monitored: Traffic, fault: str) -> None:
    ended = _ran(monitored, with_fault(sound(random.Random(1)), fault), fault)
    assert (ended.status in COMPLETED) == (fault in KINDS[-1]), ended.said
    assert any(sign in text for sign in SIGNS[fault] for text in ended.texts), ended.texts


@pytest.mark.parametrize("offsets", [("-PT90M", "-PT0M"), ("-PT24H", "-PT60M")])
def test_a_monitor_that_was_made_otherwise_is_refused(monitored: Traffic, offsets: tuple[str, str]) -> None:
    """A learner may change the notebook's cell."""
    words = {"image": ANALYZER, "role": ROLE, "endpoint": monitored.endpoint, "folder": f"s3://{BUCKET}"}
    sagemaker, name = monitored.client("sagemaker"), "monitor-1-0a1b2c-0a1b"
    sagemaker.create_model_quality_job_definition(JobDefinitionName=name, **pools.filled(sound(random.Random(1)), words))
    schedule = {"ScheduleExpression": "NOW", "DataAnalysisStartTime": offsets[0], "DataAnalysisEndTime": offsets[1]}
    config = {"ScheduleConfig": schedule, "MonitoringJobDefinitionName": name, "MonitoringType": "ModelQuality"}
    sagemaker.create_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig=config)
    try:
        with pytest.raises(AnswerError, match="monitor-1 does not run as `run_once` makes it: run the cell"):
            found(monitored, "monitor-1")
    finally:
        execution_ended(sagemaker, name, 120)
        sagemaker.delete_monitoring_schedule(MonitoringScheduleName=name)
        sagemaker.delete_model_quality_job_definition(JobDefinitionName=name)
