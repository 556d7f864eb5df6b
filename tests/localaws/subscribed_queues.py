"""Queues that get a topic's messages, as AWS wants it: the queue's policy allows the topic to send."""

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
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
    statement["Condition"] = {"ArnEquals": {"aws:SourceArn": topic}}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
