"""The kinds of targets that rules and schedules invoke.

Pipelines and functions are run by other packages. Each of them adds its kind to `TargetKinds`, with the function that starts one:

    platform.events.targets.add(PipelineTarget(start_pipeline))

Until it has, such a target is refused by name. These functions must recognise a repeated token: after a kill, a start is asked for again.

Source: "Event bus targets in Amazon EventBridge", "Dynamic path parameters" and `SageMakerPipelineParameters` of EventBridge's User Guide
and API reference, "Managing templated targets" of the Scheduler User Guide, "Schedule Pipeline Runs" of the SageMaker developer guide, read
2026-11-28, "Using resource-based policies for Amazon EventBridge", read 2026-12-06. Not matched: the policies of log groups and buses are
not asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from course.localaws.core.errors import AwsError, invalid
from course.localaws.events import json_paths
from course.localaws.events.arns import Arn
from course.localaws.iam import service_principals
from course.localaws.iam.identity import Identity
from course.localaws.iam.policy import PolicyError
from course.localaws.logs.store import LogStore
from course.localaws.moto.own_records import is_there, records_of

EVENTS, SCHEDULER = "events", "scheduler"  # the services that invoke targets
PRINCIPAL = "events.amazonaws.com"

StartPipeline = Callable[[str, dict[str, str], str, str], None]
"""Starts an execution of a SageMaker pipeline: ARN, parameters by name, ARN of the role that the caller acts under, client request token.

It raises AwsError, e.g. ``ResourceNotFound``.
"""

InvokeFunction = Callable[[str, str, str, str, str], None]
"""Invokes a Lambda function as ``InvocationType="Event"`` does, without waiting for it: ARN, payload (JSON), token, and the service
principal and the ARN that the function's policy must allow, or ``""``. It raises AwsError."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of a target.

    Attributes
    ----------
    id : str
        The same for every attempt, so that a target can recognise a repeated one.
    caller : str
        `EVENTS` or `SCHEDULER`.
    origin : str
        ARN of the rule or the schedule.
    target : dict
        The target of PutTargets or of the schedule.
    payload : str
        What the target receives.
    event : dict or None
        The event before any transformation; None for a schedule.
    """

    id: str
    caller: str
    origin: str
    target: dict
    payload: str
    event: dict | None

    @property
    def arn(self) -> Arn:
        return Arn.parse(self.target["Arn"])

    @property
    def seed(self) -> bytes:
        return seed_of(self.id)

    @property
    def by_resource_policy(self) -> bool:
        """Whether the resource's policy must allow the call. Otherwise the target's role must."""
        return self.caller == EVENTS and "RoleArn" not in self.target


def seed_of(id: str) -> bytes:
    """For `MotoRecords.ask`, which performs a request with the same seed only once."""
    return hashlib.sha256(id.encode()).digest()[:16]


def check_policy(identity: Identity, action: str, resource: str, rule: str) -> None:
    """Raises AwsError ``AccessDenied`` if a topic or queue is there, and its policy does not let a rule do something."""
    arn = Arn.parse(resource)
    if not is_there(arn.service, identity.account, resource):
        return  # the call will say so
    try:
        policy = records_of(arn.service, identity.account).policy(resource, action)
    except PolicyError:
        policy = None
    keys = service_principals.condition_keys(PRINCIPAL, rule, identity.account, identity.now())
    if not service_principals.allows(policy, PRINCIPAL, action, resource, keys):
        why = f"because no resource-based policy allows the {action} action"
        raise AwsError("AccessDenied", f"{PRINCIPAL} is not authorized to perform: {action} on resource: {resource} {why}", 403)


class TargetKind(Protocol):
    """A kind of target.

    Attributes
    ----------
    action : str
        The permission that the target's role needs.
    callers : tuple of str
        Which services can invoke it.
    needs_role : bool
        Whether a rule's target must have a role. A schedule's always has one.
    """

    action: str
    callers: tuple[str, ...]
    needs_role: bool

    def owns(self, arn: Arn) -> bool:
        """Whether a resource is of this kind."""

    def check(self, caller: str, target: dict) -> None:
        """Raises AwsError for a target that this kind cannot invoke."""

    def invoke(self, invocation: Invocation) -> None:
        """Call the target, and return without waiting for its work. Raises AwsError."""


class TargetKinds:
    """The registry of target kinds. The kind that was added last comes first."""

    def __init__(self) -> None:
        self._kinds: list[TargetKind] = []

    def add(self, kind: TargetKind) -> None:
        self._kinds.insert(0, kind)

    def find(self, caller: str, arn: Arn) -> TargetKind | None:
        return next((kind for kind in self._kinds if caller in kind.callers and kind.owns(arn)), None)


class SqsQueue:
    """A standard or FIFO queue."""

    action, callers, needs_role = "sqs:SendMessage", (EVENTS, SCHEDULER), False

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def owns(self, arn: Arn) -> bool:
        return arn.service == "sqs"

    def check(self, caller: str, target: dict) -> None:
        if target["Arn"].endswith(".fifo") and not target.get("SqsParameters", {}).get("MessageGroupId"):
            where = f"target: {target['Id']}" if caller == EVENTS else "the target"
            raise invalid(f"Parameter(s) SqsParameters must be specified for {where}.")

    def invoke(self, invocation: Invocation) -> None:
        if invocation.by_resource_policy:
            check_policy(self._identity, self.action, invocation.target["Arn"], invocation.origin)
        group = invocation.target.get("SqsParameters", {}).get("MessageGroupId")
        self.send(invocation.arn, invocation.payload, invocation.seed, **({"MessageGroupId": group} if group else {}))

    def send(self, queue: Arn, body: str, seed: bytes, **parameters: object) -> None:
        """Send a message, once for each seed. Raises AwsError."""
        url = f"https://sqs.{queue.region}.amazonaws.com/{queue.account}/{queue.resource}"
        message = {"QueueUrl": url, "MessageBody": body, **parameters}
        self._identity.moto.ask_json("sqs", queue.region, "AmazonSQS.SendMessage", message, seed=seed)


class SnsTopic:
    """A topic. Its subscribers receive the payload as the message."""

    action, callers, needs_role = "sns:Publish", (EVENTS, SCHEDULER), False

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def owns(self, arn: Arn) -> bool:
        return arn.service == "sns"

    def check(self, caller: str, target: dict) -> None:
        if target["Arn"].endswith(".fifo"):
            raise invalid(f"The topic {target['Arn']} is a FIFO topic, which cannot be a target.")

    def invoke(self, invocation: Invocation) -> None:
        topic, moto = invocation.target["Arn"], self._identity.moto
        if invocation.by_resource_policy:
            check_policy(self._identity, self.action, topic, invocation.origin)
        moto.ask("sns", "Publish", invocation.arn.region, invocation.seed, TopicArn=topic, Message=invocation.payload)


class LogGroup:
    """A CloudWatch log group. Each event gets a stream of its own, as on AWS."""

    action, callers, needs_role = "logs:PutLogEvents", (EVENTS,), False

    def __init__(self, logs: LogStore) -> None:
        self._logs = logs

    def owns(self, arn: Arn) -> bool:
        return arn.service == "logs" and arn.resource.startswith("log-group:")

    def check(self, caller: str, target: dict) -> None:
        pass

    def invoke(self, invocation: Invocation) -> None:
        region, name = invocation.arn.region, invocation.arn.resource.split(":")[1]
        streams = self._logs.streams(self._logs.group(region, name)["id"], stream := invocation.seed.hex())
        if not any(found["last_event"] for found in streams):  # an earlier attempt, before a kill, may have written it
            self._logs.append(region, name, stream, [self._line(invocation)])

    def _line(self, invocation: Invocation) -> tuple[int, str]:
        target = invocation.target
        if not {"Input", "InputPath", "InputTransformer"} & target.keys():
            return self._logs.now(), invocation.payload
        try:
            given = json.loads(invocation.payload)
            return int(given["timestamp"]) if isinstance(given["timestamp"], int) else self._logs.now(), given["message"]
        except (ValueError, KeyError, TypeError):
            raise AwsError("InvalidParameterException", "The input of a log group has the members timestamp and message.") from None


class EventBusTarget:
    """Another event bus. From a rule it receives the same event; from a schedule a new one.

    Parameters
    ----------
    receive : callable
        Called with region, bus name and event.
    publish : callable
        Called with region and an entry of PutEvents.
    """

    action, callers, needs_role = "events:PutEvents", (EVENTS, SCHEDULER), False

    def __init__(self, receive: Callable[[str, str, dict], None], publish: Callable[[str, dict], None]) -> None:
        self._receive, self._publish = receive, publish

    def owns(self, arn: Arn) -> bool:
        return arn.service == "events" and arn.resource.startswith("event-bus/")

    def check(self, caller: str, target: dict) -> None:
        if caller == SCHEDULER and "EventBridgeParameters" not in target:
            raise invalid("EventBridgeParameters must be specified for the target.")

    def invoke(self, invocation: Invocation) -> None:
        region, bus = invocation.arn.region, invocation.arn.resource.removeprefix("event-bus/")
        if invocation.event is not None:
            self._receive(region, bus, invocation.event)
            return
        parameters = invocation.target["EventBridgeParameters"]
        entry = {"Source": parameters["Source"], "DetailType": parameters["DetailType"], "Detail": invocation.payload}
        self._publish(region, entry | {"EventBusName": bus})


class PipelineTarget:
    """A SageMaker pipeline."""

    action, callers, needs_role = "sagemaker:StartPipelineExecution", (EVENTS, SCHEDULER), True

    def __init__(self, start: StartPipeline) -> None:
        self._start = start

    def owns(self, arn: Arn) -> bool:
        return arn.service == "sagemaker" and arn.resource.startswith("pipeline/")

    def check(self, caller: str, target: dict) -> None:
        pass

    def invoke(self, invocation: Invocation) -> None:
        given = invocation.target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", ())
        parameters = {each["Name"]: self._value(each["Value"], invocation.event) for each in given}
        self._start(invocation.target["Arn"], parameters, invocation.target["RoleArn"], invocation.seed.hex())

    @staticmethod
    def _value(text: str, event: dict | None) -> str:
        """A parameter's value. In a rule, a value that is a JSON path is replaced by what the event has there."""
        if event is None or not text.startswith("$."):
            return text
        found = json_paths.find(event, text)
        if found is json_paths.MISSING:
            raise AwsError("InvalidParameter", f"The event has no {text}, which a parameter of the pipeline refers to.")
        return json_paths.text_of(found)


class FunctionTarget:
    """A Lambda function."""

    action, callers, needs_role = "lambda:InvokeFunction", (EVENTS, SCHEDULER), False

    def __init__(self, invoke: InvokeFunction) -> None:
        self._invoke = invoke

    def owns(self, arn: Arn) -> bool:
        return arn.service == "lambda" and arn.resource.startswith("function:")

    def check(self, caller: str, target: dict) -> None:
        pass

    def invoke(self, invocation: Invocation) -> None:
        asked = (PRINCIPAL, invocation.origin) if invocation.by_resource_policy else ("", "")
        self._invoke(invocation.target["Arn"], invocation.payload, invocation.seed.hex(), *asked)
