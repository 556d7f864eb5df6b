"""The operations on event buses, rules, targets and events. Each takes a region and parameters."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from course.localaws.core import json_text, tag_rules
from course.localaws.core.errors import AwsError, invalid, not_supported
from course.localaws.events import checks
from course.localaws.events.arns import Arn
from course.localaws.events.bus import DEFAULT, EventBridge
from course.localaws.events.checks import LIMITS
from course.localaws.events.paging import page
from course.localaws.events.store import BUS, RULE, shown
from course.localaws.iam.identity import Identity

RULE_MEMBERS = ("EventPattern", "ScheduleExpression", "State", "Description", "RoleArn")
BUS_MEMBERS = ("Description",)
NOT_FOR_BUSES = ("EventSourceName", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")
MANDATORY = {"id", "account", "source", "time", "region", "detail-type"}  # in TestEventPattern's event
ENTRY_OVERHEAD = 14  # bytes that count for an entry's time; "Calculating PutEvents event entry size" of the User Guide


@dataclass(frozen=True, slots=True)
class EventOperations:
    """EventBridge's operations."""

    bridge: EventBridge
    identity: Identity
    meter: Callable[[str, str, int], None]  # called with the region, the bus's ARN and the bytes of each accepted event

    def every(self) -> dict[str, Callable[[str, dict], dict]]:
        """The operations by name."""
        return {
            "CreateEventBus": self.create_event_bus,
            "DeleteEventBus": self.delete_event_bus,
            "DeleteRule": self.delete_rule,
            "DescribeEventBus": self.describe_event_bus,
            "DescribeRule": self.describe_rule,
            "DisableRule": lambda region, params: self._set_state(region, params, "DISABLED"),
            "EnableRule": lambda region, params: self._set_state(region, params, "ENABLED"),
            "ListEventBuses": self.list_event_buses,
            "ListRuleNamesByTarget": self.list_rule_names_by_target,
            "ListRules": self.list_rules,
            "ListTagsForResource": self.list_tags_for_resource,
            "ListTargetsByRule": self.list_targets_by_rule,
            "PutEvents": self.put_events,
            "PutRule": self.put_rule,
            "PutTargets": self.put_targets,
            "RemoveTargets": self.remove_targets,
            "TagResource": self.tag_resource,
            "TestEventPattern": self.test_event_pattern,
            "UntagResource": self.untag_resource,
            "UpdateEventBus": self.update_event_bus,
        }

    # ---- buses --------------------------------------------------------------------------------------------------------------

    def create_event_bus(self, region: str, params: dict) -> dict:
        name = params["Name"]
        for member in NOT_FOR_BUSES:
            if member in params:
                raise not_supported("events", f"CreateEventBus with {member}")
        if "/" in name:
            raise invalid("Event bus name must not contain '/'.")
        if self.bridge.has_bus(region, name):
            raise AwsError("ResourceAlreadyExistsException", f"Event bus {name} already exists.")
        if len(self.bridge.store.every(BUS, region)) + 1 >= LIMITS["buses"]:
            raise _too_many()
        now = self.bridge.now()
        bus = {"Name": name, "Arn": self._bus_arn(region, name), "CreationTime": now, "LastModifiedTime": now}
        bus |= {member: params[member] for member in BUS_MEMBERS if member in params}
        bus["_Tags"] = tag_rules.merged([], params.get("Tags", []))
        with self.bridge.store.change() as change:
            change.put(BUS, region, "", name, bus)
        return {"EventBusArn": bus["Arn"], **{member: bus[member] for member in BUS_MEMBERS if member in bus}}

    def update_event_bus(self, region: str, params: dict) -> dict:
        for member in NOT_FOR_BUSES:
            if member in params:
                raise not_supported("events", f"UpdateEventBus with {member}")
        with self.bridge.store.change() as change:
            bus = self._bus(region, params.get("Name", DEFAULT))
            bus |= {member: params[member] for member in BUS_MEMBERS if member in params} | {"LastModifiedTime": self.bridge.now()}
            change.put(BUS, region, "", bus["Name"], bus)
        return {member: bus[member] for member in ("Name", "Arn", *BUS_MEMBERS) if member in bus}

    def describe_event_bus(self, region: str, params: dict) -> dict:
        return shown(self._bus(region, self._bus_name(region, params, "Name")))

    def list_event_buses(self, region: str, params: dict) -> dict:
        stored = [bus for _, _, bus in self.bridge.store.every(BUS, region)]
        names = {bus["Name"] for bus in stored}
        every = stored if DEFAULT in names else [self._bus(region, DEFAULT), *stored]
        found = [shown(bus) for bus in every if bus["Name"].startswith(params.get("NamePrefix", ""))]
        return page("EventBuses", found, params, "Limit")

    def delete_event_bus(self, region: str, params: dict) -> dict:
        name = params["Name"]
        if name == DEFAULT:
            raise invalid("Cannot delete event bus default.")
        with self.bridge.store.change() as change:
            if self.bridge.store.every(RULE, region, name):
                raise invalid("Event bus can't be deleted since it has rules.")
            change.delete(BUS, region, "", name)
        return {}

    # ---- rules --------------------------------------------------------------------------------------------------------------

    def put_rule(self, region: str, params: dict) -> dict:
        bus, name = self._bus_name(region, params), params["Name"]
        checks.rule(params, bus)
        place = name if bus == DEFAULT else f"{bus}/{name}"
        arn = f"arn:aws:events:{region}:{self.identity.account}:rule/{place}"
        if "RoleArn" in params:
            checks.role(self.identity, params["RoleArn"], arn)
        with self.bridge.store.change() as change:
            self._bus(region, bus)
            present = self.bridge.store.get(RULE, region, bus, name)
            if present is None and len(self.bridge.store.every(RULE, region, bus)) >= LIMITS["rules_per_bus"]:
                raise _too_many()
            rule = {"Name": name, "Arn": arn, "EventBusName": bus}
            rule |= {"State": "ENABLED"} | {member: params[member] for member in RULE_MEMBERS if params.get(member)}
            rule["_Targets"] = present["_Targets"] if present else []
            rule["_Tags"] = present["_Tags"] if present else tag_rules.merged([], params.get("Tags", []))
            change.put(RULE, region, bus, name, rule := self.bridge.schedule(rule))
            self.bridge.planned(region, rule)
        return {"RuleArn": rule["Arn"]}

    def _set_state(self, region: str, params: dict, state: str) -> dict:
        bus = self._bus_name(region, params)
        with self.bridge.store.change() as change:
            rule = self._rule(region, bus, params["Name"])
            if rule["State"] == state:
                return {}
            change.put(RULE, region, bus, rule["Name"], rule := self.bridge.schedule(rule | {"State": state}))
            self.bridge.planned(region, rule)
        return {}

    def describe_rule(self, region: str, params: dict) -> dict:
        rule = self._rule(region, self._bus_name(region, params), params["Name"])
        return shown(rule) | {"CreatedBy": self.identity.account}

    def list_rules(self, region: str, params: dict) -> dict:
        bus = self._bus_name(region, params)
        self._bus(region, bus)
        rules = [shown(rule) for _, _, rule in self.bridge.store.every(RULE, region, bus)]
        return page("Rules", [rule for rule in rules if rule["Name"].startswith(params.get("NamePrefix", ""))], params, "Limit")

    def list_rule_names_by_target(self, region: str, params: dict) -> dict:
        bus, arn = self._bus_name(region, params), params["TargetArn"]
        self._bus(region, bus)
        rules = [rule for _, _, rule in self.bridge.store.every(RULE, region, bus)]
        answer = page("RuleNames", [rule for rule in rules if any(target["Arn"] == arn for target in rule["_Targets"])], params, "Limit")
        return answer | {"RuleNames": [rule["Name"] for rule in answer["RuleNames"]]}

    def delete_rule(self, region: str, params: dict) -> dict:
        bus, name = self._bus_name(region, params), params["Name"]
        with self.bridge.store.change() as change:
            rule = self.bridge.store.get(RULE, region, bus, name)
            if rule is None:  # as on AWS
                return {}
            if rule["_Targets"]:
                raise invalid("Rule can't be deleted since it has targets.")
            change.delete(RULE, region, bus, name)
            self.bridge.planned(region, rule | {"_Next": None})
        return {}

    # ---- targets ------------------------------------------------------------------------------------------------------------

    def put_targets(self, region: str, params: dict) -> dict:
        bus, given = self._bus_name(region, params), {target["Id"]: target for target in params["Targets"]}
        rule = self._rule(region, bus, params["Rule"])
        for target in params["Targets"]:
            checks.target(self.bridge.targets, self.identity, rule, region, target)
        with self.bridge.store.change() as change:
            rule = self._rule(region, bus, params["Rule"])
            targets = list(({target["Id"]: target for target in rule["_Targets"]} | given).values())
            if len(targets) > LIMITS["targets_per_rule"]:
                raise _too_many()
            change.put(RULE, region, bus, rule["Name"], rule | {"_Targets": targets})
        return {"FailedEntryCount": 0, "FailedEntries": []}

    def remove_targets(self, region: str, params: dict) -> dict:
        bus = self._bus_name(region, params)
        with self.bridge.store.change() as change:
            rule = self._rule(region, bus, params["Rule"])
            kept = [target for target in rule["_Targets"] if target["Id"] not in params["Ids"]]
            change.put(RULE, region, bus, rule["Name"], rule | {"_Targets": kept})
        return {"FailedEntryCount": 0, "FailedEntries": []}

    def list_targets_by_rule(self, region: str, params: dict) -> dict:
        rule = self._rule(region, self._bus_name(region, params), params["Rule"])
        return page("Targets", rule["_Targets"], params, "Limit", key="Id")

    # ---- events -------------------------------------------------------------------------------------------------------------

    def put_events(self, region: str, params: dict) -> dict:
        if "EndpointId" in params:
            raise not_supported("events", "PutEvents with EndpointId")
        if sum(map(_size, params["Entries"])) > LIMITS["request_bytes"]:
            raise invalid("Total size of the entries in the request is over the limit.")
        results = [self._put_event(region, entry) for entry in params["Entries"]]
        return {"FailedEntryCount": sum("ErrorCode" in result for result in results), "Entries": results}

    def _put_event(self, region: str, entry: dict) -> dict:
        for member in ("Source", "DetailType", "Detail"):
            if not entry.get(member):
                return _refusal("InvalidArgument", f"Parameter {member} is not valid. Reason: {member} is a required argument.")
        if entry["Source"].startswith("aws."):
            return _refusal("NotAuthorizedForSourceException", "Not authorized for the source.")
        try:
            well_formed = isinstance(json_text.load(entry["Detail"]), dict)
        except ValueError:
            well_formed = False
        if not well_formed:
            return _refusal("MalformedDetail", "Detail is malformed.")
        if not self.bridge.has_bus(region, self._bus_name(region, entry)):
            return {"EventId": str(uuid.uuid4())}  # AWS accepts and drops the event
        self.meter(region, self._bus_arn(region, self._bus_name(region, entry)), _size(entry))
        return {"EventId": self.bridge.publish(region, entry)}

    def test_event_pattern(self, region: str, params: dict) -> dict:
        pattern = checks.pattern(params["EventPattern"])
        try:
            event = json_text.load(params["Event"])
        except ValueError:
            event = None
        if not isinstance(event, dict) or not event.keys() >= MANDATORY:
            raise invalid("Parameter Event is not valid.")
        return {"Result": pattern.matches(event)}

    # ---- tags ---------------------------------------------------------------------------------------------------------------

    def list_tags_for_resource(self, region: str, params: dict) -> dict:
        return {"Tags": self._tagged(region, params["ResourceARN"])[3].get("_Tags", [])}

    def tag_resource(self, region: str, params: dict) -> dict:
        return self._retag(region, params["ResourceARN"], lambda tags: tag_rules.merged(tags, params["Tags"]))

    def untag_resource(self, region: str, params: dict) -> dict:
        return self._retag(region, params["ResourceARN"], lambda tags: [tag for tag in tags if tag["Key"] not in params["TagKeys"]])

    def _retag(self, region: str, arn: str, changed: Callable[[list], list]) -> dict:
        with self.bridge.store.change() as change:
            kind, place, name, document = self._tagged(region, arn)
            change.put(kind, region, place, name, document | {"_Tags": changed(document.get("_Tags", []))})
        return {}

    def _tagged(self, region: str, text: str) -> tuple[str, str, str, dict]:
        """Kind, place, name and document of the rule or bus with an ARN."""
        arn = Arn.parse(text)
        kind, _, rest = arn.resource.partition("/") if arn else ("", "", "")
        if kind == "event-bus":
            return BUS, "", rest, self._bus(region, rest)
        if kind == "rule":
            bus, _, name = rest.rpartition("/")
            return RULE, bus or DEFAULT, name, self._rule(region, bus or DEFAULT, name)
        raise invalid(f"Parameter {text} is not valid. Reason: Provided Arn is not in correct format.")

    # ---- parts --------------------------------------------------------------------------------------------------------------

    def _bus_name(self, region: str, params: dict, member: str = "EventBusName") -> str:
        """The bus that a request names, by name or ARN. Raises AwsError for one of another region or account."""
        text = params.get(member, DEFAULT)
        name = text.rpartition("event-bus/")[2]
        if text not in (name, self._bus_arn(region, name)):
            raise not_supported("events", f"the event bus {text} of another region or account")
        return name

    def _bus_arn(self, region: str, name: str) -> str:
        return f"arn:aws:events:{region}:{self.identity.account}:event-bus/{name}"

    def _bus(self, region: str, name: str) -> dict:
        bus = self.bridge.store.get(BUS, region, "", name)
        if bus is None and name == DEFAULT:  # every account has it
            return {"Name": name, "Arn": self._bus_arn(region, name)}
        if bus is None:
            raise AwsError("ResourceNotFoundException", f"Event bus {name} does not exist.")
        return bus

    def _rule(self, region: str, bus: str, name: str) -> dict:
        self._bus(region, bus)
        rule = self.bridge.store.get(RULE, region, bus, name)
        if rule is None:
            raise AwsError("ResourceNotFoundException", f"Rule {name} does not exist on EventBus {bus}.")
        return rule


def _refusal(code: str, message: str) -> dict:
    return {"ErrorCode": code, "ErrorMessage": message}


def _size(entry: dict) -> int:
    texts = (entry.get("Source", ""), entry.get("DetailType", ""), entry.get("Detail", ""), *entry.get("Resources", ()))
    return (ENTRY_OVERHEAD if "Time" in entry else 0) + sum(len(text.encode()) for text in texts)


def _too_many() -> AwsError:
    return AwsError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
