"""Deliveries to targets: each is kept until it has succeeded, or has failed for good and is in the dead-letter queue.

They run in the scheduler's thread, in order. A delivery that was under way when the process was killed is made again; the target recognises
the repetition by the id (`targets.Invocation`), so queues, topics, log groups, pipelines and functions get it once.

Source: "How EventBridge retries delivering events" and "Using dead-letter queues" of the EventBridge User Guide, "Configuring a schedule's
dead-letter queue" of the Scheduler User Guide, read 2026-11-28. Not matched: AWS does not publish its delays between attempts.
"""

from __future__ import annotations

import heapq
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from course.localaws.core.errors import AwsError
from course.localaws.core.scheduler import Scheduler
from course.localaws.events.arns import Arn
from course.localaws.events.metrics import DeliveryMetrics
from course.localaws.events.store import Change, EventStore, shown
from course.localaws.events.targets import EVENTS, SCHEDULER, Invocation, SqsQueue, TargetKinds, check_policy, seed_of
from course.localaws.iam.identity import Identity

MOST_ATTEMPTS, MOST_SECONDS = 185, 86_400  # the default retry policy
ATTEMPT = "<aws.scheduler.attempt-number>"  # in the input of a schedule
LONGEST_DELAY = 600.0  # seconds between two attempts

# Codes of a target's error -> the code in the dead-letter queue. Only a failure without such a code is tried again.
_FINAL = (
    (re.compile(r"NotFound|NonExistent|NoSuch|DoesNotExist", re.IGNORECASE), "NO_RESOURCE"),
    (re.compile(r"AccessDenied|NotAuthorized|AuthorizationError"), "NO_PERMISSIONS"),
    (re.compile(r"Throttl|TooManyRequests|LimitExceeded"), ""),
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed. ``final`` is whether another one would fail, too."""

    code: str
    message: str
    final: bool


class Deliveries:
    """The queue of deliveries.

    Attributes
    ----------
    ended : list of callables
        Called with a `Change` and a delivery when it has succeeded or failed for good, in the transaction that removes it.
    """

    def __init__(self, store: EventStore, scheduler: Scheduler, identity: Identity, kinds: TargetKinds, metrics: DeliveryMetrics) -> None:
        self._store, self._scheduler, self._identity, self._kinds, self._metrics = store, scheduler, identity, kinds, metrics
        self._dead_letters = SqsQueue(identity)
        self._pending: list[tuple[float, int]] = []  # a heap of due time and sequence
        self._lock = threading.Lock()
        self.ended: list[Callable[[Change, dict], None]] = []
        scheduler.add(self._earliest, self._run)

    def recover(self) -> None:
        """Go on with the deliveries of the last process."""
        rows = self._store.database.connection.execute("SELECT due, sequence FROM deliveries")
        with self._lock:
            self._pending = [(row["due"], row["sequence"]) for row in rows]
            heapq.heapify(self._pending)
        self._scheduler.wake()

    def clear(self) -> None:
        with self._lock:
            self._pending.clear()

    @contextmanager
    def change(self) -> Iterator[Change]:
        """A transaction of the store. Deliveries that are added in it begin when it has ended."""
        with self._store.change() as change:
            yield change
        if change.added:
            with self._lock:
                for added in change.added:
                    heapq.heappush(self._pending, added)
            self._scheduler.wake()

    def _earliest(self) -> float | None:
        with self._lock:
            return self._pending[0][0] if self._pending else None

    def _run(self, moment: float) -> None:
        """Make the first due delivery."""
        with self._lock:
            if not self._pending or self._pending[0][0] > moment:
                return
            _, sequence = heapq.heappop(self._pending)
        row = self._store.database.connection.execute("SELECT document FROM deliveries WHERE sequence = ?", (sequence,)).fetchone()
        if row is None:
            return
        delivery = json.loads(row["document"])
        failure = self._attempt(delivery)
        if failure is None:
            self._end(sequence, delivery)
            self._metrics.ended(delivery, failed=False, dropped=False, buried=False)
        else:
            self._failed(sequence, delivery, failure, moment)

    def _attempt(self, delivery: dict) -> Failure | None:
        target, caller = delivery["target"], delivery["caller"]
        payload = delivery["payload"].replace(ATTEMPT, str(delivery["attempts"] + 1)) if caller == SCHEDULER else delivery["payload"]
        invocation = Invocation(delivery["id"], caller, delivery["origin"], target, payload, delivery["event"])
        try:
            kind = self._kinds.find(caller, invocation.arn)
            if kind is None:
                return Failure("NO_RESOURCE", f"The local AWS has nothing that runs {target['Arn']}.", final=True)
            if denied := self._denied(target, kind.action):
                return denied
            kind.invoke(invocation)
        except AwsError as error:
            return _failure(error)
        except Exception as error:
            logger.exception("the delivery to %s failed", target["Arn"])
            return Failure("INTERNAL_ERROR", f"{type(error).__name__}: {error}", final=False)
        return None

    def _denied(self, target: dict, action: str) -> Failure | None:
        """Whether the target's role lacks the permission that the call needs."""
        role = target.get("RoleArn")
        if role is None:
            return None
        if not self._identity.exists(role):
            return Failure("FAILED_TO_ASSUME_ROLE", f"The role {role} cannot be found.", final=True)
        reason = self._identity.refusal(role, action, target["Arn"])
        if not reason:
            return None
        why = f"User: {role} is not authorized to perform: {action} on resource: {target['Arn']} {reason}"
        return Failure("NO_PERMISSIONS", why, final=True)

    def _failed(self, sequence: int, delivery: dict, failure: Failure, moment: float) -> None:
        retries = delivery["attempts"]
        due = moment + min(2.0**retries, LONGEST_DELAY)
        exhausted = "" if failure.final else _exhausted(delivery, due)
        if not failure.final and not exhausted:
            with self.change() as change:
                change.postpone(sequence, due, delivery | {"attempts": retries + 1})
            return
        logger.warning("%s could not invoke %s: %s: %s", delivery["origin"], delivery["target"]["Arn"], failure.code, failure.message)
        buried = self._bury(delivery, failure, exhausted)
        self._end(sequence, delivery)
        self._metrics.ended(delivery, failed=True, dropped=bool(exhausted), buried=buried)

    def _bury(self, delivery: dict, failure: Failure, exhausted: str) -> bool:
        """Send a failed delivery to the dead-letter queue of its target, if there is one. Returns whether it is there."""
        queue = delivery["target"].get("DeadLetterConfig", {}).get("Arn")
        if queue is None:
            return False
        body = delivery["payload"] if delivery["event"] is None else json.dumps(shown(delivery["event"]))
        attributes = _attributes(delivery, failure, exhausted)
        try:
            self._check_dead_letters(delivery, queue)
            self._dead_letters.send(Arn.parse(queue), body, seed_of(f"{delivery['id']}/dead"), MessageAttributes=attributes)
        except AwsError as error:
            logger.warning("the dead-letter queue %s could not be reached: %s", queue, error.message)
            return False
        return True

    def _check_dead_letters(self, delivery: dict, queue: str) -> None:
        """Raises AwsError if the queue's policy does not let a rule send to its dead-letter queue, or a schedule's role does not."""
        if delivery["caller"] == EVENTS:
            check_policy(self._identity, SqsQueue.action, queue, delivery["origin"])
        elif denied := self._identity.refusal(delivery["target"]["RoleArn"], SqsQueue.action, queue):
            raise AwsError("AccessDenied", f"the schedule's role is not authorized to perform: {SqsQueue.action} {denied}", 403)

    def _end(self, sequence: int, delivery: dict) -> None:
        with self.change() as change:
            change.end_delivery(sequence)
            for listener in self.ended:
                listener(change, delivery)


def _exhausted(delivery: dict, due: float) -> str:
    """The condition of the retry policy that forbids one more attempt, at ``due``; ``""`` if none does."""
    policy = delivery["target"].get("RetryPolicy", {})
    if delivery["attempts"] >= policy.get("MaximumRetryAttempts", MOST_ATTEMPTS):
        return "MaximumRetryAttempts"
    return "MaximumEventAgeInSeconds" if due - delivery["first"] > policy.get("MaximumEventAgeInSeconds", MOST_SECONDS) else ""


def _failure(error: AwsError) -> Failure:
    for pattern, named in _FINAL:
        if pattern.search(error.code):
            return Failure(named or "THROTTLING", error.message, final=bool(named))
    return Failure("ERROR_FROM_TARGET" if error.status >= 500 else "SDK_CLIENT_ERROR", error.message, final=error.status < 500)


def _attributes(delivery: dict, failure: Failure, exhausted: str) -> dict:
    values = {"TARGET_ARN": delivery["target"]["Arn"], "ERROR_CODE": failure.code, "ERROR_MESSAGE": failure.message}
    values["RETRY_ATTEMPTS"] = str(delivery["attempts"])
    if exhausted:
        values["EXHAUSTED_RETRY_CONDITION"] = exhausted
    if delivery["caller"] == EVENTS:
        values["RULE_ARN"] = delivery["origin"]
    else:
        values |= {"SCHEDULE_ARN": delivery["origin"], "EXECUTION_ID": delivery["id"], "SCHEDULED_TIME": delivery["time"]}
        values["IS_PAYLOAD_TRUNCATED"] = "false"
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}
