"""What EventBridge and its Scheduler know of their resources when a caller's policies are checked: tags, by ARN.

Source of the condition keys: "Using IAM policy conditions in Amazon EventBridge", EventBridge User Guide. No rule here has a manager or
another account as its creator.
"""

from __future__ import annotations

from course.localaws.core.call import AwsRequest
from course.localaws.events.bus import DEFAULT
from course.localaws.events.store import BUS, GROUP, RULE, EventStore
from course.localaws.iam.authorization import ConditionKeys
from course.localaws.iam.service_authorization.permissions import ServiceRecords

_KNOWN = frozenset({"events:creatoraccount", "events:managedby", "events:eventbusinvocation"})


def records(store: EventStore) -> ServiceRecords:
    """The records for `ServicePermissions` of EventBridge."""

    def tags(arn: str) -> dict[str, str] | None:
        _, _, _, region, _, resource = arn.split(":", 5)
        kind, _, rest = resource.partition("/")
        if kind == "event-bus":
            return _tags(store.get(BUS, region, "", rest))
        if kind == "rule":
            place, _, name = rest.rpartition("/")
            return _tags(store.get(RULE, region, place or DEFAULT, name))
        return None

    return ServiceRecords(tags=tags, keys=_keys, known=_KNOWN)


def schedule_records(store: EventStore) -> ServiceRecords:
    """The records for `ServicePermissions` of the Scheduler. Only groups have tags; a schedule has those of its group."""

    def tags(arn: str) -> dict[str, str] | None:
        _, _, _, region, _, resource = arn.split(":", 5)
        return _tags(store.get(GROUP, region, "", resource.split("/")[1])) if "/" in resource else None

    return ServiceRecords(tags=tags)


def _keys(call: AwsRequest, params: dict, arn: str) -> ConditionKeys:
    created = {"events:creatorAccount": [call.principal.account]} if ":rule/" in arn and call.operation != "PutRule" else {}
    return created | ({"events:eventBusInvocation": ["false"]} if call.operation == "PutEvents" else {})


def _tags(document: dict | None) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in (document or {}).get("_Tags", ())}
