"""m13_3: the records of the checks have the form of a trail's, and what the leaked key reached follows from them."""

from __future__ import annotations

import gzip
import json
import random

import pytest

from course.localaws.cloudtrail.records import record
from graders.m13_security.m13_3_alarms import drawn_cases
from graders.m13_security.m13_3_log_files import Leak, drawn_leak, files
from graders.m13_security.m13_3_records import REGION, Records

ACCOUNT = "123456789012"
SEEDS = range(20)
COMPARED = ("eventSource", "eventName", "awsRegion", "readOnly", "managementEvent", "eventCategory", "resources")


def of_trail(ours: dict, service: str) -> dict:
    """The record that the local AWS makes of the same call."""
    row = {"id": 1, "time": 0.0, "caller": ours["userIdentity"]["arn"], "service": service, "operation": ours["eventName"], "resource": ""}
    row |= {"error": ours.get("errorCode", ""), "message": ours.get("errorMessage", ""), "region": REGION, "request_id": "r", "agent": "a"}
    return record(row, ACCOUNT, ours["userIdentity"], ours["requestParameters"], ours["responseElements"])


@pytest.mark.parametrize("seed", SEEDS)
def test_records_have_the_form_of_a_trails(seed: int) -> None:
    leak = drawn_leak(random.Random(seed), ACCOUNT, "lake")
    for ours in leak.records:
        theirs = of_trail(ours, ours["eventSource"].partition(".")[0])
        assert list(ours) == list(theirs)
        assert {name: ours.get(name) for name in COMPARED} == {name: theirs.get(name) for name in COMPARED}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_reached_follows_from_the_files(seed: int) -> None:
    rng = random.Random(seed)
    leak = drawn_leak(rng, ACCOUNT, "lake")
    documents = {key: json.loads(gzip.decompress(text)) for key, text in files(rng, leak.records, ACCOUNT)}
    logs = [each for key, each in documents.items() if key.startswith(f"AWSLogs/{ACCOUNT}/CloudTrail/")]
    assert [key.split("/")[2] for key, each in documents.items() if "Records" not in each] == ["CloudTrail-Digest"]
    found = [each for log in logs for each in log["Records"]]
    assert sorted(each["eventID"] for each in found) == sorted(each["eventID"] for each in leak.records)
    assert len(found) > len({each["eventID"] for each in found})
    good = [each for each in found if "errorCode" not in each]
    opener = {
        each["responseElements"]["credentials"]["accessKeyId"]: each["userIdentity"]["accessKeyId"]
        for each in good
        if each["eventName"] == "AssumeRole"
    }

    def first(key: str) -> str:
        return first(opener[key]) if key in opener else key

    reached = {
        (each["eventName"], each["resources"][0]["ARN"])
        for each in good
        if "key" in (each["requestParameters"] or {}) and first(each["userIdentity"]["accessKeyId"]) == leak.key
    }
    assert reached == wanted(leak)
    assert all(not reached & leak.pairs[kind] for kind in ("refused", "second", "namesake", "stranger", "listing"))


def wanted(leak: Leak) -> set:
    return set().union(*(leak.pairs[kind] for kind in ("own", "session", "chain", "strange")))


def test_each_part_of_the_alarm_has_events_to_hear_and_not_to_hear() -> None:
    cases = list(drawn_cases(Records(random.Random(1), ACCOUNT), f"arn:aws:iam::{ACCOUNT}:role/deploy-11"))
    assert {(case.part, case.wanted) for case in cases} >= {("deletions", True), ("deletions", False), ("trail", True), ("trail", False)}
    assert not any(case.wanted for case in cases if case.part == "quiet")
    for case in cases:
        service = case.event["detail"]["eventSource"].partition(".")[0]
        assert list(case.event["detail"]) == list(of_trail(case.event["detail"], service))
