"""Queues that get messages of topics and rules, as AWS wants it: the queue's policy allows them to send."""

from __future__ import annotations

import json
from typing import Any


def subscribe(sns: Any, sqs: Any, topic: str, queue: str, **attributes: str) -> None:
    """Subscribe a queue to a topic, and let the topic send.

    Parameters
    ----------
    sns, sqs : boto3 clients
    topic : str
        ARN.
    queue : str
        URL.
    **attributes : str
        Of the subscription, such as ``RawMessageDelivery``.
    """
    arn = allow(sqs, queue, "sns.amazonaws.com", {"ArnEquals": {"aws:SourceArn": topic}})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)


def queue_for_rules(sqs: Any, name: str, **attributes: str) -> tuple[str, str]:
    """Make a queue to which rules of EventBridge may send. Returns its URL and its ARN."""
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, allow(sqs, url, "events.amazonaws.com")


def allow(sqs: Any, queue: str, service: str, condition: dict | None = None) -> str:
    """Let a service send to a queue, beside those that may already. Returns the queue's ARN."""
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn", "Policy"])["Attributes"]
    policy = json.loads(attributes.get("Policy", '{"Version": "2012-10-17", "Statement": []}'))
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage", "Resource": attributes["QueueArn"]}
    policy["Statement"].append(statement | ({"Condition": condition} if condition else {}))
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    return attributes["QueueArn"]
