"""A local AWS with a test-controlled clock: puts data points into minutes, creates alarms, and reads their messages from a queue."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

from course.localaws.server import launch
from tests.localaws.boto_clients import client_factory
from tests.localaws.subscribed_queues import queue_for_rules, subscribe

NUMBERS = itertools.count()
UNKNOWN = "INSUFFICIENT_DATA"


class AlarmFixtures:
    def __init__(self, handle: launch.Handle) -> None:
        self.handle = handle
        self.client = client_factory(handle)
        self.cloudwatch, self.sns, self.sqs, self.events = map(self.client, ("cloudwatch", "sns", "sqs", "events"))

    def name(self, stem: str) -> str:
        return f"{stem}-{next(NUMBERS)}"

    def now(self) -> float:
        return self.handle.advance(0)

    def to_the_minute(self) -> float:
        """Advance the clock to just after the beginning of a minute. Returns that beginning."""
        now = self.handle.advance(60 - self.now() % 60 + 1)
        return now // 60 * 60

    def put(self, namespace: str, values: Sequence[float | None], begin: float, seconds: float = 60, metric: str = "m", **more) -> None:
        """Put one value per period, starting at ``begin``. None leaves a period without data."""
        data = [
            {"MetricName": metric, "Value": value, "Timestamp": begin + place * seconds, **more}
            for place, value in enumerate(values)
            if value is not None
        ]
        if data:
            self.cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)

    def alarm(self, namespace: str, **members) -> str:
        name = self.name("alarm")
        rule = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 10.0, "EvaluationPeriods": 1}
        if "Metrics" not in members:
            rule |= {"Namespace": namespace, "MetricName": "m", "Period": 60} | (
                {} if "ExtendedStatistic" in members else {"Statistic": "Average"}
            )
        self.cloudwatch.put_metric_alarm(AlarmName=name, **(rule | members))
        return name

    def described(self, name: str) -> dict:
        [alarm] = self.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return alarm

    def state(self, name: str) -> str:
        return self.described(name)["StateValue"]

    def history(self, name: str, kind: str = "StateUpdate") -> list[dict]:
        """Returns the alarm's history, the oldest item first."""
        request = {"AlarmName": name, "HistoryItemType": kind, "ScanBy": "TimestampAscending"}
        return self.cloudwatch.describe_alarm_history(**request)["AlarmHistoryItems"]

    def queue(self) -> tuple[str, str]:
        """Creates a queue to which rules may send. Returns its URL and its ARN."""
        return queue_for_rules(self.sqs, self.name("queue"))

    def topic(self) -> tuple[str, str]:
        """Creates a topic with a subscribed queue. Returns the topic's ARN and the queue's URL."""
        arn = self.sns.create_topic(Name=self.name("topic"))["TopicArn"]
        url, _ = self.queue()
        subscribe(self.sns, self.sqs, arn, url)
        return arn, url

    def received(self, url: str, wait: int = 10) -> list[dict]:
        messages = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]
