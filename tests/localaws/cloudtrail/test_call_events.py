"""EventBridge gets the calls that a trail logs."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.leaked_processes import PATIENCE
from tests.localaws.cloudtrail.trail_fixtures import ACCOUNT, TrailFixtures

NAMES = ["CreateKey", "DeleteModel", "StopLogging"]


@pytest.fixture(scope="module")
def queue(aws: TrailFixtures) -> str:
    """A queue that gets calls of KMS, SageMaker and CloudTrail."""
    sqs, events = aws.client("sqs"), aws.client("events")
    url = sqs.create_queue(QueueName="calls")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="calls", EventPattern=json.dumps({"detail-type": ["AWS API Call via CloudTrail"], "detail": {"eventName": NAMES}}))
    events.put_targets(Rule="calls", Targets=[{"Id": "queue", "Arn": arn}])
    return url


def received(aws: TrailFixtures, queue: str, count: int) -> list[dict[str, Any]]:
    """The events in a queue, once there are so many."""
    sqs, end, found = aws.client("sqs"), time.monotonic() + PATIENCE, []
    while len(found) < count and time.monotonic() < end:
        for each in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", []):
            found.append(json.loads(each["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
    return found


def test_calls_are_events_while_a_trail_logs_them(aws: TrailFixtures, queue: str) -> None:
    kms, sagemaker = aws.client("kms"), aws.client("sagemaker")
    kms.create_key(Description="before")
    aws.logging("calls", aws.bucket("call-events"))
    aws.client("kms", region_name="eu-west-1").create_key(Description="another region")
    kms.create_key(Description="seen")
    with pytest.raises(ClientError):
        sagemaker.delete_model(ModelName="no-such")
    aws.cloudtrail.stop_logging(Name="calls")
    kms.create_key(Description="after")
    found = {each["detail"]["eventName"]: each for each in received(aws, queue, 3)}
    assert set(found) == set(NAMES)  # one of each: the call that stops the trail is one of them
    assert found["CreateKey"]["detail"]["requestParameters"] == {"description": "seen"}
    assert (found["DeleteModel"]["source"], found["DeleteModel"]["detail"]["errorCode"]) == ("aws.sagemaker", "ValidationException")
    issuer = found["DeleteModel"]["detail"]["userIdentity"]["sessionContext"]["sessionIssuer"]
    assert issuer["arn"] == f"arn:aws:iam::{ACCOUNT}:role/Administrator"
