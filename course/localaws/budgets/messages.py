"""The messages that Budgets sends to topics.

Matches AWS (recorded messages of 2019 and 2022): subject and text for the actual costs of a month. The texts for other periods, for usage,
for forecasts and for actions follow their form.
"""

from __future__ import annotations

from datetime import UTC, datetime

from course.localaws.budgets import thresholds
from course.localaws.budgets.spending import limit, unit
from course.localaws.budgets.store import Action, Budget, Notification

_PERIODS = {"DAILY": "day", "MONTHLY": "month", "QUARTERLY": "quarter", "ANNUALLY": "year", "CUSTOM": "period"}
_WORDS = {"GREATER_THAN": "greater than", "LESS_THAN": "less than", "EQUAL_TO": "equal to"}
MOST_OF_SUBJECT = 100  # characters, SNS's limit


def subject(budget: Budget, what: str = "has exceeded your alert threshold") -> str:
    """The subject of a message: ``"AWS Budgets: Course has exceeded your alert threshold"``."""
    return f"AWS Budgets: {budget.name} {what}"[:MOST_OF_SUBJECT]


def crossed(budget: Budget, notification: Notification, value: float, account: str, moment: float) -> str:
    """The message when a threshold is crossed."""
    given, of = notification.given, budget.given
    kind, money = given["NotificationType"], limit(of, moment)
    threshold = _amount(of, thresholds.amount(given["Threshold"], given["ThresholdType"], money))
    tracked, value_text = of["BudgetType"].capitalize(), _amount(of, value)
    comparison = given["ComparisonOperator"]
    return "\n".join(
        [
            *_head(account, moment),
            f"You requested that we alert you when the {kind} {tracked} associated with your {budget.name} budget is "
            f"{_WORDS[comparison]} {threshold} for the current {_PERIODS[of['TimeUnit']]}. The {kind} {tracked} associated with this "
            f"budget is {value_text}. You can find additional details below and by accessing the AWS Budgets dashboard [1].",
            "",
            f"Budget Name: {budget.name}",
            f"Budget Type: {tracked}",
            f"Budgeted Amount: {_amount(of, money)}",
            f"Alert Type: {kind}",
            f"Alert Threshold: {thresholds.SIGNS[comparison]} {threshold}",
            f"{kind} Amount: {value_text}",
            *_FOOT,
        ]
    )


def acted(budget: Budget, action: Action, account: str, moment: float) -> str:
    """The message when an action has run, or waits for an approval."""
    return "\n".join(
        [
            *_head(account, moment),
            f"An action of your budget {budget.name} has a new status. {action.history[-1]['ActionHistoryDetails']['Message']}",
            "",
            f"Budget Name: {budget.name}",
            f"Action ID: {action.id}",
            f"Action Type: {action.given['ActionType']}",
            f"Action Status: {action.status}",
            *_FOOT,
        ]
    )


_FOOT = ["", "[1] https://console.aws.amazon.com/billing/home#/budgets", ""]


def _head(account: str, moment: float) -> list[str]:
    day = datetime.fromtimestamp(moment, UTC)
    return [f"AWS Budget Notification {day:%B} {day.day}, {day.year}", f"AWS Account {account}", "", "Dear AWS Customer,", ""]


def _amount(budget: dict, value: float) -> str:
    return f"${value:,.2f}" if budget["BudgetType"] == "COST" else f"{value:,.2f} {unit(budget)}"
