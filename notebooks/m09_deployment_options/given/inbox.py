"""A topic of SNS with a queue of SQS that keeps what it is told."""

import json
from typing import Any


class Inbox:
    """A new topic, and what was published to it.

    Parameters
    ----------
    aws : course.session.Session
    name : str
        Of both. With the word sagemaker in it, SageMaker's own managed policy lets the endpoint's role publish.

    Attributes
    ----------
    topic : str
        The ARN of the topic.
    """

    def __init__(self, aws: Any, name: str) -> None:
        self._sns, self._sqs = aws.client("sns"), aws.client("sqs")
        self.topic = self._sns.create_topic(Name=name)["TopicArn"]
        self._queue = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        may_send = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
        may_send["Condition"] = {"ArnEquals": {"aws:SourceArn": self.topic}}
        policy = {"Version": "2012-10-17", "Statement": [may_send]}
        self._sqs.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": json.dumps(policy)})
        self._sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})

    def messages(self, count: int) -> list[dict]:
        """The next ``count`` messages, fewer when they do not come within 20 seconds each. Whatever is read is gone from the queue."""
        read: list[dict] = []
        while len(read) < count:
            found = self._sqs.receive_message(QueueUrl=self._queue, WaitTimeSeconds=20, MaxNumberOfMessages=1).get("Messages", [])
            if not found:
                break
            self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=found[0]["ReceiptHandle"])
            read.append(json.loads(found[0]["Body"]))
        return read

    def delete(self) -> None:
        self._sns.delete_topic(TopicArn=self.topic)
        self._sqs.delete_queue(QueueUrl=self._queue)
