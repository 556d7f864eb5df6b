"""CloudTrail's event history: management events from the request log, newest first, with AWS's filters and pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def trail(client):
    """A CloudTrail client, after some calls of two kinds."""
    client("s3").create_bucket(Bucket="history-of-this-test")
    client("s3").put_object(Bucket="history-of-this-test", Key="a", Body=b"1")
    client("sagemaker").list_models()
    with pytest.raises(ClientError):
        client("sagemaker").describe_model(ModelName="no-such-model-here")
    return client("cloudtrail")


def by(name: str, value: str) -> list[dict]:
    return [{"AttributeKey": name, "AttributeValue": value}]


def test_events_come_newest_first_with_who_did_what(trail):
    events = trail.lookup_events()["Events"]
    assert [event["EventTime"] for event in events] == sorted((event["EventTime"] for event in events), reverse=True)
    failed = next(event for event in events if event["EventName"] == "DescribeModel")
    assert (failed["EventSource"], failed["ReadOnly"]) == ("sagemaker.amazonaws.com", "true")
    record = json.loads(failed["CloudTrailEvent"])
    assert record["errorCode"] == "ValidationException"
    assert record["userIdentity"]["arn"].endswith(f"/{failed['Username']}")


def test_data_events_are_not_in_the_history(trail):
    names = {event["EventName"] for page in trail.get_paginator("lookup_events").paginate() for event in page["Events"]}
    assert "CreateBucket" in names and "PutObject" not in names


def test_one_attribute_selects(trail):
    events = trail.lookup_events(LookupAttributes=by("EventName", "CreateBucket"))["Events"]
    assert events and {event["ReadOnly"] for event in events} == {"false"}
    one = trail.lookup_events(LookupAttributes=by("EventId", events[0]["EventId"]))["Events"]
    assert one == events[:1]


ATTRIBUTES = {
    "EventId": lambda event: event["EventId"],
    "EventName": lambda event: event["EventName"],
    "ReadOnly": lambda event: event["ReadOnly"],
    "Username": lambda event: event["Username"],
    "ResourceType": lambda event: event["Resources"][0]["ResourceType"],
    "ResourceName": lambda event: event["Resources"][0]["ResourceName"],
    "EventSource": lambda event: event["EventSource"],
    "AccessKeyId": lambda event: event["AccessKeyId"],
}


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_every_attribute_selects_exactly_the_events_that_have_it(trail, attribute):
    last = datetime.now(UTC)  # the lookups are events, too
    every = [event for page in trail.get_paginator("lookup_events").paginate(EndTime=last) for event in page["Events"]]
    created = next(event for event in every if event["EventName"] == "CreateBucket" and event["Resources"])
    value = ATTRIBUTES[attribute](created)
    pages = trail.get_paginator("lookup_events").paginate(LookupAttributes=by(attribute, value), EndTime=last)

    def has(event: dict) -> bool:
        if attribute.startswith("Resource"):
            return any(each[attribute] == value for each in event["Resources"])
        return event.get(attribute) == value

    assert [event["EventId"] for page in pages for event in page["Events"]] == [event["EventId"] for event in every if has(event)]
    assert trail.lookup_events(LookupAttributes=by(attribute, value + "-none"))["Events"] == []


def test_events_are_found_between_two_times(trail):
    events = trail.lookup_events()["Events"]
    first, last = events[-1]["EventTime"], events[-1]["EventTime"] + timedelta(seconds=1)
    found = trail.lookup_events(StartTime=first, EndTime=last)["Events"]
    assert found and all(first <= event["EventTime"] <= last for event in found)
    assert trail.lookup_events(EndTime=first - timedelta(days=80))["Events"] == []


def test_no_account_has_events_of_insights(trail):
    assert trail.lookup_events(EventCategory="insight")["Events"] == []


def test_pages_join_without_gap_or_repetition(trail):
    wanted = by("EventSource", "sagemaker.amazonaws.com")
    whole = [event["EventId"] for event in trail.lookup_events(LookupAttributes=wanted)["Events"]]
    pages = trail.get_paginator("lookup_events").paginate(LookupAttributes=wanted, PaginationConfig={"PageSize": 1})
    assert [event["EventId"] for page in pages for event in page["Events"]][: len(whole)] == whole


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"LookupAttributes": by("EventName", "x") * 2}, "InvalidLookupAttributesException"),
        ({"NextToken": "no token"}, "InvalidNextTokenException"),
        ({"StartTime": 2_000_000_000, "EndTime": 1_900_000_000}, "InvalidTimeRangeException"),
    ],
)
def test_what_cannot_be_looked_up_is_refused(trail, params, code):
    with pytest.raises(ClientError) as error:
        trail.lookup_events(**params)
    assert error.value.response["Error"]["Code"] == code


def test_trails_are_still_served(trail):
    assert trail.describe_trails()["trailList"] == []
