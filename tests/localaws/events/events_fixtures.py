"""A local AWS for tests of EventBridge and its Scheduler: queues that receive events, roles, and the clock."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

from course.localaws.server import launch
from tests.localaws.boto_clients import client_factory
from tests.localaws.refusals import refused
from tests.localaws.subscribed_queues import queue_for_rules

ACCOUNT = "123456789012"
NUMBERS = itertools.count()


class EventsFixtures:
    def __init__(self, handle: launch.Handle) -> None:
        self.handle = handle
        self.client = client_factory(handle)
        self.events, self.sqs, self.scheduler = map(self.client, ("events", "sqs", "scheduler"))

    def name(self, stem: str) -> str:
        return f"{stem}-{next(NUMBERS)}"

    def queue(self, **attributes: str) -> tuple[str, str]:
        """Creates a queue to which rules may send. Returns its ARN and its URL."""
        name = self.name("queue") + (".fifo" if "FifoQueue" in attributes else "")
        url, arn = queue_for_rules(self.sqs, name, **attributes)
        return arn, url

    def messages(self, url: str, count: int = 1, seconds: float = 120.0) -> list[dict]:
        """Waits for ``count`` messages, takes all that are there, and returns them in order."""
        found: list[dict] = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline or len(found) >= count:
            got = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get("Messages", [])
            for message in got:
                found.append(message)
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            if not got and len(found) >= count:
                return found
            if not got:
                time.sleep(0.05)
        raise AssertionError(f"{len(found)} of {count} messages came")

    def bodies(self, url: str, count: int = 1) -> list[Any]:
        """The messages' bodies, parsed."""
        return [json.loads(message["Body"]) for message in self.messages(url, count)]

    def rule(self, pattern: dict | None = None, *targets: dict, **members: Any) -> str:
        """Creates a rule with targets. Returns its name."""
        name = self.name("rule")
        if pattern is not None:
            members["EventPattern"] = json.dumps(pattern)
        self.events.put_rule(Name=name, **members)
        bus = {member: members[member] for member in ("EventBusName",) if member in members}
        if targets:
            self.events.put_targets(Rule=name, Targets=[{"Id": str(place), **target} for place, target in enumerate(targets)], **bus)
        return name

    def put(self, source: str, detail: dict, **members: Any) -> dict:
        """Puts one event. Returns its result."""
        entry = {"Source": source, "DetailType": "test", "Detail": json.dumps(detail), **members}
        return self.events.put_events(Entries=[entry])["Entries"][0]

    def settled(self, source: str = "settled") -> None:
        """Waits until all deliveries of earlier events have been made: they are made in order."""
        arn, url = self.queue()
        rule = self.rule({"source": [source]}, {"Arn": arn})
        self.put(source, {})
        self.messages(url)
        self.events.remove_targets(Rule=rule, Ids=["0"])
        self.events.delete_rule(Name=rule)

    def sum(self, namespace: str, metric: str, **dimensions: str) -> float:
        """The sum of a metric over the last hours."""
        now = self.handle.advance(0)
        named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
        span = {"StartTime": now - 6 * 3600, "EndTime": now + 60, "Period": 60, "Statistics": ["Sum"]}
        answer = self.client("cloudwatch").get_metric_statistics(Namespace=namespace, MetricName=metric, Dimensions=named, **span)
        return sum(point["Sum"] for point in answer["Datapoints"])

    def role(self, service: str, *actions: str) -> str:
        """Creates a role that trusts a service and may do ``actions``. Returns its ARN."""
        name = self.name("role")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))
        if actions:
            allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
            self.client("iam").put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=_policy(allowed))
        return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def _policy(statement: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def refusal(function: Callable[..., Any], **parameters: Any) -> str:
    """Code and message of the error with which a call must fail, as one text."""
    return ": ".join(refused(function, **parameters))
