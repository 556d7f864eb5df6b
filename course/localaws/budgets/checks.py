"""What makes a budget, a notification or an action invalid. Source: the Budgets API reference; own words where AWS's are not known."""

from __future__ import annotations

from course.localaws.budgets import filters, periods
from course.localaws.budgets.filters import invalid
from course.localaws.core.errors import AwsError, not_supported
from course.localaws.platform import Platform

MOST_NOTIFICATIONS, MOST_TOPICS, MOST_ADDRESSES = 10, 1, 10
_NO_LIMIT = "Unable to create/update budget - please provide one of the followings: Budget Limit/ Planned Budget Limit/ Auto Adjust Data"
_COST_METRICS = ("AmortizedCost", "BlendedCost", "NetAmortizedCost", "NetUnblendedCost", "UnblendedCost")
_MANY = {"MONTHLY": 12, "QUARTERLY": 4}
# The default ``CostTypes`` (API reference). This bill has no taxes, credits, refunds, subscriptions or discounts that they would leave out.
_COST_TYPES = dict.fromkeys(
    [f"Include{name}" for name in ("Tax", "Subscription", "Refund", "Credit", "Upfront", "Recurring", "OtherSubscription", "Support")]
    + ["IncludeDiscount"],
    True,
) | {"UseBlended": False, "UseAmortized": False}


def completed(given: dict, account: str, now: float) -> dict:
    """A ``Budget`` of a request with its defaults. Raises AwsError ``InvalidParameterException``, ``NotSupportedByLocalAws``."""
    kind, time_unit = given["BudgetType"], given["TimeUnit"]
    if kind not in ("COST", "USAGE"):
        raise not_supported("budgets", f"a budget of type {kind}")
    for member in ("AutoAdjustData", "BillingViewArn"):
        if member in given:
            raise not_supported("budgets", f"a budget with {member}")
    _check_limits(given, time_unit, now)
    expression = {"FilterExpression", "Metrics"} & given.keys()
    if expression and {"CostFilters", "CostTypes"} & given.keys():
        raise invalid("Give either FilterExpression and Metrics, or CostFilters and CostTypes.")
    for metric in given.get("Metrics", ()):
        if (metric in _COST_METRICS) != (kind == "COST") or metric not in (*_COST_METRICS, "UsageQuantity"):
            raise invalid(f"A budget of type {kind} cannot track the metric {metric}.")
    if kind == "USAGE" and "CostTypes" in given:
        raise invalid("A budget of type USAGE has no CostTypes.")
    period = given.get("TimePeriod", {})
    if time_unit == "CUSTOM" and len(period) < 2:
        raise invalid("A budget with the time unit CUSTOM needs a TimePeriod with Start and End.")
    start = period.get("Start", periods.start_of(time_unit, now))
    if start >= (end := period.get("End", periods.FOREVER)):
        raise invalid("The start of a budget's TimePeriod must be before its end.")
    found = {key: value for key, value in given.items() if key not in ("CalculatedSpend", "LastUpdatedTime", "HealthStatus")}
    if kind == "COST" and not expression:
        found |= {"CostFilters": given.get("CostFilters", {}), "CostTypes": _COST_TYPES | given.get("CostTypes", {})}
    found["TimePeriod"] = {"Start": start, "End": end}
    filters.test(account, found)
    return found


def _check_limits(given: dict, time_unit: str, now: float) -> None:
    limits = [member for member in ("BudgetLimit", "PlannedBudgetLimits") if given.get(member)]
    if not limits:
        raise invalid(_NO_LIMIT)
    if len(limits) > 1:
        raise invalid("Give either BudgetLimit or PlannedBudgetLimits.")
    planned = given.get("PlannedBudgetLimits", {})
    amounts = list(planned.values()) or [given["BudgetLimit"]]
    for each in amounts:
        if float(each["Amount"]) <= 0:
            raise invalid(f"The amount of a budget must be greater than 0; got {each['Amount']}.")
        if given["BudgetType"] == "COST" and each["Unit"] != "USD":
            raise invalid(f"The unit of a cost budget is USD; got {each['Unit']}.")
    if planned and len(planned) != _MANY.get(time_unit):
        raise invalid("PlannedBudgetLimits has 12 amounts for a MONTHLY budget, and 4 for a QUARTERLY one; other budgets have none.")
    if any(not key.isdigit() for key in planned):
        raise invalid("The keys of PlannedBudgetLimits are the begins of periods in seconds since 1970-01-01T00:00:00Z.")
    if planned and min(map(float, planned)) != (first := periods.start_of(time_unit, now)):
        raise invalid(f"PlannedBudgetLimits begin with the current period, at {first:.0f}.")


def check_subscribers(subscribers: list[dict]) -> None:
    """Raises AwsError ``InvalidParameterException``, ``DuplicateRecordException``, ``CreationLimitExceededException``."""
    topics = [each["Address"] for each in subscribers if each["SubscriptionType"] == "SNS"]
    for topic in topics:
        if not topic.startswith("arn:aws:sns:") or topic.count(":") != 5:
            raise invalid(f"The address of an SNS subscriber is the ARN of a topic; got {topic}.")
    if len({(each["SubscriptionType"], each["Address"]) for each in subscribers}) < len(subscribers):
        raise AwsError("DuplicateRecordException", "A notification has each subscriber once.")
    if len(topics) > MOST_TOPICS or len(subscribers) - len(topics) > MOST_ADDRESSES:
        message = f"A notification has at most {MOST_TOPICS} SNS subscriber and {MOST_ADDRESSES} EMAIL subscribers."
        raise AwsError("CreationLimitExceededException", message)


def check_action(given: dict, platform: Platform, source: str) -> None:
    """Check the members of CreateBudgetAction.

    Parameters
    ----------
    source : str
        ARN of the budget.

    Raises
    ------
    AwsError
        ``InvalidParameterException``, ``NotSupportedByLocalAws``
    """
    if given["ActionType"] != "APPLY_IAM_POLICY":
        raise not_supported("budgets", f"an action of type {given['ActionType']}")
    definition = given["Definition"].get("IamActionDefinition")
    if definition is None or len(given["Definition"]) != 1:
        raise invalid("An action of type APPLY_IAM_POLICY has an IamActionDefinition, and no other definition.")
    if not any(definition.get(kind) for kind in ("Roles", "Groups", "Users")):
        raise invalid("An IamActionDefinition needs at least one role, group or user.")
    if not platform.identity.trusts(given["ExecutionRoleArn"], "budgets.amazonaws.com", source):
        role = given["ExecutionRoleArn"]
        raise invalid(f"Budgets cannot assume the role {role}: its trust policy does not allow it to budgets.amazonaws.com.")
    check_subscribers(given["Subscribers"])
