"""EventBridge gets the calls that a trail logs."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.localaws.cloudtrail.trail_fixtures import ACCOUNT, TrailFixtures
from tests.localaws.events.events_fixtures import EventsFixtures

NAMES = ["CreateKey", "DeleteModel", "StopLogging"]


def test_calls_are_events_while_a_trail_logs_them(aws: TrailFixtures) -> None:
    events = EventsFixtures(aws.handle)
    arn, queue = events.queue()
    events.rule({"detail-type": ["AWS API Call via CloudTrail"], "detail": {"eventName": NAMES}}, {"Arn": arn})
    kms, sagemaker = aws.client("kms"), aws.client("sagemaker")
    kms.create_key(Description="before")
    aws.logging("calls", aws.bucket("call-events"))
    aws.client("kms", region_name="eu-west-1").create_key(Description="another region")
    kms.create_key(Description="seen")
    with pytest.raises(ClientError):
        sagemaker.delete_model(ModelName="no-such")
    aws.cloudtrail.stop_logging(Name="calls")
    kms.create_key(Description="after")
    events.settled()
    received = events.bodies(queue, 3)
    assert sorted(each["detail"]["eventName"] for each in received) == NAMES  # the call that stops the trail is one of them
    found = {each["detail"]["eventName"]: each for each in received}
    assert found["CreateKey"]["detail"]["requestParameters"] == {"description": "seen"}
    assert (found["DeleteModel"]["source"], found["DeleteModel"]["detail"]["errorCode"]) == ("aws.sagemaker", "ValidationException")
    issuer = found["DeleteModel"]["detail"]["userIdentity"]["sessionContext"]["sessionIssuer"]
    assert issuer["arn"] == f"arn:aws:iam::{ACCOUNT}:role/Administrator"
