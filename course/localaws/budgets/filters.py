"""Which lines of the bill a budget tracks: by its ``CostFilters``, or by its ``FilterExpression``."""

from __future__ import annotations

from collections.abc import Callable

from course.localaws.billing.charges import Charge
from course.localaws.ce import expressions
from course.localaws.core.errors import AwsError, not_supported

# Keys of CostFilters ("Budget filters", AWS Cost Management User Guide) -> dimensions of Cost Explorer.
_DIMENSIONS = {
    "AZ": "AZ",
    "BillingEntity": "BILLING_ENTITY",
    "InstanceType": "INSTANCE_TYPE",
    "LinkedAccount": "LINKED_ACCOUNT",
    "Operation": "OPERATION",
    "PurchaseType": "PURCHASE_TYPE",
    "RecordType": "RECORD_TYPE",
    "Region": "REGION",
    "Service": "SERVICE",
    "UsageType": "USAGE_TYPE",
}
# A tag is named with its owner, as in ``user:team$cargo``. Without it the budget tracks nothing, and AWS says nothing
# (hashicorp/terraform-provider-aws, issues 39850 and 40987, read 2026-12-01).
_TAGS, _OF_USERS = "TagKeyValue", "user:"
Test = Callable[[Charge], bool]


def test(account: str, budget: dict) -> Test:
    """The test of the lines that a ``Budget`` tracks. Raises AwsError ``InvalidParameterException``, ``NotSupportedByLocalAws``."""
    if "FilterExpression" in budget:
        try:
            return expressions.test(account, budget["FilterExpression"])
        except AwsError as error:
            raise error if error.code != "ValidationException" else invalid(error.message) from None
    tests = [_one(account, key, values) for key, values in budget.get("CostFilters", {}).items()]
    return lambda charge: all(each(charge) for each in tests)


def _one(account: str, key: str, values: list[str]) -> Test:
    if key == _TAGS:
        tags = [value.removeprefix(_OF_USERS).partition("$")[::2] for value in values if value.startswith(_OF_USERS)]
        return lambda charge: any(expressions.tag(charge, name) == value for name, value in tags)
    if key not in _DIMENSIONS:
        raise not_supported("budgets", f"the cost filter {key}")
    value_of = expressions.dimension(account, _DIMENSIONS[key])
    return lambda charge: value_of(charge) in values


def invalid(message: str) -> AwsError:
    """The error of an invalid request to Budgets."""
    return AwsError("InvalidParameterException", message)
