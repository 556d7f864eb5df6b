"""Event selectors: which events a trail logs.

Sources: "Logging management events" and "Logging data events" of the CloudTrail User Guide; EventSelector and AdvancedFieldSelector of the
API Reference, read 2026-11-30. Differs from AWS: the messages of InvalidEventSelectorsException are not all AWS's; selectors of network
activity events are refused, because none happen here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from course.localaws.core.errors import AwsError, not_supported

DEFAULT = [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}]
BASIC_TYPES = {"AWS::S3::Object": "arn:aws:s3", "AWS::Lambda::Function": "arn:aws:lambda", "AWS::DynamoDB::Table": "arn:aws:dynamodb"}
EXCLUDABLE = ("kms.amazonaws.com", "rdsdata.amazonaws.com")
MOST_SELECTORS, MOST_RESOURCES, MOST_VALUES = 5, 250, 500
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "Equals": str.__eq__,
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
    "NotEquals": lambda text, value: text != value,
    "NotStartsWith": lambda text, value: not text.startswith(value),
    "NotEndsWith": lambda text, value: not text.endswith(value),
}
_MANAGEMENT = {"eventCategory", "readOnly", "eventSource", "eventName", "eventType", "sessionCredentialFromConsole", "userIdentity.arn"}
_DATA = _MANAGEMENT | {"resources.type", "resources.ARN"}
_TYPE = re.compile(r"AWS::\w+::\w+")


def selects(trail: dict, record: dict) -> bool:
    """Whether a trail logs a record."""
    if trail["_Advanced"]:
        return any(_matches_all(record, selector["FieldSelectors"]) for selector in trail["_Advanced"])
    return any(_basic(record, selector) for selector in trail["_Selectors"])


def data_types(trail: dict) -> set[str]:
    """The types of resources whose data events a trail asks for."""
    found = {resource["Type"] for selector in trail["_Selectors"] for resource in selector.get("DataResources", ())}
    for selector in trail["_Advanced"]:
        found |= {value for field in selector["FieldSelectors"] if field["Field"] == "resources.type" for value in field.get("Equals", ())}
    return found


def checked(params: dict) -> tuple[list[dict], list[dict]]:
    """The event selectors and the advanced ones of PutEventSelectors, complete. Raises AwsError ``InvalidEventSelectorsException``."""
    basic, advanced = params.get("EventSelectors"), params.get("AdvancedEventSelectors")
    if (basic is None) == (advanced is None):
        raise _invalid("Specify either EventSelectors or AdvancedEventSelectors, not both.")
    if advanced is not None:
        return [], _checked_advanced(advanced)
    return _checked_basic(basic), []


def _checked_basic(selectors: list[dict]) -> list[dict]:
    if not 1 <= len(selectors) <= MOST_SELECTORS:
        raise _invalid(f"A trail has 1 to {MOST_SELECTORS} event selectors.")
    if sum(len(each.get("Values", ())) for selector in selectors for each in selector.get("DataResources", ())) > MOST_RESOURCES:
        raise _invalid(f"A trail has at most {MOST_RESOURCES} data resources in all its event selectors.")
    for selector in selectors:
        if set(selector.get("ExcludeManagementEventSources", ())) - set(EXCLUDABLE):
            raise _invalid(f"ExcludeManagementEventSources may contain {' and '.join(EXCLUDABLE)} alone.")
        for resource in selector.get("DataResources", ()):
            _check_resource(resource)
    return [{**DEFAULT[0], **selector} for selector in selectors]


def _check_resource(resource: dict) -> None:
    kind = resource.get("Type", "")
    if kind not in BASIC_TYPES:
        raise _invalid(f"The value {kind} for DataResources.Type is invalid. Use advanced event selectors for other types.")
    for value in resource.get("Values", ()):
        if not value.startswith(BASIC_TYPES[kind]):
            raise _invalid(f"Value {value} for DataResources.Values is invalid.")


def _checked_advanced(selectors: list[dict]) -> list[dict]:
    values = sum(len(field.get(operator, ())) for each in selectors for field in each["FieldSelectors"] for operator in _OPERATORS)
    if not selectors or values > MOST_VALUES:
        raise _invalid(f"A trail has at least one advanced event selector, and at most {MOST_VALUES} values in all of them.")
    for selector in selectors:
        _check_fields(selector["FieldSelectors"])
    return selectors


def _check_fields(fields: list[dict]) -> None:
    named = {field["Field"]: field for field in fields}
    category = named.get("eventCategory", {}).get("Equals", [])
    if category == ["NetworkActivity"]:
        raise not_supported("cloudtrail", "PutEventSelectors for network activity events")
    if category not in (["Management"], ["Data"]) or len(named) != len(fields):
        raise _invalid("Each advanced event selector needs one field eventCategory that Equals Management or Data, and each field once.")
    if others := named.keys() - (_MANAGEMENT if category == ["Management"] else _DATA):
        raise _invalid(f"The field {min(others)} is not valid for {category[0]} events.")
    types = named.get("resources.type", {})
    if category == ["Data"] and (len(types.get("Equals", ())) != 1 or not _TYPE.fullmatch(types["Equals"][0])):
        raise _invalid("Selectors of data events need the field resources.type with exactly one value of Equals.")
    for field in fields:
        if not field.keys() & _OPERATORS.keys():
            raise _invalid(f"The field {field['Field']} has no operator.")
        if field["Field"] in ("eventCategory", "readOnly", "resources.type") and field.keys() & _OPERATORS.keys() != {"Equals"}:
            raise _invalid(f"The field {field['Field']} has the operator Equals alone.")
        if field["Field"] == "readOnly" and field["Equals"] not in (["true"], ["false"]):
            raise _invalid("The field readOnly equals true or false.")


def _basic(record: dict, selector: dict) -> bool:
    if selector["ReadWriteType"] != "All" and (selector["ReadWriteType"] == "ReadOnly") != record["readOnly"]:
        return False
    if record["eventCategory"] == "Management":
        return selector["IncludeManagementEvents"] and record["eventSource"] not in selector["ExcludeManagementEventSources"]
    return any(_covers(resource, record) for resource in selector["DataResources"])


def _covers(resource: dict, record: dict) -> bool:
    """Whether a data resource names the resource of a record: of S3 by its beginning, of other services exactly or all."""
    found = _resource(record)
    if found.get("type") != resource["Type"]:
        return False
    arn, everything = found["ARN"], BASIC_TYPES[resource["Type"]]
    for value in resource.get("Values", ()):
        if value.rstrip(":") == everything or arn == value or (everything == "arn:aws:s3" and arn.startswith(value)):
            return True
    return False


def _matches_all(record: dict, fields: Iterable[dict]) -> bool:
    return all(_matches(_field(record, field["Field"]), field) for field in fields)


def _matches(text: str, field: dict) -> bool:
    """Whether a text meets the conditions of a field: of a positive operator any value, of a negative one all values, and all operators."""
    for operator, holds in _OPERATORS.items():
        if values := field.get(operator):
            found = (holds(text, value) for value in values)
            if not (all(found) if operator.startswith("Not") else any(found)):
                return False
    return True


def _field(record: dict, name: str) -> str:
    if name.startswith("resources."):
        return _resource(record).get(name.partition(".")[2], "")
    if name == "userIdentity.arn":
        return record["userIdentity"].get("arn", "")
    if name in ("readOnly", "sessionCredentialFromConsole"):
        return "true" if record.get(name) else "false"
    return str(record.get(name, ""))


def _resource(record: dict) -> dict:
    return record.get("resources", [{}])[0]


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidEventSelectorsException", message)
