"""A target that fails is called again by its retry policy, on the clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from course.localaws.cloudwatch.metrics.store import MetricStore
from course.localaws.core.clock import Clock
from course.localaws.core.errors import AwsError
from course.localaws.core.scheduler import Scheduler
from course.localaws.events.arns import Arn
from course.localaws.events.deliveries import Deliveries
from course.localaws.events.metrics import DeliveryMetrics
from course.localaws.events.store import EventStore
from course.localaws.events.targets import EVENTS, SCHEDULER, Invocation, TargetKinds

ARN = "arn:aws:sqs:us-east-1:123456789012:q"
ROLE = "arn:aws:iam::123456789012:role/target"
ORIGINS = {EVENTS: "rule", SCHEDULER: "arn:aws:scheduler:us-east-1:123456789012:schedule/nightly/s"}
BUSY = AwsError("InternalFailure", "busy", 500)


class FlakyTarget:
    """A kind of target that fails ``failures`` times."""

    action, callers, needs_role = "sqs:SendMessage", (EVENTS, SCHEDULER), False

    def __init__(self, clock: Clock, failures: int, error: AwsError = BUSY) -> None:
        self._clock, self._left, self._error = clock, failures, error
        self.calls: list[tuple[float, str]] = []

    def owns(self, arn: Arn) -> bool:
        return True

    def check(self, caller: str, target: dict) -> None:
        pass

    def invoke(self, invocation: Invocation) -> None:
        self.calls.append((self._clock.offset, invocation.id))
        self._left -= 1
        if self._left >= 0:
            raise self._error


class SentMessages:
    """Replaces moto, and keeps what is sent to the dead-letter queue. Every role may do anything."""

    account = "123456789012"

    def __init__(self) -> None:
        self.sent: list[dict] = []
        self.moto = self

    def ask_json(self, service: str, region: str, target: str, parameters: dict, seed: bytes | None = None) -> dict:
        self.sent.append(parameters)
        return {}

    def exists(self, role: str) -> bool:
        return True

    def refusal(self, role: str, action: str, resource: str) -> str:
        return ""


class Queue:
    """Deliveries to one flaky target."""

    def __init__(self, path: Path, failures: int, error: AwsError = BUSY) -> None:
        self.clock = Clock()
        self.scheduler, self.dead, kinds = Scheduler(self.clock), SentMessages(), TargetKinds()
        self.store = EventStore(path)
        self.target = FlakyTarget(self.clock, failures, error)
        kinds.add(self.target)
        self.metrics = MetricStore(path.with_name("metrics.db"), self.clock)
        self.deliveries = Deliveries(self.store, self.scheduler, self.dead, kinds, DeliveryMetrics(self.metrics))

    def deliver(self, caller: str = EVENTS, **policy: int) -> None:
        target = {"Id": "1", "Arn": ARN, "DeadLetterConfig": {"Arn": f"{ARN}-dead"}, "RetryPolicy": policy, "RoleArn": ROLE}
        now = self.clock.now()
        delivery = {"id": "one", "caller": caller, "origin": ORIGINS[caller], "region": "us-east-1", "target": target, "payload": "{}"}
        with self.deliveries.change() as change:
            change.add_delivery(now, delivery | {"event": {"id": "e"}, "time": "now", "first": now, "attempts": 0})

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.scheduler.run_due(30)

    def left(self) -> int:
        return self.store.database.connection.execute("SELECT count(*) FROM deliveries").fetchone()[0]

    def attributes(self) -> dict[str, str]:
        [message] = self.dead.sent
        return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}

    def counted(self) -> dict[str, float]:
        """The sums of Scheduler's metrics."""
        rows = self.metrics.metrics("us-east-1", "AWS/Scheduler", None, 0.0, 0, 100)
        group = [{"Name": "ScheduleGroup", "Value": "nightly"}]
        metrics = [{"Namespace": "AWS/Scheduler", "MetricName": row["name"], "Dimensions": group} for row in rows]
        span = 0.0, self.clock.now() + 1
        return {metric["MetricName"]: sum(row["sum"] for row in self.metrics.data("us-east-1", metric, *span)) for metric in metrics}

    def close(self) -> None:
        self.scheduler.shutdown()
        self.store.close()
        self.metrics.shutdown()


@pytest.fixture
def queue(tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    made = Queue(tmp_path / "events.db", *request.param)
    yield made
    made.close()


@pytest.mark.parametrize("queue", [(3,)], indirect=True)
def test_the_delays_grow_until_it_succeeds(queue: Queue) -> None:
    queue.deliver()
    queue.advance(100)
    assert [id for _, id in queue.target.calls] == ["one"] * 4
    assert queue.left() == 0 and not queue.dead.sent


@pytest.mark.parametrize("queue", [(9,)], indirect=True)
def test_it_gives_up_after_the_retries(queue: Queue) -> None:
    queue.deliver(MaximumRetryAttempts=2)
    queue.advance(1000)
    assert len(queue.target.calls) == 3 and queue.left() == 0
    found = queue.attributes()
    assert (found["EXHAUSTED_RETRY_CONDITION"], found["RETRY_ATTEMPTS"]) == ("MaximumRetryAttempts", "2")
    assert (found["ERROR_CODE"], found["ERROR_MESSAGE"]) == ("ERROR_FROM_TARGET", "busy")


@pytest.mark.parametrize("queue", [(99,)], indirect=True)
def test_it_gives_up_when_the_event_is_too_old(queue: Queue) -> None:
    queue.deliver(MaximumEventAgeInSeconds=60)
    queue.advance(3600)
    assert queue.attributes()["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"
    assert len(queue.target.calls) == 6  # at 0, 1, 3, 7, 15 and 31 s; the next one would be at 63 s


@pytest.mark.parametrize("queue", [(9, AwsError("ResourceNotFoundException", "gone"))], indirect=True)
def test_what_cannot_succeed_is_not_tried_again(queue: Queue) -> None:
    queue.deliver()
    queue.advance(1000)
    assert len(queue.target.calls) == 1
    assert queue.attributes()["ERROR_CODE"] == "NO_RESOURCE" and "EXHAUSTED_RETRY_CONDITION" not in queue.attributes()


@pytest.mark.parametrize("queue", [(2,)], indirect=True)
def test_every_attempt_of_a_schedule_is_counted(queue: Queue) -> None:
    queue.deliver(SCHEDULER)
    queue.advance(100)
    assert queue.counted() == {"InvocationAttemptCount": 3, "TargetErrorCount": 2}


@pytest.mark.parametrize("queue", [(9, AwsError("ResourceNotFoundException", "gone"))], indirect=True)
def test_only_what_the_retry_policy_ends_is_counted_as_dropped(queue: Queue) -> None:
    queue.deliver(SCHEDULER, MaximumRetryAttempts=0)
    queue.advance(100)
    assert queue.counted() == {"InvocationAttemptCount": 1, "TargetErrorCount": 1, "InvocationsSentToDeadLetterCount": 1}
