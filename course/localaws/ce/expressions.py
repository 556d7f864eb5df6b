"""Dimensions of the lines of a bill, and the expressions that select lines ("Expression", AWS Cost Explorer API reference)."""

from __future__ import annotations

from collections.abc import Callable

from course.localaws.billing import prices
from course.localaws.billing.charges import Charge
from course.localaws.core.errors import invalid, not_supported

_GROUPS = (
    "AZ, INSTANCE_TYPE, LINKED_ACCOUNT, OPERATION, PURCHASE_TYPE, SERVICE, USAGE_TYPE, PLATFORM, TENANCY, RECORD_TYPE, LEGAL_ENTITY_NAME, "
    "DEPLOYMENT_OPTION, DATABASE_ENGINE, CACHE_ENGINE, INSTANCE_TYPE_FAMILY, REGION, BILLING_ENTITY, RESERVATION_ID, RESOURCE_ID, "
    "SAVINGS_PLANS_TYPE, SAVINGS_PLAN_ARN, OPERATING_SYSTEM"
)
RESOURCE_ID = "RESOURCE_ID"
Test = Callable[[Charge], bool]


def _instance_type(charge: Charge) -> str:
    component, instance = prices.instance(charge.item.service, charge.item.usage_type) or ("", "")
    return f"{instance}-{component}" if instance else "NoInstanceType"  # as the attribute instanceType of the price list


def _purchase_type(charge: Charge) -> str:
    if not charge.item.usage_type.partition(":")[2].startswith("ml."):
        return ""
    return "Spot Instances" if charge.item.usage_type.startswith("TrSpt:") else "On Demand Instances"


def dimensions(account: str) -> dict[str, Callable[[Charge], str]]:
    """Name of a dimension -> its value of a line."""
    return {
        "AZ": lambda charge: "NoAZ",
        "BILLING_ENTITY": lambda charge: "AWS",
        "INSTANCE_TYPE": _instance_type,
        "LINKED_ACCOUNT": lambda charge: account,
        "OPERATION": lambda charge: charge.item.operation or "NoOperation",
        "PURCHASE_TYPE": _purchase_type,
        "RECORD_TYPE": lambda charge: "Usage",
        "REGION": lambda charge: charge.item.region or "NoRegion",
        RESOURCE_ID: lambda charge: charge.item.resource or "NoResourceId",
        "SERVICE": lambda charge: prices.names().get(charge.item.service, charge.item.service),
        "USAGE_TYPE": lambda charge: prices.billed_type(charge.item.service, charge.item.usage_type, charge.item.region),
    }


def dimension(account: str, name: str, by_resource: bool = False) -> Callable[[Charge], str]:
    """The dimension of this name. Only GetCostAndUsageWithResources has RESOURCE_ID. Raises AwsError."""
    found = dimensions(account).get(name) if by_resource or name != RESOURCE_ID else None
    if found is None and name != RESOURCE_ID and name in _GROUPS.split(", "):
        raise not_supported("ce", f"the dimension {name}")
    if found is None:
        raise invalid(f"Group Definition dimension is invalid. Valid values are {_GROUPS}")
    return found


def tag(charge: Charge, key: str) -> str | None:
    """The value of a line's tag; None without this tag."""
    return dict(charge.tags).get(key)


def test(account: str, expression: dict, by_resource: bool = False) -> Test:
    """The test that an expression is. Raises AwsError."""
    if len(expression) != 1:
        raise invalid(f"An expression has one root, of And, Or, Not, Dimensions and Tags; this one has {', '.join(expression) or 'none'}.")
    [(kind, inner)] = expression.items()
    if kind in ("And", "Or"):
        parts, every = [test(account, each, by_resource) for each in inner], kind == "And"
        return lambda charge: (all if every else any)(part(charge) for part in parts)
    if kind == "Not":
        negated = test(account, inner, by_resource)
        return lambda charge: not negated(charge)
    if kind == "Dimensions":
        value, among = dimension(account, inner["Key"], by_resource), _among(inner)
        return lambda charge: among(value(charge))
    if kind == "Tags":
        return _tag_test(inner)
    raise not_supported("ce", f"an expression with {kind}")


def _tag_test(given: dict) -> Test:
    key, among = given["Key"], _among(given)
    if "ABSENT" in given.get("MatchOptions", ()):
        return lambda charge: tag(charge, key) is None
    return lambda charge: among(tag(charge, key) or "")


def _among(given: dict) -> Callable[[str], bool]:
    """Whether a value is among those of an expression."""
    values, options = given.get("Values", []), given.get("MatchOptions", ())
    if other := [option for option in options if option not in ("EQUALS", "CASE_SENSITIVE", "ABSENT")]:
        raise invalid(f"Match option {other[0]} is not one of EQUALS, CASE_SENSITIVE and ABSENT here.")
    return lambda value: value in values
